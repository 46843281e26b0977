/* Who has a version already, by tag and by date (RFC 9110 section 13). */
#include <muster/wire/conditional.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TAG "\"ABCDEF\""
#define MODIFIED 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

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

static const struct version version = { TAG, MODIFIED };

static void
who_has_it(void **state)
{
	static const struct {
		const char *none_match, *since;
		bool has;
	} row[] = {
		{ NULL, NULL, false },
		{ TAG, NULL, true },
		{ "  " TAG "  ", NULL, true },
		{ "W/" TAG, NULL, true },
		{ "\"x\", \"y\", " TAG, NULL, true },
		{ "\"x\"," TAG ",\"y\"", NULL, true },
		{ ", ,," TAG, NULL, true },
		{ "*", NULL, true },
		{ " * ", NULL, true },
		{ "**", NULL, false },
		{ "* , " TAG, NULL, false },
		{ "", NULL, false },
		{ "\"abcdef\"", NULL, false },
		{ "ABCDEF", NULL, false },
		{ "\"ABCDEF", NULL, false },
		{ "\"ABCDEFG\"", NULL, false },
		{ "\"ABCDE\"", NULL, false },
		{ "w/" TAG, NULL, false },
		{ "x " TAG, NULL, false },
		{ "\"a,b\", " TAG, NULL, true },
		{ "\"W/\", W/\"\", W/" TAG, NULL, true },
		/* A tag counts, whatever the date. */
		{ "\"x\"", "Sun, 06 Nov 1994 08:49:37 GMT", false },
		{ TAG, "Sun, 06 Nov 1990 08:49:37 GMT", true },
		{ NULL, "Sun, 06 Nov 1994 08:49:37 GMT", true },
		{ NULL, "Sun, 06 Nov 1994 08:49:38 GMT", true },
		{ NULL, "Sun, 06 Nov 1994 08:49:36 GMT", false },
		{ NULL, "Sunday, 06-Nov-94 08:49:37 GMT", true },
		{ NULL, "Sun Nov  6 08:49:37 1994", true },
		{ NULL, "Sun Nov  6 08:49:36 1994", false },
		{ NULL, "Sun, 06 Nov 2094 08:49:37", false },
		{ NULL, "Sun, 06 Nov 2094 08:49:37 GMT+1", false },
		{ NULL, "2094-11-06T08:49:37Z", false },
		{ NULL, "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		char *variables[3] = { NULL };
		struct request request = { .arena = arena, .variables = variables };
		size_t count = 0;

		if (row[i].none_match != NULL)
			variables[count++] = arena_printf(arena, "HTTP_IF_NONE_MATCH=%s", row[i].none_match);
		if (row[i].since != NULL)
			variables[count++] = arena_printf(arena, "HTTP_IF_MODIFIED_SINCE=%s", row[i].since);
		if (request_has(&request, &version) != row[i].has)
			fail_msg("row %zu: '%s' '%s'", i, row[i].none_match, row[i].since);
	}
}

static const char *
header_of(const struct reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->header_count; i++)
		if (strcmp(reply->header[i].name, name) == 0)
			return reply->header[i].value;
	return "";
}

static void
replies(void **state)
{
	char *variables[2] = { NULL };
	struct request request = { .arena = arena, .variables = variables };
	struct reply reply = { .status = 500 };

	(void)state;
	reply_version(&request, &reply, &version, 60, "text/plain", bytes_of("body"));
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.body.size, 4);
	assert_string_equal(reply.content_type, "text/plain");
	assert_string_equal(reply.cache_control, "public, max-age=60, no-transform");
	assert_string_equal(header_of(&reply, "ETag"), TAG);
	assert_string_equal(header_of(&reply, "Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");

	variables[0] = arena_printf(arena, "HTTP_IF_NONE_MATCH=%s", TAG);
	reply = (struct reply){ .status = 500 };
	reply_version(&request, &reply, &version, 60, "text/plain", bytes_of("body"));
	assert_int_equal(reply.status, 304);
	assert_int_equal(reply.body.size, 0);
	assert_string_equal(reply.cache_control, "public, max-age=60, no-transform");
	assert_string_equal(header_of(&reply, "ETag"), TAG);
	assert_string_equal(header_of(&reply, "Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
}

static void
tags(void **state)
{
	static const uint8_t sha256[] = { 0x01, 0xab };

	(void)state;
	assert_string_equal(etag_of(arena, (struct bytes){ sha256, sizeof(sha256) }), "\"01AB\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_it),
		cmocka_unit_test(replies),
		cmocka_unit_test(tags),
	};

	return cmocka_run_group_tests_name("conditional", tests, set_up, tear_down);
}
