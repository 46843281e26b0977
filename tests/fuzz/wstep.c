/* RequestSecurityToken; what was kept of it can be handed to the issuer. */
#include "envelope.h"

#include <muster/base/text.h>
#include <muster/protocol/wstep.h>

static void
facts_check(struct arena *arena, const struct facts *facts)
{
	struct facts *again = arena_alloc(arena, sizeof(*again));

	FUZZ_CHECK(facts->count <= FACTS_MAX);
	for (size_t i = 0; i < facts->count; i++) {
		const struct fact *fact = &facts->item[i];

		FUZZ_CHECK(fact->name[0] != '\0' && strlen(fact->name) <= FACT_NAME_MAX);
		FUZZ_CHECK(strlen(fact->value) <= FACT_VALUE_MAX);
		FUZZ_CHECK(text_is_utf8(fact->value, strlen(fact->value)));
	}
	FUZZ_CHECK(facts_from_json(arena, facts_json(arena, facts), again));
	FUZZ_CHECK(again->count == facts->count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct wstep_request *rst = arena_alloc(arena, sizeof(*rst));
	struct bytes csr = { NULL, 0 };
	struct soap soap;
	struct why why;
	enum outcome o;

	if (envelope_read(arena, (struct bytes){ data, size }, &soap) && soap.operation == OPERATION_RST) {
		o = wstep_read(arena, &soap, rst, &why);
		FUZZ_OUTCOME(o, &why, OUTCOME_MESSAGE_FORMAT, OUTCOME_NOT_SUPPORTED);
		facts_check(arena, &rst->facts);
		if (o == OUTCOME_OK) {
			o = wstep_csr(rst, &csr, &why);
			FUZZ_OUTCOME(o, &why, OUTCOME_CERTIFICATE_REQUEST);
			FUZZ_CHECK((rst->type == REQUEST_RENEW) == wstep_is_renewal(arena, &soap));
			FUZZ_CHECK((csr.size > 0) == (o == OUTCOME_OK));
		}
		fuzz_accepted = o == OUTCOME_OK;
	}
	soap_release(&soap);
	arena_free(arena);
	return 0;
}
