#include <muster/credentials/jwks.h>

#include <muster/base/arena.h>
#include <muster/base/base64url.h>
#include <muster/base/text.h>

#include <gnutls/gnutls.h>

#include "jwt_parts.h"
#include "signing_key.h"

#define KID_MAX 256
#define URI_MAX 2048
#define P256_BYTES 32

static enum outcome
unusable(struct why *why, const char *kid, const char *what)
{
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "the document's key \"%.100s\": %s", kid, what);
}

/* A member that is text; NULL for every other. */
static const char *
text_of(const json_t *json, const char *name)
{
	return json_string_value(json_object_get(json, name));
}

/* A member in base64url; false when it is not there, or not so. */
static bool
number_take(const json_t *json, const char *name, struct secret *number)
{
	return base64url_decode(bytes_of(text_of(json, name)), number) && number->size > 0;
}

static bool
rsa_import(const json_t *json, gnutls_pubkey_t key)
{
	CLEANUP(secret_release) struct secret modulus = { NULL, 0 };
	CLEANUP(secret_release) struct secret exponent = { NULL, 0 };
	gnutls_datum_t n, e;

	if (!number_take(json, "n", &modulus) || !number_take(json, "e", &exponent))
		return false;
	n = (gnutls_datum_t){ (unsigned char *)modulus.data, (unsigned int)modulus.size };
	e = (gnutls_datum_t){ (unsigned char *)exponent.data, (unsigned int)exponent.size };
	return gnutls_pubkey_import_rsa_raw(key, &n, &e) >= 0;
}

static bool
ec_import(const json_t *json, gnutls_pubkey_t key)
{
	CLEANUP(secret_release) struct secret first = { NULL, 0 };
	CLEANUP(secret_release) struct secret second = { NULL, 0 };
	gnutls_datum_t x, y;

	if (!number_take(json, "x", &first) || !number_take(json, "y", &second) || first.size != P256_BYTES ||
	    second.size != P256_BYTES)
		return false;
	x = (gnutls_datum_t){ (unsigned char *)first.data, (unsigned int)first.size };
	y = (gnutls_datum_t){ (unsigned char *)second.data, (unsigned int)second.size };
	return gnutls_pubkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_SECP256R1, &x, &y) >= 0;
}

/* Written out and read again: what is stored is what a worker will open. */
static enum outcome
key_export(struct arena *arena, gnutls_pubkey_t key, const struct signing_algorithm *algorithm,
    struct jwk *jwk, const char **weak, struct why *why)
{
	CLEANUP(signing_key_free) gnutls_pubkey_t again = NULL;
	gnutls_datum_t der;

	if ((*weak = signing_key_wrong(key, algorithm)) != NULL)
		return OUTCOME_OK;
	if (gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) < 0)
		return unusable(why, jwk->kid, "GnuTLS cannot write it");
	jwk->public_key = arena_copy(arena, der.data, der.size);
	gnutls_free(der.data);
	return signing_key_open(jwk->public_key, algorithm, &again, why);
}

static enum outcome
key_read(struct arena *arena, const json_t *json, struct jwk *jwk, const char **weak, struct why *why)
{
	CLEANUP(signing_key_free) gnutls_pubkey_t key = NULL;
	const struct signing_algorithm *algorithm = signing_algorithm_find(jwk->algorithm);
	bool rsa = algorithm->key == GNUTLS_PK_RSA;

	if (gnutls_pubkey_init(&key) < 0)
		arena_out_of_memory();
	if (!(rsa ? rsa_import : ec_import)(json, key))
		return unusable(
		    why, jwk->kid, rsa ? "n and e are no RSA key" : "x and y are no point of P-256");
	return key_export(arena, key, algorithm, jwk, weak, why);
}

/* What the key may be used for, by whatever of RFC 7517 section 4 says so; NULL when it verifies for us. */
static const char *
why_not_for_us(const json_t *json, const char **algorithm)
{
	const char *kty = text_of(json, "kty"), *use = text_of(json, "use"), *alg = text_of(json, "alg");
	const json_t *operations = json_object_get(json, "key_ops");
	bool verifies = operations == NULL;

	*algorithm = NULL;
	for (size_t i = 0; i < json_array_size(operations); i++) {
		const char *one = json_string_value(json_array_get(operations, i));

		verifies = verifies || (one != NULL && strcmp(one, "verify") == 0);
	}
	if (text_of(json, "kid") == NULL || strlen(text_of(json, "kid")) > KID_MAX ||
	    text_of(json, "kid")[0] == '\0')
		return "no kid of 1 to 256 bytes";
	if ((use != NULL && strcmp(use, "sig") != 0) || !verifies)
		return "not for signatures";
	if (kty != NULL && strcmp(kty, "RSA") == 0)
		*algorithm = "RS256";
	else if (kty != NULL && strcmp(kty, "EC") == 0 && text_of(json, "crv") != NULL &&
	    strcmp(text_of(json, "crv"), "P-256") == 0)
		*algorithm = "ES256";
	if (*algorithm == NULL || (alg != NULL && strcmp(alg, *algorithm) != 0))
		return "neither for RS256 nor for ES256";
	return NULL;
}

static bool
knows(const struct jwks *set, const char *kid)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->key[i].kid, kid) == 0)
			return true;
	return false;
}

static void
skip(struct arena *arena, struct jwks *set, const char *kid, const char *reason)
{
	set->skipped[set->skips++] = arena_printf(
	    arena, "key \"%s\" is left out: %s", kid != NULL ? text_cut(arena, kid, 100) : "", reason);
}

static enum outcome
member_read(struct arena *arena, const json_t *json, struct jwks *set, struct why *why)
{
	struct jwk jwk = { .kid = arena_strdup(arena, text_of(json, "kid")),
		.issuer = arena_strdup(arena, text_of(json, "issuer")) };
	const char *reason;
	enum outcome o;

	if (!json_is_object(json))
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "the document has a key that is no object");
	if ((reason = why_not_for_us(json, &jwk.algorithm)) == NULL) {
		if (knows(set, jwk.kid))
			return unusable(why, jwk.kid, "there twice");
		if ((o = key_read(arena, json, &jwk, &reason, why)) != OUTCOME_OK)
			return o;
	}
	if (reason != NULL)
		skip(arena, set, jwk.kid, reason);
	else
		set->key[set->count++] = jwk;
	return OUTCOME_OK;
}

static enum outcome
keys_read(struct arena *arena, const json_t *keys, struct jwks *set, struct why *why)
{
	enum outcome o = OUTCOME_OK;

	if (!json_is_array(keys))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the document is no JWK Set: it has no list of keys");
	if (json_array_size(keys) > JWKS_KEYS_MAX)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the document has %zu keys, at most %d are read", json_array_size(keys), JWKS_KEYS_MAX);
	for (size_t i = 0; i < json_array_size(keys) && o == OUTCOME_OK; i++)
		o = member_read(arena, json_array_get(keys, i), set, why);
	if (o == OUTCOME_OK && set->count == 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "the document has no usable key%s%s",
		    set->skips > 0 ? ": " : "", set->skips > 0 ? set->skipped[0] : "");
	return o;
}

static json_t *
document_load(struct bytes document, json_error_t *error)
{
	return json_loadb((const char *)document.data, document.size, JSON_REJECT_DUPLICATES, error);
}

enum outcome
jwks_read(struct arena *arena, struct bytes document, struct jwks *set, struct why *why)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	json_error_t error = { 0 };

	*set = (struct jwks){ .count = 0 };
	if (document.size == 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "the document is empty");
	if (document.size > JWKS_MAX)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "the document has more than %d bytes", JWKS_MAX);
	if ((json = document_load(document, &error)) == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "the document is not JSON: line %d, %s",
		    error.line, error.text);
	return keys_read(arena, json_object_get(json, "keys"), set, why);
}

void
jwks_locate(struct arena *arena, struct bytes document, const char **uri, const char **issuer)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	const char *found;

	*uri = *issuer = NULL;
	if (document.size == 0 || document.size > JWKS_MAX)
		return;
	json = document_load(document, NULL);
	found = text_of(json, "jwks_uri");
	if (json_object_get(json, "keys") != NULL || found == NULL || strlen(found) > URI_MAX)
		return;
	*uri = arena_strdup(arena, found);
	*issuer = arena_strdup(arena, text_of(json, "issuer"));
}
