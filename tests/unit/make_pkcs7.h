/*
 * Signed requests for tests, byte by byte: what a renewing client writes, and what nobody should. Signed for
 * real, so that each case fails for the reason it is there for.
 */
#ifndef MUSTER_TESTS_MAKE_PKCS7_H
#define MUSTER_TESTS_MAKE_PKCS7_H

#include "make_csr.h"

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#define OID_SIGNED_DATA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
#define OID_DATA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define OID_CONTENT_TYPE "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"
#define OID_MESSAGE_DIGEST "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"
#define OID_SHA1 "\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00"
#define OID_MD5 "\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00"
#define OID_SHA256 "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"
#define OID_SHA384 "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00"
#define OID_RSA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"

struct pkcs7_parts {
	struct bytes type;	   /* of the ContentInfo; empty: signedData */
	struct bytes content_type; /* empty: data */
	struct bytes content;	   /* what is signed */
	struct bytes inside;	   /* what is inside; empty: content */
	bool detached;
	struct bytes certificates; /* with their tag; may be empty */
	gnutls_privkey_t key;
	struct bytes signer_name; /* of the SignerInfo, with its tag: issuerAndSerialNumber or another */
	struct bytes digest_algorithm, signature_algorithm; /* contents of the AlgorithmIdentifiers */
	gnutls_digest_algorithm_t digest;
	struct bytes attributes;  /* content of the SET; empty: none */
	bool attributes_left_out; /* signed, but not there */
	struct bytes signature;	  /* instead of a right one */
	struct bytes behind;	  /* after the signature */
	size_t signers;		  /* how many times the one; 0: one */
	bool no_signer;
};

static inline struct bytes
joined_3(struct arena *arena, struct bytes a, struct bytes b, struct bytes c)
{
	return joined(arena, joined(arena, a, b), c);
}

static inline struct bytes
sequence_of(struct arena *arena, struct bytes content)
{
	return element(arena, 0x30, content);
}

static inline struct bytes
digest_of(struct arena *arena, gnutls_digest_algorithm_t algorithm, struct bytes data)
{
	uint8_t hash[64];

	if (gnutls_hash_fast(algorithm, data.data, data.size, hash) < 0)
		abort();
	return arena_copy(arena, hash, gnutls_hash_get_len(algorithm));
}

/* contentType and messageDigest, in the order that DER wants. */
static inline struct bytes
attributes_of(struct arena *arena, struct bytes content_type, struct bytes digest)
{
	return joined(arena, attribute_of(arena, LITERAL(OID_CONTENT_TYPE), content_type),
	    attribute_of(arena, LITERAL(OID_MESSAGE_DIGEST), element(arena, 0x04, digest)));
}

static inline struct bytes
issuer_and_serial(struct arena *arena, gnutls_x509_crt_t crt)
{
	gnutls_datum_t issuer;
	uint8_t serial[32];
	size_t size = sizeof(serial);
	struct bytes name;

	if (gnutls_x509_crt_get_raw_issuer_dn(crt, &issuer) < 0 ||
	    gnutls_x509_crt_get_serial(crt, serial, &size) < 0)
		abort();
	name = arena_copy(arena, issuer.data, issuer.size);
	gnutls_free(issuer.data);
	return sequence_of(arena, joined(arena, name, element(arena, 0x02, arena_copy(arena, serial, size))));
}

static inline struct bytes
signer_info(struct arena *arena, const struct pkcs7_parts *parts)
{
	struct bytes data = parts->content, info, signature = parts->signature;

	if (parts->attributes.size > 0)
		data = element(arena, 0x31, parts->attributes);
	if (signature.size == 0) {
		signature = signature_of(arena, parts->key, parts->digest, data);
		signature = (struct bytes){ signature.data + 1, signature.size - 1 };
	}
	info = joined_3(
	    arena, LITERAL("\x02\x01\x01"), parts->signer_name, sequence_of(arena, parts->digest_algorithm));
	if (parts->attributes.size > 0 && !parts->attributes_left_out)
		info = joined(arena, info, element(arena, 0xa0, parts->attributes));
	info = joined_3(
	    arena, info, sequence_of(arena, parts->signature_algorithm), element(arena, 0x04, signature));
	return sequence_of(arena, joined(arena, info, parts->behind));
}

static inline struct bytes
signed_data(struct arena *arena, const struct pkcs7_parts *parts)
{
	struct bytes inside = parts->inside.size > 0 ? parts->inside : element(arena, 0x04, parts->content);
	struct bytes content = parts->content_type.size > 0 ? parts->content_type : LITERAL(OID_DATA);
	struct bytes all, signers = { NULL, 0 };

	if (!parts->detached)
		content = joined(arena, content, element(arena, 0xa0, inside));
	for (size_t i = 0; !parts->no_signer && i < (parts->signers == 0 ? 1 : parts->signers); i++)
		signers = joined(arena, signers, signer_info(arena, parts));
	all = joined_3(arena, LITERAL("\x02\x01\x01"),
	    element(arena, 0x31, sequence_of(arena, parts->digest_algorithm)), sequence_of(arena, content));
	return sequence_of(arena, joined_3(arena, all, parts->certificates, element(arena, 0x31, signers)));
}

static inline struct bytes
pkcs7_of(struct arena *arena, const struct pkcs7_parts *parts)
{
	struct bytes type = parts->type.size > 0 ? parts->type : LITERAL(OID_SIGNED_DATA);

	return sequence_of(arena, joined(arena, type, element(arena, 0xa0, signed_data(arena, parts))));
}

#endif
