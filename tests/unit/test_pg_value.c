/* Values of PostgreSQL as text: what becomes of each, and of NULL. */
#include <muster/wire/pg.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* A result of one row and one column; NULL is SQL NULL. */
static PGresult *
result_of(const char *value)
{
	char name[] = "value";
	PGresAttDesc column = { .name = name };
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	assert_non_null(result);
	assert_true(PQsetResultAttrs(result, 1, &column));
	assert_true(
	    PQsetvalue(result, 0, 0, (char *)(uintptr_t)value, value == NULL ? -1 : (int)strlen(value)));
	return result;
}

static void
texts(void **state)
{
	static const char *const row[] = { NULL, "", "text", "caf\xc3\xa9", " a\nb " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		PGresult *result = result_of(row[i]);
		char *text = pg_text(arena, result, 0, 0);

		/* It outlives the result. */
		pg_result_free(&result);
		assert_null(result);
		if (text == NULL || row[i] == NULL ? text != row[i] : strcmp(text, row[i]) != 0)
			fail_msg("row %zu: '%s'", i, text == NULL ? "(NULL)" : text);
	}
}

static void
byteas(void **state)
{
	static const struct {
		const char *value, *expected;
		size_t size;
	} row[] = {
		{ NULL, NULL, 0 },
		{ "\\x", "", 0 },
		{ "\\x00ff0a", "\x00\xff\n", 3 },
		{ "\\xDEad", "\xde\xad", 2 },
		/* bytea_output = escape */
		{ "", "", 0 },
		{ "a\\000\\\\b\\377", "a\0\\b\xff", 5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		PGresult *result = result_of(row[i].value);
		struct bytes bytes = pg_bytes(arena, result, 0, 0);

		pg_result_free(&result);
		if ((bytes.data == NULL) != (row[i].expected == NULL) ||
		    !bytes_equal(bytes, (struct bytes){ (const uint8_t *)row[i].expected, row[i].size }))
			fail_msg("row %zu: %zu bytes", i, bytes.size);
	}
}

static void
numbers(void **state)
{
	static const struct {
		const char *value;
		int64_t expected;
	} row[] = {
		{ NULL, -7 },
		{ "0", 0 },
		{ "-1", -1 },
		{ "2147483648", 2147483648 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
		{ "9223372036854775808", -7 },
		{ "-9223372036854775809", -7 },
		{ "", -7 },
		{ "1.5", -7 },
		{ "1e3", -7 },
		{ "12x", -7 },
		{ "NaN", -7 },
		{ "0x10", -7 },
		{ "010", 10 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		PGresult *result = result_of(row[i].value);

		if (pg_number(result, 0, 0, -7) != row[i].expected)
			fail_msg("row %zu: %lld", i, (long long)pg_number(result, 0, 0, -7));
		pg_result_free(&result);
	}
}

static void
booleans(void **state)
{
	static const struct {
		const char *value;
		bool expected;
	} row[] = { { NULL, false }, { "t", true }, { "f", false }, { "", false }, { "true", false },
		{ "T", false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		PGresult *result = result_of(row[i].value);

		if (pg_bool(result, 0, 0) != row[i].expected)
			fail_msg("row %zu", i);
		pg_result_free(&result);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(byteas),
		cmocka_unit_test(numbers),
		cmocka_unit_test(booleans),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
