#include <muster/authority/path.h>

#include <gnutls/pkcs7.h>

#include "handles.h"

#define KEY_ID_SIZE 32
#define NAME_MAX_SHOWN 120

static void
pkcs7_cleanup(gnutls_pkcs7_t *pkcs7)
{
	if (*pkcs7 != NULL)
		gnutls_pkcs7_deinit(*pkcs7);
	*pkcs7 = NULL;
}

/* --- the pile --- */

static enum outcome
certificate_add(struct arena *arena, struct pile *pile, struct bytes der, struct why *why)
{
	for (size_t i = 0; i < pile->count; i++)
		if (bytes_equal(pile->certificate[i], der))
			return OUTCOME_OK;
	if (pile->count == PILE_MAX)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "more than %d certificates: give those of one chain only", PILE_MAX);
	pile->certificate[pile->count++] = arena_copy(arena, der.data, der.size);
	return OUTCOME_OK;
}

static enum outcome
x509_add(struct arena *arena, struct pile *pile, gnutls_x509_crt_t crt, struct why *why)
{
	CLEANUP(datum_cleanup) gnutls_datum_t der = { NULL, 0 };
	int rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der);

	if (rc < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "a certificate: %s", gnutls_strerror(rc));
	return certificate_add(arena, pile, (struct bytes){ der.data, der.size }, why);
}

static enum outcome
list_add(struct arena *arena, struct pile *pile, gnutls_x509_crt_t *list, unsigned count, struct why *why)
{
	enum outcome o = OUTCOME_OK;

	for (unsigned i = 0; i < count; i++) {
		if (o == OUTCOME_OK)
			o = x509_add(arena, pile, list[i], why);
		gnutls_x509_crt_deinit(list[i]);
	}
	gnutls_free(list);
	return o;
}

static enum outcome
pkcs7_add(struct arena *arena, struct pile *pile, gnutls_pkcs7_t pkcs7, struct why *why)
{
	int count = gnutls_pkcs7_get_crt_count(pkcs7);
	enum outcome o = OUTCOME_OK;

	if (count <= 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "a PKCS#7 without certificates");
	for (int i = 0; i < count && o == OUTCOME_OK; i++) {
		CLEANUP(datum_cleanup) gnutls_datum_t der = { NULL, 0 };
		CLEANUP(certificate_cleanup) gnutls_x509_crt_t crt = NULL;
		int rc;

		if ((rc = gnutls_pkcs7_get_crt_raw2(pkcs7, (unsigned)i, &der)) < 0 ||
		    (rc = gnutls_x509_crt_init(&crt)) < 0 ||
		    (rc = gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER)) < 0)
			return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "a certificate in the PKCS#7: %s",
			    gnutls_strerror(rc));
		o = x509_add(arena, pile, crt, why);
	}
	return o;
}

static bool
is_pem(struct bytes file)
{
	return memmem(file.data, file.size, "-----BEGIN ", 11) != NULL;
}

enum outcome
pile_add(struct arena *arena, struct pile *pile, struct bytes file, struct why *why)
{
	CLEANUP(pkcs7_cleanup) gnutls_pkcs7_t pkcs7 = NULL;
	gnutls_datum_t data = datum_of(file);
	gnutls_x509_crt_fmt_t format;
	gnutls_x509_crt_t *list = NULL;
	unsigned count = 0;
	int rc;

	if (file.size == 0 || file.size > PILE_BYTES_MAX)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "%zu bytes, a chain of certificates has between 1 and %d", file.size, PILE_BYTES_MAX);
	format = is_pem(file) ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER;
	if ((rc = gnutls_x509_crt_list_import2(&list, &count, &data, format, 0)) >= 0)
		return list_add(arena, pile, list, count, why);
	if (gnutls_pkcs7_init(&pkcs7) >= 0 && gnutls_pkcs7_import(pkcs7, &data, format) >= 0)
		return pkcs7_add(arena, pile, pkcs7, why);
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
	    "no certificate and no PKCS#7 with certificates, neither PEM nor DER: %s", gnutls_strerror(rc));
}

/* --- the path --- */

/* The pile opened; the scope that opens it closes it. */
struct opened {
	gnutls_x509_crt_t crt[PILE_MAX];
	size_t count;
};

static void
opened_release(struct opened *opened)
{
	for (size_t i = 0; i < opened->count; i++)
		gnutls_x509_crt_deinit(opened->crt[i]);
	opened->count = 0;
}

static enum outcome
pile_open(const struct pile *pile, struct opened *opened, struct why *why)
{
	for (size_t i = 0; i < pile->count; i++) {
		gnutls_datum_t der = datum_of(pile->certificate[i]);
		int rc = gnutls_x509_crt_init(&opened->crt[i]);

		if (rc < 0)
			return refuse(
			    why, OUTCOME_CERTIFICATE_REQUEST, "new certificate: %s", gnutls_strerror(rc));
		opened->count++;
		if ((rc = gnutls_x509_crt_import(opened->crt[i], &der, GNUTLS_X509_FMT_DER)) < 0)
			return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "certificate %zu is unreadable: %s",
			    i + 1, gnutls_strerror(rc));
	}
	return OUTCOME_OK;
}

static bool
is_of_key(gnutls_x509_crt_t crt, struct bytes public_key_sha256)
{
	uint8_t id[KEY_ID_SIZE];
	size_t size = sizeof(id);

	return gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, id, &size) >= 0 &&
	    bytes_equal((struct bytes){ id, size }, public_key_sha256);
}

bool
pile_has_key(const struct pile *pile, struct bytes public_key_sha256)
{
	CLEANUP(opened_release) struct opened opened = { .count = 0 };

	if (pile_open(pile, &opened, NULL) != OUTCOME_OK)
		return false;
	for (size_t i = 0; i < opened.count; i++)
		if (is_of_key(opened.crt[i], public_key_sha256))
			return true;
	return false;
}

static enum outcome
first_find(const struct opened *opened, struct bytes public_key_sha256, size_t *first, struct why *why)
{
	size_t found = 0;

	for (size_t i = 0; i < opened->count; i++)
		if (is_of_key(opened->crt[i], public_key_sha256)) {
			*first = i;
			found++;
		}
	if (found == 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "none of the %zu certificates is of the key that waits", opened->count);
	if (found > 1)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "%zu different certificates are of the key that waits: give the one that is to count",
		    found);
	return OUTCOME_OK;
}

/* Whether the key of one made the signature of the other, whatever else is wrong with either. */
static bool
signature_fits(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer)
{
	const unsigned flags = GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_CA_SIGN |
	    GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1 | GNUTLS_VERIFY_ALLOW_BROKEN;
	unsigned status = GNUTLS_CERT_SIGNATURE_FAILURE;

	return gnutls_x509_crt_verify(crt, &issuer, 1, flags, &status) >= 0 &&
	    (status & GNUTLS_CERT_SIGNATURE_FAILURE) == 0;
}

/* Of several that bear the issuer's name the one whose key signed; used ones are in the path already. */
static bool
issuer_find(const struct opened *opened, const bool *used, size_t of, size_t *issuer)
{
	bool found = false;

	for (size_t i = 0; i < opened->count; i++) {
		if (used[i] || gnutls_x509_crt_check_issuer(opened->crt[of], opened->crt[i]) == 0)
			continue;
		if (signature_fits(opened->crt[of], opened->crt[i])) {
			*issuer = i;
			return true;
		}
		if (!found)
			*issuer = i;
		found = true;
	}
	return found;
}

static enum outcome
refuse_missing(gnutls_x509_crt_t crt, struct why *why)
{
	CLEANUP(datum_cleanup) gnutls_datum_t subject = { NULL, 0 };
	CLEANUP(datum_cleanup) gnutls_datum_t issuer = { NULL, 0 };

	(void)gnutls_x509_crt_get_dn3(crt, &subject, 0);
	(void)gnutls_x509_crt_get_issuer_dn3(crt, &issuer, 0);
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
	    "the certificate of \"%.*s\", who certified \"%.*s\", is missing: give its file, too, up to the "
	    "root",
	    NAME_MAX_SHOWN, issuer.data != NULL ? (const char *)issuer.data : "", NAME_MAX_SHOWN,
	    subject.data != NULL ? (const char *)subject.data : "");
}

enum outcome
certification_path_find(
    const struct pile *pile, struct bytes public_key_sha256, struct certification_path *path, struct why *why)
{
	CLEANUP(opened_release) struct opened opened = { .count = 0 };
	bool used[PILE_MAX] = { false };
	size_t at = 0;
	enum outcome o;

	path->count = 0;
	if ((o = pile_open(pile, &opened, why)) != OUTCOME_OK ||
	    (o = first_find(&opened, public_key_sha256, &at, why)) != OUTCOME_OK)
		return o;
	for (;;) {
		used[at] = true;
		path->certificate[path->count++] = pile->certificate[at];
		if (gnutls_x509_crt_check_issuer(opened.crt[at], opened.crt[at]) != 0)
			return OUTCOME_OK;
		if (path->count == CERTIFICATION_PATH_MAX)
			return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
			    "more than %d levels, from the issuing authority to the root",
			    CERTIFICATION_PATH_MAX);
		if (!issuer_find(&opened, used, at, &at))
			return refuse_missing(opened.crt[at], why);
	}
}
