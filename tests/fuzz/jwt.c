/*
 * A JWT: the token, NUL, and what SQL says proves it. A seed that must be taken has a claim; whatever is
 * refused has its reason, and what has no signature of ours is never proven.
 */
#include "fuzz.h"

#include <muster/credentials/jwt.h>

#include <jansson.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes rest = { data, size };
	const char *text = fuzz_field(arena, &rest), *proof = fuzz_field(arena, &rest), *details = NULL;
	struct secret token = secret_copy(text, strlen(text));
	struct claim claim;
	struct why why = { "" };
	enum outcome o = jwt_claim(arena, &token, &claim, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_INVALID_SECURITY, OUTCOME_AUTHENTICATION);
	fuzz_accepted = o == OUTCOME_OK;
	if (fuzz_accepted) {
		json_t *json = json_loads(claim.json, JSON_REJECT_DUPLICATES, NULL);

		FUZZ_CHECK(json_is_object(json) && json_object_size(json) == 10);
		json_decref(json);
	}
	why.text[0] = '\0';
	o = jwt_verify(arena, &token, proof, INT64_C(1800000000), &details, &why);
	FUZZ_OUTCOME(
	    o, &why, OUTCOME_INVALID_SECURITY, OUTCOME_AUTHENTICATION, OUTCOME_INTERNAL_SERVICE_FAULT);
	FUZZ_CHECK((o == OUTCOME_OK) == (details != NULL));
	secret_release(&token);
	arena_free(arena);
	return 0;
}
