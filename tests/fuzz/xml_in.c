/* XML from strangers: what is taken keeps the limits, and every text of it is UTF-8. */
#include "fuzz.h"

#include <muster/base/text.h>
#include <muster/wire/xml_in.h>

static void
text_check(const char *text)
{
	FUZZ_CHECK(text != NULL && text_is_utf8(text, strlen(text)));
}

static void
attributes_check(struct arena *arena, const xmlNode *element)
{
	int count = 0;

	for (const xmlNs *ns = element->nsDef; ns != NULL; ns = ns->next)
		count++;
	for (const xmlAttr *attribute = element->properties; attribute != NULL; attribute = attribute->next) {
		const char *ns = attribute->ns == NULL ? NULL : (const char *)attribute->ns->href;

		text_check(xml_attribute(arena, element, ns, (const char *)attribute->name));
		count++;
	}
	FUZZ_CHECK(count <= XML_ATTRIBUTES_MAX);
}

static void
node_check(struct arena *arena, const xmlNode *node, int depth)
{
	xmlNode *child = NULL;
	struct why why;

	FUZZ_CHECK(node->type == XML_ELEMENT_NODE || node->type == XML_TEXT_NODE ||
	    node->type == XML_CDATA_SECTION_NODE || node->type == XML_COMMENT_NODE);
	if (node->type != XML_ELEMENT_NODE)
		return;
	FUZZ_CHECK(depth <= XML_DEPTH_MAX);
	attributes_check(arena, node);
	text_check(xml_text_raw(arena, node));
	text_check(xml_text(arena, node));
	if (xml_first(node) != NULL)
		FUZZ_OUTCOME(xml_need(node, NULL, (const char *)xml_first(node)->name, &child, &why), &why,
		    OUTCOME_MESSAGE_FORMAT);
	for (const xmlNode *next = node->children; next != NULL; next = next->next)
		node_check(arena, next, depth + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	xmlDoc *doc = NULL;
	struct why why;
	enum outcome o = xml_read(arena, (struct bytes){ data, size }, &doc, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_MESSAGE_FORMAT);
	FUZZ_CHECK((doc != NULL) == (o == OUTCOME_OK));
	if (doc != NULL) {
		FUZZ_CHECK(doc->intSubset == NULL && doc->extSubset == NULL);
		for (const xmlNode *node = doc->children; node != NULL; node = node->next)
			node_check(arena, node, 1);
	}
	fuzz_accepted = doc != NULL;
	xml_free(&doc);
	arena_free(arena);
	return 0;
}
