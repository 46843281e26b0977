#include <muster/stages/turns.h>

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#include "bucket.h"

/* How often whoever waits looks again. */
#define LOOK_AGAIN_US 1000

/* The latest checks that tell how long one takes, and what one of them may tell at most. */
#define LATEST 256
#define LATEST_MAX_US (1000 * 1000)

/* What an answer leaves for writing down a refusal, beyond the check. */
#define MARGIN_US (10 * 1000)

/*
 * Wrong passwords of those whom nobody suspects: a bucket that each takes from. When it is empty they are
 * guessing, from so many networks that none is noticed, and nobody waits for a place any more.
 */
#define WRONG_BURST 50
#define WRONG_EARN_US (1000 * 1000 / 5)

struct turns {
	unsigned places, checks;
	_Atomic int64_t wrong_until_us;
	_Atomic unsigned next;
	_Atomic int64_t latest_us[LATEST]; /* of one hash; 0: none yet */
	pthread_mutex_t mutex[];	   /* the places, then the checks */
};

static bool
mutexes_init(pthread_mutex_t *mutex, unsigned count)
{
	pthread_mutexattr_t attributes;
	int rc = pthread_mutexattr_init(&attributes);

	if (rc != 0)
		return false;
	if ((rc = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED)) == 0)
		rc = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	for (unsigned i = 0; i < count && rc == 0; i++)
		rc = pthread_mutex_init(&mutex[i], &attributes);
	(void)pthread_mutexattr_destroy(&attributes);
	return rc == 0;
}

struct turns *
turns_new(unsigned workers)
{
	unsigned places = workers > 1 ? workers - 1 : 1, checks = workers > 1 ? workers / 2 : 1;
	size_t size = sizeof(struct turns) + (places + checks) * sizeof(pthread_mutex_t);
	struct turns *turns = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (turns == MAP_FAILED)
		return NULL;
	if (!mutexes_init(turns->mutex, places + checks)) {
		(void)munmap(turns, size);
		return NULL;
	}
	turns->places = places;
	turns->checks = checks;
	return turns;
}

/* What a dead process held is free: it protects nothing but its own number. */
static bool
mutex_take(pthread_mutex_t *mutex)
{
	int rc = pthread_mutex_trylock(mutex);

	return rc == 0 || (rc == EOWNERDEAD && pthread_mutex_consistent(mutex) == 0);
}

/*
 * One of count mutexes, or of the first half of them; whoever is not suspected begins with those that are his
 * alone.
 */
static bool
one_of(pthread_mutex_t *mutex, unsigned count, bool suspected, unsigned *taken)
{
	unsigned end = suspected && count > 1 ? count / 2 : count;

	for (unsigned i = end; i-- > 0;)
		if (mutex_take(&mutex[i])) {
			*taken = i;
			return true;
		}
	return false;
}

/* False when there is no time to look again. */
static bool
look_later(struct deadline deadline)
{
	const struct timespec pause = { 0, LOOK_AGAIN_US * 1000L };

	if (deadline_left_ms(deadline) == 0)
		return false;
	(void)nanosleep(&pause, NULL);
	return true;
}

static bool
strangers_guess(const struct turns *turns)
{
	return atomic_load(&turns->wrong_until_us) - clock_steady_us() >
	    (int64_t)(WRONG_BURST - 1) * WRONG_EARN_US;
}

static bool
place_take(struct turns *turns, bool suspected, struct deadline deadline, unsigned *place)
{
	while (!one_of(turns->mutex, turns->places, suspected, place))
		if (suspected || strangers_guess(turns) || !look_later(deadline))
			return false;
	return true;
}

static bool
check_take(struct turns *turns, bool suspected, struct deadline deadline, unsigned *check)
{
	while (!one_of(turns->mutex + turns->places, turns->checks, suspected, check))
		if (!look_later(deadline))
			return false;
	return true;
}

enum outcome
turn_take(struct turns *turns, bool suspected, struct deadline deadline, struct turn *turn, struct why *why)
{
	unsigned place, check;

	*turn = (struct turn){ .turns = NULL };
	if (turns == NULL)
		return OUTCOME_OK;
	deadline = deadline_min(deadline, deadline_in_ms(TURN_PATIENCE_MS));
	if (!place_take(turns, suspected, deadline, &place))
		return refuse(why, OUTCOME_UNAVAILABLE,
		    suspected ? "too many passwords at once of those who sent wrong ones"
			      : "too many passwords at once");
	if (!check_take(turns, suspected, deadline, &check)) {
		(void)pthread_mutex_unlock(&turns->mutex[place]);
		return refuse(why, OUTCOME_UNAVAILABLE, "too many passwords at once: no turn in %d ms",
		    TURN_PATIENCE_MS);
	}
	*turn = (struct turn){ .turns = turns,
		.suspected = suspected,
		.checking = true,
		.place = place,
		.check = check,
		.since_us = clock_steady_us() };
	return OUTCOME_OK;
}

static void
sleep_until(int64_t at_us)
{
	int64_t left_us;

	while ((left_us = at_us - clock_steady_us()) > 0) {
		const struct timespec pause = { (time_t)(left_us / 1000000),
			(long)(left_us % 1000000) * 1000 };

		(void)nanosleep(&pause, NULL);
	}
}

/* Any of the latest, so that what is spent is spread as what is needed. */
bool
turn_spend(struct turn *turn, unsigned hashes)
{
	int64_t latest_us;

	if (turn->turns == NULL)
		return false;
	latest_us =
	    atomic_load(&turn->turns->latest_us[(uint64_t)turn->since_us * 2654435761U / 65536 % LATEST]);
	if (latest_us == 0)
		return false;
	sleep_until(turn->since_us + latest_us * hashes);
	return true;
}

static void
learn(struct turns *turns, int64_t us)
{
	unsigned at = atomic_fetch_add(&turns->next, 1) % LATEST;

	atomic_store(&turns->latest_us[at], us < 1 ? 1 : us > LATEST_MAX_US ? LATEST_MAX_US : us);
}

void
turn_checked(struct turn *turn, unsigned hashes)
{
	struct turns *turns = turn->turns;

	if (turns == NULL || !turn->checking)
		return;
	turn->checking = false;
	(void)pthread_mutex_unlock(&turns->mutex[turns->places + turn->check]);
	if (hashes > 0)
		learn(turns, (clock_steady_us() - turn->since_us) / hashes);
}

static int64_t
longest_us(struct turns *turns)
{
	int64_t longest = 0;

	for (size_t i = 0; i < LATEST; i++) {
		int64_t us = atomic_load(&turns->latest_us[i]);

		longest = us > longest ? us : longest;
	}
	return longest;
}

void
turn_wrong(struct turn *turn, unsigned hashes)
{
	if (turn->turns == NULL)
		return;
	turn->answer_at_us = turn->since_us + longest_us(turn->turns) * hashes * 5 / 4 + MARGIN_US;
	if (!turn->suspected)
		(void)bucket_take(&turn->turns->wrong_until_us, WRONG_BURST, WRONG_EARN_US);
}

void
turn_end(struct turn *turn)
{
	if (turn->turns == NULL)
		return;
	turn_checked(turn, 0);
	if (turn->answer_at_us != 0)
		sleep_until(turn->answer_at_us);
	(void)pthread_mutex_unlock(&turn->turns->mutex[turn->place]);
	*turn = (struct turn){ .turns = NULL };
}
