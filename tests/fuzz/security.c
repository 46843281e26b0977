/* The WS-Security header: the input stands among the Header's children. */
#include "envelope.h"

#include <muster/protocol/namespaces.h>

#define BEFORE "<s:Envelope xmlns:s=\"" NS_SOAP12 "\" xmlns:o=\"" NS_WSSE "\"><s:Header>"
#define AFTER "</s:Header><s:Body><Discover/></s:Body></s:Envelope>"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	const struct credential *credential = NULL;
	uint8_t *text = arena_alloc(arena, sizeof(BEFORE) + size + sizeof(AFTER));
	struct soap soap;
	struct why why;
	enum outcome o;

	memcpy(text, BEFORE, sizeof(BEFORE) - 1);
	memcpy(text + sizeof(BEFORE) - 1, data, size);
	memcpy(text + sizeof(BEFORE) - 1 + size, AFTER, sizeof(AFTER) - 1);
	if (envelope_read(arena, (struct bytes){ text, sizeof(BEFORE) + size + sizeof(AFTER) - 2 }, &soap)) {
		o = soap_credential(&soap, &credential, &why);
		FUZZ_OUTCOME(o, &why, OUTCOME_INVALID_SECURITY, OUTCOME_AUTHENTICATION);
		if (o == OUTCOME_OK)
			credential_check(credential);
		fuzz_accepted = o == OUTCOME_OK;
	}
	soap_release(&soap);
	arena_free(arena);
	return 0;
}
