/* Context items, names and values in turn as fields: taken within the limits, and as JSON and back. */
#include "facts.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct facts *facts = arena_alloc(arena, sizeof(*facts));
	struct bytes rest = { data, size };

	fuzz_accepted = size > 0;
	while (rest.size > 0) {
		const char *name = fuzz_field(arena, &rest), *value = fuzz_field(arena, &rest);

		if (!facts_add(facts, name, value))
			fuzz_accepted = false;
		else
			FUZZ_CHECK(facts_get(facts, name) != NULL);
	}
	FUZZ_CHECK(facts->count <= FACTS_MAX);
	facts_check_json(arena, facts);
	arena_free(arena);
	return 0;
}
