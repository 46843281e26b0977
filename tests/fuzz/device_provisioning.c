/* The provisioning document, as the simulated device reads it: a phone, whose key is the leaf's. */
#include "../../app/muster-device/provision.h"
#include "answers.h"
#include "certificates.h"

static void
provision_check(const struct provision *provision)
{
	FUZZ_CHECK(provision->leaf.size > 0 && !provision->system_store);
	FUZZ_CHECK(provision->provider_id != NULL && provision->provider_id[0] != '\0');
	FUZZ_CHECK(provision->address != NULL && provision->criteria != NULL);
	FUZZ_CHECK(provision->device_id != NULL && provision->device_id[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	const struct provision_expected expected = { .phone = true,
		.public_key = fuzz_decoded(arena, FUZZ_PUBLIC_KEY) };
	struct provision *provision = arena_alloc(arena, sizeof(*provision));
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };

	fuzz_accepted =
	    provision_read(arena, (struct bytes){ data, size }, &expected, provision, &refusal, &notes);
	refusal_check(&refusal, &notes, fuzz_accepted);
	if (fuzz_accepted)
		provision_check(provision);
	arena_free(arena);
	return 0;
}
