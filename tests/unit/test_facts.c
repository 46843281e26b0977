/* What a device says of itself: limits, spelling, order, and JSON both ways. */
#include <muster/base/arena.h>
#include <muster/base/facts.h>

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

static struct facts *
no_facts(void)
{
	return arena_alloc(arena, sizeof(struct facts));
}

/* A text of that many times the unit. */
static char *
repeated(const char *unit, size_t count)
{
	size_t length = strlen(unit);
	char *text = arena_alloc(arena, length * count + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(text + i * length, unit, length);
	return text;
}

static void
limits(void **state)
{
	const struct {
		const char *name, *value;
		bool taken;
	} row[] = {
		{ "DeviceID", "", true },
		{ "", "value", false },
		{ repeated("n", FACT_NAME_MAX), "value", true },
		{ repeated("n", FACT_NAME_MAX + 1), "value", false },
		{ repeated("\xc3\xa9", FACT_NAME_MAX / 2), "value", true },
		{ repeated("\xc3\xa9", FACT_NAME_MAX / 2 + 1), "value", false },
		{ "OSVersion", repeated("v", FACT_VALUE_MAX), true },
		{ "OSVersion", repeated("v", FACT_VALUE_MAX + 1), false },
		{ "OSVersion", "\xff", false },
		{ "\xc3", "value", false },
		{ "OSVersion", "\xed\xa0\x80", false },
		{ "a b", "c\nd", true },
	};
	struct facts *facts = no_facts();
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		if (facts_add(facts, row[i].name, row[i].value) != row[i].taken)
			fail_msg("row %zu", i);
		count += row[i].taken ? 1 : 0;
		if (facts->count != count)
			fail_msg("row %zu: %zu items", i, facts->count);
	}
	while (count++ < FACTS_MAX)
		assert_true(facts_add(facts, "more", ""));
	assert_false(facts_add(facts, "one too many", ""));
	assert_int_equal(facts->count, FACTS_MAX);
}

static void
spelling(void **state)
{
	static const char *const row[][2] = {
		{ "DeviceID", "DeviceID" },
		{ "deviceid", "DeviceID" },
		{ "DEVICEID", "DeviceID" },
		{ "hwdevid", "HWDevID" },
		{ "osversion", "OSVersion" },
		{ "macaddress", "MACAddress" },
		{ "mac", "MAC" },
		{ "Vendor.Thing", "Vendor.Thing" },
		/* An unknown one keeps its first spelling. */
		{ "VENDOR.thing", "Vendor.Thing" },
		/* Only ASCII letters are without case. */
		{ "vendor.th\xc4\xb1ng", "vendor.th\xc4\xb1ng" },
		{ " DeviceID", " DeviceID" },
	};
	struct facts *facts = no_facts();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		assert_true(facts_add(facts, row[i][0], "v"));
		if (strcmp(facts->item[i].name, row[i][1]) != 0)
			fail_msg("row %zu: '%s'", i, facts->item[i].name);
	}
}

static void
the_first_counts(void **state)
{
	struct facts *facts = no_facts();

	(void)state;
	assert_null(facts_get(facts, "MAC"));
	assert_true(facts_add(facts, "MAC", "first"));
	assert_true(facts_add(facts, "mac", "second"));
	assert_string_equal(facts_get(facts, "Mac"), "first");
	assert_null(facts_get(facts, "MA"));
	assert_null(facts_get(facts, "MACAddress"));
}

/* Items in order; the JSON they make, and what comes back of it. */
static void
json_both_ways(void **state)
{
	static const struct {
		const char *item[8]; /* name, value, ... */
		const char *json;
	} row[] = {
		{ { NULL }, "{}" },
		{ { "DeviceID", "a" }, "{\"DeviceID\":\"a\"}" },
		{ { "deviceid", "" }, "{\"DeviceID\":\"\"}" },
		{ { "OSVersion", "10.0", "DeviceID", "a" }, "{\"OSVersion\":\"10.0\",\"DeviceID\":\"a\"}" },
		{ { "MAC", "1", "mac", "2", "Mac", "2" }, "{\"MAC\":[\"1\",\"2\",\"2\"]}" },
		{ { "MAC", "1", "IMEI", "i", "MAC", "2" }, "{\"MAC\":[\"1\",\"2\"],\"IMEI\":\"i\"}" },
		{ { "Odd", "1", "ODD", "2" }, "{\"Odd\":[\"1\",\"2\"]}" },
		{ { "q\"\\", "\"},{\"\n\x01" }, "{\"q\\\"\\\\\":\"\\\"},{\\\"\\n\\u0001\"}" },
		{ { "DeviceName", "caf\xc3\xa9 \xf0\x9f\x94\x92" },
		    "{\"DeviceName\":\"caf\xc3\xa9 \xf0\x9f\x94\x92\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct facts *facts = no_facts(), *back = no_facts();
		char *json;

		for (size_t j = 0; row[i].item[j] != NULL; j += 2)
			assert_true(facts_add(facts, row[i].item[j], row[i].item[j + 1]));
		json = facts_json(arena, facts);
		if (strcmp(json, row[i].json) != 0)
			fail_msg("row %zu: %s", i, json);
		assert_true(facts_add(back, "left", "over"));
		if (!facts_from_json(arena, json, back) || back->count != facts->count)
			fail_msg("row %zu: %zu items came back", i, back->count);
		if (strcmp(facts_json(arena, back), row[i].json) != 0)
			fail_msg("row %zu: %s came back", i, facts_json(arena, back));
	}
}

/* The largest that is taken survives the way through JSON. */
static void
the_fullest(void **state)
{
	struct facts *facts = no_facts(), *back = no_facts();

	(void)state;
	for (int i = 0; i < FACTS_MAX; i++)
		assert_true(facts_add(facts, arena_printf(arena, "%064d", i), "\x01"));
	assert_true(facts_from_json(arena, facts_json(arena, facts), back));
	assert_int_equal(back->count, FACTS_MAX);
	for (int i = 0; i < FACTS_MAX; i++) {
		assert_string_equal(back->item[i].name, facts->item[i].name);
		assert_string_equal(back->item[i].value, "\x01");
	}
}

static void
json_refused(void **state)
{
	const char *const row[] = {
		NULL,
		"",
		"{",
		"null",
		"[]",
		"\"DeviceID\"",
		"{\"DeviceID\":1}",
		"{\"DeviceID\":null}",
		"{\"DeviceID\":true}",
		"{\"DeviceID\":{}}",
		"{\"DeviceID\":[]}",
		"{\"DeviceID\":[1]}",
		"{\"DeviceID\":[\"a\",null]}",
		"{\"DeviceID\":[[\"a\"]]}",
		"{\"\":\"a\"}",
		"{\"DeviceID\":\"a\",\"DeviceID\":\"b\"}",
		"{\"DeviceID\":\"\\u0000\"}",
		"{\"Device\\u0000ID\":\"a\"}",
		"{\"DeviceID\":\"\\ud800\"}",
		"{\"DeviceID\":\"\xff\"}",
		"{\"DeviceID\":\"a\"} x",
		arena_printf(arena, "{\"%s\":\"\"}", repeated("n", FACT_NAME_MAX + 1)),
		arena_printf(arena, "{\"a\":\"%s\"}", repeated("v", FACT_VALUE_MAX + 1)),
		arena_printf(arena, "{\"a\":[\"\"%s]}", repeated(",\"\"", FACTS_MAX)),
		repeated("[", 100000),
		repeated("{\"a\":", 100000),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct facts *facts = no_facts();

		if (facts_from_json(arena, row[i], facts))
			fail_msg("row %zu", i);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),
		cmocka_unit_test(spelling),
		cmocka_unit_test(the_first_counts),
		cmocka_unit_test(json_both_ways),
		cmocka_unit_test(the_fullest),
		cmocka_unit_test(json_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
