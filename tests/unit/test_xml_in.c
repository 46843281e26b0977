/* XML from strangers: what is read, what is refused before or while it is parsed, and what is taken of it. */
#include <muster/base/text.h>
#include <muster/wire/xml_in.h>

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

/* before, count times unit (a %d in it is its number), after. */
static char *
around(const char *before, const char *unit, int count, const char *after)
{
	char *text =
	    arena_alloc(arena, (size_t)count * (strlen(unit) + 12) + strlen(before) + strlen(after) + 1);
	const char *number = strstr(unit, "%d");
	size_t size = strlen(before);

	memcpy(text, before, size);
	for (int i = 0; i < count; i++) {
		char *piece = number == NULL
		    ? arena_strdup(arena, unit)
		    : arena_printf(arena, "%.*s%d%s", (int)(number - unit), unit, i, number + 2);

		memcpy(text + size, piece, strlen(piece));
		size += strlen(piece);
	}
	memcpy(text + size, after, strlen(after));
	return text;
}

/* <e><e>…MIDDLE…</e></e> */
static char *
nested(int depth, const char *middle)
{
	return arena_printf(
	    arena, "%s%s%s", around("", "<e>", depth, ""), middle, around("", "</e>", depth, ""));
}

/* Read exactly these bytes, from memory of that size, so that a sanitizer sees a byte beyond. */
static enum outcome
read_bytes(const char *data, size_t size, xmlDoc **doc, struct why *why)
{
	*doc = (xmlDoc *)arena;
	why->text[0] = '\0';
	return xml_read(arena, arena_copy(arena, data, size), doc, why);
}

/* says NULL: it is read. */
static void
check(size_t row, const char *data, size_t size, const char *says)
{
	CLEANUP(xml_free) xmlDoc *doc = NULL;
	struct why why;
	enum outcome outcome = read_bytes(data, size, &doc, &why);

	if (outcome != (says == NULL ? OUTCOME_OK : OUTCOME_MESSAGE_FORMAT))
		fail_msg("row %zu: %s (%s)", row, outcome_name(outcome), why.text);
	if (says == NULL ? doc == NULL : doc != NULL)
		fail_msg("row %zu: the document is %s", row, doc == NULL ? "NULL" : "given");
	if (says != NULL && strncmp(why.text, "XML: ", 5) != 0)
		fail_msg("row %zu: '%s'", row, why.text);
	if (says != NULL && strstr(why.text, says) == NULL)
		fail_msg("row %zu: '%s'", row, why.text);
}

static const struct {
	const char *text, *says;
} texts[] = {
	{ "<a/>", NULL },
	{ "<?xml version=\"1.0\"?><a/>", NULL },
	{ "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<a/>\r\n", NULL },
	{ "<?xml version=\"1.0\" encoding = \"UTF-8\"?><a/>", NULL },
	{ " \t\r\n<?xml version=\"1.0\"?><a/>", NULL },
	{ "\xef\xbb\xbf<a/>", NULL },
	{ "\xef\xbb\xbf \n<?xml version=\"1.0\"?><a/>", NULL },
	{ "<a><!-- <!DOCTYPE x> <?pi?> --><![CDATA[<!DOCTYPE x><?pi?>]]></a>", NULL },
	{ "<a b='<' />", "line 1" },
	{ "<a b='>\"/' c=\"/\"></a>", NULL },
	{ "<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x10ffff;</a>", NULL },
	{ "<a>\xf0\x9f\x94\x92</a>", NULL },

	/* Nothing, or no XML */
	{ "", "empty" },
	{ " \r\n", "empty" },
	{ "\xef\xbb\xbf", "empty" },
	{ "plain", "does not start with '<'" },
	{ "\v<a/>", "does not start with '<'" },
	{ " \xef\xbb\xbf<a/>", "does not start with '<'" },
	{ "\xef\xbb\xbf\xef\xbb\xbf<a/>", "does not start with '<'" },
	{ "<", "line 1" },
	{ "<?", "instruction" },
	{ "<!", "DOCTYPE" },
	{ "</", "line 1" },
	{ "<a", "line 1" },
	{ "<a>", "line 1" },
	{ "<a b", "line 1" },
	{ "<a b='", "line 1" },
	{ "<a b='c' b='d'/>", "redefined" },
	{ "<a></b>", "mismatch" },
	{ "<a/><b/>", "Extra content" },
	{ "<a/>x", "Extra content" },
	{ "<a/>\n</a>", "Extra content" },
	{ "<?xml version=\"1.0\"?>", "line 1" },
	{ "<!-- x", "line 1" },
	{ "<a><![CDATA[x", "line 1" },
	{ "<a>]]></a>", "]]>" },
	{ "<a>\x01</a>", "PCDATA invalid Char value 1" },
	{ "<a>&#0;</a>", "invalid xmlChar value 0" },
	{ "<a>&#xd800;</a>", "invalid xmlChar value" },
	{ "<a>&#x110000;</a>", "" },
	{ "<a>\xef\xbf\xbf</a>", "" },

	/* Encodings */
	{ "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>", "encoding is not UTF-8: send UTF-8" },
	{ "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>", "encoding is not UTF-8" },
	{ "<?xml version=\"1.0\" encoding=\"UTF-7\"?><a/>", "encoding is not UTF-8" },
	{ "<?xml version=\"1.0\" encoding=\"UTF-8x\"?><a/>", "encoding is not UTF-8" },
	{ "<?xml version=\"1.0\" encoding=\"utf-8'?><a/>", "encoding is not UTF-8" },
	{ "<?xml version=\"1.0\" encoding=", "encoding is not UTF-8" },
	{ "<?xml version=\"1.0\" encoding=\"", "encoding is not UTF-8" },
	{ "\xff\xfe<", "UTF-16: send UTF-8" },
	{ "\xfe\xff", "UTF-16: send UTF-8" },
	{ "<a>\xff</a>", "not well-formed UTF-8" },
	{ "<a>\xc0\xbc</a>", "not well-formed UTF-8" },
	{ "<a>\xed\xa0\x80</a>", "not well-formed UTF-8" },
	{ "<a/>\xe2\x82", "not well-formed UTF-8" },

	/* What SOAP forbids (SOAP 1.2 section 5), wherever it stands */
	{ "<!DOCTYPE a><a/>", "DOCTYPE" },
	{ "<!doctype a><a/>", "DOCTYPE" },
	{ "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "DOCTYPE" },
	{ "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "DOCTYPE" },
	{ "<!--x--><!DOCTYPE a><a/>", "DOCTYPE" },
	{ "<!-->--><!DOCTYPE a><a/>", "DOCTYPE" },
	{ "<a><!ENTITY x \"y\"></a>", "DOCTYPE" },
	{ "<a><![IGNORE[x]]></a>", "DOCTYPE" },
	{ "<a>&x;</a>", "Entity 'x' not defined" },
	{ "<a b='&x;'/>", "Entity 'x' not defined" },
	{ "<?pi?><a/>", "processing instruction" },
	{ "<?xml-stylesheet href='x'?><a/>", "processing instruction" },
	{ "<?xml?><a/>", "processing instruction" },
	{ "<?XML version='1.0'?><a/>", "processing instruction" },
	{ "<a><?pi?></a>", "processing instruction" },
	{ "<a/><?pi?>", "processing instruction" },
	{ "<a><?xml version=\"1.0\"?></a>", "processing instruction" },
};

static void
read_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		check(i, texts[i].text, strlen(texts[i].text), texts[i].says);
}

static void
nul_and_utf16(void **state)
{
	static const struct {
		const char *data;
		size_t size;
		const char *says;
	} row[] = {
		{ "<a/>\0", 5, "a NUL inside" },
		{ "<a>\0</a>", 8, "a NUL inside" },
		{ "\0<a/>", 5, "a NUL inside" },
		{ "<\0a\0/\0>\0", 8, "a NUL inside" },
		{ "\xff\xfe<\0a\0/\0>\0", 10, "UTF-16" },
		{ "\xfe\xff\0<\0a\0/\0>", 10, "UTF-16" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		check(i, row[i].data, row[i].size, row[i].says);
}

static void
limits(void **state)
{
	const struct {
		const char *text, *says;
	} row[] = {
		{ nested(XML_DEPTH_MAX, ""), NULL },
		{ nested(XML_DEPTH_MAX, "text<!-- comment -->"), NULL },
		{ nested(XML_DEPTH_MAX + 1, ""), "deeper than 32" },
		{ nested(XML_DEPTH_MAX - 1, "<f/><f /><f a='/'></f>"), NULL },
		{ nested(XML_DEPTH_MAX, "<f/>"), "deeper than 32" },
		{ nested(XML_DEPTH_MAX, "<f a='b'/>"), "deeper than 32" },
		{ nested(10000, ""), "deeper than 32" },
		/* Beside each other they are no depth. */
		{ around("<r>", "<a>b</a><c/>", 10000, "</r>"), NULL },
		{ around("<e>", "<e><e a='/'/></e>", 100, "</e>"), NULL },

		{ around("<a", " a%d='='", XML_ATTRIBUTES_MAX, "/>"), NULL },
		{ around("<a", " a%d='='", XML_ATTRIBUTES_MAX + 1, "/>"), "more than 64 attributes" },
		{ around("<a", " a%d = \"'='\"", XML_ATTRIBUTES_MAX + 1, "></a>"),
		    "more than 64 attributes" },
		{ around("<a", " a%d='>'", XML_ATTRIBUTES_MAX + 1, "></a>"), "more than 64 attributes" },
		{ around("<a", " xmlns:a%d='u:%d'", XML_ATTRIBUTES_MAX + 1, "/>"),
		    "more than 64 attributes" },
		{ around("<r><a b='c'>=", "=", 1000, "</a></r>"), NULL },
		{ around("<r>", around("<a", " a%d=''", XML_ATTRIBUTES_MAX, "/>"), 10, "</r>"), NULL },
		{ around("<a", " a%d=''", 50000, "/>"), "more than 64 attributes" },

		{ around("<r>", "<a xmlns='u:a'/>", XML_NAMESPACES_MAX, "</r>"), NULL },
		{ around("<r>", "<a xmlns='u:a'/>", XML_NAMESPACES_MAX + 1, "</r>"),
		    "more than 256 namespace declarations" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		check(i, row[i].text, strlen(row[i].text), row[i].says);
}

/* No end of a document, cut at any byte, is read beyond. */
static void
cut_anywhere(void **state)
{
	static const char text[] =
	    "\xef\xbb\xbf <?xml version='1.0' encoding='utf-8'?><!-- c --><s:a xmlns:s='u:a' "
	    "b=\"&lt;\"><![CDATA[x]]>\xe2\x82\xac<c/>&amp;</s:a>";

	(void)state;
	for (size_t size = 0; size < sizeof(text) - 1; size++)
		check(size, text, size, "");
	check(sizeof(text), text, sizeof(text) - 1, NULL);
}

/* Parse a text that must be right; the caller frees it. */
static xmlDoc *
document(const char *text)
{
	xmlDoc *doc;
	struct why why;

	if (read_bytes(text, strlen(text), &doc, &why) != OUTCOME_OK)
		fail_msg("%s: %s", text, why.text);
	return doc;
}

static void
names_with_namespaces(void **state)
{
	static const struct {
		const char *text, *ns, *name;
		bool expected;
	} row[] = {
		{ "<a/>", NULL, "a", true },
		{ "<a/>", "u:x", "a", false },
		{ "<a/>", NULL, "A", false },
		{ "<a xmlns='u:x'/>", "u:x", "a", true },
		{ "<a xmlns='u:x'/>", NULL, "a", true },
		{ "<a xmlns='u:x'/>", "u:y", "a", false },
		{ "<a xmlns='u:x'/>", "U:x", "a", false },
		{ "<p:a xmlns:p='u:x'/>", "u:x", "a", true },
		{ "<p:a xmlns:p='u:x'/>", "u:x", "p:a", false },
		{ "<p:a xmlns:p='u:x' xmlns='u:y'/>", "u:y", "a", false },
		{ "<a xmlns:p='u:x'/>", "u:x", "a", false },
		{ "<a xmlns='u:x/'/>", "u:x", "a", false },
		/* A prefix that nobody declared is part of an unknown name. */
		{ "<p:a/>", "u:x", "a", false },
		{ "<p:a/>", NULL, "a", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(xml_free) xmlDoc *doc = document(row[i].text);

		if (xml_is(xmlDocGetRootElement(doc), row[i].ns, row[i].name) != row[i].expected)
			fail_msg("row %zu", i);
	}
	assert_false(xml_is(NULL, NULL, "a"));
}

/* Children by name: none, one, two; expected is the child's text. */
static void
at_most_once(void **state)
{
	static const struct {
		const char *text, *ns, *name;
		enum outcome child, need;
		const char *expected, *says;
	} row[] = {
		{ "<r><a>1</a></r>", NULL, "a", OUTCOME_OK, OUTCOME_OK, "1", "" },
		{ "<r/>", NULL, "a", OUTCOME_OK, OUTCOME_MESSAGE_FORMAT, NULL, "no a in r" },
		{ "<r>a</r>", NULL, "a", OUTCOME_OK, OUTCOME_MESSAGE_FORMAT, NULL, "no a in r" },
		{ "<r><b><a>1</a></b></r>", NULL, "a", OUTCOME_OK, OUTCOME_MESSAGE_FORMAT, NULL,
		    "no a in r" },
		{ "<r><a>1</a><b/><a>2</a></r>", NULL, "a", OUTCOME_MESSAGE_FORMAT, OUTCOME_MESSAGE_FORMAT,
		    "1", "more than one a in r" },
		{ "<r><a>1</a><!-- <a>2</a> --></r>", NULL, "a", OUTCOME_OK, OUTCOME_OK, "1", "" },
		{ "<r xmlns:x='u:x'><a>1</a><x:a>2</x:a></r>", "u:x", "a", OUTCOME_OK, OUTCOME_OK, "2", "" },
		{ "<r xmlns:x='u:x'><a>1</a><x:a>2</x:a></r>", NULL, "a", OUTCOME_MESSAGE_FORMAT,
		    OUTCOME_MESSAGE_FORMAT, "1", "more than one a in r" },
		{ "<r xmlns:x='u:x' xmlns:y='u:x'><x:a>1</x:a><y:a>2</y:a></r>", "u:x", "a",
		    OUTCOME_MESSAGE_FORMAT, OUTCOME_MESSAGE_FORMAT, "1", "more than one a in r" },
		{ "<r xmlns:x='u:x' xmlns:y='u:y'><x:a>1</x:a><y:a>2</y:a></r>", "u:y", "a", OUTCOME_OK,
		    OUTCOME_OK, "2", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(xml_free) xmlDoc *doc = document(row[i].text);
		xmlNode *root = xmlDocGetRootElement(doc), *child;
		struct why why = { "" };

		if (xml_child(root, row[i].ns, row[i].name, &child, &why) != row[i].child)
			fail_msg("row %zu: child", i);
		if (xml_need(root, row[i].ns, row[i].name, &child, &why) != row[i].need)
			fail_msg("row %zu: need", i);
		if (strcmp(why.text, row[i].says) != 0)
			fail_msg("row %zu: '%s'", i, why.text);
		if (row[i].expected == NULL ? child != NULL
					    : strcmp(xml_text(arena, child), row[i].expected) != 0)
			fail_msg("row %zu: another child", i);
	}
}

static void
no_parent_has_no_children(void **state)
{
	xmlNode *child = (xmlNode *)arena;
	struct why why;

	(void)state;
	assert_int_equal(xml_child(NULL, NULL, "a", &child, &why), OUTCOME_OK);
	assert_null(child);
	assert_int_equal(xml_need(NULL, NULL, "a", &child, &why), OUTCOME_MESSAGE_FORMAT);
	assert_string_equal(why.text, "no a in the message");
	assert_null(xml_first(NULL));
	assert_null(xml_next(NULL));
	assert_null(xml_text(arena, NULL));
	assert_null(xml_text_raw(arena, NULL));
	assert_null(xml_attribute(arena, NULL, NULL, "a"));
}

static void
walks_over_elements(void **state)
{
	CLEANUP(xml_free) xmlDoc *doc = document("<r> x <!-- c --><a/>y<![CDATA[z]]><b/><!-- d --></r>");
	xmlNode *node = xml_first(xmlDocGetRootElement(doc));

	(void)state;
	assert_true(xml_is(node, NULL, "a"));
	node = xml_next(node);
	assert_true(xml_is(node, NULL, "b"));
	assert_null(xml_next(node));
	assert_null(xml_first(node));
}

static void
character_data(void **state)
{
	static const char *const row[][3] = {
		{ "<a/>", "", "" },
		{ "<a></a>", "", "" },
		{ "<a> \r\n b \t</a>", " \n b \t", "b" },
		{ "<a>b<!-- not this -->c</a>", "bc", "bc" },
		{ "<a>pass<!---->word<!-- x --></a>", "password", "password" },
		{ "<a><![CDATA[ <b> ]]>&amp;<![CDATA[&amp;]]></a>", " <b> &&amp;", "<b> &&amp;" },
		{ "<a>b<c>d</c>e</a>", "be", "be" },
		{ "<a>&lt;b&gt;&quot;&apos;&#x41;&#66;</a>", "<b>\"'AB", "<b>\"'AB" },
		{ "<a>\xe2\x82\xac&#8364;</a>", "\xe2\x82\xac\xe2\x82\xac", "\xe2\x82\xac\xe2\x82\xac" },
		{ "<a>&#32;b&#9;</a>", " b\t", "b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(xml_free) xmlDoc *doc = document(row[i][0]);
		xmlNode *root = xmlDocGetRootElement(doc);

		if (strcmp(xml_text_raw(arena, root), row[i][1]) != 0 ||
		    strcmp(xml_text(arena, root), row[i][2]) != 0)
			fail_msg("row %zu: '%s'", i, xml_text_raw(arena, root));
	}
}

static void
attributes(void **state)
{
	static const struct {
		const char *text, *ns, *expected;
	} row[] = {
		{ "<a/>", NULL, NULL },
		{ "<a id=''/>", NULL, "" },
		{ "<a id='1'/>", NULL, "1" },
		{ "<a id='1'/>", "u:x", "1" },
		{ "<a ID='1'/>", NULL, NULL },
		{ "<a xmlns:x='u:x' x:id='2'/>", "u:x", "2" },
		{ "<a xmlns:x='u:x' x:id='2'/>", NULL, NULL },
		{ "<a xmlns:x='u:x' x:id='2'/>", "u:y", NULL },
		{ "<a xmlns:x='u:x' x:id='2' id='1'/>", "u:x", "1" },
		{ "<a xmlns='u:x' id='1'/>", NULL, "1" },
		{ "<a x:id='2'/>", "u:x", NULL },
		{ "<a id='&lt;&amp;&#10;&quot;'/>", NULL, "<&\n\"" },
		{ "<a id='\xc3\xa9\t\n'/>", NULL, "\xc3\xa9  " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(xml_free) xmlDoc *doc = document(row[i].text);
		char *value = xml_attribute(arena, xmlDocGetRootElement(doc), row[i].ns, "id");

		if (value == NULL || row[i].expected == NULL ? value != row[i].expected
							     : strcmp(value, row[i].expected) != 0)
			fail_msg("row %zu: '%s'", i, value == NULL ? "(NULL)" : value);
	}
}

/* The reason is one line whatever libxml2 says, and stays within its limit. */
static void
reasons_are_one_line(void **state)
{
	char *name = around("", "long", 2000, "");
	char *text = arena_printf(arena, "<a>\n<%s>\n</a>", name);
	xmlDoc *doc;
	struct why why;

	(void)state;
	assert_int_equal(read_bytes(text, strlen(text), &doc, &why), OUTCOME_MESSAGE_FORMAT);
	assert_null(strpbrk(why.text, "\r\n"));
	assert_true(strlen(why.text) > 0 && text_is_utf8(why.text, strlen(why.text)));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_or_refused),
		cmocka_unit_test(nul_and_utf16),
		cmocka_unit_test(limits),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(names_with_namespaces),
		cmocka_unit_test(at_most_once),
		cmocka_unit_test(no_parent_has_no_children),
		cmocka_unit_test(walks_over_elements),
		cmocka_unit_test(character_data),
		cmocka_unit_test(attributes),
		cmocka_unit_test(reasons_are_one_line),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
