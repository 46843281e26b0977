#include <muster/authority/certificate.h>

#include "handles.h"

#define KEY_ID_MAX 64

static enum outcome
ca_import(struct bytes der, gnutls_x509_crt_t crt, struct why *why)
{
	gnutls_datum_t datum = datum_of(der);
	int rc = gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER);

	if (rc < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the authority's certificate is unreadable: %s", gnutls_strerror(rc));
	if (gnutls_x509_crt_get_ca_status(crt, NULL) <= 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the authority's certificate is not a CA's (RFC 5280 section 4.2.1.9)");
	return OUTCOME_OK;
}

static enum outcome
pair_check(gnutls_x509_crt_t crt, gnutls_privkey_t key, struct why *why)
{
	CLEANUP(public_key_cleanup) gnutls_pubkey_t public = NULL;
	uint8_t certified[KEY_ID_MAX], held[KEY_ID_MAX];
	size_t certified_size = sizeof(certified), held_size = sizeof(held);
	const unsigned flags = GNUTLS_KEYID_USE_SHA256;
	int rc;

	if ((rc = gnutls_pubkey_init(&public)) < 0 ||
	    (rc = gnutls_pubkey_import_privkey(public, key, 0, 0)) < 0 ||
	    (rc = gnutls_pubkey_get_key_id(public, flags, held, &held_size)) < 0 ||
	    (rc = gnutls_x509_crt_get_key_id(crt, flags, certified, &certified_size)) < 0)
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "the authority's key: %s", gnutls_strerror(rc));
	if (!bytes_equal((struct bytes){ held, held_size }, (struct bytes){ certified, certified_size }))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the authority's private key belongs to another certificate");
	return OUTCOME_OK;
}

enum outcome
signer_open(struct bytes certificate, struct bytes pkcs8, const struct secret *passphrase,
    struct signer *signer, struct why *why)
{
	struct signer opened = { NULL, NULL };
	enum outcome o;
	int rc;

	if ((rc = gnutls_x509_crt_init(&opened.certificate)) < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "new certificate: %s", gnutls_strerror(rc));
	if ((o = ca_import(certificate, opened.certificate, why)) != OUTCOME_OK ||
	    (o = keystore_open(pkcs8, passphrase, &opened.key, why)) != OUTCOME_OK ||
	    (o = pair_check(opened.certificate, opened.key, why)) != OUTCOME_OK) {
		signer_release(&opened);
		return o;
	}
	*signer = opened;
	return OUTCOME_OK;
}

void
signer_release(struct signer *signer)
{
	certificate_cleanup(&signer->certificate);
	private_key_cleanup(&signer->key);
}

int64_t
signer_not_after(const struct signer *signer)
{
	return gnutls_x509_crt_get_expiration_time(signer->certificate);
}
