/* A bound on how long calls into a token's module take. */
#ifndef MUSTER_APP_AUTHORITY_PKCS11_WATCH_H
#define MUSTER_APP_AUTHORITY_PKCS11_WATCH_H

#include <gnutls/abstract.h>

/* From here to watch_stop(); nothing in a process that did not ask for it by pkcs11_bound(). Pairs may not
 * nest. */
void watch_start(void);
void watch_stop(void);

/* The same, if the key is a token's. */
void watch_start_for(gnutls_privkey_t);

#endif
