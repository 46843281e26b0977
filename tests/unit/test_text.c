/* Text: every UTF-8 character and no other sequence, cuts, trimming, comparing without case. */
#include <muster/base/arena.h>
#include <muster/base/text.h>

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

/* RFC 3629 section 3. */
static size_t
encode(uint32_t c, uint8_t out[4])
{
	size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = length - 1; i > 0; i--, c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)(lead[length] | c);
	return length;
}

static void
every_character(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint8_t text[5] = { 0, 0, 0, 0, 0x80 };
		uint32_t character = 0xffffffff;
		size_t length = encode(c, text);
		bool surrogate = c >= 0xd800 && c <= 0xdfff;
		size_t got = text_character(text, sizeof(text), &character);

		if (got != (surrogate ? 0 : length) || character != (surrogate ? 0xffffffff : c))
			fail_msg("U+%04X: %zu bytes, U+%04X", c, got, character);
		if (text_is_plain(text, length) != (!surrogate && c >= 0x20 && (c < 0x7f || c > 0x9f)))
			fail_msg("U+%04X: plain or not", c);
		for (size_t size = 0; size < length; size++)
			if (text_character(text, size, NULL) != 0)
				fail_msg("U+%04X: %zu of its bytes were taken", c, size);
	}
}

/* Of all two-byte starts only those of RFC 3629 section 4 are taken, whatever follows. */
static void
no_other_sequence(void **state)
{
	(void)state;
	for (unsigned first = 0x80; first <= 0xff; first++)
		for (unsigned second = 0; second <= 0xff; second++) {
			uint8_t text[4] = { (uint8_t)first, (uint8_t)second, 0x80, 0x80 };
			bool tail = second >= 0x80 && second <= 0xbf;
			size_t expected = first < 0xc2 || first > 0xf4 ? 0
			    : first < 0xe0			       ? 2
			    : first < 0xf0			       ? 3
								       : 4;

			if (!tail || (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
			    (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
				expected = 0;
			if (text_character(text, sizeof(text), NULL) != expected)
				fail_msg("%02x %02x 80 80", first, second);
		}
}

static void
well_formed(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		bool expected;
	} row[] = {
		{ "", 0, true },
		{ "plain", 5, true },
		{ "\x01\x7f", 2, true },
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x92", 14, true },
		{ "a\0b", 3, false },
		{ "\0", 1, false },
		{ "\xc3", 1, false },
		{ "a\xe2\x82", 3, false },
		{ "\x80", 1, false },
		{ "\xc0\x80", 2, false },
		{ "\xc1\xbf", 2, false },
		{ "\xe0\x9f\xbf", 3, false },
		{ "\xed\xa0\x80", 3, false },
		{ "\xf4\x90\x80\x80", 4, false },
		{ "\xf5\x80\x80\x80", 4, false },
		{ "\xfe\xff", 2, false },
		{ "\xc3\xa9\xa9", 3, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		if (text_is_utf8(row[i].text, row[i].size) != row[i].expected)
			fail_msg("row %zu", i);
	assert_int_equal(text_character(NULL, 0, NULL), 0);
	assert_true(text_is_utf8(NULL, 0));
	assert_true(text_is_plain("caf\xc3\xa9", 5));
	assert_false(text_is_plain("caf\xc3\xa9\n", 6));
	assert_false(text_is_plain("caf\xc3", 4));
}

static void
cuts(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		const char *expected;
	} row[] = {
		{ NULL, 5, NULL },
		{ "", 0, "" },
		{ "", 5, "" },
		{ "abc", 0, "" },
		{ "abc", 2, "ab" },
		{ "abc", 3, "abc" },
		{ "abc", SIZE_MAX, "abc" },
		{ "a\xc3\xa9", 1, "a" },
		{ "a\xc3\xa9", 2, "a" },
		{ "a\xc3\xa9", 3, "a\xc3\xa9" },
		{ "\xe2\x82\xac\xe2\x82\xac", 5, "\xe2\x82\xac" },
		{ "\xe2\x82\xac\xe2\x82\xac", 4, "\xe2\x82\xac" },
		{ "\xe2\x82\xac\xe2\x82\xac", 3, "\xe2\x82\xac" },
		{ "\xe2\x82\xac\xe2\x82\xac", 2, "" },
		{ "\xf0\x9f\x94\x92", 3, "" },
		{ "\xf0\x9f\x94\x92", 4, "\xf0\x9f\x94\x92" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		char *cut = text_cut(arena, row[i].text, row[i].max);

		if (cut == NULL || row[i].expected == NULL ? cut != row[i].expected
							   : strcmp(cut, row[i].expected) != 0)
			fail_msg("row %zu: '%s'", i, cut == NULL ? "(NULL)" : cut);
	}
}

static void
trims(void **state)
{
	static const char *const row[][2] = {
		{ "", "" },
		{ " ", "" },
		{ " \t\r\n", "" },
		{ "a", "a" },
		{ "\r\n a b \t", "a b" },
		{ "a\n", "a" },
		{ "\ta", "a" },
		/* White space of XML only. */
		{ "\va\f", "\va\f" },
		{ "\xc2\xa0", "\xc2\xa0" },
	};

	(void)state;
	assert_null(text_trim(arena, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		if (strcmp(text_trim(arena, row[i][0]), row[i][1]) != 0)
			fail_msg("row %zu", i);
}

static void
folds(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal, ends;
	} row[] = {
		{ "", "", true, true },
		{ "a", "", false, true },
		{ "", "a", false, false },
		{ "AbZ", "aBz", true, true },
		{ "abc", "abcd", false, false },
		{ "xAbC", "aBc", false, true },
		/* What lies around the letters is no letter. */
		{ "@[", "`{", false, false },
		{ "a_b", "a-b", false, false },
		/* ASCII only: neither Latin-1 nor Kelvin. */
		{ "\xc3\x89", "\xc3\xa9", false, false },
		{ "k", "\xe2\x84\xaa", false, false },
		{ "I", "\xc4\xb1", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		if (text_equal_fold(row[i].a, row[i].b) != row[i].equal ||
		    text_equal_fold(row[i].b, row[i].a) != row[i].equal ||
		    text_ends_fold(row[i].a, row[i].b) != row[i].ends)
			fail_msg("row %zu", i);
	assert_true(text_equal_fold(NULL, NULL));
	assert_false(text_equal_fold(NULL, ""));
	assert_false(text_equal_fold("", NULL));
	assert_null(text_lower(arena, NULL));
	assert_string_equal(text_lower(arena, "09@AZ[`az{\xc3\x89"), "09@az[`az{\xc3\x89");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character),
		cmocka_unit_test(no_other_sequence),
		cmocka_unit_test(well_formed),
		cmocka_unit_test(cuts),
		cmocka_unit_test(trims),
		cmocka_unit_test(folds),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
