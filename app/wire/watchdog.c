#include "watchdog.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

static volatile sig_atomic_t watched_fd = -1;

/* shutdown(2) is async-signal-safe, and closes nothing: the descriptor stays its owner's. */
static void
bark(int signal_number)
{
	int saved = errno;

	(void)signal_number;
	if (watched_fd >= 0)
		(void)shutdown(watched_fd, SHUT_RDWR);
	errno = saved;
}

void
watchdog_install(void)
{
	struct sigaction action = { .sa_handler = bark };

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGALRM, &action, NULL);
}

static void
set_timer(int ms)
{
	struct itimerval timer = { .it_value = { ms / 1000, (ms % 1000) * 1000 } };

	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

void
watchdog_start(int fd, int ms)
{
	watched_fd = fd;
	set_timer(ms);
}

void
watchdog_stop(void)
{
	set_timer(0);
	watched_fd = -1;
}
