/*
 * JWTs for tests: what Entra ID writes, and what nobody should. Signed for real, so that each is refused for
 * the reason it is there for.
 */
#ifndef MUSTER_TESTS_MAKE_JWT_H
#define MUSTER_TESTS_MAKE_JWT_H

#include <muster/base/arena.h>
#include <muster/base/secret.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <jansson.h>

/* base64url of bytes, without padding. */
static inline char *
url64(struct arena *arena, struct bytes bytes)
{
	char *text = bytes_to_base64(arena, bytes);

	for (char *c = text; *c != '\0'; c++)
		*c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
	text[strcspn(text, "=")] = '\0';
	return text;
}

static inline gnutls_privkey_t
key_make(gnutls_pk_algorithm_t kind, unsigned int bits)
{
	gnutls_privkey_t key;

	if (gnutls_privkey_init(&key) < 0 || gnutls_privkey_generate(key, kind, bits, 0) < 0)
		abort();
	return key;
}

/* SubjectPublicKeyInfo. */
static inline struct bytes
key_public(struct arena *arena, gnutls_privkey_t key)
{
	gnutls_pubkey_t public_key;
	gnutls_datum_t der;
	struct bytes copy;

	if (gnutls_pubkey_init(&public_key) < 0 ||
	    gnutls_pubkey_import_privkey(public_key, key, GNUTLS_KEY_DIGITAL_SIGNATURE, 0) < 0 ||
	    gnutls_pubkey_export2(public_key, GNUTLS_X509_FMT_DER, &der) < 0)
		abort();
	copy = arena_copy(arena, der.data, der.size);
	gnutls_free(der.data);
	gnutls_pubkey_deinit(public_key);
	return copy;
}

/* r and s of an ECDSA signature, one after the other (RFC 7518 section 3.4). */
static inline struct bytes
ecdsa_flat(struct arena *arena, const gnutls_datum_t *der)
{
	gnutls_datum_t part[2];
	uint8_t *flat = arena_alloc(arena, 64);

	if (gnutls_decode_rs_value(der, &part[0], &part[1]) < 0)
		abort();
	for (int i = 0; i < 2; i++) {
		unsigned int skip = part[i].size > 32 ? part[i].size - 32 : 0, size = part[i].size - skip;

		memcpy(flat + 32 * i + 32 - size, part[i].data + skip, size);
		gnutls_free(part[i].data);
	}
	return (struct bytes){ flat, 64 };
}

/* The signature of a text by a key: RS256 or ES256 by its kind. */
static inline struct bytes
jwt_sign(struct arena *arena, gnutls_privkey_t key, const char *text)
{
	const gnutls_datum_t data = { (unsigned char *)(uintptr_t)text, (unsigned int)strlen(text) };
	bool ec = gnutls_privkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_ECDSA;
	gnutls_datum_t signature;
	struct bytes copy;

	if (gnutls_privkey_sign_data2(
		key, ec ? GNUTLS_SIGN_ECDSA_SHA256 : GNUTLS_SIGN_RSA_SHA256, 0, &data, &signature) < 0)
		abort();
	copy = ec ? ecdsa_flat(arena, &signature) : arena_copy(arena, signature.data, signature.size);
	gnutls_free(signature.data);
	return copy;
}

/* A token of a header and a payload, signed by a key. */
static inline char *
jwt_make(struct arena *arena, gnutls_privkey_t key, const char *header, const char *payload)
{
	char *text =
	    arena_printf(arena, "%s.%s", url64(arena, bytes_of(header)), url64(arena, bytes_of(payload)));

	return arena_printf(arena, "%s.%s", text, url64(arena, jwt_sign(arena, key, text)));
}

/* One JSON object with the members of another put over its own; null takes one away. */
static inline char *
json_changed(struct arena *arena, const char *object, const char *changes)
{
	json_t *json = json_loads(object, 0, NULL), *over = json_loads(changes, 0, NULL), *value;
	const char *name;
	char *dumped, *text;

	if (json == NULL || over == NULL)
		abort();
	json_object_foreach(over, name, value)
	{
		if (json_is_null(value))
			(void)json_object_del(json, name);
		else
			(void)json_object_set(json, name, value);
	}
	dumped = json_dumps(json, JSON_COMPACT);
	text = arena_strdup(arena, dumped);
	free(dumped);
	json_decref(over);
	json_decref(json);
	return text;
}

#endif
