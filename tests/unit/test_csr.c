#include <muster/authority/csr.h>

#include "make_csr.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Keys are made once: RSA takes its time. */
static struct {
	gnutls_privkey_t rsa, rsa_3072, rsa_1024, p256, p384, p521, ed25519;
} keys;

static gnutls_privkey_t
key_new(gnutls_pk_algorithm_t algorithm, unsigned bits)
{
	gnutls_privkey_t key;

	assert_int_equal(gnutls_privkey_init(&key), 0);
	assert_int_equal(gnutls_privkey_generate(key, algorithm, bits, 0), 0);
	return key;
}

static int
keys_make(void **state)
{
	(void)state;
	keys.rsa = key_new(GNUTLS_PK_RSA, 2048);
	keys.rsa_3072 = key_new(GNUTLS_PK_RSA, 3072);
	keys.rsa_1024 = key_new(GNUTLS_PK_RSA, 1024);
	keys.p256 = key_new(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
	keys.p384 = key_new(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1));
	keys.p521 = key_new(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP521R1));
	keys.ed25519 = key_new(GNUTLS_PK_EDDSA_ED25519, 0);
	return 0;
}

static int
keys_free(void **state)
{
	const gnutls_privkey_t each[] = { keys.rsa, keys.rsa_3072, keys.rsa_1024, keys.p256, keys.p384,
		keys.p521, keys.ed25519 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(each); i++)
		gnutls_privkey_deinit(each[i]);
	return 0;
}

/* --- what may come --- */

static struct bytes
windows(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
windows_3072(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa_3072);

	return csr_of(a, keys.rsa_3072, &parts);
}

static struct bytes
utf8_name(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.subject = name_of(a, 0x0c, LITERAL("0F3B8E6C-A271-4556-9B72-A26CBD!8090C8B4"));
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
broken_utf8_name(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.subject = name_of(a, 0x0c, LITERAL("\xff\xfe\xc0\x80"));
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
empty_name(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.subject = LITERAL("\x30\x00");
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
garbage_name(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.subject = LITERAL("\x30\x04\xff\xff\xff\xff");
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
sorted_attributes(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.attributes = element(a, 0xa0, joined(a, os_version(a), windows_extensions(a)));
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
unsorted_attributes(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.attributes = element(a, 0xa0, joined(a, windows_extensions(a), os_version(a)));
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
repeated_attributes(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.attributes = element(a, 0xa0, joined(a, windows_extensions(a), windows_extensions(a)));
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
empty_attributes(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.attributes = LITERAL("\xa0\x00");
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
no_attributes(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.attributes = (struct bytes){ NULL, 0 };
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
algorithm_without_null(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.algorithm.size -= 2;
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
ec_with(struct arena *a, gnutls_privkey_t key, struct bytes algorithm, gnutls_digest_algorithm_t digest)
{
	struct csr_parts parts = windows_parts(a, key);

	parts.algorithm = algorithm;
	parts.digest = digest;
	return csr_of(a, key, &parts);
}

static struct bytes
ec_p256(struct arena *a)
{
	return ec_with(a, keys.p256, LITERAL(SHA256_ECDSA), GNUTLS_DIG_SHA256);
}

static struct bytes
ec_p384(struct arena *a)
{
	return ec_with(a, keys.p384, LITERAL(SHA384_ECDSA), GNUTLS_DIG_SHA384);
}

static struct bytes
ec_sha1(struct arena *a)
{
	return ec_with(a, keys.p256, LITERAL(SHA1_ECDSA), GNUTLS_DIG_SHA1);
}

static struct bytes
rsa_sha1(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.algorithm = LITERAL(SHA1_RSA);
	parts.digest = GNUTLS_DIG_SHA1;
	return csr_of(a, keys.rsa, &parts);
}

/* --- what may not --- */

static struct bytes
nothing(struct arena *a)
{
	(void)a;
	return (struct bytes){ NULL, 0 };
}

static struct bytes
text(struct arena *a)
{
	(void)a;
	return LITERAL("-----BEGIN CERTIFICATE REQUEST-----\n");
}

static struct bytes
truncated(struct arena *a)
{
	struct bytes der = windows(a);

	der.size--;
	return der;
}

static struct bytes
one_byte(struct arena *a)
{
	(void)a;
	return LITERAL("\x30");
}

static struct bytes
trailing(struct arena *a)
{
	return joined(a, windows(a), LITERAL("\0"));
}

static struct bytes
trailing_inside(struct arena *a)
{
	struct bytes der = windows(a);

	return element(a, 0x30, joined(a, (struct bytes){ der.data + 4, der.size - 4 }, LITERAL("\x05\x00")));
}

static struct bytes
indefinite_length(struct arena *a)
{
	struct bytes der = windows(a);
	struct bytes content = { der.data + 4, der.size - 4 };

	return joined(a, joined(a, LITERAL("\x30\x80"), content), LITERAL("\0\0"));
}

static struct bytes
long_length(struct arena *a)
{
	struct bytes der = windows(a);
	struct bytes content = { der.data + 4, der.size - 4 };
	uint8_t header[] = { 0x30, 0x83, 0, (uint8_t)(content.size >> 8), (uint8_t)content.size };

	return joined(a, arena_copy(a, header, sizeof(header)), content);
}

static struct bytes
subject_length_not_shortest(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.subject = LITERAL("\x30\x81\x00");
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
subject_length_with_zero(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.subject = joined(a, LITERAL("\x30\x82\x00\x80"), (struct bytes){ arena_alloc(a, 128), 128 });
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
huge(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);
	uint8_t *padding = arena_alloc(a, 16 * 1024);

	parts.attributes = element(a, 0xa0, element(a, 0x30, (struct bytes){ padding, 16 * 1024 }));
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
version_1(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.version = LITERAL("\x02\x01\x01");
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
after_attributes(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.attributes = joined(a, parts.attributes, LITERAL("\x05\x00"));
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
foreign_signature(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	return csr_of(a, keys.rsa_3072, &parts);
}

static struct bytes
spoilt_signature(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.spoilt = true;
	return csr_of(a, keys.rsa, &parts);
}

/* The key is replaced after the signature was made. */
static struct bytes
replaced_key(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.public_key = public_key_of(a, keys.p256);
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
other_digest_than_said(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.digest = GNUTLS_DIG_SHA512;
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
rsa_md5(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.algorithm = LITERAL(MD5_RSA);
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
rsa_pss(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.algorithm = LITERAL(PSS_RSA);
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
unknown_algorithm(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.algorithm = LITERAL("\x06\x03\x55\x04\x03");
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
odd_parameters(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.algorithm = LITERAL("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x04\x00");
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
rsa_1024(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa_1024);

	return csr_of(a, keys.rsa_1024, &parts);
}

static struct bytes
ec_p521(struct arena *a)
{
	return ec_with(a, keys.p521, LITERAL(SHA256_ECDSA), GNUTLS_DIG_SHA512);
}

static struct bytes
with_key(struct arena *a, struct bytes public_key)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);

	parts.public_key = public_key;
	return csr_of(a, keys.rsa, &parts);
}

static struct bytes
ed25519(struct arena *a)
{
	return with_key(a, public_key_of(a, keys.ed25519));
}

static struct bytes
rsa_key(struct arena *a, size_t size, uint8_t last, struct bytes exponent)
{
	static const char rsa[] = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
	uint8_t *modulus = arena_alloc(a, size + 1);
	struct bytes key;

	memset(modulus + 1, 0xc5, size);
	modulus[size] = last;
	key = joined(a, element(a, 0x02, (struct bytes){ modulus, size + 1 }), element(a, 0x02, exponent));
	key = element(a, 0x03, joined(a, LITERAL("\0"), element(a, 0x30, key)));
	return element(a, 0x30, joined(a, LITERAL(rsa), key));
}

static struct bytes
rsa_4104(struct arena *a)
{
	return with_key(a, rsa_key(a, 513, 0xc5, LITERAL("\x01\x00\x01")));
}

static struct bytes
exponent_3(struct arena *a)
{
	return with_key(a, rsa_key(a, 256, 0xc5, LITERAL("\x03")));
}

static struct bytes
exponent_1(struct arena *a)
{
	return with_key(a, rsa_key(a, 256, 0xc5, LITERAL("\x01")));
}

static struct bytes
exponent_even(struct arena *a)
{
	return with_key(a, rsa_key(a, 256, 0xc5, LITERAL("\x01\x00\x02")));
}

static struct bytes
exponent_72_bits(struct arena *a)
{
	return with_key(a, rsa_key(a, 256, 0xc5, LITERAL("\x01\x00\x00\x00\x00\x00\x00\x00\x01")));
}

static struct bytes
modulus_even(struct arena *a)
{
	return with_key(a, rsa_key(a, 256, 0xc4, LITERAL("\x01\x00\x01")));
}

static struct bytes
point_off_curve(struct arena *a)
{
	struct bytes key = public_key_of(a, keys.p256);
	uint8_t *changed = arena_alloc(a, key.size);

	memcpy(changed, key.data, key.size);
	changed[key.size - 1] ^= 1;
	return with_key(a, (struct bytes){ changed, key.size });
}

static struct bytes
garbage_key(struct arena *a)
{
	return with_key(a, LITERAL("\x30\x03\x02\x01\x00"));
}

static struct bytes
signature_of_bits(struct arena *a)
{
	struct bytes der = windows(a);
	uint8_t *changed = arena_alloc(a, der.size);

	/* The count of unused bits stands before the last 256 bytes. */
	memcpy(changed, der.data, der.size);
	changed[der.size - 257] = 1;
	return (struct bytes){ changed, der.size };
}

static struct bytes
null_signature(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, keys.rsa);
	struct bytes all = joined(a, LITERAL("\x02\x01\x00"), joined(a, parts.subject, parts.public_key));

	all = joined(a, element(a, 0x30, all), element(a, 0x30, parts.algorithm));
	return element(a, 0x30, joined(a, all, LITERAL("\x03\x01\x00")));
}

#define DEFAULT \
	{ \
		2048, false \
	}
#define WITH_SHA1 \
	{ \
		2048, true \
	}

static const struct {
	const char *name;
	struct bytes (*make)(struct arena *);
	struct csr_policy policy;
	const char *algorithm; /* NULL: refused */
	const char *why;       /* then a part of the reason */
} cases[] = {
	{ "as Windows writes it", windows, DEFAULT, "RSA-2048", NULL },
	{ "RSA 3072", windows_3072, DEFAULT, "RSA-3072", NULL },
	{ "UTF8String", utf8_name, DEFAULT, "RSA-2048", NULL },
	{ "UTF8String that is not", broken_utf8_name, DEFAULT, "RSA-2048", NULL },
	{ "empty subject", empty_name, DEFAULT, "RSA-2048", NULL },
	{ "a subject that is no Name", garbage_name, DEFAULT, "RSA-2048", NULL },
	{ "attributes in order", sorted_attributes, DEFAULT, "RSA-2048", NULL },
	{ "attributes out of order", unsorted_attributes, DEFAULT, "RSA-2048", NULL },
	{ "an attribute twice", repeated_attributes, DEFAULT, "RSA-2048", NULL },
	{ "empty attributes", empty_attributes, DEFAULT, "RSA-2048", NULL },
	{ "no attributes", no_attributes, DEFAULT, "RSA-2048", NULL },
	{ "no NULL after the algorithm", algorithm_without_null, DEFAULT, "RSA-2048", NULL },
	{ "P-256", ec_p256, DEFAULT, "EC-P-256", NULL },
	{ "P-384", ec_p384, DEFAULT, "EC-P-384", NULL },
	{ "RSA with SHA-1, allowed", rsa_sha1, WITH_SHA1, "RSA-2048", NULL },
	{ "ECDSA with SHA-1, allowed", ec_sha1, WITH_SHA1, "EC-P-256", NULL },
	{ "a minimum below ours", windows, { 1024, false }, "RSA-2048", NULL },

	{ "nothing", nothing, DEFAULT, NULL, "empty" },
	{ "text", text, DEFAULT, NULL, "not a PKCS#10" },
	{ "one byte", one_byte, DEFAULT, NULL, "not a PKCS#10" },
	{ "truncated", truncated, DEFAULT, NULL, "not a PKCS#10" },
	{ "a byte after it", trailing, DEFAULT, NULL, "bytes after" },
	{ "an element after the signature", trailing_inside, DEFAULT, NULL, "RFC 2986 section 4" },
	{ "indefinite length", indefinite_length, DEFAULT, NULL, "not a PKCS#10" },
	{ "length not in its shortest form", long_length, DEFAULT, NULL, "not a PKCS#10" },
	{ "a subject's length in a long form", subject_length_not_shortest, DEFAULT, NULL, "no subject" },
	{ "a subject's length with a zero in front", subject_length_with_zero, DEFAULT, NULL, "no subject" },
	{ "more than 16 KiB", huge, DEFAULT, NULL, "at most 16384" },
	{ "version 1", version_1, DEFAULT, NULL, "version" },
	{ "something after the attributes", after_attributes, DEFAULT, NULL,
	    "after the certificate request's" },
	{ "signed by another key", foreign_signature, DEFAULT, NULL, "does not prove its key" },
	{ "signature of something else", spoilt_signature, DEFAULT, NULL, "does not prove its key" },
	{ "key replaced", replaced_key, DEFAULT, NULL, "does not prove its key" },
	{ "SHA-512 that says SHA-256", other_digest_than_said, DEFAULT, NULL, "does not prove its key" },
	{ "no signature", null_signature, DEFAULT, NULL, "not a string of octets" },
	{ "signature with unused bits", signature_of_bits, DEFAULT, NULL, "not a string of octets" },
	{ "RSA with SHA-1", rsa_sha1, DEFAULT, NULL,
	    "RSA with SHA-1, which the organization does not allow" },
	{ "ECDSA with SHA-1", ec_sha1, DEFAULT, NULL, "ECDSA with SHA-1" },
	{ "RSA with MD5", rsa_md5, WITH_SHA1, NULL, "RSA with MD5, which is never" },
	{ "RSA-PSS", rsa_pss, DEFAULT, NULL, "RSA-PSS" },
	{ "unknown algorithm", unknown_algorithm, DEFAULT, NULL, "algorithm is unknown" },
	{ "algorithm with other parameters", odd_parameters, DEFAULT, NULL, "algorithm is unknown" },
	{ "RSA 1024", rsa_1024, { 1024, false }, NULL, "1024 bits" },
	{ "RSA 2048 of 3072", windows, { 3072, false }, NULL,
	    "2048 bits, the organization's minimum is 3072" },
	{ "RSA 4104", rsa_4104, DEFAULT, NULL, "4104 bits, at most 4096" },
	{ "exponent 1", exponent_1, DEFAULT, NULL, "exponent" },
	{ "exponent 3", exponent_3, DEFAULT, NULL, "exponent" },
	{ "even exponent", exponent_even, DEFAULT, NULL, "exponent" },
	{ "exponent of 72 bits", exponent_72_bits, DEFAULT, NULL, "exponent" },
	{ "even modulus", modulus_even, DEFAULT, NULL, "even modulus" },
	{ "P-521", ec_p521, DEFAULT, NULL, "only P-256 and P-384" },
	{ "point off its curve", point_off_curve, DEFAULT, NULL, "not on its curve" },
	{ "Ed25519", ed25519, DEFAULT, NULL, "only RSA and EC" },
	{ "a key that is none", garbage_key, DEFAULT, NULL, "SubjectPublicKeyInfo" },
};

static void
test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *arena = arena_new();
		struct csr csr = { { NULL, 0 }, NULL };
		struct why why = { "" };
		enum outcome o = csr_check(arena, cases[i].make(arena), &cases[i].policy, &csr, &why);
		enum outcome expected = cases[i].algorithm != NULL ? OUTCOME_OK : OUTCOME_CERTIFICATE_REQUEST;

		if (o != expected)
			fail_msg("%s: %s (%s)", cases[i].name, outcome_name(o), why.text);
		if (o == OUTCOME_OK)
			assert_string_equal(csr.algorithm, cases[i].algorithm);
		else if (strstr(why.text, cases[i].why) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].name, why.text, cases[i].why);
		arena_free(arena);
	}
}

/* The key that goes on is the one in the request, as GnuTLS writes it. */
static void
test_public_key(void **state)
{
	struct arena *arena = arena_new();
	struct csr csr;

	(void)state;
	assert_int_equal(
	    csr_check(arena, windows(arena), &(struct csr_policy)DEFAULT, &csr, NULL), OUTCOME_OK);
	assert_true(bytes_equal(csr.public_key, public_key_of(arena, keys.rsa)));
	assert_int_equal(
	    csr_check_key(arena, csr.public_key, &(struct csr_policy)DEFAULT, &csr, NULL), OUTCOME_OK);
	assert_string_equal(csr.algorithm, "RSA-2048");
	arena_free(arena);
}

/* A modulus with zeros in front, or a byte too many, does not come through. */
static void
test_key_alone(void **state)
{
	struct arena *arena = arena_new();
	struct csr_policy policy = DEFAULT;
	struct bytes good = public_key_of(arena, keys.p256), long_tail = joined(arena, good, LITERAL("\0"));
	struct csr csr;

	(void)state;
	assert_int_equal(csr_check_key(arena, good, &policy, &csr, NULL), OUTCOME_OK);
	assert_int_equal(csr_check_key(arena, long_tail, &policy, &csr, NULL), OUTCOME_CERTIFICATE_REQUEST);
	assert_int_equal(
	    csr_check_key(arena, nothing(arena), &policy, &csr, NULL), OUTCOME_CERTIFICATE_REQUEST);
	assert_int_equal(csr_check_key(arena, public_key_of(arena, keys.rsa_1024), &policy, &csr, NULL),
	    OUTCOME_CERTIFICATE_REQUEST);
	assert_int_equal(
	    csr_check_key(arena, rsa_key(arena, 256, 0xc5, LITERAL("\0\0\x01\x00\x01")), &policy, &csr, NULL),
	    OUTCOME_OK);
	assert_true(bytes_equal(csr.public_key, rsa_key(arena, 256, 0xc5, LITERAL("\x01\x00\x01"))));
	arena_free(arena);
}

/* Every truncation and every changed byte is refused or still proves a key; none does harm. */
static void
test_mutations(void **state)
{
	struct arena *arena = arena_new();
	struct csr_policy policy = DEFAULT;
	struct bytes der = ec_p256(arena);
	size_t accepted = 0;

	(void)state;
	for (size_t i = 0; i < der.size; i++) {
		struct arena *inner = arena_new();
		struct bytes copy = arena_copy(inner, der.data, der.size);
		uint8_t *changed = arena_alloc(inner, der.size);
		struct csr csr;

		assert_int_not_equal(
		    csr_check(inner, (struct bytes){ copy.data, i }, &policy, &csr, NULL), OUTCOME_OK);
		memcpy(changed, copy.data, copy.size);
		changed[i] ^= 0x41;
		accepted +=
		    csr_check(inner, (struct bytes){ changed, der.size }, &policy, &csr, NULL) == OUTCOME_OK;
		arena_free(inner);
	}
	assert_int_equal(accepted, 0);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_public_key),
		cmocka_unit_test(test_key_alone),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests_name("csr", tests, keys_make, keys_free);
}
