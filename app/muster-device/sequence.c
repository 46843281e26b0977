/* A cursor over children in their order. */
#include "sequence.h"

#include <muster/base/text.h>

#include <errno.h>

struct sequence
sequence_of(const xmlNode *parent, const char *ns)
{
	struct sequence sequence = { .ns = ns, .parent = parent };

	if (parent == NULL)
		sequence.failed = true;
	else
		sequence.next = xml_first(parent);
	return sequence;
}

static void
fail(struct sequence *sequence, const char *name)
{
	if (sequence->failed)
		return;
	sequence->failed = true;
	snprintf(sequence->what, sizeof(sequence->what), "in %.60s, %.60s should come where %.60s is",
	    (const char *)sequence->parent->name, name,
	    sequence->next == NULL ? "the end" : (const char *)sequence->next->name);
}

const xmlNode *
sequence_option(struct sequence *sequence, const char *name)
{
	const xmlNode *node = sequence->next;

	if (sequence->failed || node == NULL || !xml_is(node, sequence->ns, name))
		return NULL;
	sequence->next = xml_next(node);
	return node;
}

static bool
is_nil(const xmlNode *node)
{
	xmlChar *value = xmlGetNsProp(
	    node, (const xmlChar *)"nil", (const xmlChar *)"http://www.w3.org/2001/XMLSchema-instance");
	bool nil = value != NULL &&
	    (strcmp((const char *)value, "true") == 0 || strcmp((const char *)value, "1") == 0);

	xmlFree(value);
	return nil;
}

const xmlNode *
sequence_nillable(struct sequence *sequence, const char *name)
{
	const xmlNode *node = sequence_option(sequence, name);

	if (node == NULL)
		fail(sequence, name);
	return node == NULL || is_nil(node) ? NULL : node;
}

const xmlNode *
sequence_need(struct sequence *sequence, const char *name)
{
	const xmlNode *node = sequence_option(sequence, name);

	if (node == NULL || is_nil(node)) {
		fail(sequence, name);
		return NULL;
	}
	return node;
}

bool
sequence_end(struct sequence *sequence)
{
	for (; !sequence->failed && sequence->next != NULL; sequence->next = xml_next(sequence->next))
		if (xml_is(sequence->next, sequence->ns, (const char *)sequence->next->name))
			fail(sequence, "the end");
	return !sequence->failed;
}

bool
number_read(const char *text, uint32_t *number)
{
	const char *blank = XML_SPACE;
	unsigned long value;
	char *end;

	text += strspn(text, blank);
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	end += strspn(end, blank);
	if (errno != 0 || *end != '\0' || value > UINT32_MAX)
		return false;
	*number = (uint32_t)value;
	return true;
}

static void
fail_value(struct sequence *sequence, const char *name, const char *text)
{
	if (sequence->failed)
		return;
	sequence->failed = true;
	snprintf(sequence->what, sizeof(sequence->what), "%.60s cannot be \"%.60s\"", name, text);
}

uint32_t
sequence_number(struct sequence *sequence, struct arena *arena, const char *name, uint32_t lowest)
{
	const xmlNode *node = sequence_need(sequence, name);
	const char *text = node == NULL ? "" : xml_text(arena, node);
	uint32_t number = 0;

	if (node != NULL && (!number_read(text, &number) || number < lowest))
		fail_value(sequence, name, text);
	return sequence->failed ? 0 : number;
}

bool
sequence_boolean(struct sequence *sequence, struct arena *arena, const char *name)
{
	const xmlNode *node = sequence_need(sequence, name);
	const char *text = node == NULL ? "" : xml_text(arena, node);

	if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
		return true;
	if (node != NULL && strcmp(text, "false") != 0 && strcmp(text, "0") != 0)
		fail_value(sequence, name, text);
	return false;
}
