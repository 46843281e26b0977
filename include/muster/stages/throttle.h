/*
 * What stands before the proof of a password, and after it, so that guessing costs whoever guesses.
 *
 * SQL says with policy() and consider() whether so many were wrong before it that none is looked at for a
 * while; then whoever asks gets the answer of a wrong one after the time of a wrong one, and cannot tell
 * which of his guesses were looked at. Wrong ones are counted in SQL, each once: the same one again for the
 * same name within the memo's time is no further guess (Windows sends a password twice, people try the same
 * one again).
 */
#ifndef MUSTER_STAGES_THROTTLE_H
#define MUSTER_STAGES_THROTTLE_H

#include <muster/stages/stages.h>

/*
 * The pool remembers this password for the account, and nothing needs to be looked at. While passwords of the
 * name are refused, only that of this very attempt: so an enrollment that has begun can end, and nobody
 * else guesses at what is remembered.
 */
bool throttle_knows(struct exchange *, const struct secret *password, const struct account *);

/* Take a turn in the pool (stages/turns.h). OUTCOME_UNAVAILABLE: there are too many at once. */
enum outcome throttle_begin(struct exchange *, const struct account *);

/* Spend the time of looking at it, and refuse. */
enum outcome throttle_refuse(struct exchange *, const struct secret *password, const struct account *);

/*
 * The end of it: OUTCOME_OK is remembered and gives the turn back, OUTCOME_AUTHENTICATION is counted and
 * keeps it until the answer is due, any other says nothing of the password.
 */
void throttle_end(struct exchange *, const struct secret *password, const struct account *, enum outcome);

#endif
