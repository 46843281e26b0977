/*
 * What the two halves of this room share: one call gives one row, and its first
 * columns are the decision.
 */
#ifndef MUSTER_STORE_ROW_H
#define MUSTER_STORE_ROW_H

#include <muster/base/nouns.h>
#include <muster/wire/pg.h>

/*
 * The result has exactly one row.
 * OUTCOME_ENROLLMENT_SERVER  it has not; function names the SQL function in why
 */
enum outcome row_one(const PGresult *, const char *function, struct why *);

/*
 * A decision from the columns outcome, why and (column text >= 0) text.
 * OUTCOME_INTERNAL_SERVICE_FAULT  an outcome that this program does not know
 */
enum outcome row_decision(
    struct arena *, const PGresult *, int outcome, int why_column, int text, struct decision *, struct why *);

#endif
