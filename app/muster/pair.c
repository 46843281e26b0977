#include <muster/muster/pair.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <muster/base/clock.h>
#include <muster/base/log.h>
#include <muster/issuer/issuer.h>
#include <muster/muster/worker.h>

/* Housekeeping that takes longer is ended; the next hour tries again. */
#define HOUSEKEEPER_SECONDS 300

/* The ends of a pair's two connections, before they are dealt out. */
struct ends {
	int worker, issuer;	     /* socket pair */
	int ready_read, ready_write; /* pipe from both to the master */
};

static void
ends_close(struct ends *ends)
{
	int *fd[] = { &ends->worker, &ends->issuer, &ends->ready_read, &ends->ready_write };

	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		if (*fd[i] != -1)
			(void)close(*fd[i]);
		*fd[i] = -1;
	}
}

static bool
ends_open(struct ends *ends)
{
	int socket_fd[2], pipe_fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socket_fd) != 0)
		return false;
	ends->worker = socket_fd[0];
	ends->issuer = socket_fd[1];
	if (pipe2(pipe_fd, O_CLOEXEC) != 0)
		return false;
	ends->ready_read = pipe_fd[0];
	ends->ready_write = pipe_fd[1];
	return true;
}

static int
compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Close every descriptor but stderr and those named. */
static void
keep_only(int *keep, size_t count)
{
	unsigned from = STDERR_FILENO + 1;

	if (count > 0)
		qsort(keep, count, sizeof(*keep), compare);
	for (size_t i = 0; i < count; i++) {
		if (keep[i] < STDERR_FILENO + 1)
			continue;
		if ((unsigned)keep[i] > from)
			(void)close_range(from, (unsigned)keep[i] - 1, 0);
		from = (unsigned)keep[i] + 1;
	}
	(void)close_range(from, ~0U, 0);
}

static void
standard_to_null(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1 || dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1)
		_exit(EXIT_FAILURE);
}

static const int ending[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

/* What the master did with signals ends here: only SIGTERM and SIGINT are left blocked, for worker_run(). */
static void
signals_for_worker(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
}

/*
 * An issuer ends when its worker has: a service manager's SIGTERM to the whole group, or ^C, must not
 * take it away from a request in hand.
 */
static void
signals_for_issuer(void)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		(void)signal(ending[i], SIG_IGN);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* After the change of user, which forgets it. A master that is gone already tells nobody any more. */
static void
die_with_master(pid_t master, int how)
{
	(void)prctl(PR_SET_PDEATHSIG, (unsigned long)how, 0L, 0L, 0L);
	if (getppid() != master)
		_exit(EXIT_FAILURE);
}

/* Children leave without exit handlers: those are the master's (and a leak checker cannot run confined). */
static _Noreturn void
give_up(const struct why *why)
{
	log_message(LOG_ERROR_LEVEL, "%s", why->text);
	_exit(EXIT_FAILURE);
}

/* For our log, and for who looks at the process list (15 characters). */
static void
name_process(const char *role, const char *name)
{
	log_process(role);
	(void)prctl(PR_SET_NAME, name, 0L, 0L, 0L);
}

static _Noreturn void
worker_main(const struct common *common, unsigned place, struct ends *ends)
{
	int keep[] = { common->listener.fd, ends->worker, ends->ready_write };
	struct worker_options options = { .listen_fd = common->listener.fd,
		.issuer_fd = ends->worker,
		.ready_fd = ends->ready_write,
		.database = common->options->worker_database,
		.memo = common->memo,
		.wrong = common->wrong,
		.turns = common->turns,
		.budget = common->budget,
		.tally = common->tally,
		.meter = common->meter,
		.pair = place,
		.outages = common->outages,
		.secrets_dir = common->options->secrets_dir };
	char applied[160];
	struct why why;

	name_process("worker", "muster-worker");
	pins_free(common->pins);
	signals_for_worker();
	keep_only(keep, ARRAY_SIZE(keep));
	standard_to_null();
	if (confine_worker(&common->worker, options.database, options.secrets_dir, applied, sizeof(applied),
		&why) != OUTCOME_OK)
		give_up(&why);
	die_with_master(common->master, SIGTERM);
	log_message(LOG_INFO_LEVEL, "ready: %s", applied);
	_exit(worker_run(&options));
}

static _Noreturn void
issuer_main(const struct common *common, unsigned place, struct ends *ends)
{
	static const volatile int never_stop;
	int keep[] = { ends->issuer, ends->ready_write };
	struct issuer_options options = { .fd = ends->issuer,
		.ready_fd = ends->ready_write,
		.database = common->options->issuer_database,
		.meter = common->meter,
		.pair = place,
		.passphrase_file = common->options->passphrase_file,
		.pkcs11 = { common->options->pkcs11_module, common->options->pin_file, common->pins } };
	char applied[160];
	struct why why;

	name_process("issuer", "muster-issuer");
	signals_for_issuer();
	keep_only(keep, ARRAY_SIZE(keep));
	standard_to_null();
	if (confine_issuer(&common->issuer, applied, sizeof(applied), &why) != OUTCOME_OK)
		give_up(&why);
	log_message(LOG_INFO_LEVEL, "ready: %s", applied);
	_exit(issuer_run(&options, &never_stop));
}

static _Noreturn void
housekeeper_main(const struct common *common, bool hourly)
{
	char applied[160];
	struct why why;

	name_process("housekeeper", "muster-keeper");
	pins_free(common->pins);
	signals_for_worker();
	keep_only(NULL, 0);
	standard_to_null();
	(void)alarm(HOUSEKEEPER_SECONDS);
	if (confine_worker(&common->worker, common->options->worker_database, NULL, applied, sizeof(applied),
		&why) != OUTCOME_OK)
		give_up(&why);
	die_with_master(common->master, SIGKILL);
	_exit(worker_housekeeping(common->options->worker_database, common->tally, hourly));
}

/* Both or none: an issuer whose worker could not be forked ends by itself, its socket being closed. */
static bool
fork_both(const struct common *common, unsigned place, struct ends *ends, struct pair *pair)
{
	pair->issuer = fork();
	if (pair->issuer == 0)
		issuer_main(common, place, ends);
	if (pair->issuer == -1)
		return false;
	pair->worker = fork();
	if (pair->worker == 0)
		worker_main(common, place, ends);
	return pair->worker != -1;
}

struct pair *
pair_start(const struct common *common, unsigned place, struct why *why)
{
	struct ends ends = { -1, -1, -1, -1 };
	struct pair *pair = calloc(1, sizeof(*pair));

	if (pair == NULL || !ends_open(&ends) || !fork_both(common, place, &ends, pair)) {
		(void)refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "cannot start a worker and its issuer: %s",
		    strerror(errno));
		ends_close(&ends);
		free(pair);
		return NULL;
	}
	pair->started_us = clock_steady_us();
	pair->ready_fd = ends.ready_read;
	ends.ready_read = -1;
	ends_close(&ends);
	return pair;
}

void
pair_listen(struct pair *pair)
{
	char said[2];
	ssize_t size = read(pair->ready_fd, said, sizeof(said));

	for (ssize_t i = 0; i < size; i++) {
		pair->worker_ready = pair->worker_ready || said[i] == WORKER_READY;
		pair->issuer_ready = pair->issuer_ready || said[i] == ISSUER_READY;
	}
	if (size > 0)
		return;
	(void)close(pair->ready_fd);
	pair->ready_fd = -1;
}

void
pair_retire(struct pair *pair, int64_t patience_us)
{
	if (pair->worker > 0)
		(void)kill(pair->worker, SIGTERM);
	if (pair->ready_fd != -1)
		(void)close(pair->ready_fd);
	pair->ready_fd = -1;
	pair->kill_at_us = clock_steady_us() + patience_us;
}

pid_t
pair_housekeeper(const struct common *common, bool hourly)
{
	pid_t pid = fork();

	if (pid == 0)
		housekeeper_main(common, hourly);
	return pid;
}
