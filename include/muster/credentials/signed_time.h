/*
 * The Timestamp of a WS-Security header: for how long a signed message is to be taken (Web Services Security:
 * SOAP Message Security 1.0, section 10).
 */
#ifndef MUSTER_CREDENTIALS_SIGNED_TIME_H
#define MUSTER_CREDENTIALS_SIGNED_TIME_H

#include <muster/base/arena.h>
#include <muster/base/outcome.h>

#include <libxml/tree.h>

/* Milliseconds since 1970; 0 for what is not said. */
struct signed_time {
	int64_t created, expires;
};

/* The longest life that a message may give itself: until then it is remembered, so that it comes only once.
 */
#define SIGNED_LIFE_MS ((int64_t)24 * 3600 * 1000)

/*
 * Read the Timestamp among the children of Security; without one both times are 0.
 *
 * OUTCOME_INVALID_SECURITY  two Timestamps, a part is missing or there twice, a time that is none
 */
enum outcome signed_time_read(struct arena *, const xmlNode *security, struct signed_time *, struct why *);

/*
 * The message is of now: created not after now, expires not before it, each with some skew of the two clocks.
 *
 * OUTCOME_AUTHENTICATION  it is not, or has no Timestamp; why says by how much
 */
enum outcome signed_time_check(
    struct arena *, const struct signed_time *, int64_t now_ms, int64_t skew_ms, struct why *);

#endif
