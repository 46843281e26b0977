/* A field of a form. */
#include "fuzz.h"

#include <muster/base/text.h>
#include <muster/wire/form.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	const char *value = NULL;
	struct why why;
	enum outcome o = form_value(arena, (struct bytes){ data, size }, "a", &value, &why);

	FUZZ_CHECK(o == OUTCOME_OK || o == OUTCOME_MESSAGE_FORMAT);
	FUZZ_CHECK(o != OUTCOME_OK || value == NULL || text_is_utf8(value, strlen(value)));
	fuzz_accepted = o == OUTCOME_OK;
	arena_free(arena);
	return 0;
}
