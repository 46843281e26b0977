/* An authority's key, wherever it is. */
#ifndef MUSTER_CA_OPENING_H
#define MUSTER_CA_OPENING_H

#include "authorities.h"
#include "options.h"

/*
 * Open the key of an authority that is there: out of the database with the passphrase's file, or in its
 * token. Reading it out of the database is an event there. The caller calls signer_release().
 *
 * OUTCOME_INTERNAL_SERVICE_FAULT  it is kept elsewhere, or an option is missing; why is the next step
 * OUTCOME_CERTIFICATE_REQUEST     it does not open, or is another certificate's
 */
enum outcome opening_signer(PGconn *, struct arena *, const struct authority *, const struct options *,
    struct signer *, struct why *);

#endif
