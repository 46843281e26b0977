/* X.509 certificates as a device needs them: read, compare, verify a chain. */
#ifndef MUSTER_DEVICE_CERTIFICATE_H
#define MUSTER_DEVICE_CERTIFICATE_H

#include "refusal.h"

#include <muster/base/arena.h>
#include <muster/base/bytes.h>

#define CERTIFICATE_NAME_PARTS 16

/* One TYPE=value of a subject. */
struct name_part {
	const char *type; /* "CN", "O", …, or the dotted OID */
	const char *value;
};

struct subject_name {
	struct name_part part[CERTIFICATE_NAME_PARTS];
	size_t count;
};

/* Hexadecimal in arena: SHA-1 in upper case, as Windows writes it; SHA-256 in lower case, as the database
 * does. */
char *certificate_sha1(struct arena *, struct bytes der);
char *certificate_sha256(struct arena *, struct bytes der);

/* The subject's parts in the order of the certificate; false when it cannot be read. */
bool certificate_subject(struct arena *, struct bytes der, struct subject_name *);

/* Seconds since 1970, UTC; -1 when it cannot be read. */
time_t certificate_not_after(struct bytes der);

/* Is it signed by itself? */
bool certificate_is_root(struct bytes der);

/*
 * The client certificate must carry public_key (SubjectPublicKeyInfo), allow client authentication,
 * be valid now and chain through issuing (may be empty) to root (may be empty when issuing is not).
 * HRESULT_PROV_CERTIFICATES
 */
bool certificate_check(struct bytes leaf, struct bytes issuing, struct bytes root, struct bytes public_key,
    struct refusal *, struct notes *);

/* PEM of the certificate, in arena; NULL when it is none. */
char *certificate_pem(struct arena *, struct bytes der);

#endif
