/* Base64: what is decoded is encoded to the same digits, and any bytes come back. */
#include "fuzz.h"

#include <muster/base/bytes.h>

/* The digits without white space and padding, in place; how many. */
static size_t
digits_of(char *text)
{
	char *end = text;

	for (const char *c = text; *c != '\0'; c++)
		if (strchr(" \t\r\n=", *c) == NULL)
			*end++ = *c;
	*end = '\0';
	return (size_t)(end - text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes input = { data, size }, out = { NULL, 0 };
	char *text = arena_strndup(arena, (const char *)data, size), *again;

	fuzz_accepted = bytes_from_base64(arena, text, &out);
	if (fuzz_accepted) {
		size_t digits = digits_of(text);

		again = bytes_to_base64(arena, out);
		FUZZ_CHECK(digits > 0 && digits == digits_of(again));
		FUZZ_CHECK(strcmp(text, again) == 0);
	}
	if (size > 0) {
		FUZZ_CHECK(bytes_from_base64(arena, bytes_to_base64(arena, input), &out));
		FUZZ_CHECK(bytes_equal(input, out));
	}
	arena_free(arena);
	return 0;
}
