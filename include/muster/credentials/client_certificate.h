/*
 * The certificate of who signs a message: what it says, and whether it is good to prove anything
 * (RFC 5280; MS-MDE2 3.3.4.1.1.1.2). Whom it names is decided in SQL.
 */
#ifndef MUSTER_CREDENTIALS_CLIENT_CERTIFICATE_H
#define MUSTER_CREDENTIALS_CLIENT_CERTIFICATE_H

#include <muster/base/arena.h>
#include <muster/base/outcome.h>

#define CERTIFICATE_NAMES_MAX 8

/* Names of one kind, as texts of UTF-8 in the order they have. */
struct certificate_names {
	const char *name[CERTIFICATE_NAMES_MAX];
	size_t count;
};

/* What a certificate says of itself. Strings in arena; names of more than 320 bytes are left out. */
struct client_certificate {
	struct bytes der;			    /* where it was read from */
	const char *sha256;			    /* of the DER; here and below hexadecimal in lower case */
	const char *subject, *issuer;		    /* RFC 4514, cut to 200 bytes */
	const char *subject_sha256, *issuer_sha256; /* of the names' DER */
	const char *serial;
	int64_t not_before, not_after; /* seconds since 1970 */
	bool is_authority;
	struct certificate_names upn;	      /* otherName, Microsoft's user principal name */
	struct certificate_names email;	      /* rfc822Name, and emailAddress of the subject */
	struct certificate_names common_name; /* of the subject */
};

/* OUTCOME_INVALID_SECURITY  no certificate, or one with more names of a kind than CERTIFICATE_NAMES_MAX */
enum outcome client_certificate_read(
    struct arena *, struct bytes der, struct client_certificate *, struct why *);

/*
 * The key is RSA of 2048 to 8192 bits or ECDSA on P-256, P-384 or P-521; the certificate is no authority's,
 * is for client authentication and for signatures, and is valid now.
 *
 * OUTCOME_AUTHENTICATION  it is not; why says what is wrong
 */
enum outcome client_certificate_usable(
    struct arena *, const struct client_certificate *, int64_t now, struct why *);

/*
 * It is signed by one of the authorities, each of which is trusted by itself, be it a root or not. Times are
 * not looked at.
 *
 * authority  DER
 * OUTCOME_AUTHENTICATION  by none of them, or with an algorithm that is broken
 * OUTCOME_INTERNAL_SERVICE_FAULT  an authority is unreadable
 */
enum outcome client_certificate_trusted(
    struct bytes der, const struct bytes *authority, size_t authorities, struct why *);

#endif
