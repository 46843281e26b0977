/*
 * Remembers for some minutes that a password was verified, so that the two messages of
 * one enrollment cost one hash. A fixed table in anonymous shared memory, made before
 * the workers are forked: HMAC-SHA-256 under a random key of this start over account,
 * current hash and password. Nothing in it can be turned back into a password, a
 * changed password misses, and account state is always read anew.
 */
#ifndef MUSTER_CREDENTIALS_MEMO_H
#define MUSTER_CREDENTIALS_MEMO_H

#include <muster/base/secret.h>

struct memo;

#define MEMO_LIFETIME_MS (5 * 60 * 1000)

/* NULL when there is no memory. Lives as long as the processes that share it. */
struct memo *memo_new(void);

/* This password was verified against this hash for this account within the lifetime. */
bool memo_knows(struct memo *, const char *account, const char *hash, const struct secret *password);

/* Remember a success. */
void memo_remember(struct memo *, const char *account, const char *hash, const struct secret *password);

#endif
