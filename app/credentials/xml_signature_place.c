/* Where a signature stands, and what else the document must not hold: the defence against wrapping. */
#include "xml_signature_parts.h"

#include <muster/base/text.h>
#include <muster/wire/xml_in.h>

#define IDS_MAX 64

static enum outcome
misplaced(struct why *why, const char *what)
{
	return refuse(why, OUTCOME_INVALID_SECURITY, "Signature: %s", what);
}

/* By namespace, each in its parent; that the envelope's own are meant, its root's namespace tells. */
static enum outcome
check_parents(const xmlNode *signature, struct why *why)
{
	const xmlNode *security = signature->parent, *header, *root = xmlDocGetRootElement(signature->doc);
	const char *soap = root->ns != NULL ? (const char *)root->ns->href : NULL;

	if (!xml_is(signature, NS_SIGNATURE, "Signature"))
		return misplaced(why, "not of XML Signature's namespace");
	if (security == NULL || !xml_is(security, NS_SECURITY, "Security"))
		return misplaced(why, "its parent is not the Security of WS-Security 1.0");
	header = security->parent;
	if (soap == NULL || header == NULL || !xml_is(header, soap, "Header") || header->parent != root ||
	    !xml_is(root, soap, "Envelope"))
		return misplaced(why, "not in the Header of the Envelope that is the document's root");
	return OUTCOME_OK;
}

/* In no namespace may there be another: readers elsewhere may look by local name, or for the first they find.
 */
static enum outcome
check_once(const xmlNode *node, unsigned *seen, struct why *why)
{
	static const char *const once[] = { "Envelope", "Header", "Body", "Security", "Timestamp",
		"Signature", "SignedInfo" };

	for (size_t i = 0; i < ARRAY_SIZE(once); i++) {
		if (!xml_is(node, NULL, once[i]))
			continue;
		if ((*seen & 1U << i) != 0)
			return refuse(
			    why, OUTCOME_INVALID_SECURITY, "signed message: more than one %s in it", once[i]);
		*seen |= 1U << i;
	}
	return OUTCOME_OK;
}

struct ids {
	const char *value[IDS_MAX];
	const xmlNode *element[IDS_MAX];
	size_t count;
};

static bool
is_id(const xmlAttr *attribute)
{
	return text_equal_fold((const char *)attribute->name, "Id");
}

static const char *
attribute_value(struct arena *arena, const xmlAttr *attribute)
{
	xmlChar *value = xmlNodeListGetString(attribute->doc, attribute->children, 1);
	const char *copy = arena_strdup(arena, value != NULL ? (const char *)value : "");

	xmlFree(value);
	return copy;
}

bool
xml_signature_has_id(struct arena *arena, const xmlNode *element, const char *id)
{
	for (const xmlAttr *a = element->properties; a != NULL; a = a->next)
		if (is_id(a) && strcmp(attribute_value(arena, a), id) == 0)
			return true;
	return false;
}

/* One element may carry the same id under two names; two elements may not share one. */
static enum outcome
check_ids(struct arena *arena, const xmlNode *node, struct ids *ids, struct why *why)
{
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
		const char *value;

		if (!is_id(a))
			continue;
		value = attribute_value(arena, a);
		for (size_t i = 0; i < ids->count; i++)
			if (ids->element[i] != node && strcmp(ids->value[i], value) == 0)
				return refuse(why, OUTCOME_INVALID_SECURITY,
				    "signed message: two elements have the id '%.100s'", value);
		if (ids->count == IDS_MAX)
			return refuse(
			    why, OUTCOME_INVALID_SECURITY, "signed message: more than %d ids", IDS_MAX);
		ids->value[ids->count] = value;
		ids->element[ids->count++] = node;
	}
	return OUTCOME_OK;
}

enum outcome
xml_signature_place_check(struct arena *arena, const xmlNode *signature, struct why *why)
{
	const xmlNode *root = xmlDocGetRootElement(signature->doc);
	struct ids *ids = arena_alloc(arena, sizeof(*ids));
	unsigned seen = 0;
	enum outcome o;

	if ((o = check_parents(signature, why)) != OUTCOME_OK)
		return o;
	for (const xmlNode *node = root; node != NULL; node = xml_after(node, root)) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		if ((o = check_once(node, &seen, why)) != OUTCOME_OK ||
		    (o = check_ids(arena, node, ids, why)) != OUTCOME_OK)
			return o;
	}
	return OUTCOME_OK;
}
