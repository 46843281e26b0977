/*
 * What the tests of the protocol share: samples from files, replies compared with
 * golden bytes, and replies read as the Windows client reads them, by XPath.
 * (The server itself uses no XPath.)
 */
#ifndef MUSTER_TESTS_PROTOCOL_TEST_H
#define MUSTER_TESTS_PROTOCOL_TEST_H

#include <muster/base/arena.h>
#include <muster/protocol/namespaces.h>
#include <muster/protocol/soap.h>

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TRACE "01938f3e-7d2a-7c41-9a55-0f1e2d3c4b5a"
#define MESSAGE_ID "urn:uuid: 748132ec-a575-4329-b01b-6171a9cf8478"

/* Texts that must come back as they went in, wherever they are echoed. */
static const char *const nasty[] = {
	"plain",
	"<b>&amp;</b>",
	"]]>",
	"\"quoted\" and 'quoted'",
	"</s:Text></s:Reason><s:Detail/>",
	"a & b &lt; c",
	"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x92",
	"<!-- comment -->",
	"<![CDATA[x]]>",
	"%00 %s %n %d",
	"&#x41;&#10;",
	"\\back\\slash",
};

static inline struct bytes
file_read(struct arena *arena, const char *folder, const char *name)
{
	const char *root = getenv("MUSTER_SRCDIR");
	char *path = arena_printf(arena, "%s/tests/unit/%s/%s", root != NULL ? root : ".", folder, name);
	FILE *file = fopen(path, "rb");
	uint8_t *data = arena_alloc(arena, 1 << 20);
	size_t size;

	if (file == NULL)
		fail_msg("%s: cannot open", path);
	size = fread(data, 1, 1 << 20, file);
	fclose(file);
	return (struct bytes){ data, size };
}

/* The document on lines of their own, so that a difference can be shown. */
static inline void
difference_print(const char *mark, const char *text, const char *other)
{
	while (*text != '\0') {
		const char *end = strstr(text, "><");
		int size = end != NULL ? (int)(end + 1 - text) : (int)strlen(text);
		char *line = NULL;

		if (asprintf(&line, "%.*s", size, text) < 0)
			abort();
		if (strstr(other, line) == NULL)
			print_error("%s%s\n", mark, line);
		free(line);
		text += size;
	}
}

/*
 * Compare with tests/unit/golden/NAME, byte for byte but for one line end after it.
 * With MUSTER_GOLDEN=write in the environment the file is written instead: look at
 * the difference before you commit it.
 */
static inline void
golden_check(struct arena *arena, const char *name, struct bytes reply)
{
	const char *mode = getenv("MUSTER_GOLDEN");
	char *text = arena_strndup(arena, (const char *)reply.data, reply.size);

	if (mode != NULL && strcmp(mode, "write") == 0) {
		char *path = arena_printf(arena, "%s/tests/unit/golden/%s", getenv("MUSTER_SRCDIR"), name);
		FILE *file = fopen(path, "wb");

		assert_non_null(file);
		fprintf(file, "%s\n", text);
		fclose(file);
		return;
	}

	struct bytes golden = file_read(arena, "golden", name);
	char *expected = arena_strndup(arena, (const char *)golden.data, golden.size);

	if (golden.size > 0 && expected[golden.size - 1] == '\n')
		expected[golden.size - 1] = '\0';
	if (strcmp(expected, text) == 0)
		return;
	difference_print("- ", expected, text);
	difference_print("+ ", text, expected);
	fail_msg("%s: the reply differs", name);
}

/* A parsed reply; prefixes s, a, e (discovery), f (fault detail), x (xcep), t (wst), o (wsse), u, d. */
struct reply_doc {
	xmlDoc *doc;
	xmlXPathContext *xpath;
};

static inline struct reply_doc
reply_parse(struct bytes bytes)
{
	static const char *const prefixes[][2] = {
		{ "s", NS_SOAP12 },
		{ "a", NS_ADDRESSING },
		{ "e", NS_DISCOVERY },
		{ "f", NS_WSTEP },
		{ "x", NS_XCEP },
		{ "t", NS_WST },
		{ "o", NS_WSSE },
		{ "u", NS_WSU },
		{ "d", NS_DIAGNOSTICS },
		{ "xsi", NS_XSI },
	};
	struct reply_doc reply;

	reply.doc = xmlReadMemory((const char *)bytes.data, (int)bytes.size, NULL, NULL, XML_PARSE_NONET);
	if (reply.doc == NULL)
		fail_msg("the reply is not well-formed: %.*s", (int)bytes.size, (const char *)bytes.data);
	reply.xpath = xmlXPathNewContext(reply.doc);
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		xmlXPathRegisterNs(
		    reply.xpath, (const xmlChar *)prefixes[i][0], (const xmlChar *)prefixes[i][1]);
	return reply;
}

static inline void
reply_free(struct reply_doc *reply)
{
	xmlXPathFreeContext(reply->xpath);
	xmlFreeDoc(reply->doc);
}

/* The value of an expression as XPath's string(). */
static inline char *
xpath_text(struct arena *arena, const struct reply_doc *reply, const char *expression)
{
	xmlXPathObject *object = xmlXPathEvalExpression((const xmlChar *)expression, reply->xpath);
	xmlChar *text;
	char *copy;

	assert_non_null(object);
	text = xmlXPathCastToString(object);
	copy = arena_strdup(arena, (const char *)text);
	xmlFree(text);
	xmlXPathFreeObject(object);
	return copy;
}

static inline int
xpath_count(struct arena *arena, const struct reply_doc *reply, const char *nodes)
{
	return (int)strtol(xpath_text(arena, reply, arena_printf(arena, "count(%s)", nodes)), NULL, 10);
}

static inline void
xpath_check(struct arena *arena, const struct reply_doc *reply, const char *expression, const char *expected)
{
	char *found = xpath_text(arena, reply, expression);

	if (strcmp(found, expected) != 0)
		fail_msg("%s: '%s', expected '%s'", expression, found, expected);
}

/* An envelope as clients send it, with other header elements and this Body's content. */
static inline char *
envelope_of(struct arena *arena, const char *header, const char *body)
{
	return arena_printf(arena,
	    "<s:Envelope xmlns:s=\"" NS_SOAP12 "\" xmlns:a=\"" NS_ADDRESSING "\" xmlns:u=\"" NS_WSU
	    "\" xmlns:wsse=\"" NS_WSSE "\"><s:Header>%s</s:Header><s:Body>%s</s:Body></s:Envelope>",
	    header, body);
}

/* Read a text as an envelope; it must be one. soap_release() is due. */
static inline void
soap_of(struct arena *arena, struct bytes bytes, struct soap *soap)
{
	struct why why = { "" };

	if (soap_read(arena, bytes, soap, &why) != OUTCOME_OK)
		fail_msg("soap_read: %s", why.text);
}

/* The row of a table failed: say which. */
#define row_equal(row, got, expected) \
	do { \
		if ((got) != (expected)) \
			fail_msg("%s: %ld, expected %ld", (row), (long)(got), (long)(expected)); \
	} while (0)

#define row_text(row, got, expected) \
	do { \
		if (strcmp((got), (expected)) != 0) \
			fail_msg("%s: '%s', expected '%s'", (row), (got), (expected)); \
	} while (0)

#define row_outcome(row, got, expected, why) \
	do { \
		if ((got) != (expected)) \
			fail_msg("%s: %s (%s), expected %s", (row), outcome_name(got), (why).text, \
			    outcome_name(expected)); \
	} while (0)

#endif
