/* GUIDs: the layout of version 7, their order in time, what counts as one. */
#include <muster/base/clock.h>
#include <muster/base/guid.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* The linker puts this clock in the way (--wrap). */
int64_t __wrap_clock_now_ms(void);
static int64_t now_ms = 0x0123456789ab;

int64_t
__wrap_clock_now_ms(void)
{
	return now_ms;
}

static void
layout(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct guid guid = guid_new();

		if (!guid_valid(guid.text) || memcmp(guid.text, "01234567-89ab-7", 15) != 0 ||
		    strchr("89ab", guid.text[19]) == NULL || strpbrk(guid.text, "ABCDEF") != NULL)
			fail_msg("%s", guid.text);
	}
}

/* The end of each millisecond sorts before the start of the next, over the whole range of 48 bits. */
static void
ordered_in_time(void **state)
{
	static const int64_t moments[] = { 0, 1, 15, 16, 255, 256, 65535, 65536, 0x0000ffffffff,
		0x000100000000, 0x019ab0000000, 0x019ab0000001, 0xfffffffffffe, 0xffffffffffff };
	struct guid before = { "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(moments); i++) {
		struct guid guid;

		now_ms = moments[i];
		guid = guid_new();
		if (strcmp(before.text, guid.text) >= 0)
			fail_msg("moment %zu: %s after %s", i, guid.text, before.text);
		before = guid;
	}
	now_ms = 0x0123456789ab;
}

/* Each of the 74 random bits is seen both set and clear; no two are the same. */
static void
random_bits(void **state)
{
	static const char digits[] = "0123456789abcdef";
	unsigned set[36] = { 0 }, clear[36] = { 0 }, varying = 0;
	struct guid before = { "" };

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct guid guid = guid_new();

		assert_string_not_equal(guid.text, before.text);
		before = guid;
		for (int at = 0; at < 36; at++) {
			const char *digit = strchr(digits, guid.text[at]);

			set[at] |= digit == NULL ? 0 : (unsigned)(digit - digits);
			clear[at] |= digit == NULL ? 0 : ~(unsigned)(digit - digits) & 15;
		}
	}
	for (int at = 0; at < 36; at++)
		varying += (unsigned)__builtin_popcount(set[at] & clear[at]);
	assert_int_equal(varying, 74);
}

static void
valid(void **state)
{
	static const struct {
		const char *text;
		bool expected;
	} row[] = {
		{ "018f0000-0000-7000-8000-000000000001", true },
		{ "018F0000-ABCD-7000-8000-00000000000f", true },
		{ "00000000-0000-0000-0000-000000000000", true },
		{ NULL, false },
		{ "", false },
		{ "018f0000-0000-7000-8000-00000000000", false },
		{ "018f0000-0000-7000-8000-0000000000011", false },
		{ "018f0000-0000-7000-8000-000000000001\n", false },
		{ "{18f0000-0000-7000-8000-00000000000}", false },
		{ "018f0000-0000-7000-8000_000000000001", false },
		{ "018f0000000007000080000000000000000001", false },
		{ "018f000-00000-7000-8000-000000000001", false },
		{ "018f0000-0000-7000-8000-00000000000g", false },
		{ "018f0000-0000-7000-8000-00000000000 ", false },
		{ "018f0000-0000-7000-8000-0000000000\xc3\xa9", false },
		{ "018f0000-0000-7000-8000-000000000-01", false },
		{ "/18f0000-0000-7000-8000-000000000001", false },
		{ "018f0000-0000-7000-8000-00000000000:", false },
		{ "@18f0000-0000-7000-8000-00000000000`", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		if (guid_valid(row[i].text) != row[i].expected)
			fail_msg("row %zu: '%s'", i, row[i].text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(ordered_in_time),
		cmocka_unit_test(random_bits),
		cmocka_unit_test(valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
