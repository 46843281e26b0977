#include "x509.h"

gnutls_datum_t
x509_datum(struct bytes bytes)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)bytes.data, (unsigned)bytes.size };
}

int
x509_import(struct bytes der, gnutls_x509_crt_t *crt)
{
	gnutls_datum_t datum = x509_datum(der);
	int rc = gnutls_x509_crt_init(crt);

	return rc < 0 ? rc : gnutls_x509_crt_import(*crt, &datum, GNUTLS_X509_FMT_DER);
}

void
x509_free(gnutls_x509_crt_t *certificate)
{
	if (*certificate != NULL)
		gnutls_x509_crt_deinit(*certificate);
	*certificate = NULL;
}

void
x509_key_free(gnutls_pubkey_t *key)
{
	if (*key != NULL)
		gnutls_pubkey_deinit(*key);
	*key = NULL;
}

void
x509_datum_free(gnutls_datum_t *datum)
{
	gnutls_free(datum->data);
	datum->data = NULL;
}
