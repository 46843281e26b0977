/*
 * How many Discover and GetPolicies requests succeeded, by organization and Windows build. They write
 * nothing to the database (strangers could fill it), so the pool counts them in shared memory,
 * and a housekeeper carries the counts to SQL every minute, and once more when the master is told to end. A
 * master that is killed loses what was not carried yet: at most a minute's; so does a housekeeper that is
 * killed while it carries, and one that loses the database's answer may carry the same twice.
 */
#ifndef MUSTER_STAGES_TALLY_H
#define MUSTER_STAGES_TALLY_H

#include <muster/base/arena.h>

struct tally;

/*
 * Different counts that fit. Strangers choose builds, so builds take three quarters of them at most; further
 * ones are counted as "other", for which, and for "unknown", the last quarter is kept: enough for 256
 * organizations, whatever strangers send. What is beyond that is not counted.
 */
#define TALLY_SLOTS 4096

/* NULL when there is no memory. Lives as long as the processes that share it. */
struct tally *tally_new(void);

/*
 * Count one.
 *
 * stage         "discovery", "policy"
 * organization  key
 * os_version    what the client says ("10.0.26200.9279"): its first three numbers are kept; "", NULL or
 *               anything else counts as "unknown"
 */
void tally_add(struct tally *, const char *stage, const char *organization, const char *os_version);

/* There is something to carry. */
bool tally_waits(const struct tally *);

/*
 * Take what has been counted since the last time: a JSON array in arena of
 * {"organization": …, "stage": …, "build": …, "count": …}. tally_return() gives it back when it could not be
 * carried; only one process may be between the two.
 */
const char *tally_take(struct tally *, struct arena *);
void tally_return(struct tally *);

#endif
