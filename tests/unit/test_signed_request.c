/*
 * The PKCS#7 of a renewal: what may come, and what a device, a careless client or an attacker could send
 * instead. Each is taken as far as the server takes it: read, verified with the certificate on record, and
 * the request inside checked.
 */
#include <muster/authority/csr.h>
#include <muster/authority/signed_request.h>

#include "make_chain.h"
#include "make_pkcs7.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Certificates and keys, made once: the device's (RSA and EC), another device's, and an impostor's. */
static struct {
	struct arena *arena;
	struct made_certificate authority, device, ec_device, other, impostor, ended;
	gnutls_privkey_t key, ec_key, other_key, impostor_key, fresh;
	struct bytes request; /* a PKCS#10 with a new key, as Windows makes it */
} made;

static gnutls_privkey_t
abstract(gnutls_x509_privkey_t key)
{
	gnutls_privkey_t made_key;

	assert_int_equal(gnutls_privkey_init(&made_key), 0);
	assert_int_equal(gnutls_privkey_import_x509(made_key, key, 0), 0);
	return made_key;
}

static gnutls_x509_privkey_t
rsa_new(void)
{
	gnutls_x509_privkey_t key;

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, 2048, 0), 0);
	return key;
}

static struct made_certificate
issued_to(const char *name, gnutls_x509_privkey_t key)
{
	const struct made_wish wish = { name, false, false, -3600, 86400, key };

	return make_certificate(made.arena, &wish, &made.authority);
}

static int
certificates_make(void **state)
{
	const struct made_wish authority = { "Issuing", true, false, -3600, 86400, NULL };
	struct csr_parts parts;

	(void)state;
	made.arena = arena_new();
	made.authority = make_certificate(made.arena, &authority, NULL);
	made.device = issued_to("device", rsa_new());
	made.ec_device = issued_to("device", NULL);
	made.other = issued_to("other", rsa_new());
	made.ended = make_certificate(made.arena,
	    &(struct made_wish){ "device", false, false, -7200, -3600, made.device.key }, &made.authority);
	made.key = abstract(made.device.key);
	made.ec_key = abstract(made.ec_device.key);
	made.other_key = abstract(made.other.key);
	/* Of the same issuer by name, and signed by nobody we know. */
	made.impostor = make_certificate(
	    made.arena, &(struct made_wish){ "Issuing", false, false, -3600, 86400, rsa_new() }, NULL);
	made.impostor_key = abstract(made.impostor.key);
	assert_int_equal(gnutls_privkey_init(&made.fresh), 0);
	assert_int_equal(gnutls_privkey_generate(made.fresh, GNUTLS_PK_RSA, 2048, 0), 0);
	parts = windows_parts(made.arena, made.fresh);
	made.request = csr_of(made.arena, made.fresh, &parts);
	return 0;
}

static int
certificates_free(void **state)
{
	struct made_certificate *const each[] = { &made.authority, &made.device, &made.ec_device, &made.other,
		&made.impostor };
	const gnutls_privkey_t keys[] = { made.key, made.ec_key, made.other_key, made.impostor_key,
		made.fresh };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		gnutls_privkey_deinit(keys[i]);
	free_certificate(&made.ended, false);
	for (size_t i = 0; i < ARRAY_SIZE(each); i++)
		free_certificate(each[i], true);
	arena_free(made.arena);
	return 0;
}

/* As a device sends it: RSA with SHA-256, no attributes, its certificate beside it. */
static struct pkcs7_parts
right(struct arena *a)
{
	return (struct pkcs7_parts){
		.content = made.request,
		.certificates = element(a, 0xa0, made.device.der),
		.key = made.key,
		.signer_name = issuer_and_serial(a, made.device.crt),
		.digest_algorithm = LITERAL(OID_SHA256),
		.signature_algorithm = LITERAL(OID_RSA),
		.digest = GNUTLS_DIG_SHA256,
	};
}

static struct pkcs7_parts
with_attributes(struct arena *a)
{
	struct pkcs7_parts parts = right(a);

	parts.attributes =
	    attributes_of(a, LITERAL(OID_DATA), digest_of(a, GNUTLS_DIG_SHA256, parts.content));
	return parts;
}

/* One line a case: what differs from a right one. */
#define CASE(name, base, ...) \
	static struct bytes name(struct arena *a) \
	{ \
		struct pkcs7_parts p = base(a); \
\
		__VA_ARGS__; \
		return pkcs7_of(a, &p); \
	}

/* --- what may come --- */

CASE(plain, right, (void)0)
CASE(attributes, with_attributes, (void)0)
CASE(sha256_rsa, right, p.signature_algorithm = LITERAL(SHA256_RSA))
CASE(no_certificates, right, p.certificates = LITERAL(""))
CASE(other_certificates, right, p.certificates = element(a, 0xa0, made.impostor.der))
CASE(with_crls, right, p.certificates = joined(a, p.certificates, LITERAL("\xa1\x00")))
CASE(unsigned_attribute, with_attributes,
    p.behind = element(a, 0xa1, attribute_of(a, LITERAL(OID_OS_VERSION), LITERAL("\x16\x01x"))))
CASE(more_attributes, with_attributes,
    p.attributes = joined(a, attribute_of(a, LITERAL(OID_OS_VERSION), LITERAL("\x16\x01x")), p.attributes))
CASE(sha384, with_attributes,
    (p.digest = GNUTLS_DIG_SHA384, p.digest_algorithm = LITERAL(OID_SHA384),
	p.attributes = attributes_of(a, LITERAL(OID_DATA), digest_of(a, p.digest, p.content))))
CASE(sha1, right, (p.digest = GNUTLS_DIG_SHA1, p.digest_algorithm = LITERAL(OID_SHA1)))
CASE(sha1_attributes, with_attributes,
    (p.digest = GNUTLS_DIG_SHA1, p.digest_algorithm = LITERAL(OID_SHA1),
	p.attributes = attributes_of(a, LITERAL(OID_DATA), digest_of(a, p.digest, p.content))))
CASE(ec, right,
    (p.key = made.ec_key, p.signer_name = issuer_and_serial(a, made.ec_device.crt),
	p.signature_algorithm = LITERAL(SHA256_ECDSA)))

/* --- what is no such message --- */

static struct bytes
empty(struct arena *a)
{
	(void)a;
	return (struct bytes){ NULL, 0 };
}

static struct bytes
garbage(struct arena *a)
{
	(void)a;
	return LITERAL("\x30\x05hello");
}

static struct bytes
bare_request(struct arena *a)
{
	(void)a;
	return made.request;
}

static struct bytes
truncated(struct arena *a)
{
	struct bytes der = plain(a);

	return (struct bytes){ der.data, der.size - 1 };
}

static struct bytes
halved(struct arena *a)
{
	struct bytes der = plain(a);

	return (struct bytes){ der.data, der.size / 2 };
}

static struct bytes
trailing(struct arena *a)
{
	return joined(a, plain(a), LITERAL("\0"));
}

/* The same in BER: lengths that are told by an end. */
static struct bytes
indefinite(struct arena *a)
{
	struct bytes der = plain(a);
	struct bytes inside = { der.data + 4, der.size - 4 };

	return joined_3(a, LITERAL("\x30\x80"), inside, LITERAL("\0\0"));
}

static struct bytes
in_parts(struct arena *a)
{
	struct pkcs7_parts p = right(a);
	struct bytes first = { p.content.data, 100 }, rest = { p.content.data + 100, p.content.size - 100 };

	p.inside = element(a, 0x24, joined(a, element(a, 0x04, first), element(a, 0x04, rest)));
	return pkcs7_of(a, &p);
}

static struct bytes
huge(struct arena *a)
{
	struct pkcs7_parts p = right(a);
	uint8_t *much = arena_alloc(a, SIGNED_REQUEST_MAX);

	memset(much, 0, SIGNED_REQUEST_MAX);
	p.certificates = element(a, 0xa0, (struct bytes){ much, SIGNED_REQUEST_MAX });
	return pkcs7_of(a, &p);
}

static struct bytes
key_identifier(struct arena *a)
{
	struct pkcs7_parts p = right(a);

	p.signer_name = element(a, 0x80, LITERAL("01234567890123456789"));
	return pkcs7_of(a, &p);
}

static struct bytes
long_serial(struct arena *a)
{
	struct pkcs7_parts p = right(a);
	struct bytes name = name_of(a, 0x0c, LITERAL("Issuing"));

	p.signer_name = sequence_of(a,
	    joined(a, name,
		element(a, 0x02,
		    LITERAL("\x01"
			    "01234567890123456789"))));
	return pkcs7_of(a, &p);
}

CASE(data_only, right, p.type = LITERAL(OID_DATA))
CASE(enveloped, right, p.type = LITERAL("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"))
CASE(detached, right, p.detached = true)
CASE(content_signed_data, right, p.content_type = LITERAL(OID_SIGNED_DATA))
CASE(content_no_octets, right, p.inside = made.request)
CASE(content_twice, right, p.inside = joined(a, element(a, 0x04, p.content), element(a, 0x04, p.content)))
CASE(nobody, right, p.no_signer = true)
CASE(two_signers, right, p.signers = 2)
CASE(name_is_none, right, p.signer_name = LITERAL("\x02\x01\x00"))
CASE(no_signature_algorithm, right, p.signature_algorithm = LITERAL(""))
CASE(behind_the_signature, right, p.behind = LITERAL("\x04\x01x"))

/* --- what somebody else signed, or something else was signed --- */

CASE(impostors, right, (p.key = made.impostor_key, p.certificates = element(a, 0xa0, made.impostor.der)))
CASE(self_signed, right,
    (p.key = made.impostor_key, p.signer_name = issuer_and_serial(a, made.impostor.crt),
	p.certificates = element(a, 0xa0, made.impostor.der)))
CASE(others, right,
    (p.key = made.other_key, p.signer_name = issuer_and_serial(a, made.other.crt),
	p.certificates = element(a, 0xa0, made.other.der)))
CASE(others_key, right, p.key = made.other_key)
CASE(by_the_new_key, right, p.key = made.fresh)
CASE(other_issuer, right,
    p.signer_name = sequence_of(a, joined(a, name_of(a, 0x0c, LITERAL("Somebody")), LITERAL("\x02\x01\x05"))))
CASE(stripped, with_attributes, p.attributes_left_out = true)
CASE(wrong_digest, with_attributes,
    p.attributes = attributes_of(a, LITERAL(OID_DATA), digest_of(a, GNUTLS_DIG_SHA256, LITERAL("x"))))
CASE(short_digest, with_attributes, p.attributes = attributes_of(a, LITERAL(OID_DATA), LITERAL("x")))
CASE(no_digest, with_attributes, p.attributes = attribute_of(a, LITERAL(OID_CONTENT_TYPE), LITERAL(OID_DATA)))
CASE(wrong_type, with_attributes,
    p.attributes = attributes_of(a, LITERAL(OID_SIGNED_DATA), digest_of(a, GNUTLS_DIG_SHA256, p.content)))
CASE(signature_zero, right, p.signature = LITERAL("\0"))
CASE(signature_other, right, p.signature = arena_copy(a, made.device.der.data, 256))
CASE(md5, right, (p.digest = GNUTLS_DIG_MD5, p.digest_algorithm = LITERAL(OID_MD5)))
CASE(claims_sha256, right, p.digest = GNUTLS_DIG_SHA384)
CASE(pss, right, p.signature_algorithm = LITERAL(PSS_RSA))
CASE(ecdsa_by_rsa, right, p.signature_algorithm = LITERAL(SHA256_ECDSA))

/* Another request than the one that was signed. */
static struct bytes
swapped(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, made.other_key);
	struct pkcs7_parts p = right(a);

	p.inside = element(a, 0x04, csr_of(a, made.other_key, &parts));
	return pkcs7_of(a, &p);
}

/* Attributes sign for the content; here they are taken for it. */
static struct bytes
attributes_as_content(struct arena *a)
{
	struct pkcs7_parts p = with_attributes(a);

	p.inside = element(a, 0x04, element(a, 0x31, p.attributes));
	p.attributes_left_out = true;
	return pkcs7_of(a, &p);
}

/* --- rightly signed, with a request that is none --- */

static struct bytes
around(struct arena *a, struct bytes request)
{
	struct pkcs7_parts p = with_attributes(a);

	p.content = request;
	p.attributes = attributes_of(a, LITERAL(OID_DATA), digest_of(a, GNUTLS_DIG_SHA256, request));
	return pkcs7_of(a, &p);
}

static struct bytes
nested(struct arena *a)
{
	return around(a, plain(a));
}

static struct bytes
nothing(struct arena *a)
{
	return around(a, LITERAL(""));
}

static struct bytes
request_trailing(struct arena *a)
{
	return around(a, joined(a, made.request, LITERAL("\0")));
}

static struct bytes
two_requests(struct arena *a)
{
	return around(a, joined(a, made.request, made.request));
}

static struct bytes
request_base64(struct arena *a)
{
	return around(a, bytes_of(bytes_to_base64(a, made.request)));
}

static struct bytes
request_spoilt(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, made.fresh);

	parts.spoilt = true;
	return around(a, csr_of(a, made.fresh, &parts));
}

/* Of a key that the device does not have. */
static struct bytes
request_of_others_key(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, made.other_key);

	return around(a, csr_of(a, made.key, &parts));
}

static struct bytes
request_sha1(struct arena *a)
{
	struct csr_parts parts = windows_parts(a, made.fresh);

	parts.algorithm = LITERAL(SHA1_RSA);
	parts.digest = GNUTLS_DIG_SHA1;
	return around(a, csr_of(a, made.fresh, &parts));
}

/* An RSA key whose numbers nobody made; nothing is signed with it. */
static struct bytes
request_with_rsa(struct arena *a, size_t size, struct bytes exponent)
{
	struct csr_parts parts = windows_parts(a, made.fresh);
	uint8_t *modulus = arena_alloc(a, size + 1);
	struct bytes numbers;

	memset(modulus + 1, 0xc5, size);
	numbers =
	    joined(a, element(a, 0x02, (struct bytes){ modulus, size + 1 }), element(a, 0x02, exponent));
	parts.public_key = sequence_of(a,
	    joined(a, sequence_of(a, LITERAL(OID_RSA)),
		element(a, 0x03, joined(a, LITERAL("\0"), sequence_of(a, numbers)))));
	return around(a, csr_of(a, made.fresh, &parts));
}

static struct bytes
request_1024(struct arena *a)
{
	return request_with_rsa(a, 128, LITERAL("\x01\x00\x01"));
}

static struct bytes
request_exponent_3(struct arena *a)
{
	return request_with_rsa(a, 256, LITERAL("\x03"));
}

static struct bytes
request_exponent_even(struct arena *a)
{
	return request_with_rsa(a, 256, LITERAL("\x01\x00\x02"));
}

/* --- the table --- */

#define SHA1_ALLOWED true
#define FORM OUTCOME_CERTIFICATE_REQUEST
#define WHO OUTCOME_NOT_ELIGIBLE_TO_RENEW

static const struct {
	const char *name;
	struct bytes (*make)(struct arena *);
	enum outcome outcome;
	const char *why; /* a part of it */
	bool allow_sha1, ec;
} cases[] = {
	{ "as a device sends it", plain, OUTCOME_OK, "", false, false },
	{ "with signed attributes", attributes, OUTCOME_OK, "", false, false },
	{ "sha256WithRSAEncryption", sha256_rsa, OUTCOME_OK, "", false, false },
	{ "without certificates", no_certificates, OUTCOME_OK, "", false, false },
	{ "with somebody's certificate", other_certificates, OUTCOME_OK, "", false, false },
	{ "with CRLs", with_crls, OUTCOME_OK, "", false, false },
	{ "an unsigned attribute", unsigned_attribute, OUTCOME_OK, "", false, false },
	{ "another signed attribute", more_attributes, OUTCOME_OK, "", false, false },
	{ "SHA-384", sha384, OUTCOME_OK, "", false, false },
	{ "EC", ec, OUTCOME_OK, "", false, true },
	{ "SHA-1, allowed", sha1, OUTCOME_OK, "", SHA1_ALLOWED, false },
	{ "SHA-1 with attributes, allowed", sha1_attributes, OUTCOME_OK, "", SHA1_ALLOWED, false },

	{ "empty", empty, FORM, "not a PKCS#7", false, false },
	{ "garbage", garbage, FORM, "without a type", false, false },
	{ "a PKCS#10", bare_request, FORM, "without a type", false, false },
	{ "one byte short", truncated, FORM, "not a PKCS#7", false, false },
	{ "half of it", halved, FORM, "not a PKCS#7", false, false },
	{ "a byte behind it", trailing, FORM, "bytes after", false, false },
	{ "indefinite length", indefinite, FORM, "in BER", false, false },
	{ "content in parts", in_parts, FORM, "in BER", false, false },
	{ "huge", huge, FORM, "at most 49152", false, false },
	{ "data", data_only, FORM, "another type than signedData", false, false },
	{ "envelopedData", enveloped, FORM, "another type than signedData", false, false },
	{ "detached", detached, FORM, "detached", false, false },
	{ "content of another type", content_signed_data, FORM, "another type than data", false, false },
	{ "content that is no OCTET STRING", content_no_octets, FORM, "no OCTET STRING", false, false },
	{ "content twice", content_twice, FORM, "after what is signed", false, false },
	{ "nobody signed", nobody, FORM, "nobody signed", false, false },
	{ "two signers", two_signers, FORM, "more than one signer", false, false },
	{ "signer by key id", key_identifier, FORM, "", false, false },
	{ "a serial of 21 bytes", long_serial, FORM, "longer than 20", false, false },
	{ "signer without a name", name_is_none, FORM, "", false, false },
	{ "no signature algorithm", no_signature_algorithm, FORM, "unusable", false, false },
	{ "something behind the signature", behind_the_signature, FORM, "unusable", false, false },

	{ "an impostor under our name", impostors, WHO, "not that of the certificate", false, false },
	{ "self-signed", self_signed, WHO, "names another certificate", false, false },
	{ "another device's", others, WHO, "names another certificate", false, false },
	{ "another device's key", others_key, WHO, "not that of the certificate", false, false },
	{ "the new key", by_the_new_key, WHO, "not that of the certificate", false, false },
	{ "another issuer", other_issuer, WHO, "names another certificate", false, false },
	{ "an RSA signer, EC on record", plain, WHO, "names another certificate", false, true },
	{ "attributes stripped", stripped, WHO, "not that of the certificate", false, false },
	{ "attributes as content", attributes_as_content, FORM, "not a PKCS#10", false, false },
	{ "content swapped", swapped, WHO, "not that of the certificate", false, false },
	{ "messageDigest of something else", wrong_digest, WHO, "not that of the certificate", false, false },
	{ "messageDigest of one byte", short_digest, WHO, "not that of the certificate", false, false },
	{ "no messageDigest", no_digest, WHO, "not that of the certificate", false, false },
	{ "contentType of another type", wrong_type, WHO, "not that of the certificate", false, false },
	{ "a signature of one byte", signature_zero, WHO, "not that of the certificate", false, false },
	{ "any signature", signature_other, WHO, "not that of the certificate", false, false },
	{ "SHA-1", sha1, WHO, "SHA-1", false, false },
	{ "MD5", md5, WHO, "never accepted", SHA1_ALLOWED, false },
	{ "another digest than it says", claims_sha256, WHO, "not that of the certificate", false, false },
	{ "RSA-PSS", pss, WHO, "never accepted", false, false },
	{ "ECDSA by RSA", ecdsa_by_rsa, WHO, "not that of the certificate", false, false },

	{ "a PKCS#7 inside", nested, FORM, "", false, false },
	{ "nothing inside", nothing, FORM, "nothing is signed", false, false },
	{ "a byte behind the request", request_trailing, FORM, "bytes after", false, false },
	{ "two requests", two_requests, FORM, "bytes after", false, false },
	{ "the request in base64", request_base64, FORM, "not a PKCS#10", false, false },
	{ "a request whose signature is wrong", request_spoilt, FORM, "does not prove", false, false },
	{ "a request with another's key", request_of_others_key, FORM, "does not prove", false, false },
	{ "a request signed with SHA-1", request_sha1, FORM, "SHA-1", false, false },
	{ "a request signed with SHA-1, allowed", request_sha1, OUTCOME_OK, "", SHA1_ALLOWED, false },
	{ "RSA of 1024 bits", request_1024, FORM, "1024 bits", false, false },
	{ "exponent 3", request_exponent_3, FORM, "exponent", false, false },
	{ "even exponent", request_exponent_even, FORM, "exponent", false, false },
};

static enum outcome
take(struct arena *arena, struct bytes der, struct bytes on_record, bool allow_sha1, struct why *why)
{
	const struct csr_policy policy = { .minimum_key_length = 2048, .allow_sha1 = allow_sha1 };
	struct signed_request request;
	struct csr csr;
	enum outcome o;

	if ((o = signed_request_read(arena, der, &request, why)) != OUTCOME_OK ||
	    (o = signed_request_verify(&request, on_record, allow_sha1, why)) != OUTCOME_OK)
		return o;
	return csr_check(arena, request.request, &policy, &csr, why);
}

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct arena *arena = arena_new();
		struct why why = { "" };
		struct bytes on_record = cases[i].ec ? made.ec_device.der : made.device.der;
		enum outcome o = take(arena, cases[i].make(arena), on_record, cases[i].allow_sha1, &why);

		if (o != cases[i].outcome || strstr(why.text, cases[i].why) == NULL ||
		    (o != OUTCOME_OK && why.text[0] == '\0'))
			fail_msg("%s: %s \"%s\", expected %s and \"%s\"", cases[i].name, outcome_name(o),
			    why.text, outcome_name(cases[i].outcome), cases[i].why);
		arena_free(arena);
	}
}

/* What is looked up: the issuer's name as it is written, the serial number without zeros. */
static void
test_names_the_signer(void **state)
{
	struct arena *arena = arena_new();
	struct signed_request request;
	gnutls_datum_t issuer;
	uint8_t serial[32];
	size_t size = sizeof(serial);

	(void)state;
	assert_int_equal(signed_request_read(arena, plain(arena), &request, NULL), OUTCOME_OK);
	assert_int_equal(gnutls_x509_crt_get_raw_issuer_dn(made.device.crt, &issuer), 0);
	assert_int_equal(gnutls_x509_crt_get_serial(made.device.crt, serial, &size), 0);
	assert_true(bytes_equal(request.issuer, (struct bytes){ issuer.data, issuer.size }));
	assert_true(bytes_equal(request.serial, (struct bytes){ serial, size }));
	assert_true(bytes_equal(request.request, made.request));
	gnutls_free(issuer.data);
	arena_free(arena);
}

/* No byte of it can be another, but in what nobody reads: the certificates that come along. */
static void
test_every_byte_counts(void **state)
{
	struct arena *arena = arena_new();
	struct pkcs7_parts parts = with_attributes(arena);
	struct bytes der;
	uint8_t *changed;

	(void)state;
	parts.certificates = LITERAL("");
	der = pkcs7_of(arena, &parts);
	changed = arena_alloc(arena, der.size);
	for (size_t i = 0; i < der.size; i++) {
		struct arena *own = arena_new();

		memcpy(changed, der.data, der.size);
		changed[i] ^= 0x01;
		/* Versions and the list of digests in front are nobody's promise. */
		if (take(own, (struct bytes){ changed, der.size }, made.device.der, false, NULL) ==
			OUTCOME_OK &&
		    i > 60 && changed[i - 1] != 0x01)
			fail_msg("byte %zu of %zu, 0x%02x, makes no difference", i, der.size, der.data[i]);
		arena_free(own);
	}
	arena_free(arena);
}

/* A certificate that has ended signs as well as before: when it is too late is not said here. */
static void
test_ended(void **state)
{
	struct arena *arena = arena_new();
	struct pkcs7_parts parts = right(arena);
	struct why why = { "" };

	(void)state;
	parts.signer_name = issuer_and_serial(arena, made.ended.crt);
	if (take(arena, pkcs7_of(arena, &parts), made.ended.der, false, &why) != OUTCOME_OK)
		fail_msg("%s", why.text);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_names_the_signer),
		cmocka_unit_test(test_every_byte_counts),
		cmocka_unit_test(test_ended),
	};

	return cmocka_run_group_tests(tests, certificates_make, certificates_free);
}
