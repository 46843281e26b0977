/*
 * What may be taken from a PKCS#10 (RFC 2986): that the sender holds the key, and the
 * public key. Subject, attributes and extensions are never decoded beyond what GnuTLS must,
 * since Windows writes strings and extensions there that are not DER.
 */
#ifndef MUSTER_AUTHORITY_CSR_H
#define MUSTER_AUTHORITY_CSR_H

#include <muster/base/arena.h>
#include <muster/base/outcome.h>

struct csr_policy {
	int minimum_key_length; /* RSA bits, at least 2048 */
	bool allow_sha1;	/* proof of possession of old clients */
};

struct csr {
	struct bytes public_key; /* SubjectPublicKeyInfo, DER, in arena */
	const char *algorithm;	 /* "RSA-2048", "EC-P-256": for log and record */
};

/*
 * Verify the self-signature and the key: RSA from the minimum to 4096 bits with an odd
 * exponent of at least 65537 (and at most 64 bits), EC on P-256 or P-384.
 *
 * OUTCOME_CERTIFICATE_REQUEST  not a PKCS#10, trailing bytes, signature wrong or too weak, key too
 *                              small, too big, or of another kind
 */
enum outcome csr_check(
    struct arena *, struct bytes der, const struct csr_policy *, struct csr *, struct why *);

/* The same key policy on a SubjectPublicKeyInfo alone: the issuer's own check. */
enum outcome csr_check_key(
    struct arena *, struct bytes public_key, const struct csr_policy *, struct csr *, struct why *);

#endif
