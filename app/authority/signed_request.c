/*
 * GnuTLS reads and verifies. Before that the outline is walked here, since GnuTLS takes more than
 * is wanted: BER, several signers, content that is elsewhere. What was found on that walk is what
 * GnuTLS is given to verify, so that nothing is used that was not signed.
 */
#include <muster/authority/signed_request.h>

#include <muster/base/clock.h>

#include <gnutls/pkcs7.h>

#include "der.h"
#include "handles.h"

#define OID_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define OID_SIGNED_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
#define OID_BYTES(oid) ((struct bytes){ (const uint8_t *)(oid), sizeof(oid) - 1 })

#define BER_INDEFINITE 0x80
#define BER_OCTETS_IN_PARTS 0x24

#define DAY (24 * 60 * 60)

static void
pkcs7_cleanup(gnutls_pkcs7_t *pkcs7)
{
	if (*pkcs7 != NULL)
		gnutls_pkcs7_deinit(*pkcs7);
}

static void
info_cleanup(gnutls_pkcs7_signature_info_st *info)
{
	gnutls_pkcs7_signature_info_deinit(info);
}

static enum outcome
malformed(struct why *why, const char *what)
{
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "RFC 5652 section 5.1: %s", what);
}

/* The next element must be there, in DER. */
static enum outcome
take(struct bytes *rest, uint8_t tag, struct der_element *element, const char *missing, struct why *why)
{
	if (der_take(rest, tag, element))
		return OUTCOME_OK;
	if (rest->size > 1 &&
	    ((rest->data[0] == tag && rest->data[1] == BER_INDEFINITE) ||
		(tag == DER_OCTET_STRING && rest->data[0] == BER_OCTETS_IN_PARTS)))
		return malformed(why, "the signed request is in BER, DER expected");
	return malformed(why, missing);
}

/* ContentInfo: signedData, and nothing behind it. */
static enum outcome
open_content(struct bytes der, struct bytes *signed_data, struct why *why)
{
	struct der_element info, type, wrapped, inside;
	enum outcome o;

	if ((o = take(&der, DER_SEQUENCE, &info, "not a PKCS#7 in DER", why)) != OUTCOME_OK ||
	    (o = take(&info.content, DER_OBJECT_IDENTIFIER, &type, "a PKCS#7 without a type", why)) !=
		OUTCOME_OK)
		return o;
	if (der.size != 0)
		return malformed(why, "bytes after the signed request");
	if (!bytes_equal(type.content, OID_BYTES(OID_SIGNED_DATA)))
		return malformed(why, "a PKCS#7 of another type than signedData");
	if ((o = take(&info.content, DER_CONTEXT_0, &wrapped, "a PKCS#7 without content", why)) !=
		OUTCOME_OK ||
	    (o = take(&wrapped.content, DER_SEQUENCE, &inside, "a PKCS#7 without SignedData", why)) !=
		OUTCOME_OK)
		return o;
	if (info.content.size != 0 || wrapped.content.size != 0)
		return malformed(why, "something after the SignedData");
	*signed_data = inside.content;
	return OUTCOME_OK;
}

/* EncapsulatedContentInfo: data, inside. */
static enum outcome
open_data(struct bytes encapsulated, struct bytes *data, struct why *why)
{
	struct der_element type, wrapped, octets;
	enum outcome o;

	if ((o = take(&encapsulated, DER_OBJECT_IDENTIFIER, &type, "content without a type", why)) !=
	    OUTCOME_OK)
		return o;
	if (!bytes_equal(type.content, OID_BYTES(OID_DATA)))
		return malformed(why, "what is signed is of another type than data");
	if (encapsulated.size == 0)
		return malformed(why, "what is signed is not inside: a detached signature");
	if ((o = take(&encapsulated, DER_CONTEXT_0, &wrapped, "what is signed is not inside", why)) !=
		OUTCOME_OK ||
	    (o = take(&wrapped.content, DER_OCTET_STRING, &octets, "what is signed is no OCTET STRING",
		 why)) != OUTCOME_OK)
		return o;
	if (encapsulated.size != 0 || wrapped.content.size != 0)
		return malformed(why, "something after what is signed");
	if (octets.content.size == 0)
		return malformed(why, "nothing is signed");
	*data = octets.content;
	return OUTCOME_OK;
}

/* One SignerInfo, and the end. */
static enum outcome
check_signers(struct bytes rest, struct why *why)
{
	struct der_element passed, signers, signer;
	enum outcome o;

	(void)der_take(&rest, DER_CONTEXT_0, &passed); /* certificates */
	(void)der_take(&rest, DER_CONTEXT_1, &passed); /* CRLs */
	if ((o = take(&rest, DER_SET, &signers, "no signerInfos in the signed request", why)) != OUTCOME_OK)
		return o;
	if (rest.size != 0)
		return malformed(why, "something after the signerInfos");
	if (signers.content.size == 0)
		return malformed(why, "nobody signed the request");
	if ((o = take(&signers.content, DER_SEQUENCE, &signer, "signerInfos without a SignerInfo", why)) !=
	    OUTCOME_OK)
		return o;
	if (signers.content.size != 0)
		return malformed(why, "more than one signer");
	return OUTCOME_OK;
}

static enum outcome
outline_read(struct bytes der, struct bytes *data, struct why *why)
{
	struct der_element version, digests, encapsulated;
	struct bytes rest = { NULL, 0 };
	enum outcome o;

	if ((o = open_content(der, &rest, why)) != OUTCOME_OK ||
	    (o = take(&rest, DER_INTEGER, &version, "SignedData without a version", why)) != OUTCOME_OK ||
	    (o = take(&rest, DER_SET, &digests, "SignedData without digestAlgorithms", why)) != OUTCOME_OK ||
	    (o = take(&rest, DER_SEQUENCE, &encapsulated, "SignedData without content", why)) != OUTCOME_OK ||
	    (o = open_data(encapsulated.content, data, why)) != OUTCOME_OK)
		return o;
	return check_signers(rest, why);
}

/* GnuTLS's view of it, and of its one signer, which the caller's cleanups end. */
static enum outcome
import(struct bytes der, gnutls_pkcs7_t *pkcs7, gnutls_pkcs7_signature_info_st *info, struct why *why)
{
	gnutls_datum_t in = datum_of(der);
	int rc;

	if ((rc = gnutls_pkcs7_init(pkcs7)) < 0 ||
	    (rc = gnutls_pkcs7_import(*pkcs7, &in, GNUTLS_X509_FMT_DER)) < 0 ||
	    (rc = gnutls_pkcs7_get_signature_info(*pkcs7, 0, info)) < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "RFC 5652 section 5: unusable SignedData: %s",
		    gnutls_strerror(rc));
	return OUTCOME_OK;
}

static struct bytes
number_of(const gnutls_datum_t *datum)
{
	struct bytes n = { datum->data, datum->size };

	while (n.size > 1 && n.data[0] == 0)
		n.data++, n.size--;
	return n;
}

enum outcome
signed_request_read(struct arena *arena, struct bytes der, struct signed_request *request, struct why *why)
{
	CLEANUP(pkcs7_cleanup) gnutls_pkcs7_t pkcs7 = NULL;
	CLEANUP(info_cleanup) gnutls_pkcs7_signature_info_st info = { 0 };
	struct bytes serial;
	enum outcome o;

	*request = (struct signed_request){ .der = der };
	if (der.size > SIGNED_REQUEST_MAX)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "signed request of %zu bytes, at most %d are accepted", der.size, SIGNED_REQUEST_MAX);
	if ((o = outline_read(der, &request->request, why)) != OUTCOME_OK ||
	    (o = import(der, &pkcs7, &info, why)) != OUTCOME_OK)
		return o;
	if (info.issuer_dn.size == 0 || info.signer_serial.size == 0)
		return malformed(why, "the signer is not named by issuer and serial number");
	serial = number_of(&info.signer_serial);
	if (serial.size > SIGNED_REQUEST_SERIAL_MAX)
		return malformed(why, "the signer's serial number is longer than 20 bytes");
	request->issuer = arena_copy(arena, info.issuer_dn.data, info.issuer_dn.size);
	request->serial = arena_copy(arena, serial.data, serial.size);
	return OUTCOME_OK;
}

/* It must be the very certificate that the SignerInfo names. */
static enum outcome
check_name(gnutls_x509_crt_t certificate, const struct signed_request *request, struct why *why)
{
	CLEANUP(datum_cleanup) gnutls_datum_t issuer = { NULL, 0 };
	uint8_t serial[SIGNED_REQUEST_SERIAL_MAX];
	size_t size = sizeof(serial);

	if (gnutls_x509_crt_get_raw_issuer_dn(certificate, &issuer) < 0 ||
	    gnutls_x509_crt_get_serial(certificate, serial, &size) < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the certificate on record has no issuer or serial number");
	if (!bytes_equal((struct bytes){ issuer.data, issuer.size }, request->issuer) ||
	    !bytes_equal(number_of(&(gnutls_datum_t){ serial, (unsigned)size }), request->serial))
		return refuse(why, OUTCOME_NOT_ELIGIBLE_TO_RENEW,
		    "the request names another certificate as its signer than the one on record");
	return OUTCOME_OK;
}

static enum outcome
check_algorithm(gnutls_sign_algorithm_t algorithm, bool allow_sha1, struct why *why)
{
	static const gnutls_sign_algorithm_t good[] = { GNUTLS_SIGN_RSA_SHA256, GNUTLS_SIGN_RSA_SHA384,
		GNUTLS_SIGN_RSA_SHA512, GNUTLS_SIGN_ECDSA_SHA256, GNUTLS_SIGN_ECDSA_SHA384,
		GNUTLS_SIGN_ECDSA_SHA512 };
	bool sha1 = algorithm == GNUTLS_SIGN_RSA_SHA1 || algorithm == GNUTLS_SIGN_ECDSA_SHA1;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (algorithm == good[i])
			return OUTCOME_OK;
	if (sha1 && allow_sha1)
		return OUTCOME_OK;
	if (sha1)
		return refuse(why, OUTCOME_NOT_ELIGIBLE_TO_RENEW,
		    "the request is signed with SHA-1, which the organization does not allow");
	return refuse(why, OUTCOME_NOT_ELIGIBLE_TO_RENEW,
	    "the request is signed with %s, which is never accepted: RSA or ECDSA with SHA-256, -384 or -512",
	    algorithm == GNUTLS_SIGN_UNKNOWN ? "an unknown algorithm" : gnutls_sign_get_name(algorithm));
}

/*
 * GnuTLS lets no signer pass whose time is over, whatever flags it is given. Whether it is, and whether that
 * matters, SQL says: some organizations renew for a while after. So its copy here lives today and tomorrow.
 */
static int
dates_forget(gnutls_x509_crt_t signer)
{
	int rc = gnutls_x509_crt_set_activation_time(signer, 0);

	return rc < 0 ? rc
		      : gnutls_x509_crt_set_expiration_time(signer, (time_t)(clock_now_ms() / 1000) + DAY);
}

enum outcome
signed_request_verify(
    const struct signed_request *request, struct bytes certificate, bool allow_sha1, struct why *why)
{
	CLEANUP(pkcs7_cleanup) gnutls_pkcs7_t pkcs7 = NULL;
	CLEANUP(info_cleanup) gnutls_pkcs7_signature_info_st info = { 0 };
	CLEANUP(certificate_cleanup) gnutls_x509_crt_t signer = NULL;
	gnutls_datum_t der = datum_of(certificate), data = datum_of(request->request);
	enum outcome o;
	int rc;

	if ((rc = gnutls_x509_crt_init(&signer)) < 0 ||
	    (rc = gnutls_x509_crt_import(signer, &der, GNUTLS_X509_FMT_DER)) < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the certificate on record cannot be read: %s", gnutls_strerror(rc));
	if ((o = import(request->der, &pkcs7, &info, why)) != OUTCOME_OK ||
	    (o = check_name(signer, request, why)) != OUTCOME_OK ||
	    (o = check_algorithm(info.algo, allow_sha1, why)) != OUTCOME_OK)
		return o;
	if ((rc = dates_forget(signer)) == 0)
		rc = gnutls_pkcs7_verify_direct(
		    pkcs7, signer, 0, &data, allow_sha1 ? GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1 : 0);
	if (rc < 0)
		return refuse(why, OUTCOME_NOT_ELIGIBLE_TO_RENEW,
		    "the request's signature is not that of the certificate on record: %s",
		    gnutls_strerror(rc));
	return OUTCOME_OK;
}
