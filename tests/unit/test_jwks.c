/* Keys that an issuer publishes: what is taken, what is left out, and what spoils the whole document. */
#include <muster/credentials/jwks.h>

#include <muster/base/base64url.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "make_jwt.h"

static struct {
	struct arena *arena;
	struct bytes rsa_public, ec_public;
	const char *rsa, *weak, *three, *ec, *ec384; /* members of a JWK */
} made;

static char *
rsa_members(gnutls_privkey_t key, const char *exponent)
{
	gnutls_datum_t n, e;
	char *text;

	if (gnutls_privkey_export_rsa_raw(key, &n, &e, NULL, NULL, NULL, NULL, NULL, NULL) < 0)
		abort();
	text = arena_printf(made.arena, "\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"",
	    url64(made.arena, (struct bytes){ n.data + 1, n.size - 1 }),
	    exponent != NULL ? exponent : url64(made.arena, (struct bytes){ e.data, e.size }));
	gnutls_free(n.data);
	gnutls_free(e.data);
	return text;
}

static char *
ec_members(gnutls_privkey_t key, const char *curve, size_t size)
{
	gnutls_datum_t x, y;
	uint8_t point[2][48] = { { 0 } };
	char *text;

	if (gnutls_privkey_export_ecc_raw2(key, NULL, &x, &y, NULL, GNUTLS_EXPORT_FLAG_NO_LZ) < 0)
		abort();
	memcpy(point[0] + size - x.size, x.data, x.size);
	memcpy(point[1] + size - y.size, y.data, y.size);
	text = arena_printf(made.arena, "\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"", curve,
	    url64(made.arena, (struct bytes){ point[0], size }),
	    url64(made.arena, (struct bytes){ point[1], size }));
	gnutls_free(x.data);
	gnutls_free(y.data);
	return text;
}

static int
make(void **state)
{
	gnutls_privkey_t rsa = key_make(GNUTLS_PK_RSA, 2048), weak = key_make(GNUTLS_PK_RSA, 1024);
	gnutls_privkey_t ec = key_make(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
	gnutls_privkey_t ec384 = key_make(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1));

	(void)state;
	made.arena = arena_new();
	made.rsa_public = key_public(made.arena, rsa);
	made.ec_public = key_public(made.arena, ec);
	made.rsa = rsa_members(rsa, NULL);
	made.three = rsa_members(rsa, "Aw");
	made.weak = rsa_members(weak, NULL);
	made.ec = ec_members(ec, "P-256", 32);
	made.ec384 = ec_members(ec384, "P-384", 48);
	gnutls_privkey_deinit(rsa);
	gnutls_privkey_deinit(weak);
	gnutls_privkey_deinit(ec);
	gnutls_privkey_deinit(ec384);
	return 0;
}

static int
unmake(void **state)
{
	(void)state;
	arena_free(made.arena);
	return 0;
}

static enum outcome
read_set(const char *keys, struct jwks *set, struct why *why)
{
	return jwks_read(made.arena, bytes_of(arena_printf(made.arena, "{\"keys\":[%s]}", keys)), set, why);
}

static void
keys_are_taken(void **state)
{
	struct jwks set;
	struct why why;
	const char *keys = arena_printf(made.arena,
	    "{%s,\"use\":\"sig\",\"kid\":\"r\",\"x5t\":\"r\",\"x5c\":[\"MIID\"],\"issuer\":\"https://"
	    "login.microsoftonline.com/{tenantid}/"
	    "v2.0\"},{%s,\"kid\":\"e\",\"alg\":\"ES256\",\"key_ops\":[\"verify\"]}",
	    made.rsa, made.ec);

	(void)state;
	assert_int_equal(read_set(keys, &set, &why), OUTCOME_OK);
	assert_int_equal(set.count, 2);
	assert_int_equal(set.skips, 0);
	assert_string_equal(set.key[0].kid, "r");
	assert_string_equal(set.key[0].algorithm, "RS256");
	assert_string_equal(set.key[0].issuer, "https://login.microsoftonline.com/{tenantid}/v2.0");
	assert_true(bytes_equal(set.key[0].public_key, made.rsa_public));
	assert_string_equal(set.key[1].kid, "e");
	assert_string_equal(set.key[1].algorithm, "ES256");
	assert_null(set.key[1].issuer);
	assert_true(bytes_equal(set.key[1].public_key, made.ec_public));
}

static void
keys_are_left_out(void **state)
{
	const struct {
		const char *key, *reason;
	} row[] = {
		{ arena_printf(made.arena, "{%s,\"kid\":\"x\",\"use\":\"enc\"}", made.rsa),
		    "not for signatures" },
		{ arena_printf(made.arena, "{%s,\"kid\":\"x\",\"key_ops\":[\"encrypt\"]}", made.rsa),
		    "not for signatures" },
		{ arena_printf(made.arena, "{%s,\"kid\":\"x\",\"key_ops\":[]}", made.rsa),
		    "not for signatures" },
		{ arena_printf(made.arena, "{%s,\"kid\":\"x\",\"alg\":\"PS256\"}", made.rsa),
		    "neither for RS256 nor for ES256" },
		{ arena_printf(made.arena, "{%s,\"kid\":\"x\"}", made.ec384),
		    "neither for RS256 nor for ES256" },
		{ "{\"kty\":\"oct\",\"k\":\"c2VjcmV0\",\"kid\":\"x\"}", "neither for RS256 nor for ES256" },
		{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\",\"kid\":\"x\"}",
		    "neither for RS256 nor for ES256" },
		{ "{\"kid\":\"x\"}", "neither for RS256 nor for ES256" },
		{ arena_printf(made.arena, "{%s,\"kid\":\"x\"}", made.weak),
		    "RSA of less than 2048 or more than 8192 bits" },
		{ arena_printf(made.arena, "{%s,\"kid\":\"x\"}", made.three),
		    "RSA with an exponent that is even, below 65537, or of more than 64 bits" },
	};
	struct jwks set;
	struct why why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const char *keys = arena_printf(made.arena, "%s,{%s,\"kid\":\"r\"}", row[i].key, made.rsa);
		const char *told = arena_printf(made.arena, "key \"x\" is left out: %s", row[i].reason);

		if (read_set(keys, &set, &why) != OUTCOME_OK || set.count != 1 || set.skips != 1 ||
		    strcmp(set.skipped[0], told) != 0)
			fail_msg("row %zu: %s", i, set.skips > 0 ? set.skipped[0] : why.text);
	}
	assert_int_equal(
	    read_set(arena_printf(made.arena, "{%s},{%s,\"kid\":\"r\"}", made.rsa, made.rsa), &set, &why),
	    OUTCOME_OK);
	assert_string_equal(set.skipped[0], "key \"\" is left out: no kid of 1 to 256 bytes");
}

static void
documents_are_refused(void **state)
{
	const char *many = "{}";
	const struct {
		const char *document, *why;
	} row[] = {
		{ "", "the document is empty" },
		{ "<html>", "the document is not JSON: line 1, '[' or '{' expected near '<'" },
		{ "{\"keys\":[]} x", "the document is not JSON: line 1, end of file expected near 'x'" },
		{ "{\"keys\":[],\"keys\":[]}",
		    "the document is not JSON: line 1, duplicate object key near '\"keys\"'" },
		{ "[]", "the document is no JWK Set: it has no list of keys" },
		{ "{}", "the document is no JWK Set: it has no list of keys" },
		{ "{\"keys\":{}}", "the document is no JWK Set: it has no list of keys" },
		{ "{\"keys\":[]}", "the document has no usable key" },
		{ "{\"keys\":[7]}", "the document has a key that is no object" },
		{ "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"x\"}]}",
		    "the document has no usable key: key \"x\" is left out: neither for RS256 nor for "
		    "ES256" },
		{ "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"x\"}]}",
		    "the document's key \"x\": n and e are no RSA key" },
		{ "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"x\",\"n\":\"AQAB==\",\"e\":\"AQAB\"}]}",
		    "the document's key \"x\": n and e are no RSA key" },
		{ "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"x\",\"x\":\"AA\",\"y\":\"AA\"}]}",
		    "the document's key \"x\": x and y are no point of P-256" },
		{ arena_printf(
		      made.arena, "{\"keys\":[{%s,\"kid\":\"x\"},{%s,\"kid\":\"x\"}]}", made.rsa, made.ec),
		    "the document's key \"x\": there twice" },
	};
	struct jwks set;
	struct why why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		if (jwks_read(made.arena, bytes_of(row[i].document), &set, &why) !=
			OUTCOME_INTERNAL_SERVICE_FAULT ||
		    strcmp(why.text, row[i].why) != 0)
			fail_msg("row %zu: %s", i, why.text);
	for (int i = 0; i < JWKS_KEYS_MAX; i++)
		many = arena_printf(made.arena, "{},%s", many);
	assert_int_equal(read_set(many, &set, &why), OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_string_equal(why.text, "the document has 65 keys, at most 64 are read");
	assert_int_equal(
	    jwks_read(made.arena, (struct bytes){ arena_alloc(made.arena, JWKS_MAX + 1), JWKS_MAX + 1 }, &set,
		&why),
	    OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_string_equal(why.text, "the document has more than 262144 bytes");
}

static void
a_configuration_leads_on(void **state)
{
	static const struct {
		const char *document, *uri, *issuer;
	} row[] = {
		{ "{\"issuer\":\"https://i.test/\",\"jwks_uri\":\"https://i.test/keys\"}",
		    "https://i.test/keys", "https://i.test/" },
		{ "{\"jwks_uri\":\"https://i.test/keys\"}", "https://i.test/keys", NULL },
		{ "{\"jwks_uri\":\"https://i.test/keys\",\"keys\":[]}", NULL, NULL },
		{ "{\"jwks_uri\":7}", NULL, NULL },
		{ "{\"keys\":[]}", NULL, NULL },
		{ "[]", NULL, NULL },
		{ "", NULL, NULL },
		{ "{", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const char *uri, *issuer;

		jwks_locate(made.arena, bytes_of(row[i].document), &uri, &issuer);
		if ((uri == NULL) != (row[i].uri == NULL) || (uri != NULL && strcmp(uri, row[i].uri) != 0) ||
		    (issuer == NULL) != (row[i].issuer == NULL) ||
		    (issuer != NULL && strcmp(issuer, row[i].issuer) != 0))
			fail_msg("row %zu: %s", i, uri != NULL ? uri : "(null)");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_taken),
		cmocka_unit_test(keys_are_left_out),
		cmocka_unit_test(documents_are_refused),
		cmocka_unit_test(a_configuration_leads_on),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}
