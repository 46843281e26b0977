/*
 * Opaque tokens: what a device brings as a BinarySecurityToken after its user has signed in at our page
 * (MS-MDE2 3.2). 32 random bytes as base64url; the database knows the SHA-256 of that text only.
 */
#ifndef MUSTER_CREDENTIALS_TOKEN_H
#define MUSTER_CREDENTIALS_TOKEN_H

#include <muster/base/arena.h>
#include <muster/base/secret.h>

#define TOKEN_TEXT_SIZE 43 /* [A-Za-z0-9_-] */
#define TOKEN_SHA256_SIZE 32

/* A new one; the caller calls secret_release(). */
struct secret token_make(void);

/* SHA-256 of its text. */
void token_sha256(const struct secret *, uint8_t sha256[TOKEN_SHA256_SIZE]);

/* The claim of whoever brings it, JSON in arena: {"kind": "token", "sha256": "<hex>"}. */
const char *token_claim(struct arena *, const struct secret *);

#endif
