/* RSA through GnuTLS. */
#include "keypair.h"

bool
keypair_new(unsigned bits, gnutls_x509_privkey_t *key, struct refusal *refusal)
{
	int rc;

	*key = NULL;
	if ((rc = gnutls_x509_privkey_init(key)) < 0 ||
	    (rc = gnutls_x509_privkey_generate(*key, GNUTLS_PK_RSA, bits, 0)) < 0) {
		keypair_free(key);
		return deny(refusal, HRESULT_KEY_CREATION, "an RSA key of %u bits cannot be made: %s", bits,
		    gnutls_strerror(rc));
	}
	return true;
}

bool
keypair_load(const char *file, gnutls_x509_privkey_t *key, struct refusal *refusal)
{
	gnutls_datum_t pem = { NULL, 0 };
	int rc;

	*key = NULL;
	if ((rc = gnutls_load_file(file, &pem)) == 0 && (rc = gnutls_x509_privkey_init(key)) == 0)
		rc = gnutls_x509_privkey_import2(*key, &pem, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
	if (pem.data != NULL)
		gnutls_memset(pem.data, 0, pem.size);
	gnutls_free(pem.data);
	if (rc == 0 && gnutls_x509_privkey_get_pk_algorithm(*key) == GNUTLS_PK_RSA)
		return true;
	keypair_free(key);
	return deny(refusal, HRESULT_KEY_CREATION, "%s: %s", file,
	    rc < 0 ? gnutls_strerror(rc) : "not an RSA key, which Windows enrolls with");
}

struct bytes
keypair_public(struct arena *arena, gnutls_x509_privkey_t key)
{
	struct bytes bytes = { NULL, 0 };
	gnutls_datum_t der = { NULL, 0 };
	gnutls_privkey_t private = NULL;
	gnutls_pubkey_t public = NULL;

	if (gnutls_privkey_init(&private) == 0 && gnutls_privkey_import_x509(private, key, 0) == 0 &&
	    gnutls_pubkey_init(&public) == 0 && gnutls_pubkey_import_privkey(public, private, 0, 0) == 0 &&
	    gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &der) == 0)
		bytes = arena_copy(arena, der.data, der.size);
	gnutls_free(der.data);
	gnutls_pubkey_deinit(public);
	gnutls_privkey_deinit(private);
	return bytes;
}

bool
keypair_pem(gnutls_x509_privkey_t key, struct secret *pem)
{
	gnutls_datum_t out = { NULL, 0 };

	if (gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &out) < 0)
		return false;
	*pem = secret_copy(out.data, out.size);
	gnutls_memset(out.data, 0, out.size);
	gnutls_free(out.data);
	return true;
}

void
keypair_free(gnutls_x509_privkey_t *key)
{
	gnutls_x509_privkey_deinit(*key);
	*key = NULL;
}
