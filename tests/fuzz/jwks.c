/* A JWK Set, and an openid-configuration in its place. */
#include "fuzz.h"

#include <muster/credentials/jwks.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes document = { data, size };
	struct jwks *set = arena_alloc(arena, sizeof(*set));
	const char *uri, *issuer;
	struct why why = { "" };
	enum outcome o = jwks_read(arena, document, set, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_INTERNAL_SERVICE_FAULT);
	fuzz_accepted = o == OUTCOME_OK;
	if (fuzz_accepted)
		FUZZ_CHECK(set->count > 0 && set->count + set->skips <= JWKS_KEYS_MAX);
	for (size_t i = 0; fuzz_accepted && i < set->count; i++)
		FUZZ_CHECK(set->key[i].kid[0] != '\0' && set->key[i].public_key.size > 0);
	jwks_locate(arena, document, &uri, &issuer);
	FUZZ_CHECK(uri != NULL || issuer == NULL);
	FUZZ_CHECK(uri == NULL || !fuzz_accepted);
	arena_free(arena);
	return 0;
}
