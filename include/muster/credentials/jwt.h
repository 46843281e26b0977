/*
 * Access tokens of Entra ID: JWTs (RFC 7519) in the compact form of a JWS (RFC 7515), signed with a key that
 * the database holds.
 *
 * Read and verified with jansson and GnuTLS, without a JWT library: Debian 12's libjwt (1.10) takes the
 * algorithm from the token and the key from the caller, so that a token signed by HMAC with the public key as
 * its secret passes unless every caller thinks of it; it checks no claim's type, takes JSON names twice and
 * reads no JWK. What is left of the format is small, and here the key decides the algorithm.
 *
 * A token is a credential: it is read from a struct secret, its decoded parts are wiped, and no reason quotes
 * more of it than the names of an algorithm, a key or a claim.
 */
#ifndef MUSTER_CREDENTIALS_JWT_H
#define MUSTER_CREDENTIALS_JWT_H

#include <muster/base/nouns.h>
#include <muster/base/secret.h>

#define JWT_MAX (16 * 1024) /* bytes */

/* How far the clocks may be apart. */
#define JWT_SKEW_S 300

/*
 * Whom a token says it is, unproven: for SQL to look up the key and the account.
 *
 * claim  user: upn, else preferred_username, else unique_name, NULL if it has none (a device's token);
 *        json: {"kind": "jwt", "issuer": iss, "tenant": tid, "key": kid, "algorithm": alg, "subject": oid,
 *        "user": …, "audiences": [aud …], "version": ver, "device": deviceid or null}; both in arena
 * OUTCOME_INVALID_SECURITY  not a JWT, or without what every token of Entra ID has
 * OUTCOME_AUTHENTICATION    an algorithm other than RS256 and ES256, or a key that the token brings along
 */
enum outcome jwt_claim(struct arena *, const struct secret *token, struct claim *, struct why *);

/*
 * Prove a token: its signature first, then its times, then each claim against what SQL says it must be.
 *
 * proof    {"key": SubjectPublicKeyInfo in base64, "algorithm": "RS256" | "ES256", "version": "1.0" | "2.0",
 *          "issuer": …, "tenant": GUID, "subject": GUID, "audiences": [… any of them], "scope": needed in scp
 * or roles, or null, "mfa": true if amr must say so} now_s    seconds since 1970 details  in arena: {"name":
 * display name, or null}, proven OUTCOME_INVALID_SECURITY        not a JWT OUTCOME_AUTHENTICATION every other
 * refusal OUTCOME_INTERNAL_SERVICE_FAULT  an unusable proof
 */
enum outcome jwt_verify(struct arena *, const struct secret *token, const char *proof, int64_t now_s,
    const char **details, struct why *);

#endif
