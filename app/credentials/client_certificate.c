/* Names are bounded before anything is done with them, and only read: GnuTLS is asked for one at a time. */
#include <muster/credentials/client_certificate.h>

#include <muster/base/clock.h>
#include <muster/base/text.h>

#include <gnutls/crypto.h>

#include "x509.h"

#define SUBJECT_MAX 200
#define NAME_MAX_BYTES 320
#define ALTERNATIVES_MAX 64
#define SERIAL_MAX 64
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192

static void
trust_free(gnutls_x509_trust_list_t *list)
{
	if (*list != NULL)
		gnutls_x509_trust_list_deinit(*list, 1);
}

/* --- reading --- */

static const char *
hex_of(struct arena *arena, const void *data, size_t size)
{
	return text_lower(arena, bytes_to_hex(arena, (struct bytes){ data, size }));
}

static const char *
sha256_hex(struct arena *arena, const void *data, size_t size)
{
	uint8_t digest[32];

	return gnutls_hash_fast(GNUTLS_DIG_SHA256, data, size, digest) < 0
	    ? ""
	    : hex_of(arena, digest, sizeof(digest));
}

typedef int (*name_getter)(gnutls_x509_crt_t, gnutls_datum_t *);
typedef int (*text_getter)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned flags);

static const char *
name_sha256(struct arena *arena, gnutls_x509_crt_t crt, name_getter get)
{
	CLEANUP(x509_datum_free) gnutls_datum_t raw = { NULL, 0 };

	return get(crt, &raw) < 0 ? "" : sha256_hex(arena, raw.data, raw.size);
}

static const char *
name_text(struct arena *arena, gnutls_x509_crt_t crt, text_getter get)
{
	CLEANUP(x509_datum_free) gnutls_datum_t text = { NULL, 0 };
	char *copy;

	if (get(crt, &text, 0) < 0)
		return "";
	copy = arena_strndup(arena, (const char *)text.data, text.size);
	text_make_clean(copy);
	return text_cut(arena, copy, SUBJECT_MAX);
}

static const char *
serial_text(struct arena *arena, gnutls_x509_crt_t crt)
{
	uint8_t serial[SERIAL_MAX];
	size_t size = sizeof(serial);

	return gnutls_x509_crt_get_serial(crt, serial, &size) < 0 ? "" : hex_of(arena, serial, size);
}

/* False when there are too many. What is no text, or too long for an account's name, names nobody. */
static bool
names_add(struct arena *arena, struct certificate_names *names, const char *data, size_t size)
{
	const char *name;

	if (size == 0 || size > NAME_MAX_BYTES || !text_is_utf8(data, size))
		return true;
	name = arena_strndup(arena, data, size);
	for (size_t i = 0; i < names->count; i++)
		if (text_equal_fold(names->name[i], name))
			return true;
	if (names->count == CERTIFICATE_NAMES_MAX)
		return false;
	names->name[names->count++] = name;
	return true;
}

static bool
subject_names(struct arena *arena, gnutls_x509_crt_t crt, const char *oid, struct certificate_names *names)
{
	for (unsigned i = 0;; i++) {
		char text[NAME_MAX_BYTES + 1];
		size_t size = sizeof(text);
		int rc = gnutls_x509_crt_get_dn_by_oid(crt, oid, i, 0, text, &size);

		if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return true;
		if (rc >= 0 && !names_add(arena, names, text, size))
			return false;
		if (rc < 0 && rc != GNUTLS_E_SHORT_MEMORY_BUFFER)
			return true;
	}
}

static bool
alternative_names(struct arena *arena, gnutls_x509_crt_t crt, struct client_certificate *to)
{
	for (unsigned i = 0; i < ALTERNATIVES_MAX; i++) {
		char text[NAME_MAX_BYTES + 1];
		size_t size = sizeof(text);
		unsigned kind = 0;
		int rc = gnutls_x509_crt_get_subject_alt_name2(crt, i, text, &size, &kind, NULL);
		bool room = true;

		if (rc == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (rc < 0)
			return true;
		if (rc == GNUTLS_SAN_OTHERNAME_MSUSERPRINCIPAL)
			room = names_add(arena, &to->upn, text, size);
		else if (rc == GNUTLS_SAN_RFC822NAME)
			room = names_add(arena, &to->email, text, size);
		if (!room)
			return false;
	}
	return false;
}

enum outcome
client_certificate_read(struct arena *arena, struct bytes der, struct client_certificate *to, struct why *why)
{
	CLEANUP(x509_free) gnutls_x509_crt_t crt = NULL;
	int rc = x509_import(der, &crt);

	if (rc < 0)
		return refuse(why, OUTCOME_INVALID_SECURITY, "the signer's token is no certificate: %s",
		    gnutls_strerror(rc));
	*to = (struct client_certificate){
		.der = der,
		.sha256 = sha256_hex(arena, der.data, der.size),
		.subject = name_text(arena, crt, gnutls_x509_crt_get_dn3),
		.issuer = name_text(arena, crt, gnutls_x509_crt_get_issuer_dn3),
		.subject_sha256 = name_sha256(arena, crt, gnutls_x509_crt_get_raw_dn),
		.issuer_sha256 = name_sha256(arena, crt, gnutls_x509_crt_get_raw_issuer_dn),
		.serial = serial_text(arena, crt),
		.not_before = gnutls_x509_crt_get_activation_time(crt),
		.not_after = gnutls_x509_crt_get_expiration_time(crt),
		.is_authority = gnutls_x509_crt_get_ca_status(crt, NULL) > 0,
	};
	if (!alternative_names(arena, crt, to) ||
	    !subject_names(arena, crt, GNUTLS_OID_PKCS9_EMAIL, &to->email) ||
	    !subject_names(arena, crt, GNUTLS_OID_X520_COMMON_NAME, &to->common_name))
		return refuse(why, OUTCOME_INVALID_SECURITY,
		    "the signer's certificate has more than %d names of a kind, or %d in all",
		    CERTIFICATE_NAMES_MAX, ALTERNATIVES_MAX);
	return OUTCOME_OK;
}

/* --- judging --- */

static bool
curve_fits(gnutls_pubkey_t key)
{
	gnutls_ecc_curve_t curve;

	return gnutls_pubkey_export_ecc_raw2(key, &curve, NULL, NULL, 0) >= 0 &&
	    (curve == GNUTLS_ECC_CURVE_SECP256R1 || curve == GNUTLS_ECC_CURVE_SECP384R1 ||
		curve == GNUTLS_ECC_CURVE_SECP521R1);
}

static enum outcome
check_key(gnutls_x509_crt_t crt, struct why *why)
{
	CLEANUP(x509_key_free) gnutls_pubkey_t key = NULL;
	unsigned bits = 0;
	int kind;

	if (gnutls_pubkey_init(&key) < 0 || gnutls_pubkey_import_x509(key, crt, 0) < 0)
		return refuse(why, OUTCOME_AUTHENTICATION, "the signer's certificate has an unreadable key");
	kind = gnutls_pubkey_get_pk_algorithm(key, &bits);
	if (kind == GNUTLS_PK_RSA && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX)
		return OUTCOME_OK;
	if (kind == GNUTLS_PK_ECDSA && curve_fits(key))
		return OUTCOME_OK;
	return refuse(why, OUTCOME_AUTHENTICATION,
	    "the signer's key is %s of %u bits: RSA of %d to %d or ECDSA on P-256, P-384 or P-521 is "
	    "accepted",
	    kind < 0 ? "of an unknown kind," : gnutls_pk_get_name((gnutls_pk_algorithm_t)kind), bits,
	    RSA_BITS_MIN, RSA_BITS_MAX);
}

/* No purpose at all, or any, does not do: a certificate for something else would pass. */
static bool
is_for_clients(gnutls_x509_crt_t crt)
{
	for (unsigned i = 0; i < ALTERNATIVES_MAX; i++) {
		char oid[128];
		size_t size = sizeof(oid);
		int rc = gnutls_x509_crt_get_key_purpose_oid(crt, i, oid, &size, NULL);

		if (rc == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (rc < 0)
			return false;
		if (strcmp(oid, GNUTLS_KP_TLS_WWW_CLIENT) == 0)
			return true;
	}
	return false;
}

static bool
is_for_signatures(gnutls_x509_crt_t crt)
{
	unsigned usage = 0;

	return gnutls_x509_crt_get_key_usage(crt, &usage, NULL) < 0 ||
	    (usage & GNUTLS_KEY_DIGITAL_SIGNATURE) != 0;
}

static enum outcome
check_purpose(gnutls_x509_crt_t crt, const struct client_certificate *certificate, struct why *why)
{
	if (certificate->is_authority)
		return refuse(why, OUTCOME_AUTHENTICATION, "the signer's certificate is an authority's");
	if (!is_for_clients(crt))
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "the signer's certificate is not for client authentication (extended key usage "
		    "clientAuth)");
	if (!is_for_signatures(crt))
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "the signer's certificate is not for signatures (key usage digitalSignature)");
	return OUTCOME_OK;
}

enum outcome
client_certificate_usable(
    struct arena *arena, const struct client_certificate *certificate, int64_t now, struct why *why)
{
	CLEANUP(x509_free) gnutls_x509_crt_t crt = NULL;
	enum outcome o;

	if (certificate->not_before > now)
		return refuse(why, OUTCOME_AUTHENTICATION, "the signer's certificate is not valid before %s",
		    clock_text(arena, certificate->not_before * 1000));
	if (certificate->not_after <= now)
		return refuse(why, OUTCOME_AUTHENTICATION, "the signer's certificate ended on %s",
		    clock_text(arena, certificate->not_after * 1000));
	if (x509_import(certificate->der, &crt) < 0)
		return refuse(why, OUTCOME_INVALID_SECURITY, "the signer's certificate is unreadable");
	if ((o = check_purpose(crt, certificate, why)) != OUTCOME_OK)
		return o;
	return check_key(crt, why);
}

/* Every authority counts as an anchor: GnuTLS stops at the first that it finds in its list. */
static enum outcome
trust_make(const struct bytes *authority, size_t authorities, gnutls_x509_trust_list_t *list, struct why *why)
{
	int rc = gnutls_x509_trust_list_init(list, 0);

	for (size_t i = 0; rc >= 0 && i < authorities; i++) {
		gnutls_x509_crt_t crt = NULL;

		rc = x509_import(authority[i], &crt);
		if (rc >= 0)
			rc = gnutls_x509_trust_list_add_cas(*list, &crt, 1, 0) == 1
			    ? 0
			    : GNUTLS_E_INVALID_REQUEST;
		if (rc < 0)
			x509_free(&crt);
	}
	if (rc < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "a certificate of the authorities that are trusted is unreadable: %s",
		    gnutls_strerror(rc));
	return OUTCOME_OK;
}

enum outcome
client_certificate_trusted(
    struct bytes der, const struct bytes *authority, size_t authorities, struct why *why)
{
	CLEANUP(trust_free) gnutls_x509_trust_list_t list = NULL;
	CLEANUP(x509_free) gnutls_x509_crt_t crt = NULL;
	unsigned status = GNUTLS_CERT_INVALID;
	enum outcome o;

	if ((o = trust_make(authority, authorities, &list, why)) != OUTCOME_OK)
		return o;
	if (x509_import(der, &crt) < 0 ||
	    gnutls_x509_trust_list_verify_crt2(list, &crt, 1, NULL, 0,
		GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS, &status,
		NULL) < 0)
		return refuse(why, OUTCOME_AUTHENTICATION, "the signer's certificate cannot be verified");
	if (status == 0)
		return OUTCOME_OK;
	return refuse(why, OUTCOME_AUTHENTICATION, "the signer's certificate is %s",
	    (status & GNUTLS_CERT_INSECURE_ALGORITHM) != 0
		? "signed with an algorithm that is broken, such as SHA-1"
		: "not signed by an authority that is trusted here");
}
