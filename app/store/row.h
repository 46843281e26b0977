/*
 * What the two halves of this room share: one call gives one row, and its first
 * columns are the decision.
 */
#ifndef MUSTER_STORE_ROW_H
#define MUSTER_STORE_ROW_H

#include <muster/store/worker.h>

/*
 * One call of one function that answers one row, within the deadline of the request in hand.
 *
 * function  its name, for why
 * result    the caller's, also on failure
 */
enum outcome row_call(struct store *, const char *function, const char *sql, const struct pg_param *,
    int params, int columns, PGresult **result, struct why *);

/*
 * The result has exactly one row.
 * OUTCOME_ENROLLMENT_SERVER  it has not; function names the SQL function in why
 */
enum outcome row_one(const PGresult *, const char *function, struct why *);

/* Which columns of a row hold a decision; text, language and details are -1 where the function has none. */
struct decision_columns {
	int outcome, why, text, language, details;
};

/*
 * The decision of a row.
 * OUTCOME_INTERNAL_SERVICE_FAULT  an outcome that this program does not know
 */
enum outcome row_decision(
    struct arena *, const PGresult *, struct decision_columns, struct decision *, struct why *);

#endif
