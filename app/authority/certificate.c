#include <muster/authority/certificate.h>

#include <gnutls/crypto.h>

#include "handles.h"
#include "pkcs11_watch.h"

#define NAME_MAX_X520 64

static enum outcome
failed(struct why *why, const char *what, int rc)
{
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "%s: %s", what, gnutls_strerror(rc));
}

/* SHA-256, or the stronger hash of a stronger curve (RFC 5480 section 4). */
static gnutls_digest_algorithm_t
hash_for(int algorithm, unsigned bits)
{
	return algorithm == GNUTLS_PK_ECDSA && bits > 256 ? GNUTLS_DIG_SHA384 : GNUTLS_DIG_SHA256;
}

/* A token's key does not tell its curve; its certificate does. */
static gnutls_digest_algorithm_t
digest_of(gnutls_x509_crt_t issuer)
{
	unsigned bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(issuer, &bits);

	return hash_for(algorithm, bits);
}

gnutls_digest_algorithm_t
authority_hash(gnutls_privkey_t key)
{
	unsigned bits = 0;
	int algorithm = gnutls_privkey_get_pk_algorithm(key, &bits);

	return hash_for(algorithm, bits);
}

/*
 * Random and positive, and always of the same length: neither the top bit is set (a negative
 * INTEGER) nor all of the top bits clear (a shorter one).
 */
static int
serial_set(gnutls_x509_crt_t crt, uint8_t serial[SERIAL_SIZE])
{
	int rc = gnutls_rnd(GNUTLS_RND_RANDOM, serial, SERIAL_SIZE);

	if (rc < 0)
		return rc;
	serial[0] = (serial[0] & 0x7f) | 0x40;
	return gnutls_x509_crt_set_serial(crt, serial, SERIAL_SIZE);
}

static enum outcome
validity_set(gnutls_x509_crt_t crt, int64_t not_before, int64_t not_after, struct why *why)
{
	time_t from = (time_t)not_before, until = (time_t)not_after;
	int rc;

	if (not_before < 0 || not_after <= not_before)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "a validity that ends before it begins");
	if (from != not_before || until != not_after)
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "a validity beyond what this system's time can hold");
	if ((rc = gnutls_x509_crt_set_activation_time(crt, from)) < 0 ||
	    (rc = gnutls_x509_crt_set_expiration_time(crt, until)) < 0)
		return failed(why, "validity", rc);
	return OUTCOME_OK;
}

/* Subject key id: SHA-1 of the public key (RFC 5280 section 4.2.1.2); authority key id: the parent's. */
static int
key_ids_set(gnutls_x509_crt_t crt, gnutls_x509_crt_t parent)
{
	uint8_t id[64];
	size_t size = sizeof(id);
	int rc;

	if ((rc = gnutls_x509_crt_get_key_id(crt, 0, id, &size)) < 0 ||
	    (rc = gnutls_x509_crt_set_subject_key_id(crt, id, size)) < 0)
		return rc;
	if (parent != NULL) {
		size = sizeof(id);
		if ((rc = gnutls_x509_crt_get_subject_key_id(parent, id, &size, NULL)) < 0)
			return rc;
	}
	return gnutls_x509_crt_set_authority_key_id(crt, id, size);
}

static enum outcome
sign(struct arena *arena, gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer, gnutls_privkey_t key,
    gnutls_digest_algorithm_t hash, struct bytes *der, struct why *why)
{
	CLEANUP(datum_cleanup) gnutls_datum_t out = { NULL, 0 };
	int rc;

	if (hash == GNUTLS_DIG_UNKNOWN)
		hash = digest_of(issuer);
	watch_start_for(key);
	rc = gnutls_x509_crt_privkey_sign(crt, issuer, key, hash, 0);
	watch_stop();
	if (rc < 0)
		return failed(why, "signing a certificate", rc);
	if ((rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &out)) < 0)
		return failed(why, "certificate", rc);
	*der = arena_copy(arena, out.data, out.size);
	return OUTCOME_OK;
}

/*
 * Letters, digits and '-': the name stands in SSLCLIENTCERTSEARCHCRITERIA, which Windows compares
 * with its own idea of escaping.
 */
static bool
common_name_valid(const char *name)
{
	size_t size = strlen(name);

	return size >= 1 && size <= NAME_MAX_X520 &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == size;
}

static int
device_public_key_set(gnutls_x509_crt_t crt, struct bytes public_key, unsigned *usage)
{
	CLEANUP(public_key_cleanup) gnutls_pubkey_t key = NULL;
	gnutls_datum_t der = datum_of(public_key);
	int rc;

	if ((rc = gnutls_pubkey_init(&key)) < 0 ||
	    (rc = gnutls_pubkey_import(key, &der, GNUTLS_X509_FMT_DER)) < 0)
		return rc;
	*usage = GNUTLS_KEY_DIGITAL_SIGNATURE;
	if (gnutls_pubkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_RSA)
		*usage |= GNUTLS_KEY_KEY_ENCIPHERMENT;
	return gnutls_x509_crt_set_pubkey(crt, key);
}

static int
access_add(gnutls_x509_crt_t crt, int what, const char *url)
{
	struct bytes text;
	gnutls_datum_t datum;

	if (url == NULL)
		return 0;
	text = bytes_of(url);
	datum = datum_of(text);
	return gnutls_x509_crt_set_authority_info_access(crt, what, &datum);
}

/* CRL distribution point and authority information access (RFC 5280 sections 4.2.1.13 and 4.2.2.1). */
static int
publication_set(gnutls_x509_crt_t crt, const struct publication *publication)
{
	const char *url = publication->crl_url;
	int rc;

	if (url != NULL &&
	    (rc = gnutls_x509_crt_set_crl_dist_points2(crt, GNUTLS_SAN_URI, url, (unsigned)strlen(url), 0)) <
		0)
		return rc;
	if ((rc = access_add(crt, GNUTLS_IA_OCSP_URI, publication->ocsp_url)) < 0)
		return rc;
	return access_add(crt, GNUTLS_IA_CAISSUERS_URI, publication->ca_url);
}

/* Version, subject, key, and the extensions of a certificate that signs no others (RFC 5280 section 4.2). */
static int
leaf_fill(gnutls_x509_crt_t crt, const struct signer *signer, const struct certificate_request *request,
    const char *purpose)
{
	const struct publication publication = { request->crl_url, request->ca_url, request->ocsp_url };
	const char *name = request->common_name;
	unsigned usage, size = (unsigned)strlen(name);
	int rc;

	if ((rc = gnutls_x509_crt_set_version(crt, 3)) < 0 ||
	    (rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, size)) < 0 ||
	    (rc = device_public_key_set(crt, request->public_key, &usage)) < 0 ||
	    (rc = gnutls_x509_crt_set_basic_constraints(crt, 0, -1)) < 0 ||
	    (rc = gnutls_x509_crt_set_key_usage(crt, usage)) < 0 ||
	    (rc = gnutls_x509_crt_set_key_purpose_oid(crt, purpose, 0)) < 0 ||
	    (rc = publication_set(crt, &publication)) < 0)
		return rc;
	return key_ids_set(crt, signer->certificate);
}

/* id-pkix-ocsp-nocheck, whose value is NULL (RFC 6960 section 4.2.2.2.1). */
static int
nocheck_set(gnutls_x509_crt_t crt)
{
	static const uint8_t null[] = { 0x05, 0x00 };

	return gnutls_x509_crt_set_extension_by_oid(crt, "1.3.6.1.5.5.7.48.1.5", null, sizeof(null), 0);
}

static enum outcome
leaf_sign(struct arena *arena, const struct signer *signer, const struct certificate_request *request,
    const char *purpose, uint8_t serial[SERIAL_SIZE], struct bytes *der, struct why *why)
{
	CLEANUP(certificate_cleanup) gnutls_x509_crt_t crt = NULL;
	enum outcome o;
	int rc;

	if (!common_name_valid(request->common_name))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "a common name is 1 to %d letters, digits and '-'", NAME_MAX_X520);
	if (request->not_after > signer_not_after(signer))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the certificate would be valid for longer than its authority's own");
	if ((rc = gnutls_x509_crt_init(&crt)) < 0 || (rc = leaf_fill(crt, signer, request, purpose)) < 0 ||
	    (strcmp(purpose, GNUTLS_KP_OCSP_SIGNING) == 0 && (rc = nocheck_set(crt)) < 0) ||
	    (rc = serial_set(crt, serial)) < 0)
		return failed(why, "building a certificate", rc);
	if ((o = validity_set(crt, request->not_before, request->not_after, why)) != OUTCOME_OK)
		return o;
	return sign(arena, crt, signer->certificate, signer->key, GNUTLS_DIG_UNKNOWN, der, why);
}

enum outcome
certificate_sign_device(struct arena *arena, const struct signer *signer,
    const struct certificate_request *request, uint8_t serial[SERIAL_SIZE], struct bytes *der,
    struct why *why)
{
	return leaf_sign(arena, signer, request, GNUTLS_KP_TLS_WWW_CLIENT, serial, der, why);
}

enum outcome
certificate_sign_responder(struct arena *arena, const struct signer *signer,
    const struct certificate_request *request, uint8_t serial[SERIAL_SIZE], struct bytes *der,
    struct why *why)
{
	return leaf_sign(arena, signer, request, GNUTLS_KP_OCSP_SIGNING, serial, der, why);
}

static int
authority_public_key_set(gnutls_x509_crt_t crt, gnutls_privkey_t key)
{
	CLEANUP(public_key_cleanup) gnutls_pubkey_t public = NULL;
	int rc;

	if ((rc = gnutls_pubkey_init(&public)) < 0 ||
	    (rc = gnutls_pubkey_import_privkey(public, key, 0, 0)) < 0)
		return rc;
	return gnutls_x509_crt_set_pubkey(crt, public);
}

static const struct authority_form *
form_or_usual(const struct authority_form *form, const struct signer *parent)
{
	static const struct authority_form root = { .path_length = -1 }, issuing = { .path_length = 0 };

	if (form != NULL)
		return form;
	return parent == NULL ? &root : &issuing;
}

/* Version, and the extensions of a CA's certificate (RFC 5280 section 4.2), once its key is there. */
static int
authority_extend(gnutls_x509_crt_t crt, const struct signer *parent, const struct authority_form *form)
{
	const unsigned usage = GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN;
	const struct publication said = { form->crl_url, form->ca_url, NULL };
	int rc;

	if ((rc = gnutls_x509_crt_set_version(crt, 3)) < 0 ||
	    (rc = gnutls_x509_crt_set_basic_constraints(crt, 1, form->path_length)) < 0 ||
	    (rc = gnutls_x509_crt_set_key_usage(crt, usage)) < 0 || (rc = publication_set(crt, &said)) < 0)
		return rc;
	return key_ids_set(crt, parent == NULL ? NULL : parent->certificate);
}

static int
authority_fill(gnutls_x509_crt_t crt, const struct signer *parent, gnutls_privkey_t key, const char *name,
    const char *organization, const struct authority_form *form)
{
	int rc;

	if ((rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, organization,
		 (unsigned)strlen(organization))) < 0 ||
	    (rc = gnutls_x509_crt_set_dn_by_oid(
		 crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name))) < 0 ||
	    (rc = authority_public_key_set(crt, key)) < 0)
		return rc;
	return authority_extend(crt, parent, form);
}

/* X.520's upper bounds count characters. */
bool
authority_name_fits(const char *name)
{
	size_t characters = 0;

	for (const char *c = name; *c != '\0'; c++)
		if ((*c & 0xc0) != 0x80)
			characters++;
	return characters >= 1 && characters <= NAME_MAX_X520;
}

enum outcome
certificate_sign_authority(struct arena *arena, const struct signer *parent, gnutls_privkey_t key,
    const char *common_name, const char *organization, const struct authority_form *form,
    const struct publication *publication, int64_t not_before, int64_t not_after, struct bytes *der,
    struct why *why)
{
	CLEANUP(certificate_cleanup) gnutls_x509_crt_t crt = NULL;
	uint8_t serial[SERIAL_SIZE];
	enum outcome o;
	int rc;

	form = form_or_usual(form, parent);
	if (!authority_name_fits(common_name) || !authority_name_fits(organization))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "an authority's name and organization have 1 to %d characters each", NAME_MAX_X520);
	if (parent != NULL && not_after > signer_not_after(parent))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the authority's certificate would be valid for longer than its root's");
	if ((rc = gnutls_x509_crt_init(&crt)) < 0 ||
	    (rc = authority_fill(crt, parent, key, common_name, organization, form)) < 0 ||
	    (publication != NULL && (rc = publication_set(crt, publication)) < 0) ||
	    (rc = serial_set(crt, serial)) < 0)
		return failed(why, "building an authority's certificate", rc);
	if ((o = validity_set(crt, not_before, not_after, why)) != OUTCOME_OK)
		return o;
	if (parent == NULL)
		return sign(arena, crt, crt, key, form->hash, der, why);
	return sign(arena, crt, parent->certificate, parent->key, form->hash, der, why);
}

static void
request_cleanup(gnutls_x509_crq_t *request)
{
	if (*request != NULL)
		gnutls_x509_crq_deinit(*request);
}

static bool
same_name(gnutls_x509_crt_t a, gnutls_x509_crt_t b)
{
	CLEANUP(datum_cleanup) gnutls_datum_t name_a = { NULL, 0 };
	CLEANUP(datum_cleanup) gnutls_datum_t name_b = { NULL, 0 };

	return gnutls_x509_crt_get_raw_dn(a, &name_a) >= 0 && gnutls_x509_crt_get_raw_dn(b, &name_b) >= 0 &&
	    bytes_equal(
		(struct bytes){ name_a.data, name_a.size }, (struct bytes){ name_b.data, name_b.size });
}

enum outcome
certificate_sign_request(struct arena *arena, const struct signer *parent, struct bytes request,
    const struct authority_form *form, int64_t not_before, int64_t not_after, struct bytes *der,
    struct why *why)
{
	CLEANUP(certificate_cleanup) gnutls_x509_crt_t crt = NULL;
	CLEANUP(request_cleanup) gnutls_x509_crq_t crq = NULL;
	gnutls_datum_t datum = datum_of(request);
	uint8_t serial[SERIAL_SIZE];
	enum outcome o;
	int rc;

	form = form_or_usual(form, parent);
	if (not_after > signer_not_after(parent))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the authority's certificate would be valid for longer than its root's");
	/* Takes name and key as they stand there; the extensions asked for are left. */
	if ((rc = gnutls_x509_crq_init(&crq)) < 0 ||
	    (rc = gnutls_x509_crq_import(crq, &datum, GNUTLS_X509_FMT_DER)) < 0 ||
	    (rc = gnutls_x509_crt_init(&crt)) < 0 || (rc = gnutls_x509_crt_set_crq(crt, crq)) < 0 ||
	    (rc = authority_extend(crt, parent, form)) < 0 || (rc = serial_set(crt, serial)) < 0)
		return failed(why, "building an authority's certificate", rc);
	if (same_name(crt, parent->certificate))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the request is in the name of the authority that is to certify it: have it ask by "
		    "another");
	if ((o = validity_set(crt, not_before, not_after, why)) != OUTCOME_OK)
		return o;
	return sign(arena, crt, parent->certificate, parent->key, form->hash, der, why);
}
