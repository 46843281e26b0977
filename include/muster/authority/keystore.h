/*
 * Kinds of keys, and private keys as the database has them: PKCS#8 encrypted under a passphrase. Those
 * in a token: pkcs11.h.
 */
#ifndef MUSTER_AUTHORITY_KEYSTORE_H
#define MUSTER_AUTHORITY_KEYSTORE_H

#include <muster/base/arena.h>
#include <muster/base/secret.h>

#include <gnutls/abstract.h>

enum key_type { KEY_EC_P256, KEY_EC_P384, KEY_RSA_2048, KEY_RSA_3072, KEY_RSA_4096 };

/* "ec-p256", "rsa-2048", ...; false for another name. */
bool key_type_from_name(const char *name, enum key_type *);
const char *key_type_name(enum key_type);

/* As GnuTLS has it; bits may be a curve. */
void key_type_parameters(enum key_type, gnutls_pk_algorithm_t *, unsigned *bits);

/*
 * Everything here refuses with OUTCOME_CERTIFICATE_REQUEST: to a device it is all "no certificate
 * today"; why tells the administrator which.
 */

/* Make a new private key; the caller deinits it. */
enum outcome keystore_generate(enum key_type, gnutls_privkey_t *, struct why *);

/*
 * PKCS#8, AES-256 under the passphrase by PBKDF2, DER in arena (RFC 5958, RFC 8018). The unencrypted key is
 * never in an arena.
 */
enum outcome keystore_seal(
    struct arena *, gnutls_privkey_t, const struct secret *passphrase, struct bytes *pkcs8, struct why *);

/*
 * The reverse; the caller deinits the key. why tells a wrong passphrase from damaged bytes where
 * GnuTLS does. A key that is not encrypted is refused.
 */
enum outcome keystore_open(
    struct bytes pkcs8, const struct secret *passphrase, gnutls_privkey_t *, struct why *);

/*
 * The sealing key: 32 random bytes that encrypt DM account secrets in the database
 * (AES-256-GCM), themselves encrypted under the passphrase (PBKDF2-HMAC-SHA-256, RFC 8018).
 */
#define SEALING_KEY_SIZE 32

enum outcome sealing_key_new(
    struct arena *, const struct secret *passphrase, struct bytes *sealed, struct why *);
/* One that there is, of SEALING_KEY_SIZE bytes, under another passphrase. */
enum outcome sealing_key_seal(struct arena *, const struct secret *key, const struct secret *passphrase,
    struct bytes *sealed, struct why *);
enum outcome sealing_key_open(
    struct bytes sealed, const struct secret *passphrase, struct secret *key, struct why *);

/*
 * Encrypt and decrypt with it; context (the device's id, up to 255 bytes) is authenticated but
 * not stored. At most 64 KiB; the form of sealed is described in seal.c.
 */
enum outcome seal(struct arena *, const struct secret *key, const char *context, struct bytes plain,
    struct bytes *sealed, struct why *);
enum outcome unseal(
    const struct secret *key, const char *context, struct bytes sealed, struct secret *plain, struct why *);

#endif
