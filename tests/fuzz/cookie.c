/* A Cookie header. */
#include "fuzz.h"

#include <muster/wire/cookie.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	char *header = arena_strndup(arena, (const char *)data, size);
	const char *value = cookie_value(arena, header, "a");

	FUZZ_CHECK(value == NULL || (strchr(value, ';') == NULL && strstr(header, "a=") != NULL));
	fuzz_accepted = value != NULL;
	arena_free(arena);
	return 0;
}
