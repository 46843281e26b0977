#include <muster/authority/certificate.h>

#include <muster/base/text.h>

#include "handles.h"

#define CERTIFICATE_MAX (64 * 1024)
#define SERIAL_MAX 64
#define FINGERPRINT_MAX 64
#define URL_MAX 2048
#define COMMON_NAME_MAX 512

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
common_name_text(struct arena *arena, gnutls_x509_crt_t crt)
{
	char name[COMMON_NAME_MAX];
	size_t size = sizeof(name);
	char *text;

	if (gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &size) < 0)
		return name_text(arena, crt, gnutls_x509_crt_get_dn3);
	text = arena_strndup(arena, name, size);
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

static const char *
usage_text(struct arena *arena, gnutls_x509_crt_t crt)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{ GNUTLS_KEY_DIGITAL_SIGNATURE, "digitalSignature" },
		{ GNUTLS_KEY_NON_REPUDIATION, "nonRepudiation" },
		{ GNUTLS_KEY_KEY_ENCIPHERMENT, "keyEncipherment" },
		{ GNUTLS_KEY_DATA_ENCIPHERMENT, "dataEncipherment" },
		{ GNUTLS_KEY_KEY_AGREEMENT, "keyAgreement" },
		{ GNUTLS_KEY_KEY_CERT_SIGN, "keyCertSign" },
		{ GNUTLS_KEY_CRL_SIGN, "cRLSign" },
	};
	const char *text = "";
	unsigned usage = 0;

	if (gnutls_x509_crt_get_key_usage(crt, &usage, NULL) < 0)
		return text;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if ((usage & names[i].bit) != 0)
			text = arena_printf(arena, "%s%s%s", text, *text != '\0' ? ", " : "", names[i].name);
	return text;
}

static int
path_length(gnutls_x509_crt_t crt)
{
	int length = -1;

	if (gnutls_x509_crt_get_basic_constraints(crt, NULL, NULL, &length) < 0)
		return -1;
	return length;
}

static const char *
signature_text(gnutls_x509_crt_t crt)
{
	int algorithm = gnutls_x509_crt_get_signature_algorithm(crt);
	const char *name = algorithm < 0 ? NULL : gnutls_sign_get_name((gnutls_sign_algorithm_t)algorithm);

	return name != NULL ? name : "?";
}

/* A URL out of a certificate, for people; NULL when there is none. */
static const char *
url_text(struct arena *arena, const void *data, size_t size)
{
	char *text;

	if (size == 0)
		return NULL;
	text = arena_strndup(arena, data, size);
	text_make_clean(text);
	return text;
}

static const char *
crl_url_text(struct arena *arena, gnutls_x509_crt_t crt)
{
	char url[URL_MAX];
	size_t size = sizeof(url);

	if (gnutls_x509_crt_get_crl_dist_points(crt, 0, url, &size, NULL, NULL) != GNUTLS_SAN_URI)
		return NULL;
	return url_text(arena, url, strnlen(url, size));
}

static const char *
ca_url_text(struct arena *arena, gnutls_x509_crt_t crt)
{
	CLEANUP(datum_cleanup) gnutls_datum_t url = { NULL, 0 };

	for (unsigned i = 0;; i++) {
		int rc =
		    gnutls_x509_crt_get_authority_info_access(crt, i, GNUTLS_IA_CAISSUERS_URI, &url, NULL);

		if (rc >= 0)
			return url_text(arena, url.data, url.size);
		if (rc != GNUTLS_E_UNKNOWN_ALGORITHM)
			return NULL;
	}
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
		.common_name = common_name_text(arena, crt),
		.serial = serial_text(arena, crt),
		.key = key_text(arena, crt),
		.sha256 = fingerprint_text(arena, GNUTLS_DIG_SHA256, crt),
		.sha1 = fingerprint_text(arena, GNUTLS_DIG_SHA1, crt),
		.not_before = gnutls_x509_crt_get_activation_time(crt),
		.not_after = gnutls_x509_crt_get_expiration_time(crt),
		.is_authority = gnutls_x509_crt_get_ca_status(crt, NULL) > 0,
		.path_length = path_length(crt),
		.signature = signature_text(crt),
		.key_usage = usage_text(arena, crt),
		.crl_url = crl_url_text(arena, crt),
		.ca_url = ca_url_text(arena, crt),
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
