/* GnuTLS writes attributes only when it is to write the time of signing. */
#include "pkcs7.h"

#include <gnutls/pkcs7.h>

static gnutls_datum_t
datum_of(struct bytes bytes)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)bytes.data, (unsigned)bytes.size };
}

bool
pkcs7_write(struct arena *arena, const struct signer *signer, struct bytes request, struct bytes *der,
    struct refusal *refusal)
{
	gnutls_datum_t certificate = datum_of(signer->certificate), data = datum_of(request);
	gnutls_datum_t out = { NULL, 0 };
	gnutls_x509_crt_t crt = NULL;
	gnutls_pkcs7_t pkcs7 = NULL;
	bool sha1 = (signer->habits & SIGN_SHA1) != 0;
	unsigned flags = GNUTLS_PKCS7_EMBED_DATA | GNUTLS_PKCS7_INCLUDE_CERT;
	int rc;

	if ((signer->habits & SIGN_ATTRIBUTES) != 0)
		flags |= GNUTLS_PKCS7_INCLUDE_TIME;
	if ((rc = gnutls_x509_crt_init(&crt)) == 0 &&
	    (rc = gnutls_x509_crt_import(crt, &certificate, GNUTLS_X509_FMT_DER)) == 0 &&
	    (rc = gnutls_pkcs7_init(&pkcs7)) == 0 &&
	    (rc = gnutls_pkcs7_sign(pkcs7, crt, signer->key, &data, NULL, NULL,
		 sha1 ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256, flags)) == 0 &&
	    (rc = gnutls_pkcs7_export2(pkcs7, GNUTLS_X509_FMT_DER, &out)) == 0)
		*der = arena_copy(arena, out.data, out.size);
	gnutls_free(out.data);
	if (pkcs7 != NULL)
		gnutls_pkcs7_deinit(pkcs7);
	if (crt != NULL)
		gnutls_x509_crt_deinit(crt);
	return rc == 0 ||
	    deny(refusal, HRESULT_KEY_CREATION, "the signed request cannot be made: %s", gnutls_strerror(rc));
}
