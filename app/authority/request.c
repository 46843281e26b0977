#include <muster/authority/request.h>

#include <muster/authority/csr.h>
#include <muster/base/text.h>

#include <gnutls/crypto.h>

#include "handles.h"

#define SHA256_SIZE 32

static void
request_cleanup(gnutls_x509_crq_t *request)
{
	if (*request != NULL)
		gnutls_x509_crq_deinit(*request);
	*request = NULL;
}

static enum outcome
failed(struct why *why, const char *what, int rc)
{
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "%s: %s", what, gnutls_strerror(rc));
}

/*
 * Subject, key, and the extensions that are asked for, which whoever certifies may give or not: they are
 * there for those who copy them.
 */
static int
request_fill(
    gnutls_x509_crq_t request, gnutls_pubkey_t key, const char *common_name, const char *organization)
{
	int rc;

	if ((rc = gnutls_x509_crq_set_version(request, 1)) < 0 ||
	    (rc = gnutls_x509_crq_set_dn_by_oid(request, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, organization,
		 (unsigned)strlen(organization))) < 0 ||
	    (rc = gnutls_x509_crq_set_dn_by_oid(
		 request, GNUTLS_OID_X520_COMMON_NAME, 0, common_name, (unsigned)strlen(common_name))) < 0 ||
	    (rc = gnutls_x509_crq_set_pubkey(request, key)) < 0 ||
	    (rc = gnutls_x509_crq_set_basic_constraints(request, 1, 0)) < 0)
		return rc;
	return gnutls_x509_crq_set_key_usage(request, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
}

enum outcome
request_make(struct arena *arena, gnutls_privkey_t key, const char *common_name, const char *organization,
    gnutls_digest_algorithm_t hash, struct bytes *der, struct why *why)
{
	CLEANUP(request_cleanup) gnutls_x509_crq_t request = NULL;
	CLEANUP(public_key_cleanup) gnutls_pubkey_t public = NULL;
	CLEANUP(datum_cleanup) gnutls_datum_t out = { NULL, 0 };
	int rc;

	if (!authority_name_fits(common_name) || !authority_name_fits(organization))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "an authority's name and organization have 1 to 64 characters each");
	if (hash == GNUTLS_DIG_UNKNOWN)
		hash = authority_hash(key);
	if ((rc = gnutls_x509_crq_init(&request)) < 0 || (rc = gnutls_pubkey_init(&public)) < 0 ||
	    (rc = gnutls_pubkey_import_privkey(public, key, 0, 0)) < 0 ||
	    (rc = request_fill(request, public, common_name, organization)) < 0 ||
	    (rc = gnutls_x509_crq_privkey_sign(request, key, hash, 0)) < 0 ||
	    (rc = gnutls_x509_crq_export2(request, GNUTLS_X509_FMT_DER, &out)) < 0)
		return failed(why, "building an authority's request", rc);
	*der = arena_copy(arena, out.data, out.size);
	return OUTCOME_OK;
}

/* GnuTLS leaves the control characters in a name that a request may hold. */
static enum outcome
subject_read(struct arena *arena, struct bytes der, const char **subject, struct why *why)
{
	CLEANUP(request_cleanup) gnutls_x509_crq_t request = NULL;
	CLEANUP(datum_cleanup) gnutls_datum_t name = { NULL, 0 };
	gnutls_datum_t datum = datum_of(der);
	char *text;
	int rc;

	if ((rc = gnutls_x509_crq_init(&request)) < 0 ||
	    (rc = gnutls_x509_crq_import(request, &datum, GNUTLS_X509_FMT_DER)) < 0 ||
	    (rc = gnutls_x509_crq_get_dn3(request, &name, 0)) < 0)
		return failed(why, "the request's subject", rc);
	if (name.size == 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "RFC 5280 section 4.1.2.6: the request names nobody, and an authority has a name");
	text = arena_strndup(arena, (const char *)name.data, name.size);
	text_make_clean(text);
	*subject = text;
	return OUTCOME_OK;
}

enum outcome
request_read(struct arena *arena, struct bytes der, struct request_view *view, struct why *why)
{
	static const struct csr_policy policy = { .minimum_key_length = 2048 };
	uint8_t sha256[SHA256_SIZE];
	struct csr csr = { 0 };
	enum outcome o;

	if ((o = csr_check(arena, der, &policy, &csr, why)) != OUTCOME_OK ||
	    (o = subject_read(arena, der, &view->subject, why)) != OUTCOME_OK)
		return o;
	view->key = csr.algorithm;
	view->public_key = csr.public_key;
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, csr.public_key.data, csr.public_key.size, sha256) < 0)
		abort(); /* not without a broken library */
	view->public_key_sha256 = bytes_to_hex(arena, (struct bytes){ sha256, sizeof(sha256) });
	return OUTCOME_OK;
}

enum outcome
public_key_sha256(struct arena *arena, gnutls_privkey_t key, struct bytes *sha256, struct why *why)
{
	CLEANUP(public_key_cleanup) gnutls_pubkey_t public = NULL;
	uint8_t id[SHA256_SIZE];
	size_t size = sizeof(id);
	int rc;

	if ((rc = gnutls_pubkey_init(&public)) < 0 ||
	    (rc = gnutls_pubkey_import_privkey(public, key, 0, 0)) < 0 ||
	    (rc = gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, id, &size)) < 0)
		return failed(why, "the public key", rc);
	*sha256 = arena_copy(arena, id, size);
	return OUTCOME_OK;
}
