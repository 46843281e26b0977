#include <muster/wire/xml_out.h>

#include <muster/base/text.h>

#include <libxml/HTMLtree.h>
#include <libxml/xmlsave.h>
#include <libxml/xmlwriter.h>

struct xml_out {
	xmlBuffer *buffer;
	xmlTextWriter *writer;
	xmlDoc *page; /* what is written when it is HTML; NULL when it is XML */
	bool failed;
};

struct xml_out *
xml_out_new(void)
{
	struct xml_out *out = calloc(1, sizeof(*out));

	if (out == NULL || (out->buffer = xmlBufferCreate()) == NULL ||
	    (out->writer = xmlNewTextWriterMemory(out->buffer, 0)) == NULL)
		arena_out_of_memory();
	return out;
}

struct xml_out *
xml_out_new_html(void)
{
	struct xml_out *out = calloc(1, sizeof(*out));

	if (out == NULL || (out->buffer = xmlBufferCreate()) == NULL ||
	    (out->page = htmlNewDocNoDtD(NULL, NULL)) == NULL ||
	    xmlCreateIntSubset(out->page, (const xmlChar *)"html", NULL, NULL) == NULL ||
	    (out->writer = xmlNewTextWriterTree(out->page, NULL, 0)) == NULL)
		arena_out_of_memory();
	return out;
}

void
xml_out_free(struct xml_out **out)
{
	if (*out == NULL)
		return;
	xmlFreeTextWriter((*out)->writer);
	xmlFreeDoc((*out)->page);
	xmlBufferFree((*out)->buffer);
	free(*out);
	*out = NULL;
}

/* Failures stick; after one nothing is written. */
static void
note(struct xml_out *out, int written)
{
	if (written < 0)
		out->failed = true;
}

/* XML 1.0 section 2.2, Char. */
static bool
allowed(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c != 0xfffe && c != 0xffff);
}

/* Where the first thing is that XML cannot carry; the text's end if there is none. */
static const char *
first_forbidden(const char *text, size_t *length)
{
	for (size_t left = strlen(text); left > 0; text += *length, left -= *length) {
		uint32_t character = 0;

		*length = text_character(text, left, &character);
		if (*length == 0 || !allowed(character)) {
			*length = *length == 0 ? 1 : *length;
			return text;
		}
	}
	return text;
}

/* A copy to free() with U+FFFD for each forbidden character or broken byte; NULL when there is none such. */
static xmlChar *
replace_forbidden(const char *text)
{
	size_t length = 0, size = 0;
	const char *end = first_forbidden(text, &length);
	char *copy;

	if (*end == '\0')
		return NULL;
	copy = malloc(3 * strlen(text) + 1);
	if (copy == NULL)
		arena_out_of_memory();
	for (; *end != '\0'; end = first_forbidden(text, &length)) {
		memcpy(copy + size, text, (size_t)(end - text));
		size += (size_t)(end - text);
		memcpy(copy + size, "\xef\xbf\xbd", 3);
		size += 3;
		text = end + length;
	}
	memcpy(copy + size, text, strlen(text) + 1);
	return (xmlChar *)copy;
}

void
xml_start(struct xml_out *out, const char *prefix, const char *name, const char *ns)
{
	if (!out->failed)
		note(out,
		    xmlTextWriterStartElementNS(
			out->writer, (const xmlChar *)prefix, (const xmlChar *)name, (const xmlChar *)ns));
}

void
xml_end(struct xml_out *out)
{
	if (!out->failed)
		note(out, xmlTextWriterEndElement(out->writer));
}

void
xml_attr(struct xml_out *out, const char *name, const char *value)
{
	xmlChar *clean;

	if (out->failed || value == NULL)
		return;
	clean = replace_forbidden(value);
	note(out,
	    xmlTextWriterWriteAttribute(
		out->writer, (const xmlChar *)name, clean != NULL ? clean : (const xmlChar *)value));
	free(clean);
}

void
xml_chars(struct xml_out *out, const char *text)
{
	xmlChar *clean;

	if (out->failed || text == NULL)
		return;
	clean = replace_forbidden(text);
	note(out, xmlTextWriterWriteString(out->writer, clean != NULL ? clean : (const xmlChar *)text));
	free(clean);
}

void
xml_element(struct xml_out *out, const char *name, const char *text)
{
	xml_start(out, NULL, name, NULL);
	xml_chars(out, text);
	xml_end(out);
}

void
xml_raw(struct xml_out *out, const char *text)
{
	if (out->page == NULL || strchr(text, '<') != NULL || strchr(text, '&') != NULL)
		out->failed = true;
	xml_chars(out, text);
}

/* The tree as HTML's own writer puts it: it knows the void elements, and what is not escaped. */
static bool
html_save(struct xml_out *out)
{
	xmlSaveCtxt *save = xmlSaveToBuffer(out->buffer, "UTF-8", XML_SAVE_AS_HTML);

	if (save == NULL)
		arena_out_of_memory();
	if (xmlSaveTree(save, (xmlNode *)out->page) < 0)
		out->failed = true;
	return xmlSaveClose(save) >= 0 && !out->failed;
}

bool
xml_out_finish(struct xml_out *out, struct arena *arena, struct bytes *bytes)
{
	size_t size;

	if (!out->failed)
		note(out, xmlTextWriterEndDocument(out->writer));
	if (out->failed || xmlTextWriterFlush(out->writer) < 0 || (out->page != NULL && !html_save(out)))
		return false;
	size = (size_t)xmlBufferLength(out->buffer);
	/* The writer ends a document with a line feed. */
	if (size > 0 && xmlBufferContent(out->buffer)[size - 1] == '\n')
		size--;
	*bytes = arena_copy(arena, xmlBufferContent(out->buffer), size);
	return true;
}
