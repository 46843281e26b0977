/* SSLCLIENTCERTSEARCHCRITERIA; what is taken finds the certificate that it names. */
#include "../../app/muster-device/criteria.h"
#include "answers.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct criteria *criteria = arena_alloc(arena, sizeof(*criteria));
	struct refusal refusal = { 0 };

	fuzz_accepted =
	    criteria_parse(arena, arena_strndup(arena, (const char *)data, size), criteria, &refusal);
	refusal_check(&refusal, NULL, fuzz_accepted);
	FUZZ_CHECK(criteria->subjects <= CRITERIA_MAX && criteria->stores <= CRITERIA_MAX);
	if (fuzz_accepted && criteria->subjects > 0)
		FUZZ_CHECK(criteria_match(criteria, &criteria->subject[0],
		    criteria->stores > 0 ? criteria->store[0] : STORE_MY_USER));
	arena_free(arena);
	return 0;
}
