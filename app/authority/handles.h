/* GnuTLS handles closed by their scope, and the words for a public key. */
#ifndef MUSTER_APP_AUTHORITY_HANDLES_H
#define MUSTER_APP_AUTHORITY_HANDLES_H

#include <muster/base/arena.h>
#include <muster/base/outcome.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

/* For CLEANUP(). NULL is allowed. */
void certificate_cleanup(gnutls_x509_crt_t *);
void public_key_cleanup(gnutls_pubkey_t *);
void private_key_cleanup(gnutls_privkey_t *);
void pkcs8_key_cleanup(gnutls_x509_privkey_t *);
void datum_cleanup(gnutls_datum_t *);

/* The same bytes for GnuTLS, which takes them without const and does not write there. */
gnutls_datum_t datum_of(struct bytes);

/* What a key signs with: SHA-256, or the stronger hash of a stronger curve (RFC 5480 section 4). */
gnutls_digest_algorithm_t private_key_digest(gnutls_privkey_t);

/* "EC-P-256", "RSA-2048", or GnuTLS's name of what is neither; in arena. */
const char *public_key_name(struct arena *, gnutls_pubkey_t);

#endif
