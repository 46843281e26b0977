#include <muster/wire/xml_in.h>

#include <muster/base/text.h>

#include <libxml/parser.h>

#include "xml_scan.h"

/* What the parser saw that a request must not contain; it outranks what libxml2 thinks of the document. */
struct verdict {
	bool doctype, instruction;
};

/* xml_scan() refused these already: a second wall, should its view and libxml2's ever differ. */
static void
refuse_doctype(void *context, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
	xmlParserCtxt *parser = context;

	(void)name, (void)public_id, (void)system_id;
	((struct verdict *)parser->_private)->doctype = true;
	xmlStopParser(parser);
}

static void
refuse_instruction(void *context, const xmlChar *target, const xmlChar *data)
{
	xmlParserCtxt *parser = context;

	(void)target, (void)data;
	((struct verdict *)parser->_private)->instruction = true;
	xmlStopParser(parser);
}

static bool
has_prefix(struct bytes text, const char *prefix, size_t size)
{
	return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

/* Skip a byte order mark and white space: clients indent the XML declaration. */
static struct bytes
skip_start(struct bytes text)
{
	if (has_prefix(text, "\xef\xbb\xbf", 3))
		text = (struct bytes){ text.data + 3, text.size - 3 };
	while (text.size > 0 && text_is_space((char)text.data[0]))
		text = (struct bytes){ text.data + 1, text.size - 1 };
	return text;
}

static enum outcome
check_text(struct bytes text, struct why *why)
{
	if (text.size == 0)
		return refuse(why, OUTCOME_MESSAGE_FORMAT, "XML: empty");
	if (has_prefix(text, "\xff\xfe", 2) || has_prefix(text, "\xfe\xff", 2))
		return refuse(why, OUTCOME_MESSAGE_FORMAT, "XML: UTF-16: send UTF-8");
	if (memchr(text.data, '\0', text.size) != NULL)
		return refuse(why, OUTCOME_MESSAGE_FORMAT, "XML: a NUL inside (binary data or UTF-16?)");
	if (!text_is_utf8(text.data, text.size))
		return refuse(why, OUTCOME_MESSAGE_FORMAT, "XML: not well-formed UTF-8");
	if (text.data[0] != '<')
		return refuse(why, OUTCOME_MESSAGE_FORMAT, "XML: does not start with '<'");
	return xml_scan(text, why);
}

static void
parser_free(xmlParserCtxt **parser)
{
	xmlFreeParserCtxt(*parser);
}

/* libxml2's message, in one line: it ends with a line feed. */
static enum outcome
refuse_malformed(const xmlParserCtxt *parser, struct why *why)
{
	const char *message = parser->lastError.message;

	if (message == NULL)
		message = "not well-formed";
	return refuse(why, OUTCOME_MESSAGE_FORMAT, "XML: line %d: %.*s", parser->lastError.line,
	    (int)strcspn(message, "\n"), message);
}

enum outcome
xml_read(struct arena *arena, struct bytes text, xmlDoc **doc, struct why *why)
{
	CLEANUP(parser_free) xmlParserCtxt *parser = NULL;
	struct verdict verdict = { false, false };
	enum outcome o;

	*doc = NULL;
	text = skip_start(text);
	if (text.size > INT32_MAX)
		return refuse(why, OUTCOME_MESSAGE_FORMAT, "XML: too large");
	if ((o = check_text(text, why)) != OUTCOME_OK)
		return o;
	parser = xmlNewParserCtxt();
	if (parser == NULL)
		arena_out_of_memory();
	parser->_private = &verdict;
	parser->sax->internalSubset = refuse_doctype;
	parser->sax->processingInstruction = refuse_instruction;
	*doc = xmlCtxtReadMemory(parser, (const char *)text.data, (int)text.size, NULL, "UTF-8",
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT);
	if (verdict.doctype)
		o = refuse(why, OUTCOME_MESSAGE_FORMAT, "XML: a DOCTYPE, which SOAP 1.2 section 5 forbids");
	else if (verdict.instruction)
		o = refuse(why, OUTCOME_MESSAGE_FORMAT, "XML: a processing instruction");
	else if (*doc == NULL || !parser->wellFormed)
		o = refuse_malformed(parser, why);
	if (o != OUTCOME_OK)
		xml_free(doc);
	(void)arena;
	return o;
}

void
xml_free(xmlDoc **doc)
{
	xmlFreeDoc(*doc);
	*doc = NULL;
}
