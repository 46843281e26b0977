#include <muster/wire/xml_in.h>

#include <muster/base/text.h>

bool
xml_is(const xmlNode *node, const char *ns, const char *name)
{
	if (node == NULL || node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0)
		return false;
	return ns == NULL || (node->ns != NULL && strcmp((const char *)node->ns->href, ns) == 0);
}

static xmlNode *
element_from(xmlNode *node)
{
	while (node != NULL && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

xmlNode *
xml_first(const xmlNode *parent)
{
	return parent == NULL ? NULL : element_from(parent->children);
}

xmlNode *
xml_next(const xmlNode *node)
{
	return node == NULL ? NULL : element_from(node->next);
}

enum outcome
xml_child(const xmlNode *parent, const char *ns, const char *name, xmlNode **child, struct why *why)
{
	*child = NULL;
	for (xmlNode *node = xml_first(parent); node != NULL; node = xml_next(node)) {
		if (!xml_is(node, ns, name))
			continue;
		if (*child != NULL)
			return refuse(
			    why, OUTCOME_MESSAGE_FORMAT, "more than one %s in %s", name, parent->name);
		*child = node;
	}
	return OUTCOME_OK;
}

enum outcome
xml_need(const xmlNode *parent, const char *ns, const char *name, xmlNode **child, struct why *why)
{
	enum outcome o = xml_child(parent, ns, name, child, why);

	if (o == OUTCOME_OK && *child == NULL)
		return refuse(why, OUTCOME_MESSAGE_FORMAT, "no %s in %s", name,
		    parent == NULL ? "the message" : (const char *)parent->name);
	return o;
}

static bool
is_text(const xmlNode *node)
{
	return (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) && node->content != NULL;
}

char *
xml_text_raw(struct arena *arena, const xmlNode *element)
{
	size_t size = 0;
	char *text;

	if (element == NULL)
		return NULL;
	for (const xmlNode *node = element->children; node != NULL; node = node->next) {
		if (is_text(node))
			size += strlen((const char *)node->content);
	}
	text = arena_alloc(arena, size + 1);
	size = 0;
	for (const xmlNode *node = element->children; node != NULL; node = node->next) {
		if (is_text(node)) {
			size_t length = strlen((const char *)node->content);

			memcpy(text + size, node->content, length);
			size += length;
		}
	}
	return text;
}

char *
xml_text(struct arena *arena, const xmlNode *element)
{
	char *raw = xml_text_raw(arena, element);

	return raw == NULL ? NULL : text_trim(arena, raw);
}

char *
xml_attribute(struct arena *arena, const xmlNode *node, const char *ns, const char *name)
{
	xmlChar *value;
	char *copy;

	if (node == NULL)
		return NULL;
	value = xmlGetNoNsProp(node, (const xmlChar *)name);
	if (value == NULL && ns != NULL)
		value = xmlGetNsProp(node, (const xmlChar *)name, (const xmlChar *)ns);
	copy = arena_strdup(arena, (const char *)value);
	xmlFree(value);
	return copy;
}
