/*
 * Requests of AuthPolicy Certificate: a Timestamp, the signer's certificate and a signature over the whole
 * envelope in the Security header, as MS-MDE2 3.3.4.1.1.1.2 and published samples have them.
 */
#ifndef MUSTER_DEVICE_SIGNER_H
#define MUSTER_DEVICE_SIGNER_H

#include "refusal.h"

#include <muster/base/arena.h>
#include <muster/base/bytes.h>
#include <muster/wire/xml_out.h>

#include <gnutls/abstract.h>

/* How published samples and other clients differ when they sign; --sign-as. */
enum signer_habit {
	SIGN_EXCLUSIVE = 1 << 0,      /* exclusive canonical form listed as a second transform */
	SIGN_WSSE_ID = 1 << 1,	      /* wsse:Id instead of u:Id, ValueType without its URI */
	SIGN_NO_PREFIX = 1 << 2,      /* KeyInfo points past the token: without '#' and prefix */
	SIGN_NO_TRANSFORMS = 1 << 3,  /* as one sample: nobody can verify it */
	SIGN_DANGLING = 1 << 4,	      /* Reference URI="#envelop", which is no id */
	SIGN_OLD_URIS = 1 << 5,	      /* SHA-256 under URIs of 2000/09 */
	SIGN_SHA1 = 1 << 6,	      /* RSA and digest with SHA-1 */
	SIGN_NO_TIMESTAMP = 1 << 7,   /* none in the header */
	SIGN_NOT_POLICIES = 1 << 8,   /* GetPolicies with the certificate only */
	SIGN_NOT_AT_ALL = 1 << 9,     /* neither call */
	SIGN_BEFORE_CHANGE = 1 << 10, /* the Body is changed after it was signed */
	/* Of a renewal, whose PKCS#7 has no attributes and ValueType …secext-1.0.xsd#PKCS7 otherwise. */
	SIGN_ATTRIBUTES = 1 << 11,     /* with signed attributes */
	SIGN_TWICE = 1 << 12,	       /* base64 twice, as manual renewals have it */
	SIGN_TYPE_A = 1 << 13,	       /* ValueType …enrollment#PKCS7 */
	SIGN_SAME_KEY = 1 << 14,       /* no new key */
	SIGN_USER_TOKEN = 1 << 15,     /* Timestamp and UsernameToken with a blank password */
	SIGN_NO_CERTIFICATE = 1 << 16, /* over a connection without client certificate */
};

/* The bit of a word that --sign-as takes ("exclusive", "wsse-id", …); 0 when there is none. */
unsigned signer_habit(const char *word);

struct signer {
	struct bytes certificate; /* DER */
	gnutls_privkey_t key;	  /* RSA or EC on P-256, P-384, P-521 */
	unsigned habits;	  /* enum signer_habit */
	long clock_seconds;	  /* how far the device's clock is ahead */
};

/*
 * Read certificate and key from PEM files; the certificate lives in arena, signer_release() is due.
 * HRESULT_NO_AUTH_CERTIFICATE.
 */
bool signer_load(struct arena *, const char *certificate, const char *key, struct signer *, struct refusal *);
void signer_release(struct signer *);

/* Timestamp and BinarySecurityToken, inside an open Security element. */
void signer_token_write(struct xml_out *, struct arena *, const struct signer *);

/*
 * Sign an envelope that has them: the Signature is put at the end of its Security header. policies: it is a
 * GetPolicies. False when GnuTLS or libxml2 fails.
 */
bool signer_sign(struct arena *, const struct signer *, bool policies, struct bytes *envelope);

#endif
