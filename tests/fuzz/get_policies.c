/* GetPolicies; the simulated device takes the answer, whatever MessageID it has to repeat. */
#include "../../app/muster-device/policies.h"
#include "envelope.h"

#include <muster/protocol/xcep.h>

#define TRACE "01938f3e-7d2a-7c41-9a55-0f1e2d3c4b5a"

static void
answer_check(struct arena *arena, const struct soap *soap)
{
	static const struct settings settings = { .windows = WINDOWS_11 };
	const struct enrollment_policy policy = {
		.minimum_key_length = 2048, .validity_seconds = 31536000, .renewal_seconds = 3628800
	};
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };
	struct key_policy key;
	struct bytes answer;

	FUZZ_CHECK(xcep_write(arena, &policy, soap->message_id, TRACE, &answer));
	FUZZ_CHECK(policies_read(arena, &settings, answer, soap->message_id == NULL ? "" : soap->message_id,
	    &key, &refusal, &notes));
	FUZZ_CHECK(key.bits == 2048 && !key.sha1 && notes.count == (soap->message_id == NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct soap soap;
	struct why why;
	enum outcome o;

	if (envelope_read(arena, (struct bytes){ data, size }, &soap) &&
	    soap.operation == OPERATION_POLICIES) {
		o = xcep_read(&soap, &why);
		FUZZ_OUTCOME(o, &why, OUTCOME_MESSAGE_FORMAT);
		if (o == OUTCOME_OK)
			answer_check(arena, &soap);
		fuzz_accepted = o == OUTCOME_OK;
	}
	soap_release(&soap);
	arena_free(arena);
	return 0;
}
