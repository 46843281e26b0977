/*
 * The request's outline is read here instead of by gnutls_x509_crq_verify(): GnuTLS 3.7.9 encodes
 * the request anew before it verifies, which sorts the SET of attributes, and so calls the signature
 * of a client wrong that did not sort. We verify the bytes that were signed. It also means that
 * subject and attributes, where Windows writes a NUL and '!' into a PrintableString and raw text in
 * place of a DER extension, are stepped over and never decoded.
 */
#include <muster/authority/csr.h>

#include "der.h"
#include "handles.h"

#define CSR_MAX (16 * 1024)
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096
#define RSA_EXPONENT_BYTES_MAX 8

/* What the parts of a PKCS#10 are (RFC 2986 section 4). */
struct outline {
	struct bytes signed_part; /* CertificationRequestInfo, as sent */
	struct bytes public_key;
	struct bytes algorithm; /* AlgorithmIdentifier */
	struct bytes signature;
};

/* Signature algorithms by their AlgorithmIdentifier; RSA's parameters are NULL, but some leave them out. */
#define RSA_WITH(last) "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" last
#define ECDSA_WITH(last) "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03" last

static const struct algorithm {
	const char *object; /* OBJECT IDENTIFIER, DER */
	size_t size;
	gnutls_sign_algorithm_t sign; /* GNUTLS_SIGN_UNKNOWN: never accepted */
	const char *name;
	bool sha1;
} algorithms[] = {
#define ALGORITHM(object, ...) \
	{ \
		object, sizeof(object) - 1, __VA_ARGS__ \
	}
	ALGORITHM(RSA_WITH("\x0b"), GNUTLS_SIGN_RSA_SHA256, "RSA with SHA-256", false),
	ALGORITHM(RSA_WITH("\x0c"), GNUTLS_SIGN_RSA_SHA384, "RSA with SHA-384", false),
	ALGORITHM(RSA_WITH("\x0d"), GNUTLS_SIGN_RSA_SHA512, "RSA with SHA-512", false),
	ALGORITHM(RSA_WITH("\x05"), GNUTLS_SIGN_RSA_SHA1, "RSA with SHA-1", true),
	ALGORITHM(RSA_WITH("\x04"), GNUTLS_SIGN_UNKNOWN, "RSA with MD5", false),
	ALGORITHM(RSA_WITH("\x02"), GNUTLS_SIGN_UNKNOWN, "RSA with MD2", false),
	ALGORITHM(RSA_WITH("\x0a"), GNUTLS_SIGN_UNKNOWN, "RSA-PSS", false),
	ALGORITHM("\x06\x05\x2b\x0e\x03\x02\x1d", GNUTLS_SIGN_RSA_SHA1, "RSA with SHA-1", true),
	ALGORITHM(ECDSA_WITH("\x02"), GNUTLS_SIGN_ECDSA_SHA256, "ECDSA with SHA-256", false),
	ALGORITHM(ECDSA_WITH("\x03"), GNUTLS_SIGN_ECDSA_SHA384, "ECDSA with SHA-384", false),
	ALGORITHM(ECDSA_WITH("\x04"), GNUTLS_SIGN_ECDSA_SHA512, "ECDSA with SHA-512", false),
	ALGORITHM("\x06\x07\x2a\x86\x48\xce\x3d\x04\x01", GNUTLS_SIGN_ECDSA_SHA1, "ECDSA with SHA-1", true),
};

static enum outcome
malformed(struct why *why, const char *what)
{
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "RFC 2986 section 4: %s", what);
}

/* CertificationRequestInfo: version, subject, public key, attributes. */
static enum outcome
information_read(struct bytes rest, struct bytes *public_key, struct why *why)
{
	struct der_element version, subject, key, attributes;

	if (!der_take(&rest, DER_INTEGER, &version))
		return malformed(why, "no version in the certificate request");
	if (!bytes_equal(version.content, (struct bytes){ (const uint8_t *)"\0", 1 }))
		return malformed(why, "the version of the certificate request is not 0");
	if (!der_take(&rest, DER_SEQUENCE, &subject))
		return malformed(why, "no subject in the certificate request");
	if (!der_take(&rest, DER_SEQUENCE, &key))
		return malformed(why, "no subjectPKInfo in the certificate request");
	/* Required, but there are clients that leave them out when they have none. */
	if (rest.size != 0 && !der_take(&rest, DER_CONTEXT_0, &attributes))
		return malformed(why, "no attributes after the certificate request's subjectPKInfo");
	if (rest.size != 0)
		return malformed(why, "something after the certificate request's attributes");
	*public_key = key.whole;
	return OUTCOME_OK;
}

/* CertificationRequest: information, algorithm, signature; nothing after it. */
static enum outcome
outline_read(struct bytes der, struct outline *outline, struct why *why)
{
	struct der_element request, information, algorithm, signature;

	if (!der_take(&der, DER_SEQUENCE, &request))
		return malformed(why, "not a PKCS#10 certificate request in DER");
	if (der.size != 0)
		return malformed(why, "bytes after the certificate request");
	if (!der_take(&request.content, DER_SEQUENCE, &information) ||
	    !der_take(&request.content, DER_SEQUENCE, &algorithm) ||
	    !der_take(&request.content, DER_BIT_STRING, &signature) || request.content.size != 0)
		return malformed(
		    why, "a certificate request is its information, an algorithm and a signature");
	if (signature.content.size < 2 || signature.content.data[0] != 0)
		return malformed(why, "the signature of the certificate request is not a string of octets");
	outline->signed_part = information.whole;
	outline->algorithm = algorithm.content;
	outline->signature = (struct bytes){ signature.content.data + 1, signature.content.size - 1 };
	return information_read(information.content, &outline->public_key, why);
}

static const struct algorithm *
algorithm_find(struct bytes identifier)
{
	static const uint8_t null[] = { 0x05, 0x00 };

	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
		const struct algorithm *a = &algorithms[i];
		bool parameters = identifier.size > a->size;

		if (identifier.size == 0 || identifier.size < a->size ||
		    memcmp(identifier.data, a->object, a->size) != 0)
			continue;
		/* RSA-PSS has parameters of its own: found for its name only. */
		if (!parameters || a->sign == GNUTLS_SIGN_UNKNOWN)
			return a;
		if (identifier.size - a->size == sizeof(null) &&
		    memcmp(identifier.data + a->size, null, sizeof(null)) == 0)
			return a;
	}
	return NULL;
}

static enum outcome
algorithm_check(
    struct bytes identifier, const struct csr_policy *policy, const struct algorithm **found, struct why *why)
{
	*found = algorithm_find(identifier);
	if (*found == NULL)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the certificate request's signature algorithm is unknown: RSA or ECDSA with SHA-256, "
		    "-384 or -512 "
		    "is accepted");
	if ((*found)->sign == GNUTLS_SIGN_UNKNOWN)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the certificate request is signed by %s, which is never accepted", (*found)->name);
	if ((*found)->sha1 && !policy->allow_sha1)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the certificate request is signed by %s, which the organization does not allow",
		    (*found)->name);
	return OUTCOME_OK;
}

/* Big-endian bytes without the zeros in front. */
static struct bytes
number_of(const gnutls_datum_t *datum)
{
	struct bytes n = { datum->data, datum->size };

	while (n.size > 0 && n.data[0] == 0)
		n.data++, n.size--;
	return n;
}

/* An odd number of three bytes or more is 65537 at least. */
static bool
exponent_sane(struct bytes e)
{
	return e.size >= 3 && e.size <= RSA_EXPONENT_BYTES_MAX && (e.data[e.size - 1] & 1) != 0;
}

static enum outcome
rsa_check(gnutls_pubkey_t key, unsigned bits, const struct csr_policy *policy, struct why *why)
{
	CLEANUP(datum_cleanup) gnutls_datum_t modulus = { NULL, 0 };
	CLEANUP(datum_cleanup) gnutls_datum_t exponent = { NULL, 0 };
	int minimum = policy->minimum_key_length > RSA_BITS_MIN ? policy->minimum_key_length : RSA_BITS_MIN;
	int rc = gnutls_pubkey_export_rsa_raw2(key, &modulus, &exponent, 0);

	if (rc < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "RSA key: %s", gnutls_strerror(rc));
	if (bits < (unsigned)minimum)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "RSA key of %u bits, the organization's minimum is %d", bits, minimum);
	if (bits > RSA_BITS_MAX)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "RSA key of %u bits, at most %d are accepted",
		    bits, RSA_BITS_MAX);
	if ((modulus.data[modulus.size - 1] & 1) == 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "RSA key with an even modulus");
	if (!exponent_sane(number_of(&exponent)))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "RSA key whose public exponent is not an odd number from 65537 to 64 bits");
	return OUTCOME_OK;
}

static enum outcome
ec_check(gnutls_pubkey_t key, struct why *why)
{
	gnutls_ecc_curve_t curve;
	int rc = gnutls_pubkey_export_ecc_raw2(key, &curve, NULL, NULL, 0);

	if (rc < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "EC key: %s", gnutls_strerror(rc));
	if (curve != GNUTLS_ECC_CURVE_SECP256R1 && curve != GNUTLS_ECC_CURVE_SECP384R1)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "EC key on curve %s, only P-256 and P-384 are accepted",
		    gnutls_ecc_curve_get_name(curve));
	if (gnutls_pubkey_verify_params(key) < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "EC key: the point is not on its curve");
	return OUTCOME_OK;
}

static enum outcome
key_check(gnutls_pubkey_t key, const struct csr_policy *policy, struct why *why)
{
	unsigned bits = 0;
	int algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);

	if (algorithm == GNUTLS_PK_RSA)
		return rsa_check(key, bits, policy, why);
	if (algorithm == GNUTLS_PK_ECDSA)
		return ec_check(key, why);
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "a key of kind %s, only RSA and EC are accepted",
	    algorithm < 0 ? "unknown" : gnutls_pk_get_name((gnutls_pk_algorithm_t)algorithm));
}

/* Import, judge and export again: what goes on is GnuTLS's own encoding, not the client's. */
static enum outcome
key_read(struct arena *arena, struct bytes public_key, const struct csr_policy *policy, gnutls_pubkey_t key,
    struct csr *csr, struct why *why)
{
	CLEANUP(datum_cleanup) gnutls_datum_t canonical = { NULL, 0 };
	gnutls_datum_t sent = datum_of(public_key);
	enum outcome o;
	int rc;

	if ((rc = gnutls_pubkey_import(key, &sent, GNUTLS_X509_FMT_DER)) < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "RFC 5280 section 4.1.2.7: unusable SubjectPublicKeyInfo: %s", gnutls_strerror(rc));
	if ((o = key_check(key, policy, why)) != OUTCOME_OK)
		return o;
	if ((rc = gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &canonical)) < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "public key: %s", gnutls_strerror(rc));
	csr->public_key = arena_copy(arena, canonical.data, canonical.size);
	csr->algorithm = public_key_name(arena, key);
	return OUTCOME_OK;
}

static enum outcome
signature_verify(
    const struct outline *outline, gnutls_pubkey_t key, const struct algorithm *algorithm, struct why *why)
{
	gnutls_datum_t data = datum_of(outline->signed_part);
	gnutls_datum_t signature = datum_of(outline->signature);
	unsigned flags = algorithm->sha1 ? GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1 : 0;
	int rc = gnutls_pubkey_verify_data2(key, algorithm->sign, flags, &data, &signature);

	if (rc < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the certificate request's signature (%s) does not prove its key: %s", algorithm->name,
		    gnutls_strerror(rc));
	return OUTCOME_OK;
}

static enum outcome
size_check(struct bytes der, const char *what, struct why *why)
{
	if (der.size == 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "empty %s", what);
	if (der.size > CSR_MAX)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "%s of %zu bytes, at most %d are accepted",
		    what, der.size, CSR_MAX);
	return OUTCOME_OK;
}

enum outcome
csr_check(
    struct arena *arena, struct bytes der, const struct csr_policy *policy, struct csr *csr, struct why *why)
{
	CLEANUP(public_key_cleanup) gnutls_pubkey_t key = NULL;
	const struct algorithm *algorithm;
	struct outline outline = { 0 };
	enum outcome o;
	int rc;

	if ((rc = gnutls_pubkey_init(&key)) < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "new public key: %s", gnutls_strerror(rc));
	if ((o = size_check(der, "certificate request", why)) != OUTCOME_OK ||
	    (o = outline_read(der, &outline, why)) != OUTCOME_OK ||
	    (o = algorithm_check(outline.algorithm, policy, &algorithm, why)) != OUTCOME_OK ||
	    (o = key_read(arena, outline.public_key, policy, key, csr, why)) != OUTCOME_OK)
		return o;
	return signature_verify(&outline, key, algorithm, why);
}

enum outcome
csr_check_key(struct arena *arena, struct bytes public_key, const struct csr_policy *policy, struct csr *csr,
    struct why *why)
{
	CLEANUP(public_key_cleanup) gnutls_pubkey_t key = NULL;
	enum outcome o;
	int rc;

	if ((rc = gnutls_pubkey_init(&key)) < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "new public key: %s", gnutls_strerror(rc));
	if ((o = size_check(public_key, "public key", why)) != OUTCOME_OK)
		return o;
	return key_read(arena, public_key, policy, key, csr, why);
}
