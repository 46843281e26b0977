/* An Accept-Language header: what is left are language ranges, and read again they are the same. */
#include "fuzz.h"

#include <muster/wire/languages.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	const char *text = languages_read(arena, arena_strndup(arena, (const char *)data, size));
	size_t commas = 0;

	for (const char *c = text; *c != '\0'; c++) {
		FUZZ_CHECK((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
		    *c == '-' || *c == ',');
		commas += *c == ',';
	}
	FUZZ_CHECK(commas < LANGUAGES_MAX);
	FUZZ_CHECK(strcmp(languages_read(arena, text), text) == 0);
	fuzz_accepted = *text != '\0';
	arena_free(arena);
	return 0;
}
