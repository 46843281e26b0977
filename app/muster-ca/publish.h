/* muster-ca publish: lists of revoked certificates that no issuer makes, above all roots'. */
#ifndef MUSTER_CA_PUBLISH_H
#define MUSTER_CA_PUBLISH_H

#include <muster/authority/certificate.h>
#include <muster/wire/pg.h>

#include "options.h"

/* What is told of a list that was published. */
struct published_list {
	int64_t number, next_update; /* seconds since 1970 */
	size_t entries;
};

/*
 * Make an authority's next list with its key and store it, in the transaction that is open.
 *
 * authority  its id (GUID)
 * OUTCOME_CERTIFICATE_REQUEST  the key does not sign
 * OUTCOME_ENROLLMENT_SERVER    the database says no
 */
enum outcome publish_list(PGconn *, struct arena *, const char *authority, const struct signer *,
    struct published_list *, struct why *);

/* The verb: with the key in the database or, with --import, a list that was made where the key is. */
enum outcome publish_run(const struct options *, struct why *);

#endif
