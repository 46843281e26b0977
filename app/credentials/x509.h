/* GnuTLS handles of certificates and keys, closed by their scope. */
#ifndef MUSTER_CREDENTIALS_X509_H
#define MUSTER_CREDENTIALS_X509_H

#include <muster/base/bytes.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

/* The same bytes for GnuTLS, which takes them without const and does not write there. */
gnutls_datum_t x509_datum(struct bytes);

/* Read a certificate from DER: GnuTLS's error, or 0. *crt is the caller's also then. */
int x509_import(struct bytes der, gnutls_x509_crt_t *crt);

/* For CLEANUP(). NULL is allowed. */
void x509_free(gnutls_x509_crt_t *);
void x509_key_free(gnutls_pubkey_t *);
void x509_datum_free(gnutls_datum_t *);

#endif
