/* XML for devices: escaping, what XML cannot carry, namespaces, and a failure that sticks. */
#include <muster/wire/xml_in.h>
#include <muster/wire/xml_out.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define REPLACED "\xef\xbf\xbd"

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

static const char *
finished(struct xml_out *out)
{
	struct bytes bytes = { NULL, 0 };

	if (!xml_out_finish(out, arena, &bytes))
		return "(failed)";
	return arena_strndup(arena, (const char *)bytes.data, bytes.size);
}

/* A value in text and in an attribute: as written, and as a reader sees it. */
static void
values(void **state)
{
	static const struct {
		const char *value, *text, *attribute, *back;
	} row[] = {
		{ "plain", "plain", "plain", "plain" },
		{ "", "", "", "" },
		{ "<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;", "&lt;b&gt;&amp;amp;&lt;/b&gt;",
		    "<b>&amp;</b>" },
		{ "]]>", "]]&gt;", "]]&gt;", "]]>" },
		{ "\"'", NULL, NULL, "\"'" },
		{ "a\tb\nc\rd", NULL, NULL, "a\tb\nc\rd" },
		{ " a ", " a ", " a ", " a " },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x92", NULL, NULL,
		    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x92" },
		{ "\xc2\x85\xe2\x80\xa8", NULL, NULL, "\xc2\x85\xe2\x80\xa8" },
		{ "\x01", REPLACED, "&#xFFFD;", REPLACED },
		{ "a\x08"
		  "b\x0b"
		  "c\x1f",
		    "a" REPLACED "b" REPLACED "c" REPLACED, NULL, "a" REPLACED "b" REPLACED "c" REPLACED },
		{ "\x7f", NULL, NULL, "\x7f" },
		{ "\xff", REPLACED, "&#xFFFD;", REPLACED },
		{ "\xff\xfe\xfd", REPLACED REPLACED REPLACED, NULL, REPLACED REPLACED REPLACED },
		{ "a\xe2\x82", "a" REPLACED REPLACED, NULL, "a" REPLACED REPLACED },
		{ "\xe2\x82<", REPLACED REPLACED "&lt;", NULL, REPLACED REPLACED "<" },
		{ "\xed\xa0\x80", REPLACED REPLACED REPLACED, NULL, REPLACED REPLACED REPLACED },
		{ "\xef\xbf\xbe\xef\xbf\xbf", REPLACED REPLACED, NULL, REPLACED REPLACED },
		{ "\xc0\xbc", REPLACED REPLACED, NULL, REPLACED REPLACED },
		{ "%s%n&#10;", "%s%n&amp;#10;", "%s%n&amp;#10;", "%s%n&#10;" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();
		CLEANUP(xml_free) xmlDoc *doc = NULL;
		const char *text;
		struct why why = { "" };

		xml_start(out, NULL, "r", NULL);
		xml_attr(out, "a", row[i].value);
		xml_chars(out, row[i].value);
		xml_end(out);
		text = finished(out);
		if (row[i].text != NULL && strstr(text, arena_printf(arena, ">%s</r>", row[i].text)) == NULL)
			fail_msg("row %zu: %s", i, text);
		if (row[i].attribute != NULL &&
		    strstr(text, arena_printf(arena, "<r a=\"%s\">", row[i].attribute)) == NULL)
			fail_msg("row %zu: %s", i, text);
		if (xml_read(arena, bytes_of(text), &doc, &why) != OUTCOME_OK)
			fail_msg("row %zu: %s: %s", i, text, why.text);
		if (strcmp(xml_text_raw(arena, xmlDocGetRootElement(doc)), row[i].back) != 0 ||
		    strcmp(xml_attribute(arena, xmlDocGetRootElement(doc), NULL, "a"), row[i].back) != 0)
			fail_msg("row %zu: %s", i, text);
	}
}

/* Every pair of bytes makes a document that can be read. */
static void
never_unreadable(void **state)
{
	(void)state;
	for (int first = 1; first < 256; first++) {
		CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();
		CLEANUP(xml_free) xmlDoc *doc = NULL;
		struct why why = { "" };

		xml_start(out, NULL, "r", NULL);
		for (int second = 0; second < 256; second++) {
			const char value[] = { (char)first, (char)second, '\0' };

			xml_start(out, NULL, "e", NULL);
			xml_attr(out, "a", value);
			xml_chars(out, value);
			xml_end(out);
		}
		xml_end(out);
		if (xml_read(arena, bytes_of(finished(out)), &doc, &why) != OUTCOME_OK)
			fail_msg("first byte %02x: %s", first, why.text);
		arena_reset(arena);
	}
}

static void
elements(void **state)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();

	(void)state;
	xml_start(out, "s", "Envelope", "u:soap");
	xml_attr(out, "xmlns:a", "u:a");
	xml_start(out, "s", "Header", NULL);
	xml_attr(out, "s:mustUnderstand", "1");
	xml_attr(out, "none", NULL);
	xml_end(out);
	xml_start(out, NULL, "Body", "u:\"<&");
	xml_element(out, "a", "1");
	xml_element(out, "a:b", NULL);
	xml_element(out, "c", "");
	xml_chars(out, NULL);
	xml_chars(out, "x");
	xml_chars(out, "y");
	xml_end(out);
	xml_end(out);
	assert_string_equal(finished(out),
	    "<s:Envelope xmlns:a=\"u:a\" xmlns:s=\"u:soap\"><s:Header s:mustUnderstand=\"1\"/>"
	    "<Body xmlns=\"u:&quot;&lt;&amp;\"><a>1</a><a:b/><c></c>xy</Body></s:Envelope>");
}

/* One call that cannot be right, and then much that could. */
static void
a_failure_sticks(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct xml_out *out = xml_out_new();
		static const uint8_t before[] = "before";
		struct bytes bytes = { before, 6 };

		if (i == 0)
			xml_attr(out, "early", "1");
		if (i == 1)
			xml_end(out);
		xml_start(out, NULL, "r", NULL);
		if (i == 2) {
			xml_chars(out, "text");
			xml_attr(out, "late", "1");
		}
		xml_element(out, "a", "1");
		xml_end(out);
		if (i == 3)
			xml_end(out);
		if (xml_out_finish(out, arena, &bytes))
			fail_msg("row %d: %.*s", i, (int)bytes.size, (const char *)bytes.data);
		if (bytes.data != before || xml_out_finish(out, arena, &bytes))
			fail_msg("row %d: did not stick", i);
		xml_out_free(&out);
		assert_null(out);
		xml_out_free(&out);
	}
}

/* What was left open is closed; a long value is whole. */
static void
ends(void **state)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();
	char *value = arena_alloc(arena, 300001);
	const char *text;

	(void)state;
	memset(value, '&', 300000);
	xml_start(out, NULL, "r", NULL);
	xml_start(out, NULL, "a", NULL);
	xml_chars(out, value);
	text = finished(out);
	assert_int_equal(strlen(text), strlen("<r><a></a></r>") + 5 * 300000);
	assert_string_equal(text + strlen(text) - 8, "</a></r>");
}

/* A page: void elements and empty ones, script and style as they are, values escaped. */
static void
html(void **state)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new_html();
	const char *text;

	(void)state;
	xml_start(out, NULL, "html", NULL);
	xml_start(out, NULL, "body", NULL);
	xml_start(out, NULL, "input", NULL);
	xml_attr(out, "value", "\"<'&>\xc3\xa9");
	xml_attr(out, "autofocus", "");
	xml_end(out);
	xml_element(out, "p", "<&>\"'");
	xml_element(out, "p", NULL);
	xml_start(out, NULL, "script", NULL);
	xml_raw(out, "a > b ? \"c\" : 'd'");
	xml_end(out);
	text = finished(out);
	assert_int_equal(strncmp(text, "<!DOCTYPE html>\n<html>", 22), 0);
	assert_non_null(strstr(text, "<input value=\"&quot;&lt;'&amp;&gt;\xc3\xa9\" autofocus"));
	assert_non_null(strstr(text, "<p>&lt;&amp;&gt;\"'</p><p></p>"));
	assert_non_null(strstr(text, "<script>a > b ? \"c\" : 'd'</script></body></html>"));
}

/* Markup in a script, and what is meant for a script anywhere in XML. */
static void
raw_text_cannot_end_its_element(void **state)
{
	static const char *const row[] = { "</script>", "a < b", "a && b", "<!--" };

	(void)state;
	for (size_t i = 0; i <= ARRAY_SIZE(row); i++) {
		CLEANUP(xml_out_free)
		struct xml_out *out = i < ARRAY_SIZE(row) ? xml_out_new_html() : xml_out_new();
		struct bytes bytes;

		xml_start(out, NULL, "script", NULL);
		xml_raw(out, i < ARRAY_SIZE(row) ? row[i] : "plain");
		xml_end(out);
		if (xml_out_finish(out, arena, &bytes))
			fail_msg("row %zu: %.*s", i, (int)bytes.size, (const char *)bytes.data);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(never_unreadable),
		cmocka_unit_test(elements),
		cmocka_unit_test(a_failure_sticks),
		cmocka_unit_test(ends),
		cmocka_unit_test(html),
		cmocka_unit_test(raw_text_cannot_end_its_element),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
