#include <muster/base/secret.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#define LINE_SIZE 4097 /* the longest secret and its line's end */

static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };

static volatile sig_atomic_t came;

/* How the process takes signals, for as long as the terminal is mute. */
struct signals {
	sigset_t mask;
	struct sigaction action[ARRAY_SIZE(ending)];
};

static void
note(int number)
{
	came = number;
}

/*
 * So that a signal interrupts the question instead of leaving the terminal mute. They come through while
 * line_wait() waits and at no other time. What was ignored stays so.
 */
static void
signals_take(struct signals *before)
{
	struct sigaction action = { .sa_handler = note };
	sigset_t blocked;

	(void)sigemptyset(&action.sa_mask);
	(void)sigemptyset(&blocked);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		(void)sigaddset(&blocked, ending[i]);
	(void)sigprocmask(SIG_BLOCK, &blocked, &before->mask);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++) {
		(void)sigaction(ending[i], &action, &before->action[i]);
		if (before->action[i].sa_handler == SIG_IGN)
			(void)sigaction(ending[i], &before->action[i], NULL);
	}
}

/* The one that came does now what it would have done. */
static void
signals_give_back(const struct signals *before)
{
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		(void)sigaction(ending[i], &before->action[i], NULL);
	if (came != 0)
		(void)raise(came);
	(void)sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

/* A whole line is there, or the terminal's end; false when a signal was first. */
static bool
line_wait(int fd, const struct signals *before)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	while (came == 0)
		if (ppoll(&poll_fd, 1, NULL, &before->mask) > 0)
			return true;
		else if (errno != EINTR)
			return false;
	return false;
}

/* One line of a terminal comes whole; longer ones than the kernel's buffer do not. */
static enum outcome
line_read(int fd, struct secret *secret, struct why *why)
{
	char line[LINE_SIZE];
	ssize_t size = read(fd, line, sizeof(line));
	size_t length = size > 0 ? (size_t)size : 0;
	enum outcome o = OUTCOME_OK;

	while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
		length--;
	if (length == 0)
		o = refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "nothing was typed: nothing is done");
	else if (length == sizeof(line))
		o = refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "more than %d bytes were typed", LINE_SIZE - 1);
	else
		*secret = secret_copy(line, length);
	secret_wipe(line, sizeof(line));
	return o;
}

static enum outcome
quietly(int fd, const char *prompt, struct secret *secret, struct why *why)
{
	struct termios before, quiet;
	struct signals signals;
	enum outcome o;

	came = 0;
	if (tcgetattr(fd, &before) < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "the terminal: %s", strerror(errno));
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	signals_take(&signals);
	(void)tcsetattr(fd, TCSAFLUSH, &quiet);
	(void)!write(fd, prompt, strlen(prompt));
	o = line_wait(fd, &signals) ? line_read(fd, secret, why)
				    : refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "interrupted");
	(void)!write(fd, "\n", 1);
	(void)tcsetattr(fd, TCSAFLUSH, &before);
	signals_give_back(&signals);
	return o;
}

enum outcome
secret_read_terminal(const char *prompt, struct secret *secret, struct why *why)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	enum outcome o;

	*secret = (struct secret){ NULL, 0 };
	if (fd < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "there is no terminal to ask for it");
	do /* again after a stop, which took what was typed */
		o = quietly(fd, prompt, secret, why);
	while (came == SIGTSTP);
	(void)close(fd);
	return o;
}
