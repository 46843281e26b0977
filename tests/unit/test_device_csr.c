/* The certificate request that the simulated device makes, byte by byte. */
#include "../../app/muster-device/pkcs10.h"

#include <gnutls/x509.h>

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#define ID "8090C8B4A1B2C3D4E5F60718293A4B5C"

static gnutls_x509_privkey_t key;

static int
key_make(void **state)
{
	struct refusal refusal;

	(void)state;
	return keypair_new(2048, &key, &refusal) ? 0 : -1;
}

static int
key_free(void **state)
{
	(void)state;
	keypair_free(&key);
	return 0;
}

static const struct {
	enum name_form form;
	enum windows windows;
	uint8_t tag;
	size_t length; /* of the string with its NUL */
} forms[] = {
	{ NAME_BY_WINDOWS, WINDOWS_10, 0x13, 64 },
	{ NAME_BY_WINDOWS, WINDOWS_11, 0x0c, 63 },
	{ NAME_PRINTABLE, WINDOWS_11, 0x13, 63 },
	{ NAME_PRINTABLE_NUL, WINDOWS_11, 0x13, 64 },
	{ NAME_UTF8, WINDOWS_10, 0x0c, 63 },
	{ NAME_UTF8_NUL, WINDOWS_10, 0x0c, 64 },
};

/* The string of the common name in a request: what follows OID 2.5.4.3. */
static const uint8_t *
name_find(struct bytes der)
{
	static const uint8_t oid[] = { 0x06, 0x03, 0x55, 0x04, 0x03 };
	const uint8_t *at = memmem(der.data, der.size, oid, sizeof(oid));

	assert_non_null(at);
	return at + sizeof(oid);
}

static void
check_name(const uint8_t *name, uint8_t tag, size_t length)
{
	assert_int_equal(name[0], tag);
	assert_int_equal(name[1], length);
	assert_int_equal(name[2 + 30], '!');
	assert_memory_equal(name + 2 + 31, ID, 32);
	for (size_t i = 0; i < 30; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		uint8_t c = name[2 + i];

		assert_true(dash ? c == '-' : (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
	}
	if (length == 64)
		assert_int_equal(name[2 + 63], 0);
}

static void
check_request(struct bytes der, gnutls_sign_algorithm_t algorithm)
{
	gnutls_datum_t datum = { (unsigned char *)(uintptr_t)der.data, (unsigned)der.size };
	gnutls_x509_crq_t crq;
	uint8_t value[64];
	char oid[64];
	size_t size = sizeof(value);
	unsigned critical;

	assert_int_equal(gnutls_x509_crq_init(&crq), 0);
	assert_int_equal(gnutls_x509_crq_import(crq, &datum, GNUTLS_X509_FMT_DER), 0);
	assert_int_equal(gnutls_x509_crq_verify(crq, 0), 0);
	assert_int_equal(gnutls_x509_crq_get_version(crq), 1);
	assert_int_equal(gnutls_x509_crq_get_signature_algorithm(crq), algorithm);
	assert_int_equal(
	    gnutls_x509_crq_get_extension_by_oid(crq, "1.3.6.1.4.1.311.66.1.0", 0, value, &size, &critical),
	    0);
	assert_int_equal(size, 33);
	assert_memory_equal(value, ID, 33);
	size = sizeof(oid);
	assert_int_equal(gnutls_x509_crq_get_key_purpose_oid(crq, 0, oid, &size, &critical), 0);
	assert_string_equal(oid, GNUTLS_KP_TLS_WWW_CLIENT);
	gnutls_x509_crq_deinit(crq);
}

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct arena *arena = arena_new();
		struct pkcs10_wish wish = {
			.device_id = ID, .form = forms[i].form, .windows = forms[i].windows
		};
		struct refusal refusal;
		struct bytes der;

		assert_true(pkcs10_write(arena, key, &wish, &der, &refusal));
		check_name(name_find(der), forms[i].tag, forms[i].length);
		check_request(der, GNUTLS_SIGN_RSA_SHA256);
		arena_free(arena);
	}
}

static void
test_sha1(void **state)
{
	struct arena *arena = arena_new();
	struct pkcs10_wish wish = { .device_id = ID, .sha1 = true };
	struct refusal refusal;
	struct bytes der;
	static const uint8_t oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05 };

	(void)state;
	assert_true(pkcs10_write(arena, key, &wish, &der, &refusal));
	assert_non_null(memmem(der.data, der.size, oid, sizeof(oid)));
	arena_free(arena);
}

static const struct {
	size_t size, lines;
} wraps[] = { { 1, 1 }, { 47, 1 }, { 48, 1 }, { 49, 2 }, { 96, 2 }, { 97, 3 }, { 1000, 21 } };

static void
test_wrap(void **state)
{
	static const uint8_t zeros[1000] = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wraps); i++) {
		struct arena *arena = arena_new();
		struct bytes in = { zeros, wraps[i].size }, out;
		const char *text = base64_wrapped(arena, in), *line = text;
		size_t lines = 0;

		for (; *line != '\0'; lines++) {
			size_t length = strcspn(line, "\r\n");

			assert_memory_equal(line + length, "\r\n", 2);
			line += length + 2;
			assert_true(*line == '\0' ? length <= 64 && length > 0 : length == 64);
		}
		assert_int_equal(lines, wraps[i].lines);
		assert_true(bytes_from_base64(arena, text, &out));
		assert_true(bytes_equal(in, out));
		arena_free(arena);
	}
}

static void
test_key(void **state)
{
	struct refusal refusal = { .hresult = 0 };
	gnutls_x509_privkey_t impossible;

	(void)state;
	assert_false(keypair_new(64, &impossible, &refusal));
	assert_int_equal(refusal.hresult, HRESULT_KEY_CREATION);
	assert_null(impossible);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_forms), cmocka_unit_test(test_sha1),
		cmocka_unit_test(test_wrap), cmocka_unit_test(test_key) };

	return cmocka_run_group_tests(tests, key_make, key_free);
}
