#include <muster/wire/xml_canonical.h>

#include <muster/wire/xml_in.h>

#include <libxml/c14n.h>
#include <libxml/xmlerror.h>

xmlNode *
xml_after(const xmlNode *node, const xmlNode *root)
{
	if (node->type == XML_ELEMENT_NODE && node->children != NULL)
		return node->children;
	while (node != root && node->next == NULL)
		node = node->parent;
	return node == root ? NULL : node->next;
}

bool
xml_is_inside(const xmlNode *node, const xmlNode *element)
{
	while (node != NULL && node != element)
		node = node->parent;
	return node != NULL;
}

/*
 * libxml2 asks this of nodes, attributes and namespace declarations alike. The latter have no parent of their
 * own: for what is no child of its parent, the parent tells.
 */
static int
is_visible(void *context, xmlNode *node, xmlNode *parent) /* cppcheck-suppress constParameter */
{
	const struct xml_part *part = context;

	if (part->except != NULL && (node == part->except || xml_is_inside(parent, part->except)))
		return 0;
	return part->within == NULL || node == part->within || xml_is_inside(parent, part->within);
}

static enum outcome
check_bounds(xmlDoc *doc, struct why *why)
{
	xmlNode *root = xmlDocGetRootElement(doc);
	size_t elements = 0, namespaces = 0;

	for (const xmlNode *node = root; node != NULL; node = xml_after(node, root)) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		elements++;
		for (const xmlNs *ns = node->nsDef; ns != NULL; ns = ns->next)
			namespaces++;
	}
	if (elements > XML_CANONICAL_ELEMENTS_MAX || namespaces > XML_CANONICAL_NAMESPACES_MAX)
		return refuse(why, OUTCOME_MESSAGE_FORMAT,
		    "signed message: %zu elements and %zu namespace declarations, %d and %d are allowed",
		    elements, namespaces, XML_CANONICAL_ELEMENTS_MAX, XML_CANONICAL_NAMESPACES_MAX);
	return OUTCOME_OK;
}

static void
output_close(xmlOutputBuffer **output)
{
	if (*output != NULL)
		(void)xmlOutputBufferClose(*output);
}

/* Errors are told by what comes back; libxml2 would write them to stderr. */
static void
ignore_error(void *context, xmlError *error)
{
	(void)context, (void)error;
}

static int
execute(xmlDoc *doc, const struct xml_part *part, enum xml_canonical form, xmlOutputBuffer *output)
{
	xmlStructuredErrorFunc handler = xmlStructuredError;
	void *handler_context = xmlStructuredErrorContext;
	struct xml_part copy = *part;
	int written;

	xmlSetStructuredErrorFunc(NULL, ignore_error);
	written = xmlC14NExecute(doc, is_visible, &copy,
	    form == XML_CANONICAL_EXCLUSIVE ? XML_C14N_EXCLUSIVE_1_0 : XML_C14N_1_0, NULL, 0, output);
	xmlSetStructuredErrorFunc(handler_context, handler);
	return written;
}

enum outcome
xml_canonicalize(struct arena *arena, xmlDoc *doc, const struct xml_part *part, enum xml_canonical form,
    struct bytes *out, struct why *why)
{
	CLEANUP(output_close) xmlOutputBuffer *output = NULL;
	enum outcome o;

	if ((o = check_bounds(doc, why)) != OUTCOME_OK)
		return o;
	output = xmlAllocOutputBuffer(NULL);
	if (output == NULL)
		arena_out_of_memory();
	if (execute(doc, part, form, output) < 0 || xmlOutputBufferGetSize(output) == 0)
		return refuse(why, OUTCOME_INVALID_SECURITY,
		    "signed message: has no canonical form, Canonical XML 1.0 section 1.3");
	*out = arena_copy(arena, xmlOutputBufferGetContent(output), xmlOutputBufferGetSize(output));
	return OUTCOME_OK;
}
