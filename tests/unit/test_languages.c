/* Accept-Language: by quality, in order, without what is none. */
#include <muster/wire/languages.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
ranges(void **state)
{
	static const struct {
		const char *header, *ranges;
	} row[] = {
		{ NULL, "" },
		{ "", "" },
		{ "de", "de" },
		{ "de-AT,de;q=0.9,en;q=0.8", "de-AT,de,en" },
		{ "en;q=0.8, de;q=0.9 ,de-AT", "de-AT,de,en" },
		{ "en;q=0.5,de;q=0.5,fr", "fr,en,de" },
		{ "zh-Hans-CN,zh-Hans;q=0.9,en-US;q=0.7", "zh-Hans-CN,zh-Hans,en-US" },
		{ "da, en-gb;q=0.8, en;q=0.7", "da,en-gb,en" },
		{ "de;q=0", "" },
		{ "de;q=0.000,en", "en" },
		{ "de;q=0.001,en;q=0.002", "en,de" },
		{ "de;Q=0.1,en ; q=0.2", "en,de" },
		{ "de;q=1.000,en", "de,en" },
		{ "de;q=1.,en;q=0.", "de" },
		{ "*", "" },
		{ "de,*;q=0.5", "de" },
		{ "en-*", "" },
		{ ",,de,,", "de" },
		{ "de en", "" },
		{ "de_AT", "" },
		{ "-de,de-,d--e,en", "en" },
		{ "abcdefghi,abcdefgh", "abcdefgh" },
		{ "de;q=1.001,fr;q=2,es;q=-1,it;q=.5,nl;q=0.1234,pt;q=,sv;level=1,en;q=0.1", "en" },
		{ "de;q=0.5;q=0.1,en;q=0.2", "en" },
		{ "de'; DROP TABLE x --,\"en\",<b>", "" },
		{ "a1,a2,a3,a4,a5,a6,a7,a8,a9,b1,b2", "a1,a2,a3,a4,a5,a6,a7,a8,a9,b1" },
		{ "a1;q=0.1,a2,a3,a4,a5,a6,a7,a8,a9,b1,b2", "a2,a3,a4,a5,a6,a7,a8,a9,b1,b2" },
		{ "a2;q=0.9,a3,a4,a5,a6,a7,a8,a9,b1,b2,b3;q=0.8", "a3,a4,a5,a6,a7,a8,a9,b1,b2,a2" },
		{ "aaaaaaaa-bbbbbbbb-cccccccc-dddddddd-e,de", "de" },
		{ "aaaaaaaa-bbbbbbbb-cccccccc-ddddd-eee,de", "de" },
		{ "aaaaaaaa-bbbbbbbb-cccccccc-dddd-eee", "aaaaaaaa-bbbbbbbb-cccccccc-dddd-eee" },
		{ "\xc3\xa9,de\xff", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct arena *arena = arena_new();
		const char *found = languages_read(arena, row[i].header);

		if (strcmp(found, row[i].ranges) != 0)
			fail_msg("'%s': '%s', expected '%s'",
			    row[i].header != NULL ? row[i].header : "(null)", found, row[i].ranges);
		arena_free(arena);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
