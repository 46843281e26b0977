#include <muster/authority/certificate.h>

#include <muster/base/text.h>

#include "handles.h"

#define CERTIFICATE_MAX (64 * 1024)
#define SERIAL_MAX 64
#define FINGERPRINT_MAX 64

static enum outcome
failed(struct why *why, const char *what, int rc)
{
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "certificate: %s: %s", what, gnutls_strerror(rc));
}

typedef int (*name_getter)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned flags);

/* A name as RFC 4514 writes it; GnuTLS leaves the control characters in it that a certificate may hold. */
static const char *
name_text(struct arena *arena, gnutls_x509_crt_t crt, name_getter get)
{
	CLEANUP(datum_cleanup) gnutls_datum_t name = { NULL, 0 };
	char *text;

	if (get(crt, &name, 0) < 0)
		return "";
	text = arena_strndup(arena, (const char *)name.data, name.size);
	text_make_clean(text);
	return text;
}

static const char *
serial_text(struct arena *arena, gnutls_x509_crt_t crt)
{
	uint8_t serial[SERIAL_MAX];
	size_t size = sizeof(serial);

	if (gnutls_x509_crt_get_serial(crt, serial, &size) < 0)
		return "";
	return bytes_to_hex(arena, (struct bytes){ serial, size });
}

static const char *
fingerprint_text(struct arena *arena, gnutls_digest_algorithm_t digest, gnutls_x509_crt_t crt)
{
	uint8_t fingerprint[FINGERPRINT_MAX];
	size_t size = sizeof(fingerprint);

	if (gnutls_x509_crt_get_fingerprint(crt, digest, fingerprint, &size) < 0)
		return "";
	return bytes_to_hex(arena, (struct bytes){ fingerprint, size });
}

static const char *
key_text(struct arena *arena, gnutls_x509_crt_t crt)
{
	CLEANUP(public_key_cleanup) gnutls_pubkey_t key = NULL;

	if (gnutls_pubkey_init(&key) < 0 || gnutls_pubkey_import_x509(key, crt, 0) < 0)
		return "?";
	return public_key_name(arena, key);
}

enum outcome
certificate_view(struct arena *arena, struct bytes der, struct certificate_view *view, struct why *why)
{
	CLEANUP(certificate_cleanup) gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t datum = datum_of(der);
	int rc;

	if (der.size == 0 || der.size > CERTIFICATE_MAX)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "a certificate of %zu bytes, between 1 and %d are possible", der.size, CERTIFICATE_MAX);
	if ((rc = gnutls_x509_crt_init(&crt)) < 0 ||
	    (rc = gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER)) < 0)
		return failed(why, "unreadable", rc);
	*view = (struct certificate_view){
		.subject = name_text(arena, crt, gnutls_x509_crt_get_dn3),
		.issuer = name_text(arena, crt, gnutls_x509_crt_get_issuer_dn3),
		.serial = serial_text(arena, crt),
		.key = key_text(arena, crt),
		.sha256 = fingerprint_text(arena, GNUTLS_DIG_SHA256, crt),
		.sha1 = fingerprint_text(arena, GNUTLS_DIG_SHA1, crt),
		.not_before = gnutls_x509_crt_get_activation_time(crt),
		.not_after = gnutls_x509_crt_get_expiration_time(crt),
		.is_authority = gnutls_x509_crt_get_ca_status(crt, NULL) > 0,
	};
	return OUTCOME_OK;
}

enum outcome
certificate_from_pem(struct arena *arena, const char *pem, struct bytes *der, struct why *why)
{
	CLEANUP(datum_cleanup) gnutls_datum_t out = { NULL, 0 };
	struct bytes text = bytes_of(pem);
	gnutls_datum_t in = datum_of(text);
	int rc;

	if (text.size == 0 || text.size > CERTIFICATE_MAX)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "a PEM text of %zu bytes, between 1 and %d are possible", text.size, CERTIFICATE_MAX);
	if ((rc = gnutls_pem_base64_decode2("CERTIFICATE", &in, &out)) < 0)
		return failed(why, "not PEM (RFC 7468)", rc);
	*der = arena_copy(arena, out.data, out.size);
	return OUTCOME_OK;
}

enum outcome
certificate_to_pem(struct arena *arena, struct bytes der, char **pem, struct why *why)
{
	CLEANUP(datum_cleanup) gnutls_datum_t out = { NULL, 0 };
	gnutls_datum_t in = datum_of(der);
	int rc;

	if (der.size == 0 || der.size > CERTIFICATE_MAX)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "a certificate of %zu bytes, between 1 and %d are possible", der.size, CERTIFICATE_MAX);
	if ((rc = gnutls_pem_base64_encode2("CERTIFICATE", &in, &out)) < 0)
		return failed(why, "PEM", rc);
	*pem = arena_strndup(arena, (const char *)out.data, out.size);
	return OUTCOME_OK;
}
