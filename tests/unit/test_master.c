/*
 * The master with real forks and real confinement, but workers and issuers that only wait: what it does
 * when they end, and when it is told to replace or stop them.
 */
#include <muster/issuer/issuer.h>
#include <muster/muster/master.h>
#include <muster/muster/worker.h>

#include <muster/base/clock.h>
#include <muster/stages/tally.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define PAIRS 2
#define PATIENCE_MS 10000

/* Shared with all processes: how they are to behave, and what they did. */
struct behaviour {
	_Atomic int issuer_fails, work_ms;
	_Atomic int workers, issuers, housekeepers, carriers, carry_ms;
};
static struct behaviour *behaviour;

/* The linker puts these in the place of the real ones (--wrap). */
int __wrap_worker_run(const struct worker_options *);
int __wrap_worker_housekeeping(const char *, struct tally *, bool);
int __wrap_issuer_run(const struct issuer_options *, const volatile int *);

int
__wrap_worker_run(const struct worker_options *options)
{
	struct pollfd poll_fd[2] = { { .fd = options->issuer_fd, .events = POLLIN }, { .events = POLLIN } };
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	poll_fd[1].fd = signalfd(-1, &set, SFD_CLOEXEC);
	(void)!write(options->ready_fd, "w", 1);
	(void)close(options->ready_fd);
	atomic_fetch_add(&behaviour->workers, 1);
	(void)poll(poll_fd, 2, -1);
	if (poll_fd[1].revents != 0)
		(void)poll(NULL, 0, atomic_load(&behaviour->work_ms));
	return 0;
}

int
__wrap_worker_housekeeping(const char *database, struct tally *tally, bool hourly)
{
	struct arena *arena = arena_new();

	atomic_fetch_add(&behaviour->housekeepers, database != NULL && hourly ? 1 : 0);
	(void)poll(NULL, 0, atomic_load(&behaviour->carry_ms));
	if (strcmp(tally_take(tally, arena), "[]") != 0)
		atomic_fetch_add(&behaviour->carriers, 1);
	arena_free(arena);
	return 0;
}

int
__wrap_issuer_run(const struct issuer_options *options, const volatile int *stop)
{
	char byte;

	(void)stop;
	atomic_fetch_add(&behaviour->issuers, 1);
	if (atomic_load(&behaviour->issuer_fails) != 0)
		return 1;
	(void)!write(options->ready_fd, "i", 1);
	(void)close(options->ready_fd);
	return read(options->fd, &byte, 1) == 0 ? 0 : 1;
}

/* Children of the master by name. */

struct family {
	pid_t worker[16], issuer[16];
	int workers, issuers;
};

static bool
read_line(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd == -1 ? -1 : read(fd, text, size - 1);

	if (fd != -1)
		(void)close(fd);
	text[got > 0 ? got : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return got > 0;
}

static bool
is_zombie(pid_t pid)
{
	char path[64], text[256];

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	return !read_line(path, text, sizeof(text)) || strstr(text, ") Z ") != NULL;
}

static void
family_add(struct family *family, pid_t pid)
{
	char path[64], name[32];

	(void)snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	if (!read_line(path, name, sizeof(name)) || is_zombie(pid))
		return;
	if (strcmp(name, "muster-worker") == 0 && family->workers < 16)
		family->worker[family->workers++] = pid;
	if (strcmp(name, "muster-issuer") == 0 && family->issuers < 16)
		family->issuer[family->issuers++] = pid;
}

static struct family
family_of(pid_t master)
{
	struct family family = { .workers = 0 };
	char path[64], text[1024], *rest = text, *word;

	(void)snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)master, (long)master);
	if (!read_line(path, text, sizeof(text)))
		return family;
	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0')
			family_add(&family, (pid_t)strtol(word, NULL, 10));
	return family;
}

static bool
has_worker(const struct family *family, pid_t pid)
{
	for (int i = 0; i < family->workers; i++)
		if (family->worker[i] == pid)
			return true;
	return false;
}

/* Wait until as many are there, none of the workers one of `before`. */
static bool
becomes(pid_t master, int pairs, const struct family *before, int common, struct family *now)
{
	int64_t end = clock_steady_us() + PATIENCE_MS * 1000LL;

	while (clock_steady_us() < end) {
		int same = 0;

		*now = family_of(master);
		for (int i = 0; before != NULL && i < before->workers; i++)
			same += has_worker(now, before->worker[i]) ? 1 : 0;
		if (now->workers == pairs && now->issuers == pairs && (before == NULL || same == common))
			return true;
		(void)poll(NULL, 0, 10);
	}
	return false;
}

/* A master in a process of its own. */

static struct tally *tally; /* shared with all of them */
static char socket_path[64];
static pid_t running; /* by the test in hand; should it fail, the next one ends it */

static pid_t
master_start(void)
{
	static const struct options options = { .pairs = PAIRS,
		.worker_database = "dbname=none",
		.issuer_database = "dbname=none",
		.passphrase_file = "/nonexistent" };
	struct common common = { .options = &options, .tally = tally, .listener = { .fd = -1 } };
	pid_t pid;

	(void)snprintf(socket_path, sizeof(socket_path), "/tmp/test_master.%ld", (long)getpid());
	pid = fork();
	if (pid != 0)
		return running = pid;
	if (listen_open(socket_path, 0600, NULL, &common.listener, NULL) != OUTCOME_OK)
		_exit(9);
	_exit(master_run(&common));
}

static int
master_stop(pid_t master, int signal_number)
{
	int status = -1;

	(void)kill(master, signal_number);
	(void)waitpid(master, &status, 0);
	running = 0;
	return status;
}

static int
behave(void **state)
{
	(void)state;
	if (running > 0)
		(void)master_stop(running, SIGTERM);
	*behaviour = (struct behaviour){ .work_ms = 0 };
	return 0;
}

static int
share(void **state)
{
	(void)state;
	behaviour = mmap(NULL, sizeof(*behaviour), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	tally = tally_new();
	return behaviour == MAP_FAILED || tally == NULL ? -1 : 0;
}

static void
starts_pairs_and_stops_them(void **state)
{
	pid_t master = master_start();
	struct family family;

	(void)state;
	assert_true(becomes(master, PAIRS, NULL, 0, &family));
	assert_int_equal(access(socket_path, F_OK), 0);
	(void)poll(NULL, 0, 300);
	assert_int_equal(atomic_load(&behaviour->housekeepers), 1);
	assert_int_equal(master_stop(master, SIGTERM), 0);
	assert_int_equal(access(socket_path, F_OK), -1);
	for (int i = 0; i < PAIRS; i++) {
		assert_int_equal(kill(family.worker[i], 0), -1);
		assert_int_equal(kill(family.issuer[i], 0), -1);
	}
}

static void
a_killed_one_takes_its_partner_along(void **state)
{
	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		pid_t master = master_start();
		struct family before, after;

		assert_true(becomes(master, PAIRS, NULL, 0, &before));
		(void)kill(kind == 0 ? before.worker[0] : before.issuer[0], SIGKILL);
		if (!becomes(master, PAIRS, &before, PAIRS - 1, &after))
			fail_msg("%s: %d workers, %d issuers", kind == 0 ? "worker" : "issuer", after.workers,
			    after.issuers);
		/* One pair is new, the other never noticed. */
		for (int i = 0; i < PAIRS; i++)
			assert_true(
			    after.worker[i] != before.worker[0] && after.issuer[i] != before.issuer[0]);
		assert_int_equal(master_stop(master, SIGTERM), 0);
	}
}

static void
a_request_in_hand_is_finished(void **state)
{
	pid_t master = master_start();
	struct family family;
	int64_t start;

	(void)state;
	assert_true(becomes(master, PAIRS, NULL, 0, &family));
	atomic_store(&behaviour->work_ms, 700);
	start = clock_steady_us();
	assert_int_equal(master_stop(master, SIGTERM), 0);
	assert_true(clock_steady_us() - start >= 700000);
	assert_true(clock_steady_us() - start < 5000000);
}

/* Even what a request in hand counts after the signal; a carrier that hangs does not keep the master. */
static void
what_was_counted_is_carried_before_the_end(void **state)
{
	static const struct {
		int carry_ms, carriers;
	} row[] = { { 0, 1 }, { 700, 1 }, { 30000, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		pid_t master = master_start();
		struct family family;
		int64_t start;

		assert_true(becomes(master, PAIRS, NULL, 0, &family));
		(void)poll(NULL, 0, 300);
		atomic_store(&behaviour->carriers, 0);
		atomic_store(&behaviour->carry_ms, row[i].carry_ms);
		atomic_store(&behaviour->work_ms, 300);
		start = clock_steady_us();
		(void)kill(master, SIGTERM);
		(void)poll(NULL, 0, 100);
		tally_add(tally, "policy", "example", NULL);
		assert_int_equal(master_stop(master, SIGTERM), 0);
		if (atomic_load(&behaviour->carriers) != row[i].carriers ||
		    clock_steady_us() - start > (LAST_ROUND_MS + 3000) * 1000LL)
			fail_msg("row %zu: %d carriers, %lld us", i, atomic_load(&behaviour->carriers),
			    (long long)(clock_steady_us() - start));
		atomic_store(&behaviour->carry_ms, 0);
	}
}

static void
all_are_replaced_and_never_fewer(void **state)
{
	pid_t master = master_start();
	struct family before, now;
	int64_t end;
	bool replaced = false;

	(void)state;
	assert_true(becomes(master, PAIRS, NULL, 0, &before));
	(void)poll(NULL, 0, 200);
	(void)kill(master, SIGHUP);
	end = clock_steady_us() + PATIENCE_MS * 1000LL;
	while (!replaced && clock_steady_us() < end) {
		int old = 0;

		now = family_of(master);
		for (int i = 0; i < PAIRS; i++)
			old += has_worker(&now, before.worker[i]) ? 1 : 0;
		if (now.workers < PAIRS)
			fail_msg("%d workers while replacing", now.workers);
		replaced = old == 0 && now.workers == PAIRS;
		(void)poll(NULL, 0, 5);
	}
	assert_true(replaced);
	assert_int_equal(master_stop(master, SIGINT), 0);
}

/* A SIGHUP after the passphrase was spoilt must not end the service. */
static void
a_failing_successor_leaves_the_old_ones(void **state)
{
	pid_t master = master_start();
	struct family before, after;

	(void)state;
	assert_true(becomes(master, PAIRS, NULL, 0, &before));
	atomic_store(&behaviour->issuer_fails, 1);
	(void)kill(master, SIGHUP);
	(void)poll(NULL, 0, 2000);
	assert_true(becomes(master, PAIRS, &before, PAIRS, &after));
	assert_int_equal(atomic_load(&behaviour->issuers), PAIRS + 1);

	/* The next one may succeed. */
	atomic_store(&behaviour->issuer_fails, 0);
	(void)kill(master, SIGHUP);
	assert_true(becomes(master, PAIRS, &before, 0, &after));
	assert_int_equal(master_stop(master, SIGTERM), 0);
}

static void
a_pair_that_always_fails_is_started_ever_less(void **state)
{
	pid_t master;
	int early, late;

	(void)state;
	atomic_store(&behaviour->issuer_fails, 1);
	master = master_start();
	(void)poll(NULL, 0, 1000);
	early = atomic_load(&behaviour->issuers);
	(void)poll(NULL, 0, 1000);
	late = atomic_load(&behaviour->issuers) - early;
	assert_int_equal(master_stop(master, SIGTERM), 0);
	/* Within a second: at 0, 0, 100, 300, 700 ms; within the next: at 1500 ms. */
	if (early < 2 * PAIRS || early > 5 * PAIRS || late > 2 * PAIRS)
		fail_msg("%d starts in the first second, %d in the next", early, late);
}

static void
nobody_outlives_a_killed_master(void **state)
{
	pid_t master = master_start();
	struct family family = { .workers = 0 };
	int left = 1;

	(void)state;
	assert_true(becomes(master, PAIRS, NULL, 0, &family));
	(void)master_stop(master, SIGKILL);
	for (int tries = 0; left > 0 && tries < 500; tries++) {
		left = 0;
		for (int i = 0; i < PAIRS; i++)
			left += (is_zombie(family.worker[i]) ? 0 : 1) + (is_zombie(family.issuer[i]) ? 0 : 1);
		(void)poll(NULL, 0, 10);
	}
	assert_int_equal(left, 0);
	(void)unlink(socket_path);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(starts_pairs_and_stops_them, behave),
		cmocka_unit_test_setup(a_killed_one_takes_its_partner_along, behave),
		cmocka_unit_test_setup(a_request_in_hand_is_finished, behave),
		cmocka_unit_test_setup(what_was_counted_is_carried_before_the_end, behave),
		cmocka_unit_test_setup(all_are_replaced_and_never_fewer, behave),
		cmocka_unit_test_setup(a_failing_successor_leaves_the_old_ones, behave),
		cmocka_unit_test_setup(a_pair_that_always_fails_is_started_ever_less, behave),
		cmocka_unit_test_setup(nobody_outlives_a_killed_master, behave),
	};

	return cmocka_run_group_tests(tests, share, behave);
}
