/* GetPolicies: what key the server wants (MS-XCEP 3.1.4.1, MS-MDE2 3.3). */
#ifndef MUSTER_DEVICE_POLICIES_H
#define MUSTER_DEVICE_POLICIES_H

#include "envelope.h"
#include "http.h"

/* Of a GetPoliciesResponse, what the client uses. */
struct key_policy {
	uint32_t bits;	    /* minimalKeyLength: exactly this size is made */
	bool sha1;	    /* the hash of the request; else SHA-256 */
	bool platform_only; /* cryptoProviders lists the Platform provider and nothing that software can do */
	const char *provider;			    /* the one used */
	uint32_t validity_seconds, renewal_seconds; /* told, not used */
};

/* What a client without a policy service uses: RSA 2048 and SHA-1 (the documentation). */
struct key_policy key_policy_default(void);

/* POST GetPolicies and read the answer. */
bool policies_ask(struct http *, struct arena *, const struct settings *, const struct login *,
    const char *url, struct key_policy *, struct refusal *, struct notes *);

/*
 * Read a GetPoliciesResponse by its schema: strict order, every required element there, references
 * resolve, at least one policy.
 *
 * HRESULT_UNKNOWN_ERROR  what breaks the schema; HRESULT_KEY_CREATION a key this device cannot make
 */
bool policies_read(struct arena *, const struct settings *, struct bytes body, const char *message_id,
    struct key_policy *, struct refusal *, struct notes *);

#endif
