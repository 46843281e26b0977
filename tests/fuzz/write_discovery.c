/*
 * An answer to Discover with any text in it: the fields MessageID, AuthPolicy, EnrollmentVersion and the
 * three URLs. It is well-formed and reads back as it was written.
 */
#include "../../app/muster-device/element.h"
#include "fuzz.h"

#include <muster/protocol/discovery.h>

#define TRACE "01938f3e-7d2a-7c41-9a55-0f1e2d3c4b5a"

static void
text_check(struct arena *arena, const xmlDoc *doc, const char *name, const char *written)
{
	const xmlNode *node = ELEMENT_FIND(doc, { URI_DISCOVERY, "DiscoverResult" }, { URI_DISCOVERY, name });

	FUZZ_CHECK(node != NULL);
	FUZZ_CHECK(strcmp(xml_text_raw(arena, node), fuzz_carried(arena, written)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes rest = { data, size }, answer;
	const char *id = fuzz_field(arena, &rest);
	struct discover_result result;
	const xmlNode *relates;
	xmlDoc *doc = NULL;

	result.auth_policy = fuzz_field(arena, &rest);
	result.enrollment_version = fuzz_field(arena, &rest);
	result.policy_url = fuzz_field(arena, &rest);
	result.enrollment_url = fuzz_field(arena, &rest);
	result.authentication_url = fuzz_field(arena, &rest);
	FUZZ_CHECK(discover_write(arena, &result, id, TRACE, &answer));
	FUZZ_CHECK(xml_read(arena, answer, &doc, NULL) == OUTCOME_OK);
	relates = ELEMENT_FIND(doc, { URI_SOAP, "Header" }, { URI_ADDRESSING, "RelatesTo" });
	FUZZ_CHECK(strcmp(xml_text_raw(arena, relates), fuzz_carried(arena, id)) == 0);
	text_check(arena, doc, "AuthPolicy", result.auth_policy);
	text_check(arena, doc, "EnrollmentVersion", result.enrollment_version);
	text_check(arena, doc, "EnrollmentPolicyServiceUrl", result.policy_url);
	text_check(arena, doc, "EnrollmentServiceUrl", result.enrollment_url);
	text_check(arena, doc, "AuthenticationServiceUrl", result.authentication_url);
	fuzz_accepted = true;
	xml_free(&doc);
	arena_free(arena);
	return 0;
}
