/* GetPolicies' answer, as the simulated device reads it. */
#include "../../app/muster-device/policies.h"
#include "answers.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct settings settings = { .windows = WINDOWS_11 };
	struct arena *arena = arena_new();
	struct key_policy policy = { 0 };
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };

	fuzz_accepted = policies_read(
	    arena, &settings, (struct bytes){ data, size }, "urn:uuid:1", &policy, &refusal, &notes);
	refusal_check(&refusal, &notes, fuzz_accepted);
	if (fuzz_accepted)
		FUZZ_CHECK(policy.bits >= 1024 && policy.bits <= 16384 && policy.provider != NULL);
	arena_free(arena);
	return 0;
}
