/* What a certification path must be: RFC 5280 section 6, and what an authority of ours needs beyond it. */
#include <muster/authority/path.h>

#include <muster/base/clock.h>

#include "handles.h"

#define OID_MAX 128
#define RSA_BITS_MIN 2048
#define EC_BITS_MIN 256
#define KEY_ID_MAX 64

/* A path opened; closed by the scope that opens it. */
struct links {
	gnutls_x509_crt_t crt[CERTIFICATION_PATH_MAX];
	const char *name[CERTIFICATION_PATH_MAX]; /* subject */
	size_t count;
};

static void
links_release(struct links *links)
{
	for (size_t i = 0; i < links->count; i++)
		gnutls_x509_crt_deinit(links->crt[i]);
	links->count = 0;
}

static enum outcome
links_open(struct arena *arena, const struct certification_path *path, struct links *links, struct why *why)
{
	struct certificate_view view;
	enum outcome o;

	if (path->count == 0 || path->count > CERTIFICATION_PATH_MAX)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "a chain has 1 to %d certificates",
		    CERTIFICATION_PATH_MAX);
	for (size_t i = 0; i < path->count; i++) {
		gnutls_datum_t der = datum_of(path->certificate[i]);
		int rc;

		if ((o = certificate_view(arena, path->certificate[i], &view, why)) != OUTCOME_OK)
			return o;
		links->name[i] = view.subject;
		if ((rc = gnutls_x509_crt_init(&links->crt[i])) < 0)
			return refuse(
			    why, OUTCOME_CERTIFICATE_REQUEST, "new certificate: %s", gnutls_strerror(rc));
		links->count++;
		if ((rc = gnutls_x509_crt_import(links->crt[i], &der, GNUTLS_X509_FMT_DER)) < 0)
			return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "\"%s\" is unreadable: %s",
			    links->name[i], gnutls_strerror(rc));
	}
	return OUTCOME_OK;
}

static bool
is_root(const struct links *links, size_t i)
{
	return i + 1 == links->count;
}

static enum outcome
wrong(const struct links *links, size_t i, struct why *why, const char *what)
{
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "\"%.200s\" %s", links->name[i], what);
}

/* RFC 5280 section 4.2.1.9. A root is trusted for what it is, not for how it says so. */
static enum outcome
constraints_check(struct arena *arena, const struct links *links, size_t i, struct why *why)
{
	unsigned critical = 0, ca = 0;
	int length = -1;
	int rc = gnutls_x509_crt_get_basic_constraints(links->crt[i], &critical, &ca, &length);

	if (rc < 0 || ca == 0)
		return wrong(links, i, why, "is not a CA's certificate (RFC 5280 section 4.2.1.9)");
	if (critical == 0 && !is_root(links, i))
		return wrong(links, i, why,
		    "says that it is a CA's, but not as critical (RFC 5280 section 4.2.1.9): have it made "
		    "anew");
	if (length >= 0 && (size_t)length < i)
		return wrong(links, i, why,
		    arena_printf(arena,
			"has path length %d, and %zu authorities are below it (RFC 5280 section 4.2.1.9)",
			length, i));
	return OUTCOME_OK;
}

/* RFC 5280 section 4.2.1.3. */
static enum outcome
usage_check(const struct links *links, size_t i, struct why *why)
{
	unsigned usage = 0;
	int rc = gnutls_x509_crt_get_key_usage(links->crt[i], &usage, NULL);

	if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE && is_root(links, i))
		return OUTCOME_OK;
	if (rc < 0 || (usage & GNUTLS_KEY_KEY_CERT_SIGN) == 0)
		return wrong(links, i, why,
		    "may sign no certificates: its key usage lacks keyCertSign (RFC 5280 section 4.2.1.3)");
	if (i == 0 && (usage & GNUTLS_KEY_CRL_SIGN) == 0)
		return wrong(links, i, why,
		    "may sign no lists of revoked certificates: its key usage lacks cRLSign (RFC 5280 "
		    "section "
		    "4.2.1.3)");
	return OUTCOME_OK;
}

/* Windows and OpenSSL take an authority's purposes as a limit for all below it. */
static enum outcome
purpose_check(const struct links *links, size_t i, struct why *why)
{
	char oid[OID_MAX];
	size_t size = sizeof(oid);

	if (gnutls_x509_crt_get_key_purpose_oid(links->crt[i], 0, oid, &size, NULL) ==
		GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ||
	    gnutls_x509_crt_check_key_purpose(links->crt[i], GNUTLS_KP_TLS_WWW_CLIENT, 0) != 0)
		return OUTCOME_OK;
	return wrong(links, i, why,
	    "is for other purposes than client authentication (its extended key usage): devices' "
	    "certificates "
	    "below it would be good for nothing");
}

static enum outcome
times_check(struct arena *arena, const struct links *links, size_t i, int64_t now, struct why *why)
{
	int64_t from = gnutls_x509_crt_get_activation_time(links->crt[i]);
	int64_t until = gnutls_x509_crt_get_expiration_time(links->crt[i]);

	if (from > now)
		return wrong(links, i, why,
		    arena_printf(arena, "begins only at %s: look at this machine's clock",
			clock_text(arena, from * 1000)));
	if (until <= now)
		return wrong(
		    links, i, why, arena_printf(arena, "ended at %s", clock_text(arena, until * 1000)));
	if (!is_root(links, i) && until > gnutls_x509_crt_get_expiration_time(links->crt[i + 1]))
		return wrong(links, i, why,
		    arena_printf(arena, "would outlive \"%.120s\", who certified it", links->name[i + 1]));
	return OUTCOME_OK;
}

static enum outcome
strength_check(const struct links *links, size_t i, struct why *why)
{
	unsigned bits = 0;
	int key = gnutls_x509_crt_get_pk_algorithm(links->crt[i], &bits);
	int sign = gnutls_x509_crt_get_signature_algorithm(links->crt[i]);

	if ((key != GNUTLS_PK_RSA || bits < RSA_BITS_MIN) && (key != GNUTLS_PK_ECDSA || bits < EC_BITS_MIN))
		return wrong(links, i, why,
		    "has a weak key or one of an unusual kind: RSA of 2048 bits or EC of 256 are the least");
	/* Nobody trusts a root for its signature. */
	if (!is_root(links, i) &&
	    (sign < 0 ||
		gnutls_sign_is_secure2((gnutls_sign_algorithm_t)sign, GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS) ==
		    0))
		return wrong(
		    links, i, why, "is signed with a weak hash: have it signed with SHA-256 or better");
	return OUTCOME_OK;
}

/* What is below names its authority's key by this (RFC 5280 section 4.2.1.2). */
static enum outcome
key_id_check(const struct links *links, size_t i, struct why *why)
{
	uint8_t id[KEY_ID_MAX];
	size_t size = sizeof(id);

	if (is_root(links, i) || gnutls_x509_crt_get_subject_key_id(links->crt[i], id, &size, NULL) >= 0)
		return OUTCOME_OK;
	return wrong(links, i, why, "has no subject key identifier (RFC 5280 section 4.2.1.2)");
}

/* What GnuTLS says of a certificate that it does not like. */
static enum outcome
wrong_status(const struct links *links, size_t i, unsigned status, struct why *why)
{
	CLEANUP(datum_cleanup) gnutls_datum_t text = { NULL, 0 };

	(void)gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0);
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "\"%.200s\" does not verify: %s", links->name[i],
	    text.data != NULL ? (const char *)text.data : "no reason given");
}

static enum outcome
issuer_check(const struct links *links, size_t i, struct why *why)
{
	gnutls_x509_crt_t issuer = links->crt[is_root(links, i) ? i : i + 1];

	if (gnutls_x509_crt_check_issuer(links->crt[i], issuer) != 0)
		return OUTCOME_OK;
	return wrong(links, i, why,
	    is_root(links, i) ? "is the last, and no self-signed root"
			      : "does not name the next as who certified it");
}

/* A root is not trusted here for being its own issuer: its signature counts. */
static enum outcome
signature_check(const struct links *links, size_t i, struct why *why)
{
	gnutls_x509_crt_t issuer = links->crt[is_root(links, i) ? i : i + 1];
	unsigned flags = GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DO_NOT_ALLOW_SAME;
	unsigned status = GNUTLS_CERT_INVALID;

	if (is_root(links, i))
		flags |= GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1 | GNUTLS_VERIFY_ALLOW_BROKEN;
	if (gnutls_x509_crt_verify(links->crt[i], &issuer, 1, flags, &status) >= 0 && status == 0)
		return OUTCOME_OK;
	if ((status & GNUTLS_CERT_SIGNATURE_FAILURE) == 0)
		return wrong_status(links, i, status, why);
	return wrong(links, i, why,
	    is_root(links, i) ? "is no root: its own key did not sign it"
			      : "was not signed by the key of the certificate that bears its issuer's name");
}

static enum outcome
link_check(struct arena *arena, const struct links *links, size_t i, int64_t now, struct why *why)
{
	enum outcome o;

	if ((o = constraints_check(arena, links, i, why)) != OUTCOME_OK ||
	    (o = usage_check(links, i, why)) != OUTCOME_OK ||
	    (o = purpose_check(links, i, why)) != OUTCOME_OK ||
	    (o = strength_check(links, i, why)) != OUTCOME_OK ||
	    (o = key_id_check(links, i, why)) != OUTCOME_OK ||
	    (o = issuer_check(links, i, why)) != OUTCOME_OK ||
	    (o = signature_check(links, i, why)) != OUTCOME_OK)
		return o;
	return times_check(arena, links, i, now, why);
}

/* GnuTLS's own judgement of the whole, with the root as anchor: what was not asked above. */
static enum outcome
whole_check(struct links *links, struct why *why)
{
	gnutls_x509_trust_list_t trusted = NULL;
	gnutls_x509_crt_t *root = &links->crt[links->count - 1];
	unsigned status = GNUTLS_CERT_INVALID, below = (unsigned)links->count - 1;
	bool ok;

	if (below == 0)
		return OUTCOME_OK;
	ok = gnutls_x509_trust_list_init(&trusted, 0) >= 0 &&
	    gnutls_x509_trust_list_add_cas(trusted, root, 1, 0) == 1 &&
	    gnutls_x509_trust_list_verify_crt(
		trusted, links->crt, below, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status, NULL) >= 0 &&
	    status == 0;
	gnutls_x509_trust_list_deinit(trusted, 0);
	return ok ? OUTCOME_OK : wrong_status(links, 0, status, why);
}

enum outcome
certification_path_verify(
    struct arena *arena, const struct certification_path *path, int64_t now, struct why *why)
{
	CLEANUP(links_release) struct links links = { .count = 0 };
	enum outcome o = links_open(arena, path, &links, why);

	/* From the root down: what is wrong above is the reason for what is wrong below. */
	for (size_t i = links.count; o == OUTCOME_OK && i-- > 0;)
		o = link_check(arena, &links, i, now, why);
	return o == OUTCOME_OK ? whole_check(&links, why) : o;
}
