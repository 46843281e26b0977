/*
 * A module calls into sockets, locks and devices, and PKCS#11 knows no deadline. A signal without SA_RESTART
 * ends the system call that it waits in: most modules then give up with an error, from which we recover. One
 * that goes on waiting ends the process with a line in the log: its worker is told by the closed socket, and
 * another pair takes their place.
 */
#include "pkcs11_watch.h"

#include <muster/authority/pkcs11.h>
#include <muster/base/log.h>

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

/* Until the first signal, and between it and the next ones. */
#define PATIENCE_MS 3000
#define AGAIN_MS 500
#define SIGNALS_MAX 5

static bool bounded;
static volatile sig_atomic_t signals;
static struct log_line last_words; /* ready to be written by a signal handler */

static void
ring(int signal_number)
{
	int saved = errno;

	(void)signal_number;
	if (++signals >= SIGNALS_MAX) {
		log_emit(&last_words);
		_exit(EXIT_FAILURE);
	}
	errno = saved;
}

void
pkcs11_bound(void)
{
	bounded = true;
	log_begin(&last_words);
	log_text(&last_words, "level", "error");
	log_text(&last_words, "process", "issuer");
	log_number(&last_words, "pid", (int64_t)getpid());
	log_text(&last_words, "message", "the PKCS#11 module does not answer, ending: is the HSM there?");
}

static void
timer_set(int first_ms, int again_ms)
{
	const struct itimerval timer = { .it_value = { first_ms / 1000, (first_ms % 1000) * 1000 },
		.it_interval = { again_ms / 1000, (again_ms % 1000) * 1000 } };

	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

void
watch_start(void)
{
	struct sigaction action = { .sa_handler = ring };

	if (!bounded)
		return;
	signals = 0;
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGALRM, &action, NULL);
	timer_set(PATIENCE_MS, AGAIN_MS);
}

void
watch_stop(void)
{
	if (bounded)
		timer_set(0, 0);
}

void
watch_start_for(gnutls_privkey_t key)
{
	if (gnutls_privkey_get_type(key) == GNUTLS_PRIVKEY_PKCS11)
		watch_start();
}
