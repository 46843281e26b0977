/* Tokens of Entra ID, v1 and v2, and everything that somebody might send in their place. */
#include <muster/credentials/jwt.h>

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "make_jwt.h"

#define NOW INT64_C(1800000000)
#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define OBJECT "0f7c2a11-5c0d-4c39-8f6e-6f0d6a1e2b3c"
#define DEVICE "4f1d2c33-1111-4222-8333-123456789abc"
#define ISSUER_1 "https://sts.windows.net/" TENANT "/"
#define ISSUER_2 "https://login.microsoftonline.com/" TENANT "/v2.0"
#define CLIENT "2b3c4d5e-0000-4000-8000-00000000000a"

static const char v1[] =
    "{\"aud\":\"https://mdm.corp.test\",\"iss\":\"" ISSUER_1
    "\",\"iat\":1799999990,\"nbf\":1799999990,\"exp\":1800003590,\"tid\":\"" TENANT "\",\"oid\":\"" OBJECT
    "\",\"upn\":\"ada@corp.test\",\"unique_name\":\"ada@corp.test\","
    "\"name\":\"Ada Lovelace\",\"deviceid\":\"" DEVICE
    "\",\"scp\":\"mdm_delegation user_impersonation\",\"amr\":[\"pwd\",\"mfa\"],\"ver\":\"1.0\","
    "\"idtyp\":\"user\",\"sub\":\"opaque\"}";
static const char v2[] =
    "{\"aud\":\"" CLIENT "\",\"iss\":\"" ISSUER_2
    "\",\"iat\":1799999990,\"nbf\":1799999990,\"exp\":1800003590,\"tid\":\"" TENANT "\",\"oid\":\"" OBJECT
    "\",\"preferred_username\":\"ada@corp.test\",\"ver\":\"2.0\"}";

/* Keys are made once: the tests share them. */
static struct {
	gnutls_privkey_t rsa, other, weak, ec, p384;
} keys;

struct fixture {
	struct arena *arena;
	struct why why;
};

static int
keys_make(void **state)
{
	(void)state;
	keys.rsa = key_make(GNUTLS_PK_RSA, 2048);
	keys.other = key_make(GNUTLS_PK_RSA, 2048);
	keys.weak = key_make(GNUTLS_PK_RSA, 1024);
	keys.ec = key_make(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
	keys.p384 = key_make(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1));
	return 0;
}

static int
keys_free(void **state)
{
	(void)state;
	gnutls_privkey_deinit(keys.rsa);
	gnutls_privkey_deinit(keys.other);
	gnutls_privkey_deinit(keys.weak);
	gnutls_privkey_deinit(keys.ec);
	gnutls_privkey_deinit(keys.p384);
	return 0;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = arena_new();
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	free(f);
	return 0;
}

/* What SQL would say of a token of that version: the tenant's own, whatever the token claims. */
static char *
proof_for(struct arena *arena, gnutls_privkey_t key, const char *algorithm, const char *version)
{
	return arena_printf(arena,
	    "{\"key\":\"%s\",\"algorithm\":\"%s\",\"version\":\"%s\",\"issuer\":\"%s\",\"tenant\":\"" TENANT
	    "\",\"subject\":\"" OBJECT "\",\"audiences\":[\"https://mdm.corp.test\",\"" CLIENT "\"]}",
	    bytes_to_base64(arena, key_public(arena, key)), algorithm, version,
	    strcmp(version, "1.0") == 0 ? ISSUER_1 : ISSUER_2);
}

/* What a worker does with a token: whom does it name, then the proof. */
static enum outcome
judge(struct fixture *f, const char *text, const char *proof)
{
	CLEANUP(secret_release) struct secret token = secret_copy(text, strlen(text));
	struct claim claim;
	const char *details;
	enum outcome o = jwt_claim(f->arena, &token, &claim, &f->why);

	return o == OUTCOME_OK ? jwt_verify(f->arena, &token, proof, NOW, &details, &f->why) : o;
}

static void
good_ones_pass(void **state)
{
	static const struct {
		const char *name, *payload, *version, *change, *header;
		bool ec;
	} row[] = {
		{ "v1", v1, "1.0", "{}", "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5t\":\"abc\",\"kid\":\"k1\"}",
		    false },
		{ "v2", v2, "2.0", "{}", "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"k1\"}", false },
		{ "no typ", v2, "2.0", "{}", "{\"alg\":\"RS256\",\"kid\":\"k1\"}", false },
		{ "typ of access tokens", v2, "2.0", "{}",
		    "{\"typ\":\"at+jwt\",\"alg\":\"RS256\",\"kid\":\"k1\"}", false },
		{ "ES256", v2, "2.0", "{}", "{\"alg\":\"ES256\",\"kid\":\"k1\"}", true },
		{ "several audiences", v2, "2.0", "{\"aud\":[\"another\",\"" CLIENT "\"]}",
		    "{\"alg\":\"RS256\",\"kid\":\"k1\"}", false },
		{ "GUIDs in capitals", v2, "2.0", "{\"oid\":\"0F7C2A11-5C0D-4C39-8F6E-6F0D6A1E2B3C\"}",
		    "{\"alg\":\"RS256\",\"kid\":\"k1\"}", false },
		{ "expired within the skew", v2, "2.0", "{\"exp\":1799999701}",
		    "{\"alg\":\"RS256\",\"kid\":\"k1\"}", false },
		{ "not yet within the skew", v2, "2.0", "{\"nbf\":1800000300,\"iat\":1800000300}",
		    "{\"alg\":\"RS256\",\"kid\":\"k1\"}", false },
		{ "times with fractions", v2, "2.0", "{\"exp\":1800000100.5}",
		    "{\"alg\":\"RS256\",\"kid\":\"k1\"}", false },
		{ "no iat", v2, "2.0", "{\"iat\":null}", "{\"alg\":\"RS256\",\"kid\":\"k1\"}", false },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		gnutls_privkey_t key = row[i].ec ? keys.ec : keys.rsa;
		const char *token = jwt_make(
		    f->arena, key, row[i].header, json_changed(f->arena, row[i].payload, row[i].change));

		if (judge(
			f, token, proof_for(f->arena, key, row[i].ec ? "ES256" : "RS256", row[i].version)) !=
		    OUTCOME_OK)
			fail_msg("%s: %s", row[i].name, f->why.text);
	}
}

#define RS256 "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"k1\"}"

/* A payload or a header that is wrong, signed by the right key. */
static const struct {
	const char *header, *change; /* of a v2 token */
	enum outcome outcome;
	const char *why;
} bad[] = {
	{ "{\"alg\":\"none\",\"kid\":\"k1\"}", "{}", OUTCOME_AUTHENTICATION,
	    "JWT: not signed: its algorithm is \"none\"" },
	{ "{\"alg\":\"NoNe\",\"kid\":\"k1\"}", "{}", OUTCOME_AUTHENTICATION,
	    "JWT: not signed: its algorithm is \"NoNe\"" },
	{ "{\"alg\":\"HS256\",\"kid\":\"k1\"}", "{}", OUTCOME_AUTHENTICATION,
	    "JWT: algorithm \"HS256\": RS256 or ES256 expected" },
	{ "{\"alg\":\"PS256\",\"kid\":\"k1\"}", "{}", OUTCOME_AUTHENTICATION,
	    "JWT: algorithm \"PS256\": RS256 or ES256 expected" },
	{ "{\"alg\":\"rs256\",\"kid\":\"k1\"}", "{}", OUTCOME_AUTHENTICATION,
	    "JWT: algorithm \"rs256\": RS256 or ES256 expected" },
	{ "{\"alg\":\"ES256\",\"kid\":\"k1\"}", "{}", OUTCOME_AUTHENTICATION,
	    "JWT: algorithm ES256, its key \"k1\" is for RS256" },
	{ "{\"alg\":\"ES384\",\"kid\":\"k1\"}", "{}", OUTCOME_AUTHENTICATION,
	    "JWT: algorithm \"ES384\": RS256 or ES256 expected" },
	{ "{\"alg\":\"EdDSA\",\"kid\":\"k1\"}", "{}", OUTCOME_AUTHENTICATION,
	    "JWT: algorithm \"EdDSA\": RS256 or ES256 expected" },
	{ "{\"alg\":\"RS256 \",\"kid\":\"k1\"}", "{}", OUTCOME_AUTHENTICATION,
	    "JWT: algorithm \"RS256 \": RS256 or ES256 expected" },
	{ "{\"alg\":\"\",\"kid\":\"k1\"}", "{}", OUTCOME_INVALID_SECURITY,
	    "JWT: alg is not a text of 1 to 256 bytes" },
	{ "{\"alg\":\"RS256\",\"kid\":\"\"}", "{}", OUTCOME_INVALID_SECURITY,
	    "JWT: kid is not a text of 1 to 256 bytes" },
	{ "{\"kid\":\"k1\"}", "{}", OUTCOME_INVALID_SECURITY, "JWT: the header names no algorithm" },
	{ "{\"alg\":[\"RS256\"],\"kid\":\"k1\"}", "{}", OUTCOME_INVALID_SECURITY,
	    "JWT: alg is not a text of 1 to 256 bytes" },
	{ "{\"alg\":\"RS256\"}", "{}", OUTCOME_INVALID_SECURITY, "JWT: the header names no key (kid)" },
	{ "{\"alg\":\"RS256\",\"kid\":7}", "{}", OUTCOME_INVALID_SECURITY,
	    "JWT: kid is not a text of 1 to 256 bytes" },
	{ "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"b64\"],\"b64\":false}", "{}", OUTCOME_AUTHENTICATION,
	    "JWT: its header has crit, which is never followed" },
	{ "{\"alg\":\"RS256\",\"kid\":\"k1\",\"jku\":\"https://evil.test/keys\"}", "{}",
	    OUTCOME_AUTHENTICATION, "JWT: its header has jku, which is never followed" },
	{ "{\"alg\":\"RS256\",\"kid\":\"k1\",\"jwk\":{\"kty\":\"RSA\"}}", "{}", OUTCOME_AUTHENTICATION,
	    "JWT: its header has jwk, which is never followed" },
	{ "{\"alg\":\"RS256\",\"kid\":\"k1\",\"x5u\":\"https://evil.test/c\"}", "{}", OUTCOME_AUTHENTICATION,
	    "JWT: its header has x5u, which is never followed" },
	{ "{\"alg\":\"RS256\",\"kid\":\"k1\",\"x5c\":[]}", "{}", OUTCOME_AUTHENTICATION,
	    "JWT: its header has x5c, which is never followed" },
	{ "{\"alg\":\"RS256\",\"kid\":\"k1\",\"alg\":\"none\"}", "{}", OUTCOME_INVALID_SECURITY,
	    "JWT: the header is JSON with a name twice" },
	{ "[\"RS256\"]", "{}", OUTCOME_INVALID_SECURITY, "JWT: the header is not a JSON object" },
	{ "{\"alg\":\"RS256\",\"kid\":\"k1\"} x", "{}", OUTCOME_INVALID_SECURITY,
	    "JWT: the header is not JSON" },
	{ "{\"alg\":\"RS256\",\"kid\":\"k\\u00001\"}", "{}", OUTCOME_INVALID_SECURITY,
	    "JWT: the header is not JSON" },
	{ RS256, "{\"exp\":1799999700}", OUTCOME_AUTHENTICATION, "JWT: expired at 2027-01-15 07:55:00 UTC" },
	{ RS256, "{\"exp\":0}", OUTCOME_AUTHENTICATION, "JWT: expired at 1970-01-01 00:00:00 UTC" },
	{ RS256, "{\"exp\":-1}", OUTCOME_INVALID_SECURITY, "JWT: exp is not a time" },
	{ RS256, "{\"exp\":1e300}", OUTCOME_INVALID_SECURITY, "JWT: exp is not a time" },
	{ RS256, "{\"exp\":\"1800003590\"}", OUTCOME_INVALID_SECURITY, "JWT: exp is not a time" },
	{ RS256, "{\"exp\":null}", OUTCOME_INVALID_SECURITY, "JWT: it has no exp" },
	{ RS256, "{\"nbf\":1800000301}", OUTCOME_AUTHENTICATION,
	    "JWT: not valid before 2027-01-15 08:05:01 UTC" },
	{ RS256, "{\"nbf\":null}", OUTCOME_INVALID_SECURITY, "JWT: it has no nbf" },
	{ RS256, "{\"nbf\":\"0\"}", OUTCOME_INVALID_SECURITY, "JWT: nbf is not a time" },
	{ RS256, "{\"iat\":true}", OUTCOME_INVALID_SECURITY, "JWT: iat is not a time" },
	{ RS256, "{\"oid\":7}", OUTCOME_INVALID_SECURITY, "JWT: oid is not a text of 1 to 256 bytes" },
	{ RS256, "{\"iat\":1800000301}", OUTCOME_AUTHENTICATION,
	    "JWT: issued in the future, at 2027-01-15 08:05:01 UTC" },
	{ RS256, "{\"ver\":\"1.0\"}", OUTCOME_AUTHENTICATION, "JWT: ver \"1.0\": \"2.0\" expected" },
	{ RS256, "{\"ver\":2.0}", OUTCOME_INVALID_SECURITY, "JWT: ver is not a text of 1 to 256 bytes" },
	{ RS256, "{\"ver\":null}", OUTCOME_INVALID_SECURITY, "JWT: it has no ver" },
	{ RS256, "{\"iss\":\"" ISSUER_1 "\"}", OUTCOME_AUTHENTICATION,
	    "JWT: iss \"" ISSUER_1 "\": \"" ISSUER_2 "\" expected" },
	{ RS256, "{\"iss\":\"" ISSUER_2 "/\"}", OUTCOME_AUTHENTICATION,
	    "JWT: iss \"" ISSUER_2 "/\": \"" ISSUER_2 "\" expected" },
	{ RS256, "{\"iss\":null}", OUTCOME_INVALID_SECURITY, "JWT: it has no iss" },
	{ RS256, "{\"tid\":\"9188040d-6c67-4c5b-b112-36a304b66dad\"}", OUTCOME_AUTHENTICATION,
	    "JWT: tid \"9188040d-6c67-4c5b-b112-36a304b66dad\": \"" TENANT "\" expected" },
	{ RS256, "{\"tid\":\"common\"}", OUTCOME_INVALID_SECURITY, "JWT: tid is not a GUID" },
	{ RS256, "{\"tid\":null}", OUTCOME_INVALID_SECURITY, "JWT: it has no tid" },
	{ RS256, "{\"oid\":\"" DEVICE "\"}", OUTCOME_AUTHENTICATION,
	    "JWT: oid \"" DEVICE "\": \"" OBJECT "\" expected" },
	{ RS256, "{\"oid\":null}", OUTCOME_INVALID_SECURITY, "JWT: it has no oid" },
	{ RS256, "{\"aud\":\"00000003-0000-0000-c000-000000000000\"}", OUTCOME_AUTHENTICATION,
	    "JWT: it is for \"00000003-0000-0000-c000-000000000000\", which is none of the tenant's "
	    "audiences "
	    "here" },
	{ RS256, "{\"aud\":[\"a\",\"b\"]}", OUTCOME_AUTHENTICATION,
	    "JWT: it is for \"a\", which is none of the tenant's audiences here" },
	{ RS256, "{\"aud\":[]}", OUTCOME_INVALID_SECURITY, "JWT: it has no aud" },
	{ RS256, "{\"aud\":{}}", OUTCOME_INVALID_SECURITY,
	    "JWT: aud is not a text of 1 to 256 bytes, or several" },
	{ RS256, "{\"aud\":null}", OUTCOME_INVALID_SECURITY, "JWT: it has no aud" },
	{ RS256, "{\"preferred_username\":{\"a\":1}}", OUTCOME_INVALID_SECURITY,
	    "JWT: preferred_username is not a text of 1 to 320 bytes" },
	{ RS256, "{\"deviceid\":\"my device\"}", OUTCOME_INVALID_SECURITY, "JWT: deviceid is not a GUID" },
	{ RS256, "{\"idtyp\":\"app\"}", OUTCOME_AUTHENTICATION,
	    "JWT: it is an application's own (idtyp app), not a user's or device's" },
};

static void
bad_ones_are_told_apart(void **state)
{
	struct fixture *f = *state;
	const char *proof = proof_for(f->arena, keys.rsa, "RS256", "2.0");

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *token =
		    jwt_make(f->arena, keys.rsa, bad[i].header, json_changed(f->arena, v2, bad[i].change));
		enum outcome o = judge(f, token, proof);

		if (o != bad[i].outcome || strcmp(f->why.text, bad[i].why) != 0)
			fail_msg("row %zu: %s: %s, not: %s", i, outcome_name(o), f->why.text, bad[i].why);
	}
}

/* HS256 with the public key as its secret, in each form an attacker may try. */
static void
algorithm_confusion_is_refused(void **state)
{
	struct fixture *f = *state;
	static const char header[] = "{\"alg\":\"HS256\",\"kid\":\"k1\"}";
	static const char lying[] = "{\"alg\":\"RS256\",\"kid\":\"k1\"}";
	const char *proof = proof_for(f->arena, keys.rsa, "RS256", "2.0");
	struct bytes spki = key_public(f->arena, keys.rsa);
	const char *pem = arena_printf(f->arena, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n",
	    bytes_to_base64(f->arena, spki));
	const struct bytes secret[] = { spki, bytes_of(pem) };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(secret); i++) {
		const char *text = arena_printf(f->arena, "%s.%s",
		    url64(f->arena, bytes_of(i < 2 ? header : lying)), url64(f->arena, bytes_of(v2)));
		uint8_t mac[32];

		assert_int_equal(gnutls_hmac_fast(GNUTLS_MAC_SHA256, secret[i % 2].data, secret[i % 2].size,
				     text, strlen(text), mac),
		    0);
		text = arena_printf(
		    f->arena, "%s.%s", text, url64(f->arena, (struct bytes){ mac, sizeof(mac) }));
		assert_int_equal(judge(f, text, proof), OUTCOME_AUTHENTICATION);
		assert_string_equal(f->why.text,
		    i < 2 ? "JWT: algorithm \"HS256\": RS256 or ES256 expected"
			  : "JWT: the signature is not that of its key");
	}
}

/* The signature: of another key, over other bytes, cut, none, of another form. */
static void
wrong_signatures_are_refused(void **state)
{
	struct fixture *f = *state;
	static const char rs[] = "{\"alg\":\"RS256\",\"kid\":\"k1\"}",
			  es[] = "{\"alg\":\"ES256\",\"kid\":\"k1\"}";
	const char *good = jwt_make(f->arena, keys.rsa, rs, v2), *ec = jwt_make(f->arena, keys.ec, es, v2);
	const char *input = arena_strndup(f->arena, good, (size_t)(strrchr(good, '.') - good));
	const char *ec_input = arena_strndup(f->arena, ec, (size_t)(strrchr(ec, '.') - ec));
	const char *evil = jwt_make(
	    f->arena, keys.rsa, rs, json_changed(f->arena, v2, "{\"preferred_username\":\"eve@corp.test\"}"));
	static const uint8_t zeros[64] = { 0 };
	const struct {
		const char *name, *token;
		bool ec;
	} row[] = {
		{ "another key", jwt_make(f->arena, keys.other, rs, v2), false },
		{ "another payload's", arena_printf(f->arena, "%s%s", input, strrchr(evil, '.')), false },
		{ "none", arena_printf(f->arena, "%s.", input), false },
		{ "cut",
		    arena_printf(f->arena, "%s.%s", input,
			url64(f->arena, (struct bytes){ jwt_sign(f->arena, keys.rsa, input).data, 255 })),
		    false },
		{ "longer",
		    arena_printf(
			f->arena, "%s.%sAA", input, url64(f->arena, jwt_sign(f->arena, keys.rsa, input))),
		    false },
		{ "an EC key's for RS256",
		    arena_printf(
			f->arena, "%s.%s", input, url64(f->arena, jwt_sign(f->arena, keys.ec, input))),
		    false },
		{ "of zeros (CVE-2022-21449)",
		    arena_printf(f->arena, "%s.%s", ec_input, url64(f->arena, (struct bytes){ zeros, 64 })),
		    true },
		{ "63 bytes", arena_strndup(f->arena, ec, strlen(ec) - 2), true },
		{ "none for ES256", arena_printf(f->arena, "%s.", ec_input), true },
		{ "an RSA key's for ES256",
		    arena_printf(
			f->arena, "%s.%s", ec_input, url64(f->arena, jwt_sign(f->arena, keys.rsa, ec_input))),
		    true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const char *proof = row[i].ec ? proof_for(f->arena, keys.ec, "ES256", "2.0")
					      : proof_for(f->arena, keys.rsa, "RS256", "2.0");
		enum outcome o = judge(f, row[i].token, proof);

		if (o != OUTCOME_AUTHENTICATION ||
		    strcmp(f->why.text, "JWT: the signature is not that of its key") != 0)
			fail_msg("%s: %s: %s", row[i].name, outcome_name(o), f->why.text);
	}
}

/* Parts and base64url: one text for a token, no other. */
static void
other_forms_are_refused(void **state)
{
	struct fixture *f = *state;
	const char *good = jwt_make(f->arena, keys.rsa, "{\"alg\":\"RS256\",\"kid\":\"k1\"}", v2);
	const char *header = arena_strndup(f->arena, good, strcspn(good, ".")), *rest = strchr(good, '.');
	const char *twice = "{\"oid\":\"" OBJECT "\",\"oid\":\"" DEVICE "\"}";
	char *big = arena_alloc(f->arena, JWT_MAX + 2);
	const struct {
		const char *token, *why;
	} row[] = {
		{ "", "JWT: empty" },
		{ "abc", "JWT: not three parts between two dots" },
		{ header, "JWT: not three parts between two dots" },
		{ arena_strndup(f->arena, good, (size_t)(strrchr(good, '.') - good)),
		    "JWT: not three parts between two dots" },
		{ arena_printf(f->arena, "%s.", good), "JWT: not three parts between two dots" },
		{ arena_printf(f->arena, "%s.AA.AA", good), "JWT: not three parts between two dots" },
		{ arena_printf(f->arena, ".%s", rest), "JWT: not three parts between two dots" },
		{ rest, "JWT: the header is not JSON" },
		{ arena_printf(f->arena, "%s=%s", header, rest), "JWT: the header is not base64url" },
		{ arena_printf(f->arena, "%s\n%s", header, rest), "JWT: the header is not base64url" },
		{ arena_printf(f->arena, " %s", good), "JWT: the header is not base64url" },
		{ arena_printf(f->arena, "%s.+/+/.AAAA", header), "JWT: the payload is not base64url" },
		{ arena_printf(f->arena, "%s..AAAA", header), "JWT: the payload is not JSON" },
		{ arena_printf(f->arena, "%s.%s.AAAA", header, url64(f->arena, bytes_of("\"text\""))),
		    "JWT: the payload is not a JSON object" },
		{ arena_printf(f->arena, "%s.%s.AAAA", header, url64(f->arena, bytes_of(twice))),
		    "JWT: the payload is JSON with a name twice" },
		{ arena_printf(
		      f->arena, "%s.%s.AAAA", header, url64(f->arena, bytes_of("{\"oid\":\"\xff\"}"))),
		    "JWT: the payload is not JSON" },
		{ arena_printf(f->arena, "%s==", good), "JWT: the signature is not base64url" },
		{ arena_printf(f->arena, "%s ", good), "JWT: the signature is not base64url" },
		{ big, "JWT: 16385 bytes, at most 16384 are read" },
	};

	memset(big, 'A', JWT_MAX + 1);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		enum outcome o = judge(f, row[i].token, proof_for(f->arena, keys.rsa, "RS256", "2.0"));

		if (o != OUTCOME_INVALID_SECURITY || strcmp(f->why.text, row[i].why) != 0)
			fail_msg("row %zu: %s: %s, not: %s", i, outcome_name(o), f->why.text, row[i].why);
	}
}

/* A payload nested as deep as fits. */
static void
deep_json_is_refused(void **state)
{
	struct fixture *f = *state;
	char *deep = arena_alloc(f->arena, 9001);

	memset(deep, '[', 9000);
	assert_int_equal(
	    judge(f,
		arena_printf(f->arena, "%s.%s.AAAA", url64(f->arena, bytes_of("{\"alg\":\"RS256\"}")),
		    url64(f->arena, bytes_of(deep))),
		"{}"),
	    OUTCOME_INVALID_SECURITY);
	assert_string_equal(f->why.text, "JWT: the payload is not JSON");
}

static void
keys_must_be_strong(void **state)
{
	struct fixture *f = *state;
	static const char rs[] = "{\"alg\":\"RS256\",\"kid\":\"k1\"}",
			  es[] = "{\"alg\":\"ES256\",\"kid\":\"k1\"}";
	const struct {
		gnutls_privkey_t key;
		const char *header, *algorithm, *why;
	} row[] = {
		{ keys.weak, rs, "RS256", "the stored key is RSA of less than 2048 or more than 8192 bits" },
		{ keys.ec, rs, "RS256", "the stored key is a key for another algorithm" },
		{ keys.rsa, es, "ES256", "the stored key is a key for another algorithm" },
		{ keys.p384, es, "ES256", "the stored key is EC on another curve than P-256" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		enum outcome o = judge(f, jwt_make(f->arena, keys.rsa, row[i].header, v2),
		    proof_for(f->arena, row[i].key, row[i].algorithm, "2.0"));

		if (o != OUTCOME_INTERNAL_SERVICE_FAULT || strcmp(f->why.text, row[i].why) != 0)
			fail_msg("row %zu: %s: %s", i, outcome_name(o), f->why.text);
	}
}

/* A proof that lacks something must never let anybody in. */
static void
a_proof_is_whole(void **state)
{
	struct fixture *f = *state;
	const char *token = jwt_make(f->arena, keys.rsa, "{\"alg\":\"RS256\",\"kid\":\"k1\"}", v2);
	const char *whole = proof_for(f->arena, keys.rsa, "RS256", "2.0");
	static const char *const changes[] = { "{\"key\":null}", "{\"key\":\"\"}", "{\"key\":\"!\"}",
		"{\"algorithm\":null}", "{\"algorithm\":\"HS256\"}", "{\"version\":null}",
		"{\"issuer\":null}", "{\"tenant\":null}", "{\"subject\":null}", "{\"audiences\":null}",
		"{\"issuer\":7}" };

	assert_int_equal(judge(f, token, whole), OUTCOME_OK);
	assert_int_equal(judge(f, token, NULL), OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_int_equal(judge(f, token, ""), OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_int_equal(judge(f, token, "[]"), OUTCOME_INTERNAL_SERVICE_FAULT);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		if (judge(f, token, json_changed(f->arena, whole, changes[i])) !=
		    OUTCOME_INTERNAL_SERVICE_FAULT)
			fail_msg("%s: %s", changes[i], f->why.text);
	assert_int_equal(
	    judge(f, token, json_changed(f->arena, whole, "{\"audiences\":[]}")), OUTCOME_AUTHENTICATION);
	assert_int_equal(judge(f, token, json_changed(f->arena, whole, "{\"key\":\"AAAA\"}")),
	    OUTCOME_INTERNAL_SERVICE_FAULT);
}

static void
scope_and_mfa_are_demanded(void **state)
{
	static const struct {
		const char *change, *demand, *why;
	} row[] = {
		{ "{}", "{\"scope\":\"mdm_delegation\"}", NULL },
		{ "{}", "{\"scope\":\"user_impersonation\"}", NULL },
		{ "{\"scp\":null,\"roles\":[\"x\",\"mdm_delegation\"]}", "{\"scope\":\"mdm_delegation\"}",
		    NULL },
		{ "{}", "{\"mfa\":true}", NULL },
		{ "{\"amr\":null}", "{\"mfa\":false}", NULL },
		{ "{\"scp\":\"mdm_delegation2 xmdm_delegation\"}", "{\"scope\":\"mdm_delegation\"}",
		    "JWT: neither scp nor roles has \"mdm_delegation\", which the tenant's tokens must "
		    "have" },
		{ "{\"scp\":null}", "{\"scope\":\"mdm_delegation\"}",
		    "JWT: neither scp nor roles has \"mdm_delegation\", which the tenant's tokens must "
		    "have" },
		{ "{\"scp\":[\"mdm_delegation\"]}", "{\"scope\":\"mdm_delegation\"}",
		    "JWT: neither scp nor roles has \"mdm_delegation\", which the tenant's tokens must "
		    "have" },
		{ "{\"amr\":[\"pwd\"]}", "{\"mfa\":true}",
		    "JWT: amr does not say mfa: the user signed in with one factor only" },
		{ "{\"amr\":null}", "{\"mfa\":true}",
		    "JWT: amr does not say mfa: the user signed in with one factor only" },
		{ "{\"amr\":\"mfa\"}", "{\"mfa\":true}",
		    "JWT: amr does not say mfa: the user signed in with one factor only" },
	};
	struct fixture *f = *state;
	const char *proof = proof_for(f->arena, keys.rsa, "RS256", "1.0");

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const char *token = jwt_make(f->arena, keys.rsa, "{\"alg\":\"RS256\",\"kid\":\"k1\"}",
		    json_changed(f->arena, v1, row[i].change));
		enum outcome o = judge(f, token, json_changed(f->arena, proof, row[i].demand));

		if (row[i].why == NULL ? o != OUTCOME_OK
				       : o != OUTCOME_AUTHENTICATION || strcmp(f->why.text, row[i].why) != 0)
			fail_msg("row %zu: %s: %s", i, outcome_name(o), f->why.text);
	}
}

/* What SQL is asked. */
static void
a_claim_names(void **state)
{
	static const struct {
		const char *payload, *change, *user, *json;
	} row[] = {
		{ v1, "{}", "ada@corp.test",
		    "{\"kind\":\"jwt\",\"issuer\":\"" ISSUER_1 "\",\"tenant\":\"" TENANT
		    "\",\"key\":\"k1\",\"algorithm\":\"RS256\",\"subject\":\"" OBJECT
		    "\",\"user\":\"ada@corp.test\",\"audiences\":[\"https://"
		    "mdm.corp.test\"],\"version\":\"1.0\","
		    "\"device\":\"" DEVICE "\"}" },
		{ v2, "{\"tid\":\"72F988BF-86F1-41AF-91AB-2D7CD011DB47\",\"aud\":[\"a\",\"b\"]}",
		    "ada@corp.test",
		    "{\"kind\":\"jwt\",\"issuer\":\"" ISSUER_2 "\",\"tenant\":\"" TENANT
		    "\",\"key\":\"k1\",\"algorithm\":\"RS256\",\"subject\":\"" OBJECT
		    "\",\"user\":\"ada@corp.test\",\"audiences\":[\"a\",\"b\"],\"version\":\"2.0\","
		    "\"device\":null}" },
		{ v1, "{\"upn\":null,\"unique_name\":null}", NULL,
		    "{\"kind\":\"jwt\",\"issuer\":\"" ISSUER_1 "\",\"tenant\":\"" TENANT
		    "\",\"key\":\"k1\",\"algorithm\":\"RS256\",\"subject\":\"" OBJECT
		    "\",\"user\":null,\"audiences\":[\"https://"
		    "mdm.corp.test\"],\"version\":\"1.0\",\"device\":\"" DEVICE "\"}" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const char *text = jwt_make(f->arena, keys.rsa, "{\"alg\":\"RS256\",\"kid\":\"k1\"}",
		    json_changed(f->arena, row[i].payload, row[i].change));
		CLEANUP(secret_release) struct secret token = secret_copy(text, strlen(text));
		struct claim claim;

		assert_int_equal(jwt_claim(f->arena, &token, &claim, &f->why), OUTCOME_OK);
		if (row[i].user == NULL)
			assert_null(claim.user);
		else
			assert_string_equal(claim.user, row[i].user);
		assert_string_equal(claim.json, row[i].json);
	}
}

/* upn before preferred_username before unique_name. */
static void
the_best_name_counts(void **state)
{
	static const struct {
		const char *change, *user;
	} row[] = {
		{ "{\"upn\":\"u@x\",\"preferred_username\":\"p@x\",\"unique_name\":\"n@x\"}", "u@x" },
		{ "{\"upn\":null,\"preferred_username\":\"p@x\",\"unique_name\":\"n@x\"}", "p@x" },
		{ "{\"upn\":null,\"preferred_username\":null,\"unique_name\":\"n@x\"}", "n@x" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const char *text = jwt_make(f->arena, keys.rsa, "{\"alg\":\"RS256\",\"kid\":\"k1\"}",
		    json_changed(f->arena, v2, row[i].change));
		CLEANUP(secret_release) struct secret token = secret_copy(text, strlen(text));
		struct claim claim;

		assert_int_equal(jwt_claim(f->arena, &token, &claim, &f->why), OUTCOME_OK);
		assert_string_equal(claim.user, row[i].user);
	}
}

static void
details_are_the_name(void **state)
{
	static const struct {
		const char *payload, *details;
	} row[] = { { v1, "{\"name\":\"Ada Lovelace\"}" }, { v2, "{\"name\":null}" } };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const char *text =
		    jwt_make(f->arena, keys.rsa, "{\"alg\":\"RS256\",\"kid\":\"k1\"}", row[i].payload);
		CLEANUP(secret_release) struct secret token = secret_copy(text, strlen(text));
		const char *details;

		assert_int_equal(jwt_verify(f->arena, &token,
				     proof_for(f->arena, keys.rsa, "RS256", i == 0 ? "1.0" : "2.0"), NOW,
				     &details, &f->why),
		    OUTCOME_OK);
		assert_string_equal(details, row[i].details);
	}
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(good_ones_pass),
		CASE(bad_ones_are_told_apart),
		CASE(algorithm_confusion_is_refused),
		CASE(wrong_signatures_are_refused),
		CASE(other_forms_are_refused),
		CASE(deep_json_is_refused),
		CASE(keys_must_be_strong),
		CASE(a_proof_is_whole),
		CASE(scope_and_mfa_are_demanded),
		CASE(a_claim_names),
		CASE(the_best_name_counts),
		CASE(details_are_the_name),
	};

	return cmocka_run_group_tests(tests, keys_make, keys_free);
}
