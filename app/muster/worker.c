#include <muster/muster/worker.h>

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <muster/base/log.h>
#include <muster/wire/fcgi.h>

/* No piece of housekeeping takes longer: the role's statement_timeout sees to it. */
#define HOUSEKEEPING_PIECE_MS (10 * 1000)

/* How long a round may take, each part of it. */
#define COUNTS_MS (60 * 1000)
#define HOURLY_MS (60 * 1000)

/* What one worker lives with. */
struct work {
	struct worker worker;
	struct fcgi *fcgi;
	struct arena *arena;
	int wake_fd; /* speaks when a signal came or the issuer went */
};

static bool
watch(int epoll_fd, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data = { .fd = fd } };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/*
 * One descriptor that becomes readable for either reason to stop. A signal stays pending in the
 * signalfd, so that none is lost between looking and waiting.
 */
static int
wake_open(int issuer_fd)
{
	int wake = epoll_create1(EPOLL_CLOEXEC), signals;
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (wake == -1 || signals == -1 || !watch(wake, signals, EPOLLIN) ||
	    !watch(wake, issuer_fd, EPOLLIN | EPOLLRDHUP))
		return -1;
	return wake;
}

static bool
work_open(struct work *work, const struct worker_options *options)
{
	*work = (struct work){ .worker = { .memo = options->memo,
				   .wrong = options->wrong,
				   .turns = options->turns,
				   .budget = options->budget,
				   .tally = options->tally,
				   .meter = options->meter,
				   .pair = options->pair,
				   .outages = options->outages,
				   .secrets_dir = options->secrets_dir,
				   .issuer_fd = options->issuer_fd },
		.fcgi = fcgi_new(options->listen_fd),
		.arena = arena_new(),
		.wake_fd = wake_open(options->issuer_fd) };
	work->worker.store.pg = pg_new(options->database, "muster worker");
	return work->fcgi != NULL && work->worker.store.pg != NULL && work->wake_fd != -1;
}

static void
work_close(struct work *work)
{
	pg_free(work->worker.store.pg);
	arena_free(work->arena);
	if (work->fcgi != NULL)
		fcgi_free(work->fcgi);
}

/* One turn; false when it was the last. */
static bool
work_once(struct work *work)
{
	static const volatile int no_flag;
	struct request request = { .arena = work->arena };
	struct reply reply = { .status = 200 };

	switch (fcgi_accept(work->fcgi, work->arena, &no_flag, work->wake_fd, &request)) {
	case FCGI_STOP: return false;
	case FCGI_BROKEN: log_message(LOG_INFO_LEVEL, "the web server did not send a whole request"); break;
	case FCGI_REQUEST:
		stages_serve(&work->worker, &request, &reply);
		if (!fcgi_reply(work->fcgi, &request, &reply))
			log_message(LOG_INFO_LEVEL, "trace %s: the web server did not take the reply",
			    request.trace.text);
		break;
	}
	arena_reset(work->arena);
	return !work->worker.issuer_lost;
}

static void
tell_ready(int fd)
{
	static const char ready = WORKER_READY;

	if (fd == -1)
		return;
	(void)!write(fd, &ready, 1);
	(void)close(fd);
}

int
worker_run(const struct worker_options *options)
{
	struct work work;

	if (!work_open(&work, options)) {
		log_message(LOG_ERROR_LEVEL, "cannot start: %s", strerror(errno));
		work_close(&work);
		return EXIT_FAILURE;
	}
	meter_busy(options->meter, options->pair, false);
	tell_ready(options->ready_fd);
	while (work_once(&work))
		continue;
	if (work.worker.issuer_lost)
		log_message(LOG_WARNING_LEVEL, "the issuer is gone");
	work_close(&work);
	return EXIT_SUCCESS;
}

/* What cannot be carried now is carried next time. */
static enum outcome
tally_carry(struct store *store, struct arena *arena, struct tally *tally)
{
	struct why why = { "" };
	enum outcome o = store_count(store, tally_take(tally, arena), &why);

	if (o != OUTCOME_OK) {
		tally_return(tally);
		log_message(LOG_WARNING_LEVEL, "counts of requests: %s", why.text);
	}
	return o;
}

/* Piece by piece, while there is more to do and time for another piece; the rest waits for the next hour. */
static enum outcome
housekeep_hourly(struct store *store, struct arena *arena)
{
	struct why why = { "" };
	const char *summary;
	enum outcome o;
	bool more;

	store->deadline = deadline_in_ms(HOURLY_MS);
	do {
		if ((o = store_housekeeping(store, arena, &summary, &more, &why)) != OUTCOME_OK) {
			log_message(LOG_WARNING_LEVEL, "housekeeping: %s", why.text);
			return o;
		}
		log_message(LOG_INFO_LEVEL, "housekeeping: %s", summary != NULL ? summary : "done");
	} while (more && deadline_left_ms(store->deadline) > HOUSEKEEPING_PIECE_MS);
	return OUTCOME_OK;
}

int
worker_housekeeping(const char *database, struct tally *tally, bool hourly)
{
	struct arena *arena = arena_new();
	struct store store = { .pg = pg_new(database, "muster housekeeping"),
		.deadline = deadline_in_ms(COUNTS_MS) };
	/* Counts that cannot be carried keep nothing else from being done. */
	enum outcome counts = tally_waits(tally) ? tally_carry(&store, arena, tally) : OUTCOME_OK;
	enum outcome rest = hourly ? housekeep_hourly(&store, arena) : OUTCOME_OK;

	pg_free(store.pg);
	arena_free(arena);
	return (hourly ? rest : counts) == OUTCOME_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
