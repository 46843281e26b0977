/* base64url: one text for each bytes, and nothing else. */
#include <muster/base/base64url.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
decodes(void **state)
{
	static const struct {
		const char *text, *bytes;
		size_t size;
	} row[] = {
		{ "", "", 0 },
		{ "AA", "\0", 1 },
		{ "Zg", "f", 1 },
		{ "Zm8", "fo", 2 },
		{ "Zm9v", "foo", 3 },
		{ "Zm9vYg", "foob", 4 },
		{ "-_-_", "\xfb\xff\xbf", 3 },
		{ "eyJhIjoxfQ", "{\"a\":1}", 7 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(secret_release) struct secret out = { NULL, 0 };

		if (!base64url_decode(bytes_of(row[i].text), &out) || out.size != row[i].size ||
		    memcmp(out.data, row[i].bytes, out.size) != 0)
			fail_msg("'%s'", row[i].text);
	}
}

static void
refuses(void **state)
{
	static const char *const row[] = { "A", "AAAAA", "Zg==", "Zm8=", "Zm9v=", "+/+/", "Zm 9v", "Zm9v\n",
		" Zm9v", "Zh", "Zm9", "Zm9vYh", "Zm9v.", "Z\xc3\xa4", "Zm,v" };
	CLEANUP(secret_release) struct secret out = { NULL, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		if (base64url_decode(bytes_of(row[i]), &out) || out.data != NULL)
			fail_msg("'%s'", row[i]);
	assert_false(base64url_decode((struct bytes){ (const uint8_t *)"Zm\0v", 4 }, &out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(decodes), cmocka_unit_test(refuses) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
