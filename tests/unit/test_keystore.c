#include <muster/authority/keystore.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct secret
secret_of(const char *text)
{
	return secret_copy(text, strlen(text));
}

static struct bytes
flipped(struct arena *arena, struct bytes bytes, size_t at)
{
	uint8_t *copy = arena_alloc(arena, bytes.size);

	memcpy(copy, bytes.data, bytes.size);
	copy[at] ^= 1;
	return (struct bytes){ copy, bytes.size };
}

static void
assert_same_key(gnutls_privkey_t a, gnutls_privkey_t b)
{
	gnutls_pubkey_t public[2];
	uint8_t id[2][32];

	for (int i = 0; i < 2; i++) {
		size_t size = sizeof(id[i]);

		assert_int_equal(gnutls_pubkey_init(&public[i]), 0);
		assert_int_equal(gnutls_pubkey_import_privkey(public[i], i == 0 ? a : b, 0, 0), 0);
		assert_int_equal(
		    gnutls_pubkey_get_key_id(public[i], GNUTLS_KEYID_USE_SHA256, id[i], &size), 0);
		gnutls_pubkey_deinit(public[i]);
	}
	assert_memory_equal(id[0], id[1], sizeof(id[0]));
}

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		bool known;
		enum key_type type;
	} cases[] = {
		{ "ec-p256", true, KEY_EC_P256 },
		{ "ec-p384", true, KEY_EC_P384 },
		{ "rsa-2048", true, KEY_RSA_2048 },
		{ "rsa-3072", true, KEY_RSA_3072 },
		{ "rsa-4096", true, KEY_RSA_4096 },
		{ "rsa-1024", false, KEY_EC_P256 },
		{ "RSA-2048", false, KEY_EC_P256 },
		{ "", false, KEY_EC_P256 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum key_type type;

		assert_int_equal(key_type_from_name(cases[i].name, &type), cases[i].known);
		if (!cases[i].known)
			continue;
		assert_int_equal(type, cases[i].type);
		assert_string_equal(key_type_name(type), cases[i].name);
	}
}

static void
test_seal_and_open(void **state)
{
	static const struct {
		enum key_type type;
		int algorithm;
		unsigned bits;
	} cases[] = {
		{ KEY_EC_P256, GNUTLS_PK_ECDSA, 256 },
		{ KEY_EC_P384, GNUTLS_PK_ECDSA, 384 },
		{ KEY_RSA_2048, GNUTLS_PK_RSA, 2048 },
	};
	struct secret passphrase = secret_of("correct horse battery staple");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *arena = arena_new();
		gnutls_privkey_t key, opened;
		struct bytes pkcs8;
		unsigned bits;

		assert_int_equal(keystore_generate(cases[i].type, &key, NULL), OUTCOME_OK);
		assert_int_equal(gnutls_privkey_get_pk_algorithm(key, &bits), cases[i].algorithm);
		assert_int_equal(bits, cases[i].bits);
		assert_int_equal(keystore_seal(arena, key, &passphrase, &pkcs8, NULL), OUTCOME_OK);
		assert_int_equal(keystore_open(pkcs8, &passphrase, &opened, NULL), OUTCOME_OK);
		assert_same_key(key, opened);
		gnutls_privkey_deinit(key);
		gnutls_privkey_deinit(opened);
		arena_free(arena);
	}
	secret_release(&passphrase);
}

/* What the key is protected with, so that a later GnuTLS does not weaken it unseen. */
static void
test_protection(void **state)
{
	struct arena *arena = arena_new();
	struct secret passphrase = secret_of("correct horse battery staple");
	unsigned schema, cipher, rounds, size = 64;
	gnutls_privkey_t key;
	struct bytes pkcs8;
	gnutls_datum_t der;
	uint8_t salt[64];

	(void)state;
	assert_int_equal(keystore_generate(KEY_EC_P256, &key, NULL), OUTCOME_OK);
	assert_int_equal(keystore_seal(arena, key, &passphrase, &pkcs8, NULL), OUTCOME_OK);
	der = (gnutls_datum_t){ (unsigned char *)(uintptr_t)pkcs8.data, (unsigned)pkcs8.size };
	assert_int_equal(
	    gnutls_pkcs8_info(&der, GNUTLS_X509_FMT_DER, &schema, &cipher, salt, &size, &rounds, NULL), 0);
	assert_int_equal(cipher, GNUTLS_CIPHER_AES_256_CBC);
	assert_int_equal(schema, GNUTLS_PKCS_PBES2_AES_256);
	assert_true(rounds >= 600000);
	gnutls_privkey_deinit(key);
	secret_release(&passphrase);
	arena_free(arena);
}

static struct bytes
plain_pkcs8(struct arena *arena, gnutls_privkey_t key)
{
	gnutls_x509_privkey_t x509;
	gnutls_datum_t der;
	struct bytes copy;

	assert_int_equal(gnutls_privkey_export_x509(key, &x509), 0);
	assert_int_equal(
	    gnutls_x509_privkey_export2_pkcs8(x509, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN, &der), 0);
	copy = arena_copy(arena, der.data, der.size);
	gnutls_free(der.data);
	gnutls_x509_privkey_deinit(x509);
	return copy;
}

static void
test_refused_keys(void **state)
{
	struct arena *arena = arena_new();
	struct secret passphrase = secret_of("correct"), wrong = secret_of("wrong"), empty = secret_of("");
	struct secret cut = secret_copy("correct\0", 8);
	gnutls_privkey_t key, opened = NULL;
	struct bytes pkcs8;

	(void)state;
	assert_int_equal(keystore_generate(KEY_EC_P256, &key, NULL), OUTCOME_OK);
	assert_int_equal(keystore_seal(arena, key, &passphrase, &pkcs8, NULL), OUTCOME_OK);

	const struct {
		struct bytes pkcs8;
		const struct secret *passphrase;
		const char *why;
	} cases[] = {
		{ pkcs8, &wrong, "the passphrase is wrong" },
		{ pkcs8, &empty, "the passphrase is empty" },
		{ pkcs8, &cut, "NUL" },
		{ flipped(arena, pkcs8, pkcs8.size - 1), &passphrase, "does not open" },
		{ flipped(arena, pkcs8, 0), &passphrase, "damaged" },
		{ { pkcs8.data, pkcs8.size / 2 }, &passphrase, "damaged" },
		{ { pkcs8.data, 0 }, &passphrase, "0 bytes" },
		{ plain_pkcs8(arena, key), &passphrase, "not encrypted" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct why why;

		assert_int_equal(keystore_open(cases[i].pkcs8, cases[i].passphrase, &opened, &why),
		    OUTCOME_CERTIFICATE_REQUEST);
		assert_null(opened);
		if (strstr(why.text, cases[i].why) == NULL)
			fail_msg("%zu: \"%s\" does not say \"%s\"", i, why.text, cases[i].why);
	}
	assert_int_equal(keystore_seal(arena, key, &empty, &pkcs8, NULL), OUTCOME_CERTIFICATE_REQUEST);
	assert_int_equal(keystore_seal(arena, key, &cut, &pkcs8, NULL), OUTCOME_CERTIFICATE_REQUEST);
	gnutls_privkey_deinit(key);
	secret_release(&passphrase);
	secret_release(&wrong);
	secret_release(&empty);
	secret_release(&cut);
	arena_free(arena);
}

static void
test_sealing_key(void **state)
{
	struct arena *arena = arena_new();
	struct secret passphrase = secret_of("correct"), wrong = secret_of("wrong"), key, again;
	struct bytes sealed, other;
	struct why why;

	(void)state;
	assert_int_equal(sealing_key_new(arena, &passphrase, &sealed, NULL), OUTCOME_OK);
	assert_int_equal(sealing_key_new(arena, &passphrase, &other, NULL), OUTCOME_OK);
	assert_false(bytes_equal(sealed, other));
	assert_int_equal(sealing_key_open(sealed, &passphrase, &key, NULL), OUTCOME_OK);
	assert_int_equal(key.size, SEALING_KEY_SIZE);
	assert_int_equal(sealing_key_open(sealed, &passphrase, &again, NULL), OUTCOME_OK);
	assert_memory_equal(key.data, again.data, SEALING_KEY_SIZE);
	secret_release(&key);
	secret_release(&again);

	assert_int_equal(sealing_key_open(sealed, &wrong, &key, &why), OUTCOME_CERTIFICATE_REQUEST);
	assert_non_null(strstr(why.text, "the passphrase is wrong"));
	assert_int_equal(sealing_key_open((struct bytes){ NULL, 0 }, &passphrase, &key, NULL),
	    OUTCOME_CERTIFICATE_REQUEST);
	/* Version, a salt byte, a nonce byte, the last byte; and so many rounds that it would stall. */
	for (size_t i = 0; i < 4; i++) {
		static const size_t at[] = { 0, 8, 24, 80 };

		assert_int_equal(sealing_key_open(flipped(arena, sealed, at[i]), &passphrase, &key, NULL),
		    OUTCOME_CERTIFICATE_REQUEST);
	}
	assert_int_equal(sealing_key_open(flipped(arena, sealed, 1), &passphrase, &key, &why),
	    OUTCOME_CERTIFICATE_REQUEST);
	assert_non_null(strstr(why.text, "rounds"));
	secret_release(&passphrase);
	secret_release(&wrong);
	arena_free(arena);
}

static void
test_seal(void **state)
{
	static const char context[] = "0193a1de-0000-7000-8000-000000000001";
	struct arena *arena = arena_new();
	struct secret key = secret_copy("0123456789abcdef0123456789abcdef", 32), plain;
	struct secret short_key = secret_copy("0123456789abcdef", 16);
	struct bytes sealed, again, empty;

	(void)state;
	assert_int_equal(seal(arena, &key, context, bytes_of("client secret"), &sealed, NULL), OUTCOME_OK);
	assert_int_equal(seal(arena, &key, context, bytes_of("client secret"), &again, NULL), OUTCOME_OK);
	assert_int_equal(sealed.size, strlen("client secret") + 29);
	assert_false(bytes_equal(sealed, again));
	assert_null(memmem(sealed.data, sealed.size, "secret", 6));
	assert_int_equal(unseal(&key, context, sealed, &plain, NULL), OUTCOME_OK);
	assert_string_equal(plain.data, "client secret");
	secret_release(&plain);

	assert_int_equal(seal(arena, &key, context, bytes_of(""), &empty, NULL), OUTCOME_OK);
	assert_int_equal(unseal(&key, context, empty, &plain, NULL), OUTCOME_OK);
	assert_int_equal(plain.size, 0);
	secret_release(&plain);

	assert_int_equal(unseal(&key, "another", sealed, &plain, NULL), OUTCOME_CERTIFICATE_REQUEST);
	assert_int_equal(unseal(&key, "0193a1de-0000-7000-8000-000000000002", sealed, &plain, NULL),
	    OUTCOME_CERTIFICATE_REQUEST);
	assert_int_equal(unseal(&short_key, context, sealed, &plain, NULL), OUTCOME_CERTIFICATE_REQUEST);
	for (size_t i = 0; i < sealed.size; i++) {
		assert_int_equal(unseal(&key, context, flipped(arena, sealed, i), &plain, NULL),
		    OUTCOME_CERTIFICATE_REQUEST);
		assert_int_equal(unseal(&key, context, (struct bytes){ sealed.data, i }, &plain, NULL),
		    OUTCOME_CERTIFICATE_REQUEST);
	}
	secret_release(&key);
	secret_release(&short_key);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_seal_and_open),
		cmocka_unit_test(test_protection),
		cmocka_unit_test(test_refused_keys),
		cmocka_unit_test(test_sealing_key),
		cmocka_unit_test(test_seal),
	};

	return cmocka_run_group_tests_name("keystore", tests, NULL, NULL);
}
