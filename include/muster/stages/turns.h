/*
 * Turns at checking passwords, shared by the pool. A hash takes tens of milliseconds of a processor, a wrong
 * password costs whoever sends it nothing: without turns a flood of them would have every worker and every
 * processor.
 *
 * A place is a worker that is busy with a password, from taking its turn to its answer; there is one less
 * than workers, so that one is left for whatever is not proven by a password. A check is a place that hashes;
 * half as many as workers do at once. Whom the database suspects (stages/prove_password.c) has only the first
 * half of both, at least one, and never waits for a place. All others wait for one, unless most of them turn
 * out to be guessing themselves.
 *
 * Places and checks are robust mutexes: what a worker held when it died, the kernel gives back.
 */
#ifndef MUSTER_STAGES_TURNS_H
#define MUSTER_STAGES_TURNS_H

#include <muster/base/clock.h>
#include <muster/base/outcome.h>

struct turns;

/* How long a turn may be waited for. */
#define TURN_PATIENCE_MS 3000

/* For so many workers. NULL when there is no memory. Lives as long as the processes that share it. */
struct turns *turns_new(unsigned workers);

/* A turn in hand; all 0 is none, with which everything below does nothing. */
struct turn {
	struct turns *turns;
	bool suspected, checking;
	unsigned place, check;
	int64_t since_us;     /* when the check began */
	int64_t answer_at_us; /* 0: at once */
};

/*
 * Take a turn: a place and a check. Without turns (NULL) there is nothing to wait for.
 * OUTCOME_UNAVAILABLE  none came in time
 */
enum outcome turn_take(struct turns *, bool suspected, struct deadline, struct turn *, struct why *);

/*
 * Spend as long as one that checks would, asleep: for a password that is not to be looked at. hashes says how
 * many hashes checking it would take. False when it is not known yet how long they take: then hash something.
 */
bool turn_spend(struct turn *, unsigned hashes);

/*
 * The check is over and others may have it; the place is kept. hashes is how many it took, 0 if that says
 * nothing of how long they take.
 */
void turn_checked(struct turn *, unsigned hashes);

/*
 * The password proved nothing. The answer is due when the longest of the latest checks would have been over,
 * with a margin for what is written afterwards: so that nobody can tell from its time what was found.
 */
void turn_wrong(struct turn *, unsigned hashes);

/* Wait until the answer is due, and give back what is held. */
void turn_end(struct turn *);

#endif
