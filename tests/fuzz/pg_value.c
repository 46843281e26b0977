/* A value of a result, as each of the types it is read as. */
#include "fuzz.h"

#include <muster/wire/pg.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	PGresAttDesc column[2] = { { .name = (char *)(uintptr_t) "one" },
		{ .name = (char *)(uintptr_t) "two" } };
	struct arena *arena = arena_new();
	char *text = arena_strndup(arena, (const char *)data, size);
	char *hex = arena_alloc(arena, 2 * size + 3);
	CLEANUP(pg_result_free) PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	int64_t number, other;

	memcpy(hex, "\\x", 2);
	for (size_t i = 0; i < size; i++) {
		hex[2 * i + 2] = digits[data[i] >> 4];
		hex[2 * i + 3] = digits[data[i] & 15];
	}
	if (result == NULL || !PQsetResultAttrs(result, 2, column) ||
	    !PQsetvalue(result, 0, 0, text, (int)strlen(text)) ||
	    !PQsetvalue(result, 0, 1, hex, (int)strlen(hex)))
		abort();
	FUZZ_CHECK(strcmp(pg_text(arena, result, 0, 0), text) == 0);
	FUZZ_CHECK(pg_bytes(arena, result, 0, 0).size <= strlen(text));
	FUZZ_CHECK(bytes_equal(pg_bytes(arena, result, 0, 1), (struct bytes){ data, size }));
	number = pg_number(result, 0, 0, -1);
	other = pg_number(result, 0, 0, -2);
	FUZZ_CHECK(number == other || (number == -1 && other == -2));
	FUZZ_CHECK(pg_bool(result, 0, 0) == (strcmp(text, "t") == 0));
	fuzz_accepted = number == other;
	arena_free(arena);
	return 0;
}
