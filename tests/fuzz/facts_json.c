/* The facts' JSON, as an issuer gets it from its worker. */
#include "facts.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct facts *facts = arena_alloc(arena, sizeof(*facts));

	fuzz_accepted = facts_from_json(arena, arena_strndup(arena, (const char *)data, size), facts);
	FUZZ_CHECK(facts->count <= FACTS_MAX);
	if (fuzz_accepted)
		facts_check_json(arena, facts);
	arena_free(arena);
	return 0;
}
