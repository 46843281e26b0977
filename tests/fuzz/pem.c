/* A certificate in PEM, as the web server exports it. */
#include "fuzz.h"

#include <muster/authority/certificate.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	char *pem = arena_strndup(arena, (const char *)data, size);
	struct certificate_view view;
	struct bytes der = { NULL, 0 };
	struct why why;
	enum outcome o = certificate_from_pem(arena, pem, &der, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_CERTIFICATE_REQUEST);
	if (o == OUTCOME_OK) {
		FUZZ_CHECK(der.size > 0 && der.size < size);
		o = certificate_view(arena, der, &view, &why);
		FUZZ_OUTCOME(o, &why, OUTCOME_CERTIFICATE_REQUEST);
	}
	fuzz_accepted = o == OUTCOME_OK;
	arena_free(arena);
	return 0;
}
