/* Hexadecimal: what is decoded is encoded to the same digits, and any bytes come back. */
#include "fuzz.h"

#include <muster/base/bytes.h>
#include <muster/base/text.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes input = { data, size }, out = { NULL, 0 };
	const char *text = arena_strndup(arena, (const char *)data, size);

	fuzz_accepted = bytes_from_hex(arena, text, &out);
	if (fuzz_accepted)
		FUZZ_CHECK(text_equal_fold(text, bytes_to_hex(arena, out)));
	FUZZ_CHECK(bytes_from_hex(arena, bytes_to_hex(arena, input), &out) && bytes_equal(input, out));
	arena_free(arena);
	return 0;
}
