/* The proof of a token: the signature first, and nothing is believed before it. */
#include <muster/credentials/jwt.h>

#include <muster/base/arena.h>
#include <muster/base/text.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <inttypes.h>

#include "jwt_parts.h"
#include "signing_key.h"

#define ES256_HALF 32 /* bytes of r and of s, RFC 7518 section 3.4 */

/* What SQL wants; strings inside json. */
struct proof {
	json_t *json, *audiences;
	struct bytes key;
	const struct signing_algorithm *algorithm;
	const char *version, *issuer, *tenant, *subject, *scope;
	int mfa;
};

static void
proof_close(struct proof *proof)
{
	json_cleanup(&proof->json);
}

static enum outcome
proof_read(struct arena *arena, const char *text, struct proof *proof, struct why *why)
{
	const char *key = NULL, *algorithm = NULL;

	*proof = (struct proof){ 0 };
	proof->json = text != NULL ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (json_unpack(proof->json, "{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s?:b}", "key", &key, "algorithm",
		&algorithm, "version", &proof->version, "issuer", &proof->issuer, "tenant", &proof->tenant,
		"subject", &proof->subject, "audiences", &proof->audiences, "mfa", &proof->mfa) != 0 ||
	    !bytes_from_base64(arena, key, &proof->key) ||
	    (proof->algorithm = signing_algorithm_find(algorithm)) == NULL)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "JWT: the database does not say what proves it");
	proof->scope = json_string_value(json_object_get(proof->json, "scope"));
	return OUTCOME_OK;
}

static enum outcome
wrong(struct why *why, const char *what, const char *said, const char *expected)
{
	return refuse(
	    why, OUTCOME_AUTHENTICATION, "JWT: %s \"%.100s\": \"%.100s\" expected", what, said, expected);
}

/* The key's algorithm counts; the header may only agree. */
static enum outcome
algorithm_check(const struct jwt_parts *parts, const struct proof *proof, struct why *why)
{
	const char *algorithm = NULL, *key = NULL;
	enum outcome o = jwt_header(parts, &algorithm, &key, why);

	if (o == OUTCOME_OK && strcmp(algorithm, proof->algorithm->name) != 0)
		return refuse(why, OUTCOME_AUTHENTICATION, "JWT: algorithm %s, its key \"%s\" is for %s",
		    algorithm, key, proof->algorithm->name);
	return o;
}

/* GnuTLS wants ECDSA's two numbers in ASN.1; r and s stand one after the other in a JWS. */
static bool
signature_convert(const struct secret *signature, gnutls_datum_t *converted)
{
	gnutls_datum_t r = { (unsigned char *)signature->data, ES256_HALF };
	gnutls_datum_t s = { (unsigned char *)signature->data + ES256_HALF, ES256_HALF };

	return signature->size == 2 * (size_t)ES256_HALF && gnutls_encode_rs_value(converted, &r, &s) >= 0;
}

static bool
signature_holds(gnutls_pubkey_t key, const struct jwt_parts *parts, const struct signing_algorithm *algorithm)
{
	const gnutls_datum_t data = { (unsigned char *)(uintptr_t)parts->signed_part.data,
		(unsigned int)parts->signed_part.size };
	gnutls_datum_t signature = { (unsigned char *)parts->signature.data,
		(unsigned int)parts->signature.size };
	bool convert = algorithm->key == GNUTLS_PK_ECDSA, holds;

	if (convert && !signature_convert(&parts->signature, &signature))
		return false;
	holds = gnutls_pubkey_verify_data2(key, algorithm->signature, 0, &data, &signature) >= 0;
	if (convert) {
		secret_wipe(signature.data, signature.size);
		gnutls_free(signature.data);
	}
	return holds;
}

static enum outcome
signature_check(const struct jwt_parts *parts, const struct proof *proof, struct why *why)
{
	CLEANUP(signing_key_free) gnutls_pubkey_t key = NULL;
	enum outcome o = signing_key_open(proof->key, proof->algorithm, &key, why);

	if (o == OUTCOME_OK && !signature_holds(key, parts, proof->algorithm))
		return refuse(why, OUTCOME_AUTHENTICATION, "JWT: the signature is not that of its key");
	return o;
}

/* A NumericDate (RFC 7519 section 2) in whole seconds; *there says whether the claim is. */
static enum outcome
date_take(const json_t *payload, const char *name, int64_t *at, bool *there, struct why *why)
{
	const json_t *member = json_object_get(payload, name);
	double number = json_number_value(member);

	*there = member != NULL;
	if (member == NULL)
		return OUTCOME_OK;
	if (!json_is_number(member) || number < 0 || number > 1e12)
		return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: %s is not a time", name);
	*at = (int64_t)number;
	return OUTCOME_OK;
}

static const char *
time_text(char text[32], int64_t at)
{
	const time_t seconds = (time_t)at;
	struct tm utc;

	if (gmtime_r(&seconds, &utc) == NULL || strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &utc) == 0)
		(void)snprintf(text, 32, "%" PRId64, at);
	return text;
}

static enum outcome
times_check(const json_t *payload, int64_t now, struct why *why)
{
	int64_t exp = 0, nbf = 0, iat = 0;
	bool has_exp, has_nbf, has_iat;
	char text[32];
	enum outcome o;

	if ((o = date_take(payload, "exp", &exp, &has_exp, why)) != OUTCOME_OK ||
	    (o = date_take(payload, "nbf", &nbf, &has_nbf, why)) != OUTCOME_OK ||
	    (o = date_take(payload, "iat", &iat, &has_iat, why)) != OUTCOME_OK)
		return o;
	if (!has_exp || !has_nbf)
		return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: it has no %s", has_exp ? "nbf" : "exp");
	if (exp + JWT_SKEW_S <= now)
		return refuse(why, OUTCOME_AUTHENTICATION, "JWT: expired at %s", time_text(text, exp));
	if (nbf - JWT_SKEW_S > now)
		return refuse(why, OUTCOME_AUTHENTICATION, "JWT: not valid before %s", time_text(text, nbf));
	if (has_iat && iat - JWT_SKEW_S > now)
		return refuse(
		    why, OUTCOME_AUTHENTICATION, "JWT: issued in the future, at %s", time_text(text, iat));
	return OUTCOME_OK;
}

/* A claim that must be exactly so; GUIDs in any case. */
static enum outcome
claim_check(const json_t *payload, const char *name, const char *expected, bool fold, struct why *why)
{
	const char *said = NULL;
	enum outcome o = jwt_text(payload, name, JWT_TEXT_MAX, &said, why);

	if (o != OUTCOME_OK)
		return o;
	if (said == NULL)
		return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: it has no %s", name);
	if (fold ? !text_equal_fold(said, expected) : strcmp(said, expected) != 0)
		return wrong(why, name, said, expected);
	return OUTCOME_OK;
}

/* The text stands in an array of texts. */
static bool
lists(const json_t *array, const char *text)
{
	for (size_t i = 0; text != NULL && i < json_array_size(array); i++) {
		const char *one = json_string_value(json_array_get(array, i));

		if (one != NULL && strcmp(one, text) == 0)
			return true;
	}
	return false;
}

static enum outcome
audience_check(const json_t *payload, const struct proof *proof, struct why *why)
{
	const json_t *aud = json_object_get(payload, "aud");
	const char *first = json_string_value(json_is_array(aud) ? json_array_get(aud, 0) : aud);

	if (!json_is_array(aud) && lists(proof->audiences, first))
		return OUTCOME_OK;
	for (size_t i = 0; i < json_array_size(aud); i++)
		if (lists(proof->audiences, json_string_value(json_array_get(aud, i))))
			return OUTCOME_OK;
	if (first == NULL)
		return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: it has no aud");
	return refuse(why, OUTCOME_AUTHENTICATION,
	    "JWT: it is for \"%.200s\", which is none of the tenant's audiences here", first);
}

/* The word stands among others, blanks between them. */
static bool
words_have(const char *words, const char *word)
{
	size_t size = strlen(word);

	for (; words != NULL && *words != '\0'; words += strspn(words, " ")) {
		size_t length = strcspn(words, " ");

		if (length == size && memcmp(words, word, size) == 0)
			return true;
		words += length;
	}
	return false;
}

static enum outcome
rights_check(const json_t *payload, const struct proof *proof, struct why *why)
{
	const char *kind = json_string_value(json_object_get(payload, "idtyp"));

	/* Any application of the tenant gets one for any audience, unless somebody forbids it. */
	if (kind != NULL && text_equal_fold(kind, "app"))
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "JWT: it is an application's own (idtyp app), not a user's or device's");
	if (proof->scope != NULL &&
	    !words_have(json_string_value(json_object_get(payload, "scp")), proof->scope) &&
	    !lists(json_object_get(payload, "roles"), proof->scope))
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "JWT: neither scp nor roles has \"%.100s\", which the tenant's tokens must have",
		    proof->scope);
	if (proof->mfa != 0 && !lists(json_object_get(payload, "amr"), "mfa"))
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "JWT: amr does not say mfa: the user signed in with one factor only");
	return OUTCOME_OK;
}

static enum outcome
claims_check(const json_t *payload, const struct proof *proof, int64_t now, struct why *why)
{
	enum outcome o;

	if ((o = times_check(payload, now, why)) != OUTCOME_OK ||
	    (o = claim_check(payload, "ver", proof->version, false, why)) != OUTCOME_OK ||
	    (o = claim_check(payload, "iss", proof->issuer, false, why)) != OUTCOME_OK ||
	    (o = claim_check(payload, "tid", proof->tenant, true, why)) != OUTCOME_OK ||
	    (o = claim_check(payload, "oid", proof->subject, true, why)) != OUTCOME_OK ||
	    (o = audience_check(payload, proof, why)) != OUTCOME_OK)
		return o;
	return rights_check(payload, proof, why);
}

/* The name for people, of what is proven by now. */
static const char *
details_write(struct arena *arena, const json_t *payload)
{
	const char *name = json_string_value(json_object_get(payload, "name"));
	CLEANUP(json_cleanup)
	json_t *json =
	    json_pack("{s:s?}", "name", name != NULL && strlen(name) <= JWT_TEXT_MAX ? name : NULL);

	return json_text(arena, json);
}

enum outcome
jwt_verify(struct arena *arena, const struct secret *token, const char *proof_text, int64_t now_s,
    const char **details, struct why *why)
{
	CLEANUP(jwt_parts_close) struct jwt_parts parts = { 0 };
	CLEANUP(proof_close) struct proof proof;
	enum outcome o;

	*details = NULL;
	if ((o = proof_read(arena, proof_text, &proof, why)) != OUTCOME_OK ||
	    (o = jwt_parts_open(token, &parts, why)) != OUTCOME_OK ||
	    (o = algorithm_check(&parts, &proof, why)) != OUTCOME_OK ||
	    (o = signature_check(&parts, &proof, why)) != OUTCOME_OK ||
	    (o = claims_check(parts.payload, &proof, now_s, why)) != OUTCOME_OK)
		return o;
	*details = details_write(arena, parts.payload);
	return OUTCOME_OK;
}
