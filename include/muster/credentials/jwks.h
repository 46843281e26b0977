/* The keys that an issuer publishes: a JWK Set (RFC 7517 section 5). Whoever fetches it is no worker. */
#ifndef MUSTER_CREDENTIALS_JWKS_H
#define MUSTER_CREDENTIALS_JWKS_H

#include <muster/base/bytes.h>
#include <muster/base/outcome.h>

#define JWKS_MAX (256 * 1024) /* bytes */
#define JWKS_KEYS_MAX 64

/* A key for signatures; strings in arena. */
struct jwk {
	const char *kid;
	const char *algorithm;	 /* "RS256", "ES256" */
	struct bytes public_key; /* SubjectPublicKeyInfo, DER */
	const char
	    *issuer; /* Entra ID: whose tokens it signs, with {tenantid} for any; NULL if it does not say */
};

struct jwks {
	struct jwk key[JWKS_KEYS_MAX];
	size_t count;
	const char *skipped[JWKS_KEYS_MAX]; /* one sentence for each key that is not for us */
	size_t skips;
};

/*
 * Read a set. Keys for encryption, of other kinds, too weak, or without a kid are skipped; only n and e, or x
 * and y, are taken of the others, never their certificates.
 *
 * OUTCOME_INTERNAL_SERVICE_FAULT  not a JWK Set, a broken key, a kid twice, too much, or no usable key in it:
 *                                 nothing should be changed by such a document
 */
enum outcome jwks_read(struct arena *, struct bytes document, struct jwks *, struct why *);

/*
 * An openid-configuration (OpenID Connect Discovery 1.0 section 3) in place of a set: where the set is.
 *
 * uri, issuer  in arena; uri is NULL when the document is something else, issuer when it names none
 */
void jwks_locate(struct arena *, struct bytes document, const char **uri, const char **issuer);

#endif
