/* Lists of revoked certificates: their bytes, and what is read of others'. */
#include <muster/authority/crl.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW 1795600000 /* 2026-11-25T09:46:40Z */
#define DAY 86400

static struct {
	struct arena *arena;
	struct signer root, other;
	struct bytes root_der, other_der;
} fixture;

static void
authority_make(struct signer *signer, struct bytes *der, enum key_type type, const char *name)
{
	gnutls_datum_t datum;

	assert_int_equal(keystore_generate(type, &signer->key, NULL), OUTCOME_OK);
	assert_int_equal(certificate_sign_authority(fixture.arena, NULL, signer->key, name, "Example", NULL,
			     NULL, NOW - DAY, NOW + 365 * DAY, der, NULL),
	    OUTCOME_OK);
	datum = (gnutls_datum_t){ (unsigned char *)(uintptr_t)der->data, (unsigned)der->size };
	assert_int_equal(gnutls_x509_crt_init(&signer->certificate), 0);
	assert_int_equal(gnutls_x509_crt_import(signer->certificate, &datum, GNUTLS_X509_FMT_DER), 0);
}

static int
set_up(void **state)
{
	(void)state;
	fixture.arena = arena_new();
	authority_make(&fixture.root, &fixture.root_der, KEY_EC_P256, "Root");
	authority_make(&fixture.other, &fixture.other_der, KEY_EC_P256, "Other");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	signer_release(&fixture.root);
	signer_release(&fixture.other);
	arena_free(fixture.arena);
	return 0;
}

static const char *
key_id(void)
{
	uint8_t id[64];
	size_t size = sizeof(id);

	assert_int_equal(gnutls_x509_crt_get_subject_key_id(fixture.root.certificate, id, &size, NULL), 0);
	return bytes_to_hex(fixture.arena, (struct bytes){ id, size });
}

static struct bytes
from_hex(const char *text)
{
	struct bytes bytes;

	assert_true(bytes_from_hex(fixture.arena, text, &bytes));
	return bytes;
}

/* Without an entry there is no list of them at all (RFC 5280 section 5.1.2.6). */
static void
golden(void **state)
{
	const struct crl_entry entry[] = {
		{ from_hex("7FEE"), NOW - 60 },
		{ from_hex("40000000000000000000000000000001"), NOW },
	};
	static const struct {
		int64_t number;
		size_t entries;
		const char *revoked, *number_der;
	} row[] = {
		{ 1, 0, "", "020101" },
		{ 127, 0, "", "02017F" },
		{ 128, 0, "", "02020080" },
		{ 65536, 0, "", "0203010000" },
		{ INT64_MAX, 0, "", "02087FFFFFFFFFFFFFFF" },
		{ 2, 1, "3015301302027FEE170D3236313132353039343534305A", "020102" },
		{ 3, 2,
		    "3038301302027FEE170D3236313132353039343534305A"
		    "3021021040000000000000000000000000000001170D3236313132353039343634305A",
		    "020103" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const struct crl_request request = { row[i].number, NOW, NOW + DAY, entry, row[i].entries };
		struct arena *a = fixture.arena;
		char *wanted, *got;
		struct bytes der;

		assert_int_equal(crl_sign(a, &fixture.root, &request, &der, NULL), OUTCOME_OK);
		got = bytes_to_hex(a, der);
		/* Version 2, ecdsa-with-SHA256, O=Example, CN=Root, thisUpdate, nextUpdate, entries. */
		wanted = arena_printf(a,
		    "020101300A06082A8648CE3D0403023021"
		    "3110300E060355040A13074578616D706C65310D300B06035504031304526F6F74"
		    "170D3236313132353039343634305A170D3236313132363039343634305A%sA0",
		    row[i].revoked);
		if (strstr(got, wanted) == NULL)
			fail_msg("row %zu: %s\nis not in %s", i, wanted, got);
		wanted =
		    arena_printf(a, "0603551D1404%02zX%s", strlen(row[i].number_der) / 2, row[i].number_der);
		if (strstr(got, wanted) == NULL)
			fail_msg("row %zu: no CRLNumber %s in %s", i, wanted, got);
		wanted = arena_printf(a, "0603551D23041830168014%s", key_id());
		if (strstr(got, wanted) == NULL)
			fail_msg("row %zu: no authority key id %s in %s", i, wanted, got);
		if (strstr(got, "0603551D15") != NULL)
			fail_msg("row %zu: a reason in %s", i, got);
	}
}

/* Signed, and with the algorithm said alike inside and outside, whatever the key. */
static void
every_key(void **state)
{
	static const struct {
		enum key_type type;
		const char *algorithm;
	} row[] = {
		{ KEY_EC_P256, "300A06082A8648CE3D040302" },
		{ KEY_EC_P384, "300A06082A8648CE3D040303" },
		{ KEY_RSA_2048, "300D06092A864886F70D01010B0500" },
	};
	const struct crl_entry entry = { from_hex("41"), NOW };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(row); i++) {
		const struct crl_request request = { 1, NOW, NOW + DAY, &entry, i % 2 };
		struct bytes authority, der, again;
		struct signer signer = { NULL, NULL };
		struct crl_view view;
		const char *hex, *inside;

		authority_make(&signer, &authority, row[i / 2].type, "Signer");
		assert_int_equal(crl_sign(fixture.arena, &signer, &request, &der, NULL), OUTCOME_OK);
		assert_int_equal(crl_read(fixture.arena, der, authority, &again, &view, NULL), OUTCOME_OK);
		assert_int_equal(view.entries, i % 2);
		hex = bytes_to_hex(fixture.arena, der);
		if ((inside = strstr(hex, row[i / 2].algorithm)) == NULL ||
		    strstr(inside + 1, row[i / 2].algorithm) == NULL)
			fail_msg("row %zu: not twice %s in %s", i / 2, row[i / 2].algorithm, hex);
		signer_release(&signer);
	}
}

/* UTCTime to 2049, GeneralizedTime from 2050 on (RFC 5280 section 5.1.2.4), with entries and without. */
static void
times(void **state)
{
	static const struct {
		int64_t this_update, next_update;
		const char *der;
	} row[] = {
		{ 2524607998, 2524607999, "170D3439313233313233353935385A170D3439313233313233353935395A" },
		{ 2524607999, 2524608000,
		    "170D3439313233313233353935395A180F32303530303130313030303030305A" },
		{ 2524608000, 2524608001,
		    "180F32303530303130313030303030305A180F32303530303130313030303030315A" },
	};
	static const enum key_type type[] = { KEY_EC_P256, KEY_RSA_2048 };
	const struct crl_entry entry = { from_hex("41"), NOW };

	(void)state;
	for (size_t i = 0; i < 4 * ARRAY_SIZE(row); i++) {
		const size_t r = i / 4;
		const struct crl_request request = { 1, row[r].this_update, row[r].next_update, &entry,
			i % 2 };
		struct bytes authority, der;
		struct signer signer = { NULL, NULL };

		authority_make(&signer, &authority, type[i / 2 % 2], "Signer");
		assert_int_equal(crl_sign(fixture.arena, &signer, &request, &der, NULL), OUTCOME_OK);
		if (strstr(bytes_to_hex(fixture.arena, der), row[r].der) == NULL)
			fail_msg(
			    "row %zu, %zu entries: %s", r, request.entries, bytes_to_hex(fixture.arena, der));
		signer_release(&signer);
	}
}

static void
impossible(void **state)
{
	static const struct {
		int64_t number, this_update, next_update;
	} row[] = {
		{ 0, NOW, NOW + DAY },
		{ -1, NOW, NOW + DAY },
		{ 1, NOW, NOW },
		{ 1, NOW, NOW - 1 },
		{ 1, -1, NOW },
	};
	struct bytes der;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const struct crl_request request = { row[i].number, row[i].this_update, row[i].next_update,
			NULL, 0 };

		if (crl_sign(fixture.arena, &fixture.root, &request, &der, NULL) !=
		    OUTCOME_CERTIFICATE_REQUEST)
			fail_msg("row %zu is signed", i);
	}
}

static void
read_again(void **state)
{
	const struct crl_entry entry = { from_hex("41"), NOW };
	const struct crl_request request = { 9, NOW - 10 * DAY, NOW - 9 * DAY, &entry, 1 };
	struct arena *a = fixture.arena;
	struct bytes der, again;
	struct crl_view view;
	struct why why = { "" };
	char *pem;

	(void)state;
	assert_int_equal(crl_sign(a, &fixture.root, &request, &der, NULL), OUTCOME_OK);
	assert_int_equal(crl_to_pem(a, der, &pem, NULL), OUTCOME_OK);
	/* Its times are not judged. */
	assert_int_equal(crl_read(a, bytes_of(pem), fixture.root_der, &again, &view, NULL), OUTCOME_OK);
	assert_true(bytes_equal(der, again));
	assert_int_equal(view.number, 9);
	assert_int_equal(view.entries, 1);
	assert_int_equal(view.this_update, NOW - 10 * DAY);
	assert_int_equal(view.next_update, NOW - 9 * DAY);
	assert_int_equal(crl_read(a, der, fixture.root_der, &again, &view, NULL), OUTCOME_OK);

	assert_int_equal(
	    crl_read(a, der, fixture.other_der, &again, &view, &why), OUTCOME_CERTIFICATE_REQUEST);
	assert_non_null(strstr(why.text, "not signed by this authority"));
	assert_int_equal(crl_read(a, bytes_of("nonsense"), fixture.root_der, &again, &view, &why),
	    OUTCOME_CERTIFICATE_REQUEST);
	/* One byte of it changed. */
	((uint8_t *)(uintptr_t)der.data)[60] ^= 1;
	assert_int_equal(
	    crl_read(a, der, fixture.root_der, &again, &view, &why), OUTCOME_CERTIFICATE_REQUEST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(every_key),
		cmocka_unit_test(times),
		cmocka_unit_test(impossible),
		cmocka_unit_test(read_again),
	};

	return cmocka_run_group_tests_name("crl", tests, set_up, tear_down);
}
