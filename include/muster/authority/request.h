/* Requests of authorities for their certificate (PKCS#10, RFC 2986). */
#ifndef MUSTER_AUTHORITY_REQUEST_H
#define MUSTER_AUTHORITY_REQUEST_H

#include <muster/authority/certificate.h>

/*
 * Make one, signed by key, which stays the caller's: for a CA that signs no further CA. common_name and
 * organization have 1 to 64 characters each, as X.520 has them.
 *
 * hash  GNUTLS_DIG_UNKNOWN: what suits the key
 * der   in arena
 */
enum outcome request_make(struct arena *, gnutls_privkey_t key, const char *common_name,
    const char *organization, gnutls_digest_algorithm_t hash, struct bytes *der, struct why *);

/* What is taken from one, and nothing else: the name and the key. */
struct request_view {
	const char *subject;	       /* RFC 4514, in arena, without control characters */
	const char *key;	       /* "EC-P-256" */
	struct bytes public_key;       /* SubjectPublicKeyInfo, in arena */
	const char *public_key_sha256; /* hex, of that */
};

/*
 * Read a request (DER) and have it prove its key, which is as good as a device's must be: see csr_check().
 *
 * OUTCOME_CERTIFICATE_REQUEST  it does not, or names nobody
 */
enum outcome request_read(struct arena *, struct bytes der, struct request_view *, struct why *);

/* SHA-256 of a key's SubjectPublicKeyInfo: 32 bytes, in arena. */
enum outcome public_key_sha256(struct arena *, gnutls_privkey_t, struct bytes *sha256, struct why *);

#endif
