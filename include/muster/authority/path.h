/*
 * The way from an issuing authority up to its root (certification path, RFC 5280 section 6): found in what
 * somebody else's PKI answered, and verified before anything of it is stored.
 */
#ifndef MUSTER_AUTHORITY_PATH_H
#define MUSTER_AUTHORITY_PATH_H

#include <muster/authority/certificate.h>

/* An issuing authority, at most six between, and a root. */
#define CERTIFICATION_PATH_MAX 8

/* Certificates that came together, in whatever order. */
#define PILE_MAX 300
#define PILE_BYTES_MAX (256 * 1024)

struct pile {
	struct bytes certificate[PILE_MAX]; /* DER, in arena */
	size_t count;
};

struct certification_path {
	struct bytes
	    certificate[CERTIFICATION_PATH_MAX]; /* DER; the issuing authority's first, the root last */
	size_t count;
};

/*
 * Add what a file holds: one or several certificates as PEM, one as DER, or a PKCS#7 that carries some
 * (".p7b"), as PEM or DER. One that is there already is not added again.
 *
 * OUTCOME_CERTIFICATE_REQUEST  nothing of this, something unreadable in it, or too much
 */
enum outcome pile_add(struct arena *, struct pile *, struct bytes file, struct why *);

/* Whether one of them is of that key. */
bool pile_has_key(const struct pile *, struct bytes public_key_sha256);

/*
 * Find the certificate of a key, and those above it up to a self-signed root. What belongs to no path is left
 * aside. Nothing is verified but that each bears the name of who signed the one below, and its key where
 * there is a choice.
 *
 * public_key_sha256  of the SubjectPublicKeyInfo
 * OUTCOME_CERTIFICATE_REQUEST  none, or two, of that key; a level is missing or too many are there
 */
enum outcome certification_path_find(
    const struct pile *, struct bytes public_key_sha256, struct certification_path *, struct why *);

/*
 * Verify a path for an authority that signs devices and lists of revoked certificates: signatures; CA, path
 * length, key usage and extended key usage; times, and that none outlives the one above; keys of 2048 bits
 * or a curve of 256, no SHA-1; no critical extension that GnuTLS does not know.
 *
 * now  seconds since 1970
 * OUTCOME_CERTIFICATE_REQUEST  why names the certificate and what is wrong with it
 */
enum outcome certification_path_verify(
    struct arena *, const struct certification_path *, int64_t now, struct why *);

#endif
