/* PKCS#11 URIs, by p11-kit (which GnuTLS stands on): matching tokens, and naming new keys. */
#ifndef MUSTER_APP_AUTHORITY_PKCS11_URI_H
#define MUSTER_APP_AUTHORITY_PKCS11_URI_H

#include <muster/authority/pkcs11.h>

/* The token that candidate (a URI as GnuTLS lists tokens) is about is one that uri names. */
bool pkcs11_uri_matches(const char *uri, const char *candidate);

/* uri, which names a token, with a private key's id and label; in arena. NULL: it is too long. */
const char *pkcs11_uri_of_key(struct arena *, const char *uri, struct bytes id, const char *label);

/* The same key's without its kind, so that it names the public half as well; in arena. */
const char *pkcs11_uri_of_both(struct arena *, const char *key_uri);

/* The label of the token that a URI names, for people; in arena. */
const char *pkcs11_uri_token(struct arena *, const char *uri);

#endif
