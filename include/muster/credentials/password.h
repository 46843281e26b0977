/* Passwords against crypt(5) hashes, by libxcrypt. */
#ifndef MUSTER_CREDENTIALS_PASSWORD_H
#define MUSTER_CREDENTIALS_PASSWORD_H

#include <muster/base/secret.h>

/*
 * The password matches the hash. As sent first, then once more without XML white space
 * at both ends (pretty-printed clients). hash NULL or of an unknown scheme costs the same time as
 * a wrong password and is false, so that accounts cannot be told from strangers.
 */
bool password_verify(const struct secret *password, const char *hash);

/* How many hashes it takes to find that it does not match: 2 where it is tried without white space, too. */
unsigned password_hashes(const struct secret *password);

/*
 * Hash a new password with yescrypt at the library's default cost.
 *
 * hash  CRYPT_OUTPUT_SIZE bytes
 * OUTCOME_INTERNAL_SERVICE_FAULT when the library cannot
 */
enum outcome password_hash(const struct secret *password, char *hash, size_t size, struct why *);

#endif
