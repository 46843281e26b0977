/* One walk in document order; a path of descendants is matched greedily on the way down. */
#include "element.h"

/* Depth is bounded by the parser (XML_DEPTH_MAX). */
static const xmlNode *
find_below(const xmlNode *parent, const struct step *step, size_t steps)
{
	for (const xmlNode *node = xml_first(parent); node != NULL; node = xml_next(node)) {
		bool match = xml_is(node, step->ns, step->name);
		const xmlNode *found;

		if (match && steps == 1)
			return node;
		found = match ? find_below(node, step + 1, steps - 1) : find_below(node, step, steps);
		if (found != NULL)
			return found;
	}
	return NULL;
}

const xmlNode *
element_find(const xmlDoc *doc, const struct step *step, size_t steps)
{
	const xmlNode *root = xmlDocGetRootElement(doc);

	if (root == NULL)
		return NULL;
	if (!xml_is(root, step->ns, step->name))
		return find_below(root, step, steps);
	return steps == 1 ? root : find_below(root, step + 1, steps - 1);
}
