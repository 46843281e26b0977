/* What every use of a token begins and ends with: the module, the one token that is meant, the PIN. */
#ifndef MUSTER_APP_AUTHORITY_PKCS11_SESSION_H
#define MUSTER_APP_AUTHORITY_PKCS11_SESSION_H

#include <muster/authority/pkcs11.h>

/*
 * Load the module unless it is loaded, and see that uri means exactly one token. From here to session_end()
 * the token may ask for the PIN. Nothing begins unless it is OK.
 */
enum outcome session_begin(const struct pkcs11 *, const char *uri, struct why *);

/* How it went, by GnuTLS's result; a failure becomes a reason with the next step. uri is quoted in it. */
enum outcome session_end(int rc, const char *uri, struct why *);

#endif
