#include <muster/muster/master.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <muster/base/clock.h>
#include <muster/base/log.h>
#include <muster/muster/notify.h>
#include <muster/stages/tally.h>

#define MS 1000LL

/*
 * A new pair takes its predecessor's place when its worker can take requests and its issuer has opened its
 * keys. One that has not by then is given up, and its predecessor stays.
 */
#define REPLACE_US (30 * 1000 * MS)

/* Asked to replace once more, a candidate that is not ready after that long is given up at once. */
#define SLOW_US (1000 * MS)

/* A place in the pool: a pair, or a time to start one. */
struct slot {
	struct pair *pair;
	unsigned failures; /* in a row */
	int64_t start_at_us;
};

struct master {
	struct common *common;
	struct slot *slot;
	unsigned slots;
	struct pair *candidate; /* SIGHUP: the pair that will replace slot[turn] */
	unsigned turn;		/* slots when nothing is being replaced */
	bool again;		/* another SIGHUP came meanwhile */
	struct pair *retiring;
	pid_t housekeeper; /* 0: none */
	bool hourly;	   /* its round is the hourly one */
	int64_t housekeeping_at_us, tally_at_us;
	int signal_fd;
	int64_t kill_housekeeper_at_us; /* once stopping */
	bool announced, stopping;
	bool counted; /* stopping: nothing is carried any more */
};

int64_t
master_backoff_ms(unsigned failures)
{
	int64_t ms = failures == 0 ? 0 : BACKOFF_FIRST_MS;

	for (unsigned i = 1; i < failures && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

/* Pairs. */

static void
retire(struct master *master, struct pair *pair)
{
	pair_retire(pair, RETIRE_PATIENCE_MS * MS);
	pair->next = master->retiring;
	master->retiring = pair;
}

static void
slot_plan(struct slot *slot, int64_t now)
{
	slot->start_at_us = now + master_backoff_ms(slot->failures) * MS;
	slot->failures++;
}

static void
slot_start(struct master *master, struct slot *slot, int64_t now)
{
	struct why why;

	if ((slot->pair = pair_start(master->common, (unsigned)(slot - master->slot), &why)) != NULL)
		return;
	log_message(LOG_ERROR_LEVEL, "%s", why.text);
	slot_plan(slot, now);
}

/* A pair that ended without being asked. */
static void
slot_lost(struct master *master, struct slot *slot, int64_t now)
{
	struct pair *pair = slot->pair;

	slot->pair = NULL;
	if (now - pair->started_us >= BACKOFF_FORGET_MS * MS)
		slot->failures = 0;
	slot_plan(slot, now);
	retire(master, pair);
}

/* Replacing, one slot after the other. */

static void
replace_end(struct master *master, const char *how)
{
	master->turn = master->slots;
	log_message(LOG_INFO_LEVEL, "%s", how);
	notify("READY=1");
}

static void replace_begin(struct master *);

/* Another SIGHUP meanwhile may be because what was wrong has been put right. */
static void
replace_fail(struct master *master)
{
	bool again = master->again;

	if (master->candidate != NULL)
		retire(master, master->candidate);
	master->candidate = NULL;
	master->again = false;
	replace_end(
	    master, "replacing failed: the pairs that are left stay as they are; see the lines above");
	if (again)
		replace_begin(master);
}

static void
replace_start(struct master *master)
{
	struct why why;

	if ((master->candidate = pair_start(master->common, master->turn, &why)) != NULL)
		return;
	log_message(LOG_ERROR_LEVEL, "%s", why.text);
	replace_fail(master);
}

/* One that is not ready by now waits for something, and would wait in vain: it has read its files. */
static bool
candidate_is_slow(const struct pair *candidate)
{
	return candidate != NULL && !(candidate->worker_ready && candidate->issuer_ready) &&
	    clock_steady_us() - candidate->started_us >= SLOW_US;
}

static void
replace_begin(struct master *master)
{
	if (master->turn < master->slots) {
		master->again = true;
		if (candidate_is_slow(master->candidate))
			replace_fail(master);
		return;
	}
	log_message(LOG_INFO_LEVEL, "replacing %u pairs", master->slots);
	notify("RELOADING=1");
	master->turn = 0;
	replace_start(master);
}

/* The candidate is ready: it takes the slot, the old pair finishes what it has in hand. */
static void
replace_step(struct master *master)
{
	struct slot *slot = &master->slot[master->turn];

	if (slot->pair != NULL)
		retire(master, slot->pair);
	*slot = (struct slot){ .pair = master->candidate };
	master->candidate = NULL;
	if (++master->turn < master->slots)
		replace_start(master);
	else
		replace_end(master, "all pairs are replaced");
	if (master->again && master->turn == master->slots) {
		master->again = false;
		replace_begin(master);
	}
}

static int64_t
candidate_due(const struct pair *candidate)
{
	return candidate->worker_ready && candidate->issuer_ready ? 0 : candidate->started_us + REPLACE_US;
}

static void
replace_run(struct master *master, int64_t now)
{
	const struct pair *candidate = master->candidate;

	if (candidate == NULL || now < candidate_due(candidate))
		return;
	if (candidate->worker_ready && candidate->issuer_ready)
		replace_step(master);
	else
		replace_fail(master);
}

/* Children that ended. */

static bool
pair_owns(struct pair *pair, pid_t pid)
{
	return pair != NULL && (pair->worker == pid || pair->issuer == pid);
}

static void
pair_forget(struct pair *pair, pid_t pid)
{
	if (pair->worker == pid)
		pair->worker = 0;
	else
		pair->issuer = 0;
}

/* Take pairs that have wholly ended off the list. */
static void
retiring_sweep(struct master *master)
{
	struct pair **link = &master->retiring;

	while (*link != NULL) {
		struct pair *pair = *link;

		if (pair->worker != 0 || pair->issuer != 0) {
			link = &pair->next;
			continue;
		}
		*link = pair->next;
		free(pair);
	}
}

/* Of two that end together either may be seen first: the one with a bad end tells why. */
static void
log_death(const struct pair *pair, pid_t pid, int status)
{
	const char *what = pair->worker == pid ? "worker" : "issuer";

	if (WIFSIGNALED(status))
		log_message(
		    LOG_ERROR_LEVEL, "%s %ld was ended by signal %d", what, (long)pid, WTERMSIG(status));
	else if (WEXITSTATUS(status) != EXIT_SUCCESS)
		log_message(
		    LOG_ERROR_LEVEL, "%s %ld ended with status %d", what, (long)pid, WEXITSTATUS(status));
}

static void
housekeeper_ended(struct master *master, int status, int64_t now)
{
	bool done = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;

	master->housekeeper = 0;
	master->tally_at_us = now + TALLY_INTERVAL_MS * MS;
	if (master->hourly)
		master->housekeeping_at_us =
		    now + (done ? HOUSEKEEPING_INTERVAL_MS : HOUSEKEEPING_RETRY_MS) * MS;
}

static void
child_ended(struct master *master, pid_t pid, int status, int64_t now)
{
	if (pid == master->housekeeper) {
		housekeeper_ended(master, status, now);
		return;
	}
	for (struct pair *pair = master->retiring; pair != NULL; pair = pair->next)
		if (pair_owns(pair, pid)) {
			log_death(pair, pid, status);
			pair_forget(pair, pid);
			return;
		}
	if (pair_owns(master->candidate, pid)) {
		log_death(master->candidate, pid, status);
		pair_forget(master->candidate, pid);
		replace_fail(master);
		return;
	}
	for (unsigned i = 0; i < master->slots; i++)
		if (pair_owns(master->slot[i].pair, pid)) {
			log_message(LOG_WARNING_LEVEL,
			    "lost worker %ld with issuer %ld: starting another pair",
			    (long)master->slot[i].pair->worker, (long)master->slot[i].pair->issuer);
			log_death(master->slot[i].pair, pid, status);
			pair_forget(master->slot[i].pair, pid);
			slot_lost(master, &master->slot[i], now);
			return;
		}
}

static void
reap(struct master *master, int64_t now)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		child_ended(master, pid, status, now);
	retiring_sweep(master);
}

/* Signals. */

static void
stop(struct master *master)
{
	if (master->stopping)
		return;
	log_message(LOG_INFO_LEVEL, "stopping: requests in hand are finished");
	notify("STOPPING=1");
	master->stopping = true;
	listen_close(&master->common->listener);
	if (master->candidate != NULL)
		retire(master, master->candidate);
	master->candidate = NULL;
	for (unsigned i = 0; i < master->slots; i++) {
		if (master->slot[i].pair != NULL)
			retire(master, master->slot[i].pair);
		master->slot[i].pair = NULL;
	}
	master->kill_housekeeper_at_us = clock_steady_us() + LAST_ROUND_MS * MS;
}

static void
take_signals(struct master *master)
{
	struct signalfd_siginfo info;

	while (read(master->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			stop(master);
		else if (info.ssi_signo == SIGHUP && !master->stopping)
			replace_begin(master);
	}
}

static bool
signals_open(struct master *master)
{
	static const int number[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(number); i++)
		(void)sigaddset(&set, number[i]);
	(void)signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	master->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return master->signal_fd != -1;
}

/* What is due. */

static void
kill_overdue(struct master *master, int64_t now)
{
	for (struct pair *pair = master->retiring; pair != NULL; pair = pair->next) {
		if (now < pair->kill_at_us)
			continue;
		log_message(LOG_WARNING_LEVEL, "worker %ld and issuer %ld did not end in time: killed",
		    (long)pair->worker, (long)pair->issuer);
		if (pair->worker > 0)
			(void)kill(pair->worker, SIGKILL);
		if (pair->issuer > 0)
			(void)kill(pair->issuer, SIGKILL);
		pair->kill_at_us = now + RETIRE_PATIENCE_MS * MS;
	}
}

static int64_t
earlier(int64_t one, int64_t other)
{
	return one < other ? one : other;
}

/* When the next housekeeper is due: every hour, and meanwhile when there is something to carry. */
static int64_t
housekeeper_due(const struct master *master)
{
	if (!tally_waits(master->common->tally))
		return master->housekeeping_at_us;
	return earlier(master->housekeeping_at_us, master->tally_at_us);
}

static void
housekeep(struct master *master, int64_t now)
{
	pid_t pid;

	if (!master->announced || master->housekeeper != 0 || now < housekeeper_due(master))
		return;
	master->hourly = now >= master->housekeeping_at_us;
	if ((pid = pair_housekeeper(master->common, master->hourly)) > 0)
		master->housekeeper = pid;
	else
		master->housekeeping_at_us = master->tally_at_us = now + HOUSEKEEPING_RETRY_MS * MS;
}

/* No pair counts any more: what was counted since the last round is carried, once, before the end. */
static void
count_last(struct master *master, int64_t now)
{
	if (!master->stopping)
		return;
	if (master->housekeeper > 0 && now >= master->kill_housekeeper_at_us)
		(void)kill(master->housekeeper, SIGKILL);
	if (master->retiring != NULL || master->housekeeper != 0 || master->counted)
		return;
	master->counted = true;
	if (!tally_waits(master->common->tally))
		return;
	master->hourly = false;
	master->housekeeper = pair_housekeeper(master->common, false);
	if (master->housekeeper < 0)
		master->housekeeper = 0;
	master->kill_housekeeper_at_us = now + LAST_ROUND_MS * MS;
}

static void
run_due(struct master *master)
{
	int64_t now = clock_steady_us();

	kill_overdue(master, now);
	if (master->stopping)
		return;
	for (unsigned i = 0; i < master->slots; i++)
		if (master->slot[i].pair == NULL && now >= master->slot[i].start_at_us)
			slot_start(master, &master->slot[i], now);
	replace_run(master, now);
	housekeep(master, now);
}

/* Milliseconds until something is due, for poll(2). */
static int
time_left(const struct master *master)
{
	int64_t now = clock_steady_us(), due = now + 60 * 1000 * MS;

	for (const struct pair *pair = master->retiring; pair != NULL; pair = pair->next)
		due = earlier(due, pair->kill_at_us);
	for (unsigned i = 0; i < master->slots && !master->stopping; i++)
		if (master->slot[i].pair == NULL)
			due = earlier(due, master->slot[i].start_at_us);
	if (master->candidate != NULL)
		due = earlier(due, candidate_due(master->candidate));
	if (master->stopping && master->housekeeper != 0)
		due = earlier(due, master->kill_housekeeper_at_us);
	if (master->announced && master->housekeeper == 0 && !master->stopping)
		due = earlier(due, housekeeper_due(master));
	return due <= now ? 0 : (int)((due - now + MS - 1) / MS);
}

/* Readiness. */

static void
announce(struct master *master)
{
	if (master->announced || master->stopping)
		return;
	for (unsigned i = 0; i < master->slots; i++)
		if (master->slot[i].pair == NULL || !master->slot[i].pair->worker_ready)
			return;
	master->announced = true;
	log_message(
	    LOG_INFO_LEVEL, "%u pairs are ready on %s", master->slots, master->common->listener.described);
	notify("READY=1");
}

/* Wait for a signal, a worker's word, or what is due next; poll has room for every slot. */
static void
wait_for_something(struct master *master, struct pollfd *poll_fd, struct pair **owner)
{
	nfds_t count = 0;

	poll_fd[count++] = (struct pollfd){ .fd = master->signal_fd, .events = POLLIN };
	for (unsigned i = 0; i <= master->slots; i++) {
		struct pair *pair = i < master->slots ? master->slot[i].pair : master->candidate;

		if (pair == NULL || pair->ready_fd == -1)
			continue;
		owner[count] = pair;
		poll_fd[count++] = (struct pollfd){ .fd = pair->ready_fd, .events = POLLIN };
	}
	if (poll(poll_fd, count, time_left(master)) <= 0)
		return;
	for (nfds_t i = 1; i < count; i++)
		if (poll_fd[i].revents != 0)
			pair_listen(owner[i]);
}

static bool
finished(const struct master *master)
{
	return master->stopping && master->retiring == NULL && master->housekeeper == 0 && master->counted;
}

static int
run(struct master *master)
{
	struct pollfd *poll_fd = calloc(master->slots + 2, sizeof(*poll_fd));
	struct pair **owner = calloc(master->slots + 2, sizeof(struct pair *));

	if (poll_fd == NULL || owner == NULL)
		abort();
	while (!finished(master)) {
		run_due(master);
		wait_for_something(master, poll_fd, owner);
		take_signals(master);
		reap(master, clock_steady_us());
		count_last(master, clock_steady_us());
		announce(master);
	}
	free(poll_fd);
	free(owner);
	log_message(LOG_INFO_LEVEL, "stopped");
	return EXIT_SUCCESS;
}

int
master_run(struct common *common)
{
	struct master master = { .common = common,
		.slots = common->options->pairs,
		.turn = common->options->pairs,
		.slot = calloc(common->options->pairs, sizeof(struct slot)) };
	int status = EXIT_FAILURE;

	common->master = getpid();
	if (master.slot == NULL || !signals_open(&master))
		log_message(LOG_ERROR_LEVEL, "cannot start: %s", strerror(errno));
	else
		status = run(&master);
	free(master.slot);
	return status;
}
