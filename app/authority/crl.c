#include <muster/authority/crl.h>

#include <malloc.h>

#include "handles.h"

#define KEY_ID_MAX 64
#define NUMBER_SIZE 8

/* GnuTLS's memory for that many entries is worth giving back to the system at once. */
#define LARGE 1000

static enum outcome
failed(struct why *why, const char *what, int rc)
{
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "list of revoked certificates: %s: %s", what,
	    gnutls_strerror(rc));
}

static void
crl_cleanup(gnutls_x509_crl_t *crl)
{
	if (*crl != NULL)
		gnutls_x509_crl_deinit(*crl);
	*crl = NULL;
}

/* Without leading zeros, but with one where the number would be negative (a positive INTEGER). */
static int
number_set(gnutls_x509_crl_t crl, int64_t number)
{
	uint8_t octets[NUMBER_SIZE];
	size_t first = 0;

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)((uint64_t)number >> (8 * (sizeof(octets) - 1 - i)));
	while (first < sizeof(octets) - 1 && octets[first] == 0 && octets[first + 1] < 0x80)
		first++;
	return gnutls_x509_crl_set_number(crl, octets + first, sizeof(octets) - first);
}

static int
authority_key_id_set(gnutls_x509_crl_t crl, gnutls_x509_crt_t authority)
{
	uint8_t id[KEY_ID_MAX];
	size_t size = sizeof(id);
	int rc = gnutls_x509_crt_get_subject_key_id(authority, id, &size, NULL);

	return rc < 0 ? rc : gnutls_x509_crl_set_authority_key_id(crl, id, size);
}

static int
entries_set(gnutls_x509_crl_t crl, const struct crl_request *request)
{
	for (size_t i = 0; i < request->entries; i++) {
		const struct crl_entry *entry = &request->entry[i];
		int rc = gnutls_x509_crl_set_crt_serial(
		    crl, entry->serial.data, entry->serial.size, (time_t)entry->revoked_at);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
crl_fill(gnutls_x509_crl_t crl, const struct signer *signer, const struct crl_request *request)
{
	int rc;

	if ((rc = gnutls_x509_crl_set_version(crl, 2)) < 0 || (rc = entries_set(crl, request)) < 0 ||
	    (rc = gnutls_x509_crl_set_this_update(crl, (time_t)request->this_update)) < 0 ||
	    (rc = gnutls_x509_crl_set_next_update(crl, (time_t)request->next_update)) < 0 ||
	    (rc = number_set(crl, request->number)) < 0)
		return rc;
	return authority_key_id_set(crl, signer->certificate);
}

/*
 * GnuTLS (3.7.9) writes a list of entries that is empty where there must be none (RFC 5280 section 5.1.2.6):
 * it has one in each list that it makes, but not in one that it reads without. So a list without entries
 * begins as one of these, of which nothing stays but that, whether algorithms have a parameter, and how times
 * are written, UTCTime or from 2050 on GeneralizedTime: version 2, ecdsa-with-SHA256 or
 * sha256WithRSAEncryption, no name, two times, number 1, no signature.
 */
#define YEAR_2050 INT64_C(2524608000)
#define EC 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02
#define RSA 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00
#define UTC 0x17, 0x0d, '7', '0', '0', '1', '0', '1', '0', '0', '0', '0', '0', '0', 'Z'
#define GENERAL 0x18, 0x0f, '1', '9', '7', '0', '0', '1', '0', '1', '0', '0', '0', '0', '0', '0', 'Z'
#define NUMBER_1 \
	0xa0, 0x0e, 0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x14, 0x04, 0x03, 0x02, 0x01, 0x01
#define LIST(size, size_to_sign, algorithm, from, until) \
	{ \
		0x30, size, 0x30, size_to_sign, 0x02, 0x01, 0x01, algorithm, 0x30, 0x00, from, until, \
		    NUMBER_1, algorithm, 0x03, 0x01, 0x00 \
	}

static const uint8_t ec_utc[] = LIST(0x50, 0x3f, EC, UTC, UTC);
static const uint8_t ec_turn[] = LIST(0x52, 0x41, EC, UTC, GENERAL);
static const uint8_t ec_general[] = LIST(0x54, 0x43, EC, GENERAL, GENERAL);
static const uint8_t rsa_utc[] = LIST(0x56, 0x42, RSA, UTC, UTC);
static const uint8_t rsa_turn[] = LIST(0x58, 0x44, RSA, UTC, GENERAL);
static const uint8_t rsa_general[] = LIST(0x5a, 0x46, RSA, GENERAL, GENERAL);

static struct bytes
without_entries(bool rsa, const struct crl_request *request)
{
	static const struct bytes list[2][3] = {
		{ { ec_utc, sizeof(ec_utc) }, { ec_turn, sizeof(ec_turn) },
		    { ec_general, sizeof(ec_general) } },
		{ { rsa_utc, sizeof(rsa_utc) }, { rsa_turn, sizeof(rsa_turn) },
		    { rsa_general, sizeof(rsa_general) } },
	};

	return list[rsa][(request->this_update >= YEAR_2050) + (request->next_update >= YEAR_2050)];
}

static int
crl_new(gnutls_x509_crl_t *crl, const struct signer *signer, const struct crl_request *request)
{
	const bool rsa = gnutls_privkey_get_pk_algorithm(signer->key, NULL) == GNUTLS_PK_RSA;
	const gnutls_datum_t empty = datum_of(without_entries(rsa, request));
	int rc = gnutls_x509_crl_init(crl);

	if (rc < 0 || request->entries > 0)
		return rc;
	return gnutls_x509_crl_import(*crl, &empty, GNUTLS_X509_FMT_DER);
}

static enum outcome
request_check(const struct crl_request *request, struct why *why)
{
	if (request->number < 1)
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "a list of revoked certificates has a number from 1");
	if (request->this_update < 0 || request->next_update <= request->this_update ||
	    (time_t)request->next_update != request->next_update)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "a list of revoked certificates that ends before it begins");
	return OUTCOME_OK;
}

static enum outcome
crl_build(struct arena *arena, const struct signer *signer, const struct crl_request *request,
    struct bytes *der, struct why *why)
{
	CLEANUP(crl_cleanup) gnutls_x509_crl_t crl = NULL;
	CLEANUP(datum_cleanup) gnutls_datum_t out = { NULL, 0 };
	int rc;

	if ((rc = crl_new(&crl, signer, request)) < 0 || (rc = crl_fill(crl, signer, request)) < 0)
		return failed(why, "building it", rc);
	if ((rc = gnutls_x509_crl_privkey_sign(
		 crl, signer->certificate, signer->key, private_key_digest(signer->key), 0)) < 0)
		return failed(why, "signing it", rc);
	if ((rc = gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_DER, &out)) < 0)
		return failed(why, "as DER", rc);
	*der = arena_copy(arena, out.data, out.size);
	return OUTCOME_OK;
}

enum outcome
crl_sign(struct arena *arena, const struct signer *signer, const struct crl_request *request,
    struct bytes *der, struct why *why)
{
	enum outcome o = request_check(request, why);

	if (o == OUTCOME_OK)
		o = crl_build(arena, signer, request, der, why);
	if (request->entries >= LARGE)
		(void)malloc_trim(0);
	return o;
}

/* --- lists of others --- */

static int64_t
number_of(gnutls_x509_crl_t crl)
{
	uint8_t octets[NUMBER_SIZE];
	size_t size = sizeof(octets);
	uint64_t number = 0;

	if (gnutls_x509_crl_get_number(crl, octets, &size, NULL) < 0)
		return 0;
	for (size_t i = 0; i < size; i++)
		number = number << 8 | octets[i];
	return number <= INT64_MAX ? (int64_t)number : 0;
}

static enum outcome
signature_check(gnutls_x509_crl_t crl, struct bytes authority, struct why *why)
{
	CLEANUP(certificate_cleanup) gnutls_x509_crt_t crt = NULL;
	const unsigned times =
	    GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED | GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE;
	gnutls_datum_t der = datum_of(authority);
	unsigned status = GNUTLS_CERT_INVALID;
	int rc;

	if ((rc = gnutls_x509_crt_init(&crt)) < 0 ||
	    (rc = gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER)) < 0 ||
	    (rc = gnutls_x509_crl_verify(crl, &crt, 1, GNUTLS_VERIFY_DISABLE_CRL_CHECKS, &status)) < 0)
		return failed(why, "looking at its signature", rc);
	/* GnuTLS says invalid when only the times are wrong, too. */
	if ((status & times) != 0)
		status &= ~(times | (unsigned)GNUTLS_CERT_INVALID);
	if (status != 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the list of revoked certificates is not signed by this authority");
	return OUTCOME_OK;
}

static int
file_import(gnutls_x509_crl_t crl, struct bytes file)
{
	gnutls_datum_t datum = datum_of(file);
	int rc = gnutls_x509_crl_import(crl, &datum, GNUTLS_X509_FMT_PEM);

	return rc < 0 ? gnutls_x509_crl_import(crl, &datum, GNUTLS_X509_FMT_DER) : rc;
}

enum outcome
crl_read(struct arena *arena, struct bytes file, struct bytes authority, struct bytes *der,
    struct crl_view *view, struct why *why)
{
	CLEANUP(crl_cleanup) gnutls_x509_crl_t crl = NULL;
	CLEANUP(datum_cleanup) gnutls_datum_t out = { NULL, 0 };
	enum outcome o;
	int rc;

	if ((rc = gnutls_x509_crl_init(&crl)) < 0 || (rc = file_import(crl, file)) < 0)
		return failed(why, "neither PEM nor DER", rc);
	if ((o = signature_check(crl, authority, why)) != OUTCOME_OK)
		return o;
	if ((rc = gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_DER, &out)) < 0)
		return failed(why, "as DER", rc);
	*der = arena_copy(arena, out.data, out.size);
	rc = gnutls_x509_crl_get_crt_count(crl);
	*view = (struct crl_view){
		.number = number_of(crl),
		.this_update = gnutls_x509_crl_get_this_update(crl),
		.next_update = gnutls_x509_crl_get_next_update(crl),
		.entries = rc > 0 ? (size_t)rc : 0,
	};
	return OUTCOME_OK;
}

enum outcome
crl_to_pem(struct arena *arena, struct bytes der, char **pem, struct why *why)
{
	CLEANUP(datum_cleanup) gnutls_datum_t out = { NULL, 0 };
	gnutls_datum_t in = datum_of(der);
	int rc = gnutls_pem_base64_encode2("X509 CRL", &in, &out);

	if (rc < 0)
		return failed(why, "as PEM", rc);
	*pem = arena_strndup(arena, (const char *)out.data, out.size);
	return OUTCOME_OK;
}
