#include <muster/authority/certificate.h>

#include <gnutls/crypto.h>

#include "handles.h"
#include "pkcs11_watch.h"

#define KEY_ID_MAX 64
#define CHALLENGE_SIZE 32

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

static enum outcome
certificate_open(struct bytes certificate, struct signer *opened, struct why *why)
{
	int rc = gnutls_x509_crt_init(&opened->certificate);

	if (rc < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "new certificate: %s", gnutls_strerror(rc));
	return ca_import(certificate, opened->certificate, why);
}

enum outcome
signer_open(struct bytes certificate, struct bytes pkcs8, const struct secret *passphrase,
    struct signer *signer, struct why *why)
{
	struct signer opened = { NULL, NULL };
	enum outcome o;

	if ((o = certificate_open(certificate, &opened, why)) != OUTCOME_OK ||
	    (o = keystore_open(pkcs8, passphrase, &opened.key, why)) != OUTCOME_OK ||
	    (o = pair_check(opened.certificate, opened.key, why)) != OUTCOME_OK) {
		signer_release(&opened);
		return o;
	}
	*signer = opened;
	return OUTCOME_OK;
}

enum outcome
signer_open_token(struct bytes certificate, const struct pkcs11 *pkcs11, const char *key_uri,
    struct signer *signer, struct why *why)
{
	struct signer opened = { NULL, NULL };
	enum outcome o;

	if ((o = certificate_open(certificate, &opened, why)) != OUTCOME_OK ||
	    (o = pkcs11_key_open(pkcs11, key_uri, &opened.key, why)) != OUTCOME_OK ||
	    (o = signer_check(&opened, why)) != OUTCOME_OK) {
		signer_release(&opened);
		return o;
	}
	*signer = opened;
	return OUTCOME_OK;
}

/* The same hash for every key: SHA-256 is what tokens can do. */
static int
challenge(gnutls_pubkey_t public, gnutls_privkey_t key)
{
	CLEANUP(datum_cleanup) gnutls_datum_t signature = { NULL, 0 };
	uint8_t random[CHALLENGE_SIZE];
	const gnutls_datum_t data = { random, sizeof(random) };
	gnutls_sign_algorithm_t algorithm = gnutls_pk_to_sign(
	    (gnutls_pk_algorithm_t)gnutls_pubkey_get_pk_algorithm(public, NULL), GNUTLS_DIG_SHA256);
	int rc;

	watch_start_for(key);
	if ((rc = gnutls_rnd(GNUTLS_RND_NONCE, random, sizeof(random))) >= 0)
		rc = gnutls_privkey_sign_data2(key, algorithm, 0, &data, &signature);
	watch_stop();
	if (rc < 0)
		return rc;
	return gnutls_pubkey_verify_data2(public, algorithm, 0, &data, &signature);
}

enum outcome
signer_check(const struct signer *signer, struct why *why)
{
	CLEANUP(public_key_cleanup) gnutls_pubkey_t public = NULL;
	int rc;

	if ((rc = gnutls_pubkey_init(&public)) < 0 ||
	    (rc = gnutls_pubkey_import_x509(public, signer->certificate, 0)) < 0)
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "the authority's certificate: %s", gnutls_strerror(rc));
	if (gnutls_privkey_get_pk_algorithm(signer->key, NULL) !=
	    gnutls_pubkey_get_pk_algorithm(public, NULL))
		rc = GNUTLS_E_PK_SIG_VERIFY_FAILED;
	else
		rc = challenge(public, signer->key);
	if (rc == GNUTLS_E_PK_SIG_VERIFY_FAILED)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the authority's private key belongs to another certificate");
	if (rc < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the authority's key does not sign: %s: is the HSM there?", gnutls_strerror(rc));
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
