/* The envelope of all three services. */
#include "envelope.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	const struct credential *credential = NULL;
	struct soap soap;
	struct why why;
	enum outcome o;

	fuzz_accepted = envelope_read(arena, (struct bytes){ data, size }, &soap);
	o = soap_credential(&soap, &credential, &why);
	FUZZ_OUTCOME(o, &why, OUTCOME_INVALID_SECURITY, OUTCOME_AUTHENTICATION);
	if (o == OUTCOME_OK)
		credential_check(credential);
	soap_release(&soap);
	arena_free(arena);
	return 0;
}
