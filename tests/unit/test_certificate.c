#include <muster/authority/certificate.h>

#include <gnutls/x509.h>

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "make_csr.h"

#define DAY (24 * 3600)
#define NOW INT64_C(1795500000) /* 2026-11-24 */
#define DEVICE "0193a1de-0000-7000-8000-000000000001"

/* A root, an issuing CA below it, and a device's key. */
struct chain {
	struct arena *arena;
	struct signer root, issuing;
	struct bytes root_der, issuing_der, device_key;
};

static gnutls_x509_crt_t
imported(struct bytes der)
{
	gnutls_datum_t datum = { (unsigned char *)(uintptr_t)der.data, (unsigned)der.size };
	gnutls_x509_crt_t crt;

	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	assert_int_equal(gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER), 0);
	return crt;
}

static void
chain_make(struct chain *chain, enum key_type type, enum key_type device)
{
	gnutls_privkey_t key;

	*chain = (struct chain){ .arena = arena_new() };
	assert_int_equal(keystore_generate(type, &chain->root.key, NULL), OUTCOME_OK);
	assert_int_equal(certificate_sign_authority(chain->arena, NULL, chain->root.key, "Exämple Root CA",
			     "Exämple", NULL, NULL, NOW - DAY, NOW + 20 * 365 * DAY, &chain->root_der, NULL),
	    OUTCOME_OK);
	chain->root.certificate = imported(chain->root_der);
	assert_int_equal(keystore_generate(type, &chain->issuing.key, NULL), OUTCOME_OK);
	assert_int_equal(
	    certificate_sign_authority(chain->arena, &chain->root, chain->issuing.key, "Exämple Issuing CA 1",
		"Exämple", NULL, NULL, NOW - DAY, NOW + 10 * 365 * DAY, &chain->issuing_der, NULL),
	    OUTCOME_OK);
	chain->issuing.certificate = imported(chain->issuing_der);
	assert_int_equal(keystore_generate(device, &key, NULL), OUTCOME_OK);
	chain->device_key = public_key_of(chain->arena, key);
	gnutls_privkey_deinit(key);
}

static void
chain_release(struct chain *chain)
{
	signer_release(&chain->root);
	signer_release(&chain->issuing);
	arena_free(chain->arena);
}

static struct bytes
device_sign(struct chain *chain, uint8_t serial[SERIAL_SIZE])
{
	const struct certificate_request request = { .common_name = DEVICE,
		.public_key = chain->device_key,
		.not_before = NOW - 600,
		.not_after = NOW + 365 * DAY };
	struct why why = { "" };
	struct bytes der;

	if (certificate_sign_device(chain->arena, &chain->issuing, &request, serial, &der, &why) !=
	    OUTCOME_OK)
		fail_msg("%s", why.text);
	return der;
}

/* GnuTLS's own opinion of the chain. */
static void
assert_chain_verifies(struct chain *chain, struct bytes device)
{
	gnutls_x509_crt_t crt[2] = { imported(device), imported(chain->issuing_der) };
	gnutls_x509_crt_t root = imported(chain->root_der);
	unsigned status;

	assert_int_equal(gnutls_x509_crt_list_verify(
			     crt, 2, &root, 1, NULL, 0, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status),
	    0);
	assert_int_equal(status, 0);
	gnutls_x509_crt_deinit(crt[0]);
	gnutls_x509_crt_deinit(crt[1]);
	gnutls_x509_crt_deinit(root);
}

static void
pem_write(struct arena *arena, const char *path, struct bytes der)
{
	FILE *file = fopen(path, "w");
	char *pem;

	assert_non_null(file);
	assert_int_equal(certificate_to_pem(arena, der, &pem, NULL), OUTCOME_OK);
	assert_true(fputs(pem, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* OpenSSL's opinion, as a client's certificate of today, strictly by RFC 5280; skipped where there is none.
 */
static void
assert_openssl_verifies(struct chain *chain, struct bytes device)
{
	char directory[] = "/tmp/muster-certificate-XXXXXX";
	char *command, *file[3];
	const struct bytes der[3] = { chain->root_der, chain->issuing_der, device };
	int status;

	if (system("openssl version >/dev/null 2>&1") != 0)
		return;
	assert_non_null(mkdtemp(directory));
	for (int i = 0; i < 3; i++) {
		file[i] = arena_printf(chain->arena, "%s/%d.pem", directory, i);
		pem_write(chain->arena, file[i], der[i]);
	}
	command = arena_printf(chain->arena,
	    "openssl verify -x509_strict -attime %lld -purpose sslclient -CAfile %s -untrusted %s %s "
	    ">/dev/null",
	    (long long)NOW, file[0], file[1], file[2]);
	status = system(command);
	for (int i = 0; i < 3; i++)
		unlink(file[i]);
	rmdir(directory);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
test_chains(void **state)
{
	static const struct {
		enum key_type authority, device;
		gnutls_sign_algorithm_t signature;
		unsigned usage;
	} cases[] = {
		{ KEY_EC_P256, KEY_EC_P256, GNUTLS_SIGN_ECDSA_SHA256, GNUTLS_KEY_DIGITAL_SIGNATURE },
		{ KEY_EC_P256, KEY_RSA_2048, GNUTLS_SIGN_ECDSA_SHA256,
		    GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT },
		{ KEY_EC_P384, KEY_EC_P256, GNUTLS_SIGN_ECDSA_SHA384, GNUTLS_KEY_DIGITAL_SIGNATURE },
		{ KEY_RSA_2048, KEY_RSA_2048, GNUTLS_SIGN_RSA_SHA256,
		    GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t serial[SERIAL_SIZE];
		struct chain chain;
		struct bytes der;
		gnutls_x509_crt_t crt;
		unsigned usage, critical;

		chain_make(&chain, cases[i].authority, cases[i].device);
		der = device_sign(&chain, serial);
		assert_chain_verifies(&chain, der);
		assert_openssl_verifies(&chain, der);
		crt = imported(der);
		assert_int_equal(gnutls_x509_crt_get_signature_algorithm(crt), cases[i].signature);
		assert_int_equal(gnutls_x509_crt_get_key_usage(crt, &usage, &critical), 0);
		assert_int_equal(usage, cases[i].usage);
		assert_int_equal(critical, 1);
		gnutls_x509_crt_deinit(crt);
		chain_release(&chain);
	}
}

static void
assert_purpose_client_only(gnutls_x509_crt_t crt)
{
	char oid[64];
	size_t size = sizeof(oid);

	assert_int_equal(gnutls_x509_crt_get_key_purpose_oid(crt, 0, oid, &size, NULL), 0);
	assert_string_equal(oid, GNUTLS_KP_TLS_WWW_CLIENT);
	size = sizeof(oid);
	assert_int_equal(gnutls_x509_crt_get_key_purpose_oid(crt, 1, oid, &size, NULL),
	    GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE);
}

static void
assert_key_ids(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer)
{
	uint8_t own[64], authority[64], parent[64];
	size_t own_size = 64, authority_size = 64, parent_size = 64;

	assert_int_equal(gnutls_x509_crt_get_subject_key_id(crt, own, &own_size, NULL), 0);
	assert_int_equal(own_size, 20);
	assert_int_equal(gnutls_x509_crt_get_authority_key_id(crt, authority, &authority_size, NULL), 0);
	assert_int_equal(gnutls_x509_crt_get_subject_key_id(issuer, parent, &parent_size, NULL), 0);
	assert_int_equal(authority_size, parent_size);
	assert_memory_equal(authority, parent, parent_size);
}

/* Windows finds the issuer by the bytes of the name. */
static void
assert_names(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer)
{
	gnutls_datum_t named, subject;
	char cn[65];
	size_t size = sizeof(cn);

	assert_int_equal(gnutls_x509_crt_get_raw_issuer_dn(crt, &named), 0);
	assert_int_equal(gnutls_x509_crt_get_raw_dn(issuer, &subject), 0);
	assert_int_equal(named.size, subject.size);
	assert_memory_equal(named.data, subject.data, subject.size);
	gnutls_free(named.data);
	gnutls_free(subject.data);
	assert_int_equal(gnutls_x509_crt_get_dn(crt, cn, &size), 0);
	assert_string_equal(cn, "CN=" DEVICE);
}

static void
assert_basic_constraints(gnutls_x509_crt_t crt, unsigned is_ca, int path)
{
	unsigned critical, ca;
	int length;

	assert_true(gnutls_x509_crt_get_basic_constraints(crt, &critical, &ca, &length) >= 0);
	assert_int_equal(critical, 1);
	assert_int_equal(ca, is_ca);
	assert_int_equal(length, path);
}

static void
test_device_certificate(void **state)
{
	uint8_t serial[SERIAL_SIZE], in_certificate[64], other[SERIAL_SIZE];
	size_t size = sizeof(in_certificate);
	struct chain chain;
	gnutls_x509_crt_t crt;

	(void)state;
	chain_make(&chain, KEY_EC_P256, KEY_RSA_2048);
	crt = imported(device_sign(&chain, serial));
	assert_int_equal(gnutls_x509_crt_get_version(crt), 3);
	assert_int_equal(gnutls_x509_crt_get_serial(crt, in_certificate, &size), 0);
	assert_int_equal(size, SERIAL_SIZE);
	assert_memory_equal(in_certificate, serial, SERIAL_SIZE);
	assert_int_equal(serial[0] & 0xc0, 0x40);
	assert_int_equal(gnutls_x509_crt_get_activation_time(crt), NOW - 600);
	assert_int_equal(gnutls_x509_crt_get_expiration_time(crt), NOW + 365 * DAY);
	assert_names(crt, chain.issuing.certificate);
	assert_basic_constraints(crt, 0, -1);
	assert_purpose_client_only(crt);
	assert_key_ids(crt, chain.issuing.certificate);
	gnutls_x509_crt_deinit(crt);

	(void)device_sign(&chain, other);
	assert_memory_not_equal(serial, other, SERIAL_SIZE);
	chain_release(&chain);
}

static void
test_authority_certificates(void **state)
{
	struct chain chain;
	unsigned usage, critical;

	(void)state;
	chain_make(&chain, KEY_EC_P384, KEY_EC_P256);
	assert_basic_constraints(chain.root.certificate, 1, -1);
	assert_basic_constraints(chain.issuing.certificate, 1, 0);
	assert_int_equal(gnutls_x509_crt_get_key_usage(chain.issuing.certificate, &usage, &critical), 0);
	assert_int_equal(usage, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
	assert_int_equal(critical, 1);
	assert_key_ids(chain.issuing.certificate, chain.root.certificate);
	assert_key_ids(chain.root.certificate, chain.root.certificate);
	assert_int_equal(signer_not_after(&chain.issuing), NOW + 10 * 365 * DAY);
	chain_release(&chain);
}

static void
test_refused_devices(void **state)
{
	struct chain chain;
	uint8_t serial[SERIAL_SIZE];
	struct bytes der;

	(void)state;
	chain_make(&chain, KEY_EC_P256, KEY_EC_P256);

	const struct {
		const char *name;
		struct bytes key;
		int64_t not_before, not_after;
		const char *why;
	} cases[] = {
		{ "", chain.device_key, NOW, NOW + DAY, "common name" },
		{ "ada@example.test", chain.device_key, NOW, NOW + DAY, "common name" },
		{ "a,b", chain.device_key, NOW, NOW + DAY, "common name" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", chain.device_key, NOW,
		    NOW + DAY, "common name" },
		{ DEVICE, { NULL, 0 }, NOW, NOW + DAY, "building" },
		{ DEVICE, LITERAL("\x30\x00"), NOW, NOW + DAY, "building" },
		{ DEVICE, chain.device_key, NOW, NOW, "ends before it begins" },
		{ DEVICE, chain.device_key, -1, NOW, "ends before it begins" },
		{ DEVICE, chain.device_key, NOW, NOW + 10 * 365 * DAY + 1, "longer than its authority's" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct certificate_request request = { .common_name = cases[i].name,
			.public_key = cases[i].key,
			.not_before = cases[i].not_before,
			.not_after = cases[i].not_after };
		struct why why = { "" };

		assert_int_equal(
		    certificate_sign_device(chain.arena, &chain.issuing, &request, serial, &der, &why),
		    OUTCOME_CERTIFICATE_REQUEST);
		if (strstr(why.text, cases[i].why) == NULL)
			fail_msg("%zu: \"%s\" does not say \"%s\"", i, why.text, cases[i].why);
	}
	chain_release(&chain);
}

static void
test_refused_authorities(void **state)
{
	static const char long_name[] = "ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääX";
	struct chain chain;
	struct bytes der;

	(void)state;
	chain_make(&chain, KEY_EC_P256, KEY_EC_P256);

	const struct {
		const char *name, *organization;
		int64_t not_after;
		bool fine;
	} cases[] = {
		{ "Name", "Organization", NOW + DAY, true },
		{ long_name + 2, "Organization", NOW + DAY, true },
		{ long_name, "Organization", NOW + DAY, false },
		{ "", "Organization", NOW + DAY, false },
		{ "Name", "", NOW + DAY, false },
		{ "Name", "Organization", NOW + 20 * 365 * DAY + 1, false },
		{ "Name", "Organization", NOW - DAY, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(
		    certificate_sign_authority(chain.arena, &chain.root, chain.issuing.key, cases[i].name,
			cases[i].organization, NULL, NULL, NOW, cases[i].not_after, &der, NULL),
		    cases[i].fine ? OUTCOME_OK : OUTCOME_CERTIFICATE_REQUEST);
	chain_release(&chain);
}

/* Where things are stands in a certificate, or nothing of it. */
static void
assert_publication(struct bytes der, const char *crl_url, const char *ocsp_url, const char *ca_url)
{
	gnutls_x509_crt_t crt = imported(der);
	char url[128] = "";
	size_t size = sizeof(url);
	gnutls_datum_t datum = { NULL, 0 };
	int rc = gnutls_x509_crt_get_crl_dist_points(crt, 0, url, &size, NULL, NULL);

	if (crl_url == NULL)
		assert_int_equal(rc, GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE);
	else
		assert_string_equal(url, crl_url);
	for (int i = 0; i < 2; i++) {
		const char *wanted = i == 0 ? ocsp_url : ca_url;

		rc = gnutls_x509_crt_get_authority_info_access(
		    crt, 0, i == 0 ? GNUTLS_IA_OCSP_URI : GNUTLS_IA_CAISSUERS_URI, &datum, NULL);
		if (wanted == NULL) {
			assert_true(rc < 0);
			continue;
		}
		/* The first of both is looked at, or the second where there are two. */
		if (rc < 0)
			rc = gnutls_x509_crt_get_authority_info_access(
			    crt, 1, i == 0 ? GNUTLS_IA_OCSP_URI : GNUTLS_IA_CAISSUERS_URI, &datum, NULL);
		assert_true(rc >= 0);
		assert_int_equal(datum.size, strlen(wanted));
		assert_memory_equal(datum.data, wanted, datum.size);
		gnutls_free(datum.data);
		datum.data = NULL;
	}
	gnutls_x509_crt_deinit(crt);
}

static void
test_publication(void **state)
{
	static const char crl[] = "http://pki.example.test/a.crl", ca[] = "http://pki.example.test/a.der",
			  ocsp[] = "http://ocsp.example.test";
	static const struct publication row[] = { { NULL, NULL, NULL }, { crl, NULL, NULL },
		{ NULL, ca, NULL }, { NULL, NULL, ocsp }, { crl, ca, ocsp } };
	uint8_t serial[SERIAL_SIZE];
	struct chain chain;
	struct bytes der;

	(void)state;
	chain_make(&chain, KEY_EC_P256, KEY_EC_P256);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const struct certificate_request request = { .common_name = DEVICE,
			.public_key = chain.device_key,
			.not_before = NOW - 600,
			.not_after = NOW + DAY,
			.crl_url = row[i].crl_url,
			.ca_url = row[i].ca_url,
			.ocsp_url = row[i].ocsp_url };

		assert_int_equal(
		    certificate_sign_device(chain.arena, &chain.issuing, &request, serial, &der, NULL),
		    OUTCOME_OK);
		assert_publication(der, row[i].crl_url, row[i].ocsp_url, row[i].ca_url);
		assert_chain_verifies(&chain, der);
		assert_int_equal(certificate_sign_authority(chain.arena, &chain.root, chain.issuing.key,
				     "Name", "Organization", NULL, &row[i], NOW, NOW + DAY, &der, NULL),
		    OUTCOME_OK);
		assert_publication(der, row[i].crl_url, row[i].ocsp_url, row[i].ca_url);
	}
	chain_release(&chain);
}

/* A responder's certificate: that purpose alone, and nocheck. */
static void
test_responder(void **state)
{
	uint8_t serial[SERIAL_SIZE], null[8];
	size_t size = sizeof(null), purpose_size;
	unsigned critical;
	char purpose[64];
	struct chain chain;
	struct bytes der;
	gnutls_x509_crt_t crt;

	(void)state;
	chain_make(&chain, KEY_EC_P256, KEY_EC_P256);

	const struct certificate_request request = { .common_name = "ocsp",
		.public_key = chain.device_key,
		.not_before = NOW - 600,
		.not_after = NOW + DAY };

	assert_int_equal(
	    certificate_sign_responder(chain.arena, &chain.issuing, &request, serial, &der, NULL),
	    OUTCOME_OK);
	crt = imported(der);
	purpose_size = sizeof(purpose);
	assert_int_equal(gnutls_x509_crt_get_key_purpose_oid(crt, 0, purpose, &purpose_size, &critical), 0);
	assert_string_equal(purpose, GNUTLS_KP_OCSP_SIGNING);
	purpose_size = sizeof(purpose);
	assert_int_equal(gnutls_x509_crt_get_key_purpose_oid(crt, 1, purpose, &purpose_size, &critical),
	    GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE);
	assert_int_equal(
	    gnutls_x509_crt_get_extension_by_oid(crt, "1.3.6.1.5.5.7.48.1.5", 0, null, &size, &critical), 0);
	assert_int_equal(size, 2);
	assert_basic_constraints(crt, 0, -1);
	gnutls_x509_crt_deinit(crt);
	chain_release(&chain);
}

/* Whole, and with everything mixed up that a database could mix up. */
static void
test_signer(void **state)
{
	struct secret passphrase = secret_copy("correct", 7), wrong = secret_copy("wrong", 5);
	struct bytes key, other_key, device;
	uint8_t serial[SERIAL_SIZE];
	struct chain chain;

	(void)state;
	chain_make(&chain, KEY_EC_P256, KEY_EC_P256);
	device = device_sign(&chain, serial);
	assert_int_equal(keystore_seal(chain.arena, chain.issuing.key, &passphrase, &key, NULL), OUTCOME_OK);
	assert_int_equal(
	    keystore_seal(chain.arena, chain.root.key, &passphrase, &other_key, NULL), OUTCOME_OK);

	const struct {
		struct bytes certificate, key;
		const struct secret *passphrase;
		const char *why; /* NULL: opens */
	} cases[] = {
		{ chain.issuing_der, key, &passphrase, NULL },
		{ chain.issuing_der, key, &wrong, "passphrase is wrong" },
		{ chain.issuing_der, other_key, &passphrase, "belongs to another certificate" },
		{ device, key, &passphrase, "not a CA's" },
		{ { NULL, 0 }, key, &passphrase, "unreadable" },
		{ chain.issuing_der, { NULL, 0 }, &passphrase, "0 bytes" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct signer signer = { NULL, NULL };
		struct why why = { "" };
		enum outcome o =
		    signer_open(cases[i].certificate, cases[i].key, cases[i].passphrase, &signer, &why);

		assert_int_equal(o, cases[i].why == NULL ? OUTCOME_OK : OUTCOME_CERTIFICATE_REQUEST);
		assert_int_equal(signer.key != NULL, cases[i].why == NULL);
		if (cases[i].why != NULL && strstr(why.text, cases[i].why) == NULL)
			fail_msg("%zu: \"%s\" does not say \"%s\"", i, why.text, cases[i].why);
		signer_release(&signer);
	}
	secret_release(&passphrase);
	secret_release(&wrong);
	chain_release(&chain);
}

static void
test_view(void **state)
{
	uint8_t serial[SERIAL_SIZE];
	struct certificate_view view;
	struct chain chain;
	struct bytes der;

	(void)state;
	chain_make(&chain, KEY_EC_P256, KEY_RSA_2048);
	der = device_sign(&chain, serial);
	assert_int_equal(certificate_view(chain.arena, der, &view, NULL), OUTCOME_OK);
	assert_string_equal(view.subject, "CN=" DEVICE);
	assert_string_equal(view.issuer, "CN=Exämple Issuing CA 1,O=Exämple");
	assert_string_equal(view.serial, bytes_to_hex(chain.arena, (struct bytes){ serial, SERIAL_SIZE }));
	assert_string_equal(view.key, "RSA-2048");
	assert_int_equal(strlen(view.sha256), 64);
	assert_int_equal(strlen(view.sha1), 40);
	assert_int_equal(view.not_before, NOW - 600);
	assert_int_equal(view.not_after, NOW + 365 * DAY);
	assert_false(view.is_authority);
	assert_int_equal(certificate_view(chain.arena, chain.root_der, &view, NULL), OUTCOME_OK);
	assert_true(view.is_authority);
	assert_string_equal(view.key, "EC-P-256");

	der = joined(chain.arena, der, LITERAL("\0"));
	assert_int_equal(certificate_view(chain.arena, der, &view, NULL), OUTCOME_CERTIFICATE_REQUEST);
	assert_int_equal(certificate_view(chain.arena, (struct bytes){ NULL, 0 }, &view, NULL),
	    OUTCOME_CERTIFICATE_REQUEST);
	chain_release(&chain);
}

static void
test_pem(void **state)
{
	uint8_t serial[SERIAL_SIZE];
	struct chain chain;
	struct bytes der, again;
	char *pem, *two;

	(void)state;
	chain_make(&chain, KEY_EC_P256, KEY_EC_P256);
	der = device_sign(&chain, serial);
	assert_int_equal(certificate_to_pem(chain.arena, der, &pem, NULL), OUTCOME_OK);
	assert_int_equal(certificate_from_pem(chain.arena, pem, &again, NULL), OUTCOME_OK);
	assert_true(bytes_equal(der, again));
	two = arena_printf(chain.arena, "a subject before it\n%s%s", pem, pem);
	assert_int_equal(certificate_from_pem(chain.arena, two, &again, NULL), OUTCOME_OK);
	assert_true(bytes_equal(der, again));
	assert_int_equal(certificate_from_pem(chain.arena, "", &again, NULL), OUTCOME_CERTIFICATE_REQUEST);
	assert_int_equal(
	    certificate_from_pem(chain.arena, "(null)", &again, NULL), OUTCOME_CERTIFICATE_REQUEST);
	assert_int_equal(certificate_from_pem(chain.arena,
			     "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", &again, NULL),
	    OUTCOME_CERTIFICATE_REQUEST);
	chain_release(&chain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_device_certificate),
		cmocka_unit_test(test_authority_certificates),
		cmocka_unit_test(test_refused_devices),
		cmocka_unit_test(test_refused_authorities),
		cmocka_unit_test(test_signer),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_pem),
		cmocka_unit_test(test_publication),
		cmocka_unit_test(test_responder),
	};

	return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
