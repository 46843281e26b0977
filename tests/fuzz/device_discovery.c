/* Discover's answer, as the simulated device reads it. */
#include "../../app/muster-device/finder.h"
#include "answers.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct settings settings = { .windows = WINDOWS_11 };
	struct arena *arena = arena_new();
	struct services services = { 0 };
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };

	fuzz_accepted = finder_read(
	    arena, &settings, (struct bytes){ data, size }, "urn:uuid:1", &services, &refusal, &notes);
	refusal_check(&refusal, &notes, fuzz_accepted);
	if (fuzz_accepted)
		FUZZ_CHECK(
		    services.enrollment_url != NULL && http_host(arena, services.enrollment_url) != NULL);
	arena_free(arena);
	return 0;
}
