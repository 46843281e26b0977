#include "xml_scan.h"

#include <muster/wire/xml_in.h>

#include <strings.h>

struct scan {
	const char *at, *end;
	int depth;
	struct why *why;
};

static bool
starts(const struct scan *scan, const char *text)
{
	size_t size = strlen(text);

	return (size_t)(scan->end - scan->at) >= size && memcmp(scan->at, text, size) == 0;
}

/* Go behind the next occurrence of mark, or to the end. */
static void
skip_behind(struct scan *scan, const char *mark)
{
	size_t size = strlen(mark);
	const char *found = memmem(scan->at, (size_t)(scan->end - scan->at), mark, size);

	scan->at = found == NULL ? scan->end : found + size;
}

static bool
space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The declaration's encoding is UTF-8 or not named. */
static bool
encoding_is_utf8(const char *text, size_t size)
{
	const char *end = text + size, *at = memmem(text, size, "encoding", 8);

	if (at == NULL)
		return true;
	for (at += 8; at < end && (space(*at) || *at == '='); at++)
		continue;
	return end - at > 6 && (*at == '"' || *at == '\'') && strncasecmp(at + 1, "utf-8", 5) == 0 &&
	    at[6] == *at;
}

/* <?xml …?> may stand at the very beginning; no other instruction may stand anywhere. */
static enum outcome
scan_instruction(struct scan *scan, bool first)
{
	const char *start = scan->at;

	if (!first || !starts(scan, "<?xml") || scan->end - scan->at < 6 || !space(scan->at[5]))
		return refuse(scan->why, OUTCOME_MESSAGE_FORMAT,
		    "XML: a processing instruction, which SOAP 1.2 section 5 forbids");
	skip_behind(scan, "?>");
	if (!encoding_is_utf8(start, (size_t)(scan->at - start)))
		return refuse(
		    scan->why, OUTCOME_MESSAGE_FORMAT, "XML: the declared encoding is not UTF-8: send UTF-8");
	return OUTCOME_OK;
}

/* <!-- … -->, <![CDATA[ … ]]>; anything else with <! belongs to a DOCTYPE. */
static enum outcome
scan_declaration(struct scan *scan)
{
	if (starts(scan, "<!--")) {
		scan->at += 4;
		skip_behind(scan, "-->");
		return OUTCOME_OK;
	}
	if (starts(scan, "<![CDATA[")) {
		skip_behind(scan, "]]>");
		return OUTCOME_OK;
	}
	return refuse(scan->why, OUTCOME_MESSAGE_FORMAT, "XML: a DOCTYPE, which SOAP 1.2 section 5 forbids");
}

static enum outcome
scan_start_tag(struct scan *scan)
{
	int attributes = 0;
	char quote = '\0';

	for (; scan->at < scan->end && (quote != '\0' || *scan->at != '>'); scan->at++) {
		char c = *scan->at;

		if (quote != '\0')
			quote = c == quote ? '\0' : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '=' && ++attributes > XML_ATTRIBUTES_MAX)
			return refuse(scan->why, OUTCOME_MESSAGE_FORMAT,
			    "XML: an element has more than %d attributes", XML_ATTRIBUTES_MAX);
	}
	if (++scan->depth > XML_DEPTH_MAX)
		return refuse(scan->why, OUTCOME_MESSAGE_FORMAT, "XML: elements are nested deeper than %d",
		    XML_DEPTH_MAX);
	if (scan->at[-1] == '/')
		scan->depth--;
	return OUTCOME_OK;
}

static enum outcome
scan_markup(struct scan *scan, bool first)
{
	if (starts(scan, "<?"))
		return scan_instruction(scan, first);
	if (starts(scan, "<!"))
		return scan_declaration(scan);
	if (starts(scan, "</")) {
		scan->depth--;
		skip_behind(scan, ">");
		return OUTCOME_OK;
	}
	scan->at++;
	return scan_start_tag(scan);
}

/* Every mention counts, be it in a value: 256 of them are far from what a client sends. */
static enum outcome
check_namespaces(const struct scan *text, struct why *why)
{
	struct scan scan = *text;

	for (int count = 0; scan.at < scan.end; count++) {
		if (count > XML_NAMESPACES_MAX)
			return refuse(why, OUTCOME_MESSAGE_FORMAT, "XML: more than %d namespace declarations",
			    XML_NAMESPACES_MAX);
		skip_behind(&scan, "xmlns");
	}
	return OUTCOME_OK;
}

enum outcome
xml_scan(struct bytes text, struct why *why)
{
	const char *start = (const char *)text.data;
	struct scan scan = { .at = start, .end = start + text.size, .why = why };
	enum outcome o;

	if ((o = check_namespaces(&scan, why)) != OUTCOME_OK)
		return o;
	while (scan.at < scan.end && (scan.at = memchr(scan.at, '<', (size_t)(scan.end - scan.at))) != NULL) {
		if ((o = scan_markup(&scan, scan.at == start)) != OUTCOME_OK)
			return o;
	}
	return OUTCOME_OK;
}
