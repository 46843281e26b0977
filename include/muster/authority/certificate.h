/* Building and signing X.509 certificates (RFC 5280), by GnuTLS. */
#ifndef MUSTER_AUTHORITY_CERTIFICATE_H
#define MUSTER_AUTHORITY_CERTIFICATE_H

#include <muster/authority/pkcs11.h>

#define SERIAL_SIZE 16

/* An authority that can sign: its certificate and its key, opened once. */
struct signer {
	gnutls_x509_crt_t certificate;
	gnutls_privkey_t key;
};

/*
 * Open an authority as it is stored: certificate (DER) and private key (encrypted PKCS#8); the caller
 * calls signer_release(), which allows an empty one and leaves an empty one.
 *
 * OUTCOME_CERTIFICATE_REQUEST  not a CA certificate, or the key does not open, or it is another
 *                              certificate's
 */
enum outcome signer_open(struct bytes certificate, struct bytes pkcs8, const struct secret *passphrase,
    struct signer *, struct why *);
void signer_release(struct signer *);

/*
 * The same with the private key in a token. That it is the certificate's is seen by a signature, since
 * not every token has the public half.
 *
 * OUTCOME_CERTIFICATE_REQUEST  as above, or the token does not do it; why says what to do
 */
enum outcome signer_open_token(
    struct bytes certificate, const struct pkcs11 *, const char *key_uri, struct signer *, struct why *);

/* Sign something random and verify it with the certificate: the key is there, and the certificate's. */
enum outcome signer_check(const struct signer *, struct why *);

/* Until when its own certificate is valid, in seconds since 1970. */
int64_t signer_not_after(const struct signer *);

struct certificate_request {
	const char *common_name;       /* ours: 1 to 64 letters, digits and '-' */
	struct bytes public_key;       /* SubjectPublicKeyInfo */
	int64_t not_before, not_after; /* seconds since 1970 */
	/* Where its authority's list of revoked certificates and certificate are (RFC 5280 sections 4.2.1.13
	 * and 4.2.2.1), and who answers for it by OCSP (RFC 6960); NULL: the certificate does not say. */
	const char *crl_url, *ca_url, *ocsp_url;
};

/*
 * Sign a device certificate: clientAuth, digitalSignature (and keyEncipherment for RSA), not a CA,
 * random serial, subject and authority key id, SHA-256 or the stronger hash of the CA's curve.
 *
 * serial   SERIAL_SIZE bytes, positive
 * der      in arena
 */
enum outcome certificate_sign_device(struct arena *, const struct signer *,
    const struct certificate_request *, uint8_t serial[SERIAL_SIZE], struct bytes *der, struct why *);

/* What may be chosen of an authority's certificate. */
struct authority_form {
	int path_length;		/* how many levels of authorities may be below; -1: any number */
	gnutls_digest_algorithm_t hash; /* of the signature; GNUTLS_DIG_UNKNOWN: what suits the signing key */
	const char *crl_url; /* where the signing CA's list of revoked certificates is; NULL: unsaid */
	const char *ca_url;  /* where the signing CA's certificate is; NULL: unsaid */
};

/*
 * Sign the certificate of an OCSP responder that answers for the authority (RFC 6960 section 4.2.2.2):
 * OCSPSigning, digitalSignature, and nocheck, since a responder cannot answer for itself. Else as
 * certificate_sign_device().
 */
enum outcome certificate_sign_responder(struct arena *, const struct signer *,
    const struct certificate_request *, uint8_t serial[SERIAL_SIZE], struct bytes *der, struct why *);

/* Where what an authority publishes is, for the certificates that it signs; NULL: they do not say. */
struct publication {
	const char *crl_url, *ca_url, *ocsp_url;
};

/*
 * A name and an organization of 1 to 64 characters each, as X.520 has them. key remains the caller's.
 * The publication is the parent's; NULL: the certificate does not say.
 *
 * Sign a CA certificate: a root when parent is NULL (self-signed with key), else an issuing CA below
 * parent. key is the new CA's own.
 *
 * form  NULL: what is usual: any path length for a root, 0 for an issuing CA
 */
enum outcome certificate_sign_authority(struct arena *, const struct signer *parent, gnutls_privkey_t key,
    const char *common_name, const char *organization, const struct authority_form *form,
    const struct publication *, int64_t not_before, int64_t not_after, struct bytes *der, struct why *);

/*
 * Sign a CA certificate for a request (PKCS#10, DER) that request_read() has accepted: its name and its key,
 * nothing else of it. A request in parent's own name is refused: who it is about could not be told.
 */
enum outcome certificate_sign_request(struct arena *, const struct signer *parent, struct bytes request,
    const struct authority_form *form, int64_t not_before, int64_t not_after, struct bytes *der,
    struct why *);

/* 1 to 64 characters, as X.520 bounds common names and organizations' names. */
bool authority_name_fits(const char *name);

/* What suits a key: SHA-256, or the stronger hash of a stronger curve (RFC 5480 section 4). */
gnutls_digest_algorithm_t authority_hash(gnutls_privkey_t);

/* What is shown of a certificate. Strings in arena, UTF-8 without control characters. */
struct certificate_view {
	const char *subject, *issuer;
	const char *common_name;   /* the first of its subject; the subject where it has none */
	const char *serial;	   /* hex */
	const char *key;	   /* "EC-P-256" */
	const char *sha256, *sha1; /* hex */
	int64_t not_before, not_after;
	bool is_authority;
	int path_length;       /* -1: not limited */
	const char *signature; /* "ECDSA-SHA256" */
	const char *key_usage; /* "keyCertSign, cRLSign"; "" when there is none */
	const char *crl_url;   /* the first of its list of revoked certificates; NULL: none */
	const char *ca_url;    /* the first of its issuer's certificate; NULL: none */
};

/* OUTCOME_CERTIFICATE_REQUEST  not one certificate of at most 64 KiB */
enum outcome certificate_view(struct arena *, struct bytes der, struct certificate_view *, struct why *);

/* The first certificate of a PEM text (at most 64 KiB) as DER. It is not looked into. */
enum outcome certificate_from_pem(struct arena *, const char *pem, struct bytes *der, struct why *);

/* PEM of a DER certificate. */
enum outcome certificate_to_pem(struct arena *, struct bytes der, char **pem, struct why *);

/* Certificates (DER), one after the other in PEM (RFC 8555 section 9.1), or in a PKCS#7 message without a
 * signer, DER (RFC 5652, RFC 5280 section 4.2.2.1). */
enum outcome certificates_to_pem(
    struct arena *, const struct bytes *certificate, size_t count, struct bytes *pem, struct why *);
enum outcome certificates_to_pkcs7(
    struct arena *, const struct bytes *certificate, size_t count, struct bytes *der, struct why *);

#endif
