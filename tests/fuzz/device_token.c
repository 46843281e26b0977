/* The answer to RequestSecurityToken, as the simulated device reads it. */
#include "../../app/muster-device/token.h"
#include "answers.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes document = { NULL, 0 };
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };

	fuzz_accepted =
	    token_read(arena, (struct bytes){ data, size }, "urn:uuid:1", &document, &refusal, &notes);
	refusal_check(&refusal, &notes, fuzz_accepted);
	FUZZ_CHECK(fuzz_accepted == (document.size > 0));
	arena_free(arena);
	return 0;
}
