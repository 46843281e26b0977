/* Public keys that issuers of JWTs sign with, for the two algorithms that are admitted (RFC 7518
 * section 3.1). */
#ifndef MUSTER_CREDENTIALS_SIGNING_KEY_H
#define MUSTER_CREDENTIALS_SIGNING_KEY_H

#include <muster/base/bytes.h>
#include <muster/base/outcome.h>

#include <gnutls/abstract.h>

/* A signature by such an algorithm; NULL for every other name, case included. */
struct signing_algorithm {
	const char *name; /* "RS256", "ES256" */
	gnutls_pk_algorithm_t key;
	gnutls_sign_algorithm_t signature;
};
const struct signing_algorithm *signing_algorithm_find(const char *name);

/* For CLEANUP(). */
void signing_key_free(gnutls_pubkey_t *);

/*
 * Why a key is not one for the algorithm; NULL when it is: RSA of 2048 to 8192 bits whose exponent is odd, at
 * least 65537 and of 64 bits at most; EC on P-256.
 */
const char *signing_key_wrong(gnutls_pubkey_t, const struct signing_algorithm *);

/*
 * Open a key as it is stored.
 *
 * der  SubjectPublicKeyInfo
 * key  the caller's (CLEANUP(signing_key_free)); NULL on failure
 * OUTCOME_INTERNAL_SERVICE_FAULT  not a key for the algorithm; why says which
 */
enum outcome signing_key_open(
    struct bytes der, const struct signing_algorithm *, gnutls_pubkey_t *key, struct why *);

#endif
