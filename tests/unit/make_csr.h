/*
 * Certificate requests for tests, byte by byte: what Windows writes, and what nobody should. Signed
 * for real, so that each case fails for the reason it is there for.
 */
#ifndef MUSTER_TESTS_MAKE_CSR_H
#define MUSTER_TESTS_MAKE_CSR_H

#include <muster/base/arena.h>

#include <gnutls/abstract.h>

/* A string literal as bytes, NULs included. */
#define LITERAL(text) ((struct bytes){ (const uint8_t *)(text), sizeof(text) - 1 })

static inline struct bytes
joined(struct arena *arena, struct bytes a, struct bytes b)
{
	uint8_t *data = arena_alloc(arena, a.size + b.size);

	if (a.size > 0)
		memcpy(data, a.data, a.size);
	if (b.size > 0)
		memcpy(data + a.size, b.data, b.size);
	return (struct bytes){ data, a.size + b.size };
}

/* One element of DER. */
static inline struct bytes
element(struct arena *arena, uint8_t tag, struct bytes content)
{
	uint8_t header[4] = { tag, (uint8_t)content.size };
	size_t size = 2;

	if (content.size >= 0x100) {
		header[1] = 0x82;
		header[2] = (uint8_t)(content.size >> 8);
		header[3] = (uint8_t)content.size;
		size = 4;
	} else if (content.size >= 0x80) {
		header[1] = 0x81;
		header[2] = (uint8_t)content.size;
		size = 3;
	}
	return joined(arena, arena_copy(arena, header, size), content);
}

#define OID_COMMON_NAME "\x06\x03\x55\x04\x03"
#define OID_EXTENSION_REQUEST "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"
#define OID_OS_VERSION "\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x0d\x02\x03"
#define OID_DEVICE_ID "\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x42\x01\x00"
#define CLIENT_AUTH "\x30\x13\x06\x03\x55\x1d\x25\x04\x0c\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"

#define SHA256_RSA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"
#define SHA1_RSA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00"
#define MD5_RSA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04\x05\x00"
#define PSS_RSA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x00"
#define SHA256_ECDSA "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define SHA384_ECDSA "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"
#define SHA1_ECDSA "\x06\x07\x2a\x86\x48\xce\x3d\x04\x01"

/* A Name with one common name of the given string type. */
static inline struct bytes
name_of(struct arena *arena, uint8_t type, struct bytes text)
{
	struct bytes pair = joined(arena, LITERAL(OID_COMMON_NAME), element(arena, type, text));

	return element(arena, 0x30, element(arena, 0x31, element(arena, 0x30, pair)));
}

static inline struct bytes
attribute_of(struct arena *arena, struct bytes object, struct bytes value)
{
	return element(arena, 0x30, joined(arena, object, element(arena, 0x31, value)));
}

/* '!' and NUL have no place in a PrintableString, and the name of Windows' has both. */
static inline struct bytes
windows_name(struct arena *arena)
{
	return name_of(
	    arena, 0x13, LITERAL("0F3B8E6C-A271-4556-9B72-A26CBD!8090C8B4D8E64E4A9A5E0F2D7C1B3A69\0"));
}

/* clientAuth, and an extension whose value is the device id as text instead of DER. */
static inline struct bytes
windows_extensions(struct arena *arena)
{
	struct bytes odd = joined(arena, LITERAL(OID_DEVICE_ID),
	    element(arena, 0x04, LITERAL("8090C8B4D8E64E4A9A5E0F2D7C1B3A69\0")));
	struct bytes all = joined(arena, LITERAL(CLIENT_AUTH), element(arena, 0x30, odd));

	return attribute_of(arena, LITERAL(OID_EXTENSION_REQUEST), element(arena, 0x30, all));
}

static inline struct bytes
os_version(struct arena *arena)
{
	return attribute_of(arena, LITERAL(OID_OS_VERSION), element(arena, 0x16, LITERAL("10.0.26200.2")));
}

static inline struct bytes
public_key_of(struct arena *arena, gnutls_privkey_t key)
{
	gnutls_pubkey_t public;
	gnutls_datum_t der;
	struct bytes copy;

	if (gnutls_pubkey_init(&public) < 0 || gnutls_pubkey_import_privkey(public, key, 0, 0) < 0 ||
	    gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &der) < 0)
		abort();
	copy = arena_copy(arena, der.data, der.size);
	gnutls_free(der.data);
	gnutls_pubkey_deinit(public);
	return copy;
}

struct csr_parts {
	struct bytes version; /* "\x02\x01\x00" when empty */
	struct bytes subject, public_key;
	struct bytes attributes; /* with their tag; empty: none at all */
	struct bytes algorithm;	 /* content of the AlgorithmIdentifier */
	gnutls_digest_algorithm_t digest;
	bool spoilt; /* sign something else */
};

static inline struct bytes
signature_of(struct arena *arena, gnutls_privkey_t key, gnutls_digest_algorithm_t digest, struct bytes data)
{
	gnutls_datum_t in = { (unsigned char *)(uintptr_t)data.data, (unsigned)data.size }, out;
	struct bytes signature;

	if (gnutls_privkey_sign_data(key, digest, 0, &in, &out) < 0)
		abort();
	signature = joined(arena, LITERAL("\0"), (struct bytes){ out.data, out.size });
	gnutls_free(out.data);
	return signature;
}

static inline struct bytes
csr_of(struct arena *arena, gnutls_privkey_t key, const struct csr_parts *parts)
{
	struct bytes information = parts->version.size > 0 ? parts->version : LITERAL("\x02\x01\x00");
	struct bytes signature, request;

	information = joined(arena, information, parts->subject);
	information = joined(arena, information, parts->public_key);
	information = element(arena, 0x30, joined(arena, information, parts->attributes));
	signature = signature_of(arena, key, parts->digest, parts->spoilt ? LITERAL("other") : information);
	request = joined(arena, information, element(arena, 0x30, parts->algorithm));
	return element(arena, 0x30, joined(arena, request, element(arena, 0x03, signature)));
}

/* As Windows makes it, oddities included. */
static inline struct csr_parts
windows_parts(struct arena *arena, gnutls_privkey_t key)
{
	return (struct csr_parts){
		.subject = windows_name(arena),
		.public_key = public_key_of(arena, key),
		.attributes = element(arena, 0xa0, windows_extensions(arena)),
		.algorithm = LITERAL(SHA256_RSA),
		.digest = GNUTLS_DIG_SHA256,
	};
}

#endif
