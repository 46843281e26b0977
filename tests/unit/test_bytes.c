/* Base64 and hexadecimal, both ways: what is taken, what is refused, what comes back. */
#include <muster/base/arena.h>
#include <muster/base/bytes.h>

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

/* expected NULL means refused. */
struct decoding {
	const char *text, *expected;
	size_t size;
};

static void
check(const struct decoding *row, size_t number, bool (*decode)(struct arena *, const char *, struct bytes *))
{
	static const uint8_t before[] = "before";
	struct bytes out = { before, 6 };
	bool taken = decode(arena, row->text, &out);

	if (taken != (row->expected != NULL))
		fail_msg("row %zu: '%s' was %s", number, row->text, taken ? "taken" : "refused");
	if (!taken && (out.data != before || out.size != 6))
		fail_msg("row %zu: out was touched", number);
	if (taken && !bytes_equal(out, (struct bytes){ (const uint8_t *)row->expected, row->size }))
		fail_msg("row %zu: '%s' gave %s", number, row->text, bytes_to_hex(arena, out));
}

static void
base64_decoded(void **state)
{
	static const struct decoding row[] = {
		/* RFC 4648 section 10 */
		{ "Zg==", "f", 1 },
		{ "Zm8=", "fo", 2 },
		{ "Zm9v", "foo", 3 },
		{ "Zm9vYg==", "foob", 4 },
		{ "Zm9vYmE=", "fooba", 5 },
		{ "Zm9vYmFy", "foobar", 6 },
		{ "AAAA", "\0\0\0", 3 },
		{ "+/+/", "\xfb\xff\xbf", 3 },
		/* White space anywhere */
		{ " Zm9v\r\nYmFy\r\n", "foobar", 6 },
		{ "Z\tm 9\rv\n", "foo", 3 },
		{ "Zg=\n=", "f", 1 },
		{ "", NULL, 0 },
		{ " \r\n\t", NULL, 0 },
		{ NULL, NULL, 0 },
		/* Length and padding */
		{ "Z", NULL, 0 },
		{ "Zg", NULL, 0 },
		{ "Zg=", NULL, 0 },
		{ "Zg===", NULL, 0 },
		{ "Zm9v=", NULL, 0 },
		{ "Zm9v====", NULL, 0 },
		{ "Z===", NULL, 0 },
		{ "====", NULL, 0 },
		{ "==", NULL, 0 },
		{ "Zg==Zg==", NULL, 0 },
		{ "Zm=v", NULL, 0 },
		{ "=m9v", NULL, 0 },
		/* Bits behind the last byte */
		{ "Zh==", NULL, 0 },
		{ "Zm9=", NULL, 0 },
		/* Outside the alphabet */
		{ "Zm9_", NULL, 0 },
		{ "Zm9-", NULL, 0 },
		{ "Zm9\v", NULL, 0 },
		{ "Zm9\xa0", NULL, 0 },
		{ "Zm9.", NULL, 0 },
		{ "Zm9vé", NULL, 0 },
		{ "-----BEGIN X-----\nZm9v\n-----END X-----\n", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		check(&row[i], i, bytes_from_base64);
}

static void
hex_decoded(void **state)
{
	static const struct decoding row[] = {
		{ "", "", 0 },
		{ "00", "\0", 1 },
		{ "00ff7f80", "\x00\xff\x7f\x80", 4 },
		{ "DEADbeef", "\xde\xad\xbe\xef", 4 },
		{ NULL, NULL, 0 },
		{ "0", NULL, 0 },
		{ "000", NULL, 0 },
		{ "0g", NULL, 0 },
		{ "g0", NULL, 0 },
		{ "0x", NULL, 0 },
		{ " 0", NULL, 0 },
		{ "00 11", NULL, 0 },
		{ "00:11", NULL, 0 },
		{ "00\n", NULL, 0 },
		{ "0/", NULL, 0 },
		{ "0:", NULL, 0 },
		{ "0@", NULL, 0 },
		{ "0G", NULL, 0 },
		{ "0`", NULL, 0 },
		{ "-1", NULL, 0 },
		{ "\xc3\xa9", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		check(&row[i], i, bytes_from_hex);
}

/* Every length and every byte value comes back; the text has no line end and is padded. */
static void
both_ways(void **state)
{
	uint8_t data[600];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t size = 0; size <= sizeof(data); size++) {
		struct bytes in = { data, size }, out = { NULL, 0 };
		char *hex = bytes_to_hex(arena, in), *text = bytes_to_base64(arena, in);

		if (strlen(hex) != 2 * size || !bytes_from_hex(arena, hex, &out) || !bytes_equal(in, out))
			fail_msg("hexadecimal, %zu bytes: %s", size, hex);
		if (strlen(text) != (size + 2) / 3 * 4 || strpbrk(text, "\r\n ") != NULL)
			fail_msg("base64, %zu bytes: %s", size, text);
		if (size > 0 && (!bytes_from_base64(arena, text, &out) || !bytes_equal(in, out)))
			fail_msg("base64, %zu bytes: another came back", size);
	}
	assert_string_equal(bytes_to_base64(arena, (struct bytes){ NULL, 0 }), "");
	assert_string_equal(bytes_to_base64(arena, bytes_of("foob")), "Zm9vYg==");
	assert_string_equal(bytes_to_hex(arena, bytes_of("\x01\xab\xff")), "01ABFF");
}

static void
equality(void **state)
{
	static const struct {
		struct bytes a, b;
		bool equal;
	} row[] = {
		{ { NULL, 0 }, { NULL, 0 }, true },
		{ { NULL, 0 }, { (const uint8_t *)"", 0 }, true },
		{ { (const uint8_t *)"a", 1 }, { NULL, 0 }, false },
		{ { (const uint8_t *)"abc", 3 }, { (const uint8_t *)"abc", 3 }, true },
		{ { (const uint8_t *)"abc", 3 }, { (const uint8_t *)"abd", 3 }, false },
		{ { (const uint8_t *)"abc", 3 }, { (const uint8_t *)"abc", 2 }, false },
		{ { (const uint8_t *)"a\0b", 3 }, { (const uint8_t *)"a\0c", 3 }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		if (bytes_equal(row[i].a, row[i].b) != row[i].equal)
			fail_msg("row %zu", i);
	assert_int_equal(bytes_of(NULL).size, 0);
	assert_null(bytes_of(NULL).data);
	assert_int_equal(bytes_of("abc").size, 3);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_decoded),
		cmocka_unit_test(hex_decoded),
		cmocka_unit_test(both_ways),
		cmocka_unit_test(equality),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
