/* The device's RSA key. */
#ifndef MUSTER_DEVICE_KEYPAIR_H
#define MUSTER_DEVICE_KEYPAIR_H

#include "refusal.h"

#include <muster/base/arena.h>
#include <muster/base/bytes.h>
#include <muster/base/secret.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

/* Make an RSA key; the caller frees it with gnutls_x509_privkey_deinit(). HRESULT_KEY_CREATION. */
bool keypair_new(unsigned bits, gnutls_x509_privkey_t *, struct refusal *);

/* Read an RSA key from a PEM file; freed in the same way. HRESULT_KEY_CREATION. */
bool keypair_load(const char *file, gnutls_x509_privkey_t *, struct refusal *);

/* SubjectPublicKeyInfo of the key, in arena; empty when it cannot be told. */
struct bytes keypair_public(struct arena *, gnutls_x509_privkey_t);

/* The key as PKCS#8 PEM; the caller releases it. False when it cannot be exported. */
bool keypair_pem(gnutls_x509_privkey_t, struct secret *);

/* For CLEANUP(keypair_free). */
void keypair_free(gnutls_x509_privkey_t *);

#endif
