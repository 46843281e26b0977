/* Discover, and what is decided by it. */
#include "envelope.h"

#include <muster/protocol/discovery.h>

static void
discover_check(struct arena *arena, const struct discover *discover)
{
	const char *version = discover_version(arena, discover, "4.0");
	const char *policy = discover_policy(arena, discover, "Federated,OnPremise");
	const char *at = strrchr(discover->email, '@');
	const char *const field[] = { discover->device_type, discover->application_version,
		discover->os_edition, discover->os_version, discover->request_version };

	FUZZ_CHECK(strlen(discover->email) <= DISCOVER_EMAIL_MAX);
	FUZZ_CHECK(strlen(discover->domain) == (at == NULL ? 0 : strlen(at + 1)));
	for (size_t i = 0; i < ARRAY_SIZE(field); i++)
		FUZZ_CHECK(strlen(field[i]) <= DISCOVER_FIELD_MAX);
	FUZZ_CHECK(version == NULL ? discover->first_version
				   : strcmp(version, "3.0") == 0 || strcmp(version, "4.0") == 0);
	FUZZ_CHECK(policy == NULL || discover->policies != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct discover discover;
	struct soap soap;
	struct why why;
	enum outcome o;

	if (envelope_read(arena, (struct bytes){ data, size }, &soap) &&
	    soap.operation == OPERATION_DISCOVER) {
		o = discover_read(arena, &soap, &discover, &why);
		FUZZ_OUTCOME(o, &why, OUTCOME_MESSAGE_FORMAT);
		if (o == OUTCOME_OK)
			discover_check(arena, &discover);
		fuzz_accepted = o == OUTCOME_OK;
	}
	soap_release(&soap);
	arena_free(arena);
	return 0;
}
