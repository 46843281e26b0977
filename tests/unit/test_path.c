/* Chains as somebody else's PKI may answer them: which are taken, and why others are not. */
#include <muster/authority/path.h>
#include <muster/authority/request.h>

#include <gnutls/crypto.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define DAY INT64_C(86400)
#define NOW INT64_C(1795500000) /* 2026-11-24 */
#define YEAR (365 * DAY)
#define LEVELS_MAX 12

#define REQUIRE(call) \
	do { \
		int rc_ = (call); \
		if (rc_ < 0) \
			fail_msg("%s: %s", #call, gnutls_strerror(rc_)); \
	} while (0)

/* How a chain is made: 0 is the issuing authority, the last the root. Zero: as it should be. */
struct wish {
	int levels; /* 0: 3 */
	int at;	    /* which of them is wrong, in one of these ways: */
	bool no_ca, not_critical, no_usage, no_crl_sign, server_only, no_key_id, sha1, weak,
	    unknown_extension;
	int length; /* path length + 1; 0: not limited */
	bool length_zero;
	int64_t from, until;  /* from NOW; 0: a day before, and a year for each level */
	bool signed_by_other; /* the right name, another key */
	bool stranger;	      /* issued in another name */
	/* what is given */
	bool shuffled, doubled, no_root, no_middle, other_key, second;
};

struct level {
	gnutls_privkey_t key;
	gnutls_x509_crt_t crt;
	struct bytes der;
};

struct world {
	struct arena *arena;
	gnutls_privkey_t key[LEVELS_MAX], other, weak;
	gnutls_x509_privkey_t plain[LEVELS_MAX], plain_other, plain_weak;
};

static void
key_make(gnutls_pk_algorithm_t algorithm, unsigned bits, gnutls_x509_privkey_t *plain, gnutls_privkey_t *key)
{
	REQUIRE(gnutls_x509_privkey_init(plain));
	REQUIRE(gnutls_x509_privkey_generate(*plain, algorithm, bits, 0));
	REQUIRE(gnutls_privkey_init(key));
	REQUIRE(gnutls_privkey_import_x509(*key, *plain, 0));
}

static int
set_up(void **state)
{
	const unsigned p256 = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
	struct world *w = calloc(1, sizeof(*w));

	w->arena = arena_new();
	for (size_t i = 0; i < LEVELS_MAX; i++)
		key_make(GNUTLS_PK_ECDSA, p256, &w->plain[i], &w->key[i]);
	key_make(GNUTLS_PK_ECDSA, p256, &w->plain_other, &w->other);
	key_make(GNUTLS_PK_RSA, 1024, &w->plain_weak, &w->weak);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < LEVELS_MAX; i++) {
		gnutls_privkey_deinit(w->key[i]);
		gnutls_x509_privkey_deinit(w->plain[i]);
	}
	gnutls_privkey_deinit(w->other);
	gnutls_x509_privkey_deinit(w->plain_other);
	gnutls_privkey_deinit(w->weak);
	gnutls_x509_privkey_deinit(w->plain_weak);
	arena_free(w->arena);
	free(w);
	return 0;
}

/* Version, names' own, key, and times. */
static void
fill(const struct world *w, const struct wish *wish, int i, gnutls_x509_crt_t crt, gnutls_privkey_t key)
{
	const char *name = arena_printf(w->arena, "Level %d", i);
	bool wrong = i == wish->at;
	gnutls_pubkey_t public;
	uint8_t serial[5] = { 1 };
	static uint32_t number;

	number++;
	memcpy(serial + 1, &number, sizeof(number));
	REQUIRE(gnutls_x509_crt_set_version(crt, 3));
	REQUIRE(gnutls_x509_crt_set_serial(crt, serial, sizeof(serial)));
	REQUIRE(
	    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name)));
	REQUIRE(
	    gnutls_x509_crt_set_activation_time(crt, NOW + (wrong && wish->from != 0 ? wish->from : -DAY)));
	REQUIRE(gnutls_x509_crt_set_expiration_time(
	    crt, NOW + (wrong && wish->until != 0 ? wish->until : (i + 1) * YEAR)));
	REQUIRE(gnutls_pubkey_init(&public));
	REQUIRE(gnutls_pubkey_import_privkey(public, key, 0, 0));
	REQUIRE(gnutls_x509_crt_set_pubkey(crt, public));
	gnutls_pubkey_deinit(public);
}

static void
extend(const struct wish *wish, int i, gnutls_x509_crt_t crt)
{
	static const uint8_t null[] = { 0x05, 0x00 };
	bool wrong = i == wish->at;
	unsigned usage = GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN;
	uint8_t id[64];
	size_t size = sizeof(id);

	if (wrong && wish->no_usage)
		usage = GNUTLS_KEY_DIGITAL_SIGNATURE;
	if (wrong && wish->no_crl_sign)
		usage = GNUTLS_KEY_KEY_CERT_SIGN;
	REQUIRE(gnutls_x509_crt_set_key_usage(crt, usage));
	/* cA TRUE, and not critical: GnuTLS makes them critical by itself. */
	if (wrong && wish->not_critical)
		REQUIRE(gnutls_x509_crt_set_extension_by_oid(crt, "2.5.29.19", "\x30\x03\x01\x01\xff", 5, 0));
	else
		REQUIRE(gnutls_x509_crt_set_basic_constraints(crt, !(wrong && wish->no_ca),
		    wrong && wish->length_zero ? 0
			: wrong		       ? wish->length - 1
					       : -1));
	REQUIRE(gnutls_x509_crt_get_key_id(crt, 0, id, &size));
	if (!(wrong && wish->no_key_id))
		REQUIRE(gnutls_x509_crt_set_subject_key_id(crt, id, size));
	if (wrong && wish->server_only)
		REQUIRE(gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0));
	if (wrong && wish->unknown_extension)
		REQUIRE(gnutls_x509_crt_set_extension_by_oid(crt, "1.2.3.4.5", null, sizeof(null), 1));
}

/* From the root down, each signed by the one before. */
static void
chain_build(struct world *w, const struct wish *wish, int levels, struct level *level)
{
	for (int i = levels; i-- > 0;) {
		bool wrong = i == wish->at, root = i + 1 == levels;
		gnutls_privkey_t key = wrong && wish->weak ? w->weak : w->key[i], signer;
		gnutls_datum_t der;

		level[i].key = key;
		REQUIRE(gnutls_x509_crt_init(&level[i].crt));
		fill(w, wish, i, level[i].crt, key);
		extend(wish, i, level[i].crt);
		signer = root ? key : level[i + 1].key;
		if (wrong && wish->signed_by_other)
			signer = w->other;
		if (wrong && wish->stranger) {
			gnutls_x509_crt_t stranger;

			REQUIRE(gnutls_x509_crt_init(&stranger));
			fill(w, wish, 99, stranger, w->other);
			REQUIRE(gnutls_x509_crt_privkey_sign(
			    level[i].crt, stranger, signer, GNUTLS_DIG_SHA256, 0));
			gnutls_x509_crt_deinit(stranger);
		} else {
			REQUIRE(
			    gnutls_x509_crt_privkey_sign(level[i].crt, root ? level[i].crt : level[i + 1].crt,
				signer, wrong && wish->sha1 ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256, 0));
		}
		REQUIRE(gnutls_x509_crt_export2(level[i].crt, GNUTLS_X509_FMT_DER, &der));
		level[i].der = arena_copy(w->arena, der.data, der.size);
		gnutls_free(der.data);
	}
}

static void
pile_fill(struct world *w, const struct wish *wish, int levels, const struct level *level, struct pile *pile)
{
	struct why why;

	for (int n = 0; n < levels; n++) {
		int i = wish->shuffled ? (n * 2 + 1) % levels : n;

		if ((wish->no_root && i + 1 == levels) || (wish->no_middle && i == 1))
			continue;
		for (int times = wish->doubled ? 2 : 1; times > 0; times--)
			if (pile_add(w->arena, pile, level[i].der, &why) != OUTCOME_OK)
				fail_msg("%s", why.text);
	}
}

static enum outcome
judge(struct world *w, const struct wish *wish, struct certification_path *path, struct why *why)
{
	struct level level[LEVELS_MAX], second[LEVELS_MAX];
	int levels = wish->levels != 0 ? wish->levels : 3;
	struct pile pile = { .count = 0 };
	struct bytes sha256;
	enum outcome o;

	chain_build(w, wish, levels, level);
	pile_fill(w, wish, levels, level, &pile);
	assert_true(pile.count <= (size_t)levels);
	if (wish->second) {
		chain_build(w, &(struct wish){ .at = -1 }, levels, second);
		pile_fill(w, &(struct wish){ 0 }, 1, second, &pile);
		for (int i = 0; i < levels; i++)
			gnutls_x509_crt_deinit(second[i].crt);
	}
	REQUIRE(public_key_sha256(w->arena, wish->other_key ? w->other : level[0].key, &sha256, NULL));
	assert_int_equal(pile_has_key(&pile, sha256), !wish->other_key);
	o = certification_path_find(&pile, sha256, path, why);
	if (o == OUTCOME_OK)
		o = certification_path_verify(w->arena, path, NOW, why);
	if (o == OUTCOME_OK) {
		assert_int_equal(path->count, levels);
		for (int i = 0; i < levels; i++)
			assert_true(bytes_equal(path->certificate[i], level[i].der));
	}
	for (int i = 0; i < levels; i++)
		gnutls_x509_crt_deinit(level[i].crt);
	return o;
}

static void
chains(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *label;
		struct wish wish;
		const char *says; /* NULL: it is taken */
	} row[] = {
		{ "as it should be", { .at = -1 }, NULL },
		{ "two levels", { .levels = 2, .at = -1 }, NULL },
		{ "eight levels", { .levels = 8, .at = -1 }, NULL },
		{ "in another order", { .levels = 5, .at = -1, .shuffled = true }, NULL },
		{ "everything twice", { .at = -1, .doubled = true }, NULL },
		{ "path length that is just enough", { .at = 2, .length = 3 }, NULL },
		{ "path length 0 of the issuing one", { .at = 0, .length_zero = true }, NULL },
		{ "a root signed with SHA-1", { .at = 2, .sha1 = true }, NULL },
		{ "a root without critical constraints", { .at = 2, .not_critical = true }, NULL },
		{ "ends in a moment", { .at = 0, .until = 1 }, NULL },
		{ "nine levels", { .levels = 9, .at = -1 }, "more than 8 levels" },
		{ "of another key", { .at = -1, .other_key = true },
		    "none of the 3 certificates is of the key" },
		{ "two of one key", { .at = 0, .length_zero = true, .second = true },
		    "2 different certificates" },
		{ "no root", { .at = -1, .no_root = true },
		    "the certificate of \"CN=Level 2\", who certified \"CN=Level 1\", is missing" },
		{ "no middle", { .at = -1, .no_middle = true },
		    "the certificate of \"CN=Level 1\", who certified \"CN=Level 0\", is missing" },
		{ "another issuer's name", { .at = 0, .stranger = true },
		    "the certificate of \"CN=Level 99\", who certified \"CN=Level 0\", is missing" },
		{ "signed by another key", { .at = 0, .signed_by_other = true },
		    "\"CN=Level 0\" was not signed by the key" },
		{ "the middle signed by another key", { .at = 1, .signed_by_other = true },
		    "\"CN=Level 1\" was not signed by the key" },
		{ "the root signed by another key", { .at = 2, .signed_by_other = true },
		    "\"CN=Level 2\" is no root" },
		{ "the issuing one no CA", { .at = 0, .no_ca = true }, "\"CN=Level 0\" is not a CA's" },
		{ "the middle no CA", { .at = 1, .no_ca = true }, "\"CN=Level 1\" is not a CA's" },
		{ "the root no CA", { .at = 2, .no_ca = true }, "\"CN=Level 2\" is not a CA's" },
		{ "a CA, but not critical", { .at = 1, .not_critical = true }, "but not as critical" },
		{ "the middle's path length", { .at = 1, .length_zero = true },
		    "\"CN=Level 1\" has path length 0, and 1 authorities are below" },
		{ "the root's path length", { .at = 2, .length = 2 },
		    "\"CN=Level 2\" has path length 1, and 2 authorities are below" },
		{ "no keyCertSign", { .at = 0, .no_usage = true }, "lacks keyCertSign" },
		{ "no keyCertSign above", { .at = 1, .no_usage = true }, "lacks keyCertSign" },
		{ "no cRLSign", { .at = 0, .no_crl_sign = true }, "lacks cRLSign" },
		{ "no cRLSign above", { .at = 1, .no_crl_sign = true }, NULL },
		{ "for servers only", { .at = 1, .server_only = true }, "other purposes than client" },
		{ "no key id", { .at = 0, .no_key_id = true }, "no subject key identifier" },
		{ "signed with SHA-1", { .at = 0, .sha1 = true }, "signed with a weak hash" },
		{ "a weak key above", { .at = 1, .weak = true }, "\"CN=Level 1\" has a weak key" },
		{ "ended", { .at = 0, .until = -1 }, "\"CN=Level 0\" ended at 2026-11-24T" },
		{ "ends now", { .at = 0, .until = -DAY / 2 }, "ended at" },
		{ "the root ended", { .at = 2, .until = -1 }, "\"CN=Level 2\" ended at" },
		{ "not yet", { .at = 0, .from = 3600 }, "begins only at 2026-11-24T" },
		{ "outlives the one above", { .at = 0, .until = 3 * YEAR }, "would outlive \"CN=Level 1\"" },
		{ "a critical extension that nobody knows", { .at = 0, .unknown_extension = true },
		    "does not verify" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct certification_path path;
		struct why why = { "" };
		enum outcome o = judge(w, &row[i].wish, &path, &why);

		if ((o == OUTCOME_OK) != (row[i].says == NULL) ||
		    (row[i].says != NULL && strstr(why.text, row[i].says) == NULL))
			fail_msg("%s: %s \"%s\", expected \"%s\"", row[i].label, outcome_name(o), why.text,
			    row[i].says != NULL ? row[i].says : "it is taken");
	}
}

/* What is no certificate, too much, or cut short. */
static void
piles(void **state)
{
	struct world *w = *state;
	struct level level[LEVELS_MAX];
	struct pile pile = { .count = 0 };
	char *pem, *both, *large = arena_alloc(w->arena, PILE_BYTES_MAX + 2);
	struct why why;

	chain_build(w, &(struct wish){ .at = -1 }, 2, level);
	memset(large, 'x', PILE_BYTES_MAX + 1);
	assert_int_not_equal(pile_add(w->arena, &pile, bytes_of(""), &why), OUTCOME_OK);
	assert_int_not_equal(pile_add(w->arena, &pile, bytes_of(large), &why), OUTCOME_OK);
	assert_non_null(strstr(why.text, "262145 bytes"));
	assert_int_not_equal(pile_add(w->arena, &pile, bytes_of("garbage"), &why), OUTCOME_OK);
	assert_non_null(strstr(why.text, "no certificate and no PKCS#7"));
	for (size_t cut = 1; cut < level[0].der.size; cut += 7)
		assert_int_not_equal(
		    pile_add(w->arena, &pile, (struct bytes){ level[0].der.data, cut }, NULL), OUTCOME_OK);
	assert_int_equal(pile.count, 0);
	assert_int_equal(certificate_to_pem(w->arena, level[0].der, &pem, NULL), OUTCOME_OK);
	assert_int_not_equal(
	    pile_add(w->arena, &pile, (struct bytes){ (uint8_t *)pem, 60 }, NULL), OUTCOME_OK);
	both = arena_printf(w->arena, "what people write above\n%s", pem);
	assert_int_equal(certificate_to_pem(w->arena, level[1].der, &pem, NULL), OUTCOME_OK);
	both = arena_printf(w->arena, "%s\nand between\n%s", both, pem);
	assert_int_equal(pile_add(w->arena, &pile, bytes_of(both), &why), OUTCOME_OK);
	assert_int_equal(pile.count, 2);
	assert_true(bytes_equal(pile.certificate[0], level[0].der));
	assert_true(bytes_equal(pile.certificate[1], level[1].der));
	for (int i = 0; i < 2; i++)
		gnutls_x509_crt_deinit(level[i].crt);
}

/* As Windows' certification services answer. */
static void
pkcs7(void **state)
{
	struct world *w = *state;
	struct level level[LEVELS_MAX];
	struct pile pile = { .count = 0 };
	gnutls_datum_t out;
	gnutls_pkcs7_t bag;

	chain_build(w, &(struct wish){ .at = -1 }, 3, level);
	REQUIRE(gnutls_pkcs7_init(&bag));
	for (int i = 0; i < 3; i++) {
		REQUIRE(gnutls_pkcs7_set_crt(bag, level[i].crt));
		gnutls_x509_crt_deinit(level[i].crt);
	}
	REQUIRE(gnutls_pkcs7_export2(bag, GNUTLS_X509_FMT_DER, &out));
	assert_int_equal(pile_add(w->arena, &pile, (struct bytes){ out.data, out.size }, NULL), OUTCOME_OK);
	assert_int_equal(pile.count, 3);
	gnutls_free(out.data);
	REQUIRE(gnutls_pkcs7_export2(bag, GNUTLS_X509_FMT_PEM, &out));
	assert_int_equal(pile_add(w->arena, &pile, (struct bytes){ out.data, out.size }, NULL), OUTCOME_OK);
	assert_int_equal(pile.count, 3);
	gnutls_free(out.data);
	gnutls_pkcs7_deinit(bag);
}

/* --- requests --- */

static void
requests(void **state)
{
	struct world *w = *state;
	struct signer root = { NULL, w->key[0] };
	const struct authority_form form = { 0, GNUTLS_DIG_SHA384, "http://pki.test/root.crl",
		"http://pki.test/root.cer" };
	struct bytes der, request, made, broken;
	struct request_view asked;
	struct certificate_view view;
	struct why why;
	gnutls_datum_t datum;

	assert_int_equal(certificate_sign_authority(w->arena, NULL, w->key[0], "Root", "Org", NULL, NULL,
			     NOW - DAY, NOW + YEAR, &der, NULL),
	    OUTCOME_OK);
	datum = (gnutls_datum_t){ (unsigned char *)(uintptr_t)der.data, (unsigned)der.size };
	REQUIRE(gnutls_x509_crt_init(&root.certificate));
	REQUIRE(gnutls_x509_crt_import(root.certificate, &datum, GNUTLS_X509_FMT_DER));
	assert_int_equal(
	    request_make(w->arena, w->key[1], "Issuing ü", "Örg", GNUTLS_DIG_SHA512, &request, &why),
	    OUTCOME_OK);
	assert_int_equal(request_read(w->arena, request, &asked, &why), OUTCOME_OK);
	assert_string_equal(asked.subject, "CN=Issuing ü,O=Örg");
	assert_string_equal(asked.key, "EC-P-256");
	assert_int_equal(
	    certificate_sign_request(w->arena, &root, request, &form, NOW - DAY, NOW + YEAR, &made, &why),
	    OUTCOME_OK);
	assert_int_equal(certificate_view(w->arena, made, &view, NULL), OUTCOME_OK);
	assert_string_equal(view.subject, "CN=Issuing ü,O=Örg");
	assert_string_equal(view.issuer, "CN=Root,O=Org");
	assert_string_equal(view.common_name, "Issuing ü");
	assert_string_equal(view.signature, "ECDSA-SHA384");
	assert_string_equal(view.key_usage, "keyCertSign, cRLSign");
	assert_string_equal(view.crl_url, "http://pki.test/root.crl");
	assert_string_equal(view.ca_url, "http://pki.test/root.cer");
	assert_int_equal(view.path_length, 0);
	assert_true(view.is_authority);
	/* It must not outlive its root, nor be in its name. */
	assert_int_not_equal(
	    certificate_sign_request(w->arena, &root, request, NULL, NOW, NOW + YEAR + 1, &made, &why),
	    OUTCOME_OK);
	assert_int_equal(
	    request_make(w->arena, w->key[1], "Root", "Org", GNUTLS_DIG_UNKNOWN, &broken, &why), OUTCOME_OK);
	assert_int_not_equal(
	    certificate_sign_request(w->arena, &root, broken, NULL, NOW, NOW + YEAR, &made, &why),
	    OUTCOME_OK);
	assert_non_null(strstr(why.text, "in the name of the authority"));
	/* Not the holder of the key: each byte of the signature counts. */
	for (size_t i = 1; i <= 64; i++) {
		uint8_t *copy = (uint8_t *)(uintptr_t)arena_copy(w->arena, request.data, request.size).data;

		copy[request.size - i] ^= 0x01;
		assert_int_not_equal(
		    request_read(w->arena, (struct bytes){ copy, request.size }, &asked, &why), OUTCOME_OK);
	}
	assert_int_not_equal(request_read(w->arena, bytes_of("garbage"), &asked, &why), OUTCOME_OK);
	assert_int_not_equal(
	    request_make(w->arena, w->key[1], "", "Org", GNUTLS_DIG_UNKNOWN, &broken, &why), OUTCOME_OK);
	gnutls_x509_crt_deinit(root.certificate);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains),
		cmocka_unit_test(piles),
		cmocka_unit_test(pkcs7),
		cmocka_unit_test(requests),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
