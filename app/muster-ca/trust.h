/* muster-ca trust and crl: whose certificates may sign requests to enroll, and which of them were revoked. */
#ifndef MUSTER_CA_TRUST_H
#define MUSTER_CA_TRUST_H

#include "options.h"

/*
 * Read the certificate in the file (PEM or DER) and have the organization trust it as an authority or, with
 * --account, list it for that account.
 */
enum outcome trust_run(const struct options *, struct why *);

/*
 * Read the list of revoked certificates in the file (PEM or DER), verify it with the certificates of the
 * authorities that the organization trusts, and replace what is known of the one that signed it.
 */
enum outcome crl_run(const struct options *, struct why *);

#endif
