/* Clocks: they run, deadlines end and never overflow, moments as text. */
#include <muster/base/arena.h>
#include <muster/base/clock.h>

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
they_run(void **state)
{
	int64_t before = clock_steady_us(), seconds = (int64_t)time(NULL);

	(void)state;
	/* A day's difference would still be a mistake of the unit. */
	assert_in_range(clock_now_ms() / 1000, seconds - 86400, seconds + 86400);
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_steady_us();

		assert_true(now >= before);
		before = now;
	}
}

static void
deadlines(void **state)
{
	int64_t now = clock_steady_us();
	const struct {
		struct deadline deadline;
		int least, most;
	} row[] = {
		{ { 0 }, 0, 0 },
		{ { now }, 0, 0 },
		{ { now - 1 }, 0, 0 },
		{ deadline_in_ms(0), 0, 0 },
		{ deadline_in_ms(-1), 0, 0 },
		{ deadline_in_ms(3600 * 1000), 3500 * 1000, 3600 * 1000 },
		{ { now + (int64_t)INT_MAX * 1000 * 2 }, INT_MAX, INT_MAX },
		{ { INT64_MAX }, INT_MAX, INT_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		int left = deadline_left_ms(row[i].deadline);

		if (left < row[i].least || left > row[i].most)
			fail_msg("row %zu: %d ms left", i, left);
	}
}

/* While anything is left it is at least 1: a poll for 0 ms would turn in circles until the end. */
static void
rounded_up(void **state)
{
	struct deadline deadline = deadline_in_ms(20);
	int left;

	(void)state;
	do
		left = deadline_left_ms(deadline);
	while (left > 0 && left <= 20);
	assert_int_equal(left, 0);
	assert_true(clock_steady_us() >= deadline.at_us);
}

static void
the_earlier(void **state)
{
	struct deadline early = { 1 }, late = { 2 };

	(void)state;
	assert_int_equal(deadline_min(early, late).at_us, 1);
	assert_int_equal(deadline_min(late, early).at_us, 1);
	assert_int_equal(deadline_min(late, late).at_us, 2);
}

static void
as_text(void **state)
{
	static const struct {
		int64_t ms;
		const char *expected;
	} row[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1, "1970-01-01T00:00:00.001Z" },
		{ 999, "1970-01-01T00:00:00.999Z" },
		{ 1000, "1970-01-01T00:00:01.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ -1000, "1969-12-31T23:59:59.000Z" },
		{ -1001, "1969-12-31T23:59:58.999Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 1795428000000, "2026-11-23T10:00:00.000Z" },
		{ 2147483648000, "2038-01-19T03:14:08.000Z" },
		{ 4107542400000, "2100-03-01T00:00:00.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
	};
	struct arena *arena = arena_new();

	(void)state;
	/* Universal time, wherever the server stands. */
	(void)setenv("TZ", "America/New_York", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		char *text = clock_text(arena, row[i].ms);

		if (strcmp(text, row[i].expected) != 0)
			fail_msg("row %zu: %s", i, text);
	}
	(void)unsetenv("TZ");
	tzset();
	arena_free(arena);
}

static void
from_text(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: none */
	} row[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T00:00:00", 0 },
		{ "1970-01-01T00:00:00.001Z", 1 },
		{ "1970-01-01T00:00:00.0019999999Z", 1 },
		{ "1970-01-01T00:00:00.5Z", 500 },
		{ "1970-01-01T01:00:00+01:00", 0 },
		{ "1969-12-31T23:00:00-01:00", -1 },
		{ "1970-01-01T00:00:00-01:30", 5400000 },
		{ "2012-08-02T00:32:59.420Z", 1343867579420 },
		{ "2024-02-29T12:00:00Z", 1709208000000 },
		{ "9999-12-31T23:59:59.999Z", 253402300799999 },
		{ "2012-08-02T24:00:00Z", -1 },
		{ "2012-08-02T00:60:00Z", -1 },
		{ "2012-13-02T00:00:00Z", -1 },
		{ "2012-00-02T00:00:00Z", -1 },
		{ "2012-08-00T00:00:00Z", -1 },
		{ "2012-08-02", -1 },
		{ "2012-08-02 00:00:00Z", -1 },
		{ "2012-08-02T00:00:00.Z", -1 },
		{ "2012-08-02T00:00:00z", -1 },
		{ "2012-08-02T00:00:00ZZ", -1 },
		{ "2012-08-02T00:00:00+1", -1 },
		{ "2012-08-02T00:00:00+15:00", -1 },
		{ " 2012-08-02T00:00:00Z", -1 },
		{ "-2012-08-02T00:00:00Z", -1 },
		{ "12012-08-02T00:00:00Z", -1 },
		{ "", -1 },
		{ "20", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		int64_t ms = -1;

		if (clock_from_text(row[i].text, &ms) != (row[i].ms != -1) || ms != row[i].ms)
			fail_msg("%s: %lld", row[i].text, (long long)ms);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_run),
		cmocka_unit_test(deadlines),
		cmocka_unit_test(rounded_up),
		cmocka_unit_test(from_text),
		cmocka_unit_test(the_earlier),
		cmocka_unit_test(as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
