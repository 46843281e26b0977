#include <muster/authority/certificate.h>

#include <gnutls/pkcs7.h>

#include "handles.h"

static void
pkcs7_cleanup(gnutls_pkcs7_t *pkcs7)
{
	if (*pkcs7 != NULL)
		gnutls_pkcs7_deinit(*pkcs7);
	*pkcs7 = NULL;
}

enum outcome
certificates_to_pem(
    struct arena *arena, const struct bytes *certificate, size_t count, struct bytes *pem, struct why *why)
{
	char *all = arena_strdup(arena, ""), *one = NULL;
	enum outcome o;

	for (size_t i = 0; i < count; i++) {
		if ((o = certificate_to_pem(arena, certificate[i], &one, why)) != OUTCOME_OK)
			return o;
		all = arena_printf(arena, "%s%s", all, one);
	}
	*pem = bytes_of(all);
	return OUTCOME_OK;
}

enum outcome
certificates_to_pkcs7(
    struct arena *arena, const struct bytes *certificate, size_t count, struct bytes *der, struct why *why)
{
	CLEANUP(pkcs7_cleanup) gnutls_pkcs7_t pkcs7 = NULL;
	CLEANUP(datum_cleanup) gnutls_datum_t out = { NULL, 0 };
	int rc = gnutls_pkcs7_init(&pkcs7);

	for (size_t i = 0; rc >= 0 && i < count; i++) {
		gnutls_datum_t datum = datum_of(certificate[i]);

		rc = gnutls_pkcs7_set_crt_raw(pkcs7, &datum);
	}
	if (rc < 0 || (rc = gnutls_pkcs7_export2(pkcs7, GNUTLS_X509_FMT_DER, &out)) < 0)
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "certificates as PKCS#7: %s", gnutls_strerror(rc));
	*der = arena_copy(arena, out.data, out.size);
	return OUTCOME_OK;
}
