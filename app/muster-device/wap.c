/* From XML to characteristics; parameters against their rules. */
#include "wap.h"

#include "sequence.h"

#include <muster/base/text.h>
#include <muster/wire/xml_in.h>

static bool
attributes_check(const xmlNode *node, const char *const *names, size_t count, struct refusal *refusal)
{
	for (const xmlAttr *attribute = node->properties; attribute != NULL; attribute = attribute->next) {
		size_t i = 0;

		while (i < count && strcmp((const char *)attribute->name, names[i]) != 0)
			i++;
		if (i == count || attribute->ns != NULL)
			return deny(refusal, HRESULT_PROV_UNKNOWN, "%s has an unknown attribute %s",
			    (const char *)node->name, (const char *)attribute->name);
	}
	return true;
}

static bool
content_check(struct arena *arena, const xmlNode *node, struct refusal *refusal)
{
	if (node->ns != NULL)
		return deny(refusal, HRESULT_PROV_UNKNOWN, "%s is in a namespace", (const char *)node->name);
	if (xml_text(arena, node)[0] != '\0')
		return deny(refusal, HRESULT_PROV_UNKNOWN, "%s holds text", (const char *)node->name);
	return true;
}

static bool
parm_read(struct arena *arena, const xmlNode *node, struct parm *parm, struct refusal *refusal)
{
	static const char *const names[] = { "name", "value", "datatype" };

	if (!content_check(arena, node, refusal) || !attributes_check(node, names, 3, refusal))
		return false;
	if (xml_first(node) != NULL)
		return deny(refusal, HRESULT_PROV_UNKNOWN, "a parm holds elements");
	parm->name = xml_attribute(arena, node, NULL, "name");
	parm->value = xml_attribute(arena, node, NULL, "value");
	parm->datatype = xml_attribute(arena, node, NULL, "datatype");
	if (parm->name == NULL || parm->name[0] == '\0')
		return deny(refusal, HRESULT_PROV_UNKNOWN, "a parm has no name");
	return true;
}

static bool characteristic_read(struct arena *, const xmlNode *, struct characteristic *, struct refusal *);

static bool
children_read(struct arena *arena, const xmlNode *parent, struct characteristic *to, struct refusal *refusal)
{
	size_t count = 0;

	for (const xmlNode *node = xml_first(parent); node != NULL; node = xml_next(node))
		count++;
	to->parm = arena_alloc(arena, count * sizeof(*to->parm));
	to->child = arena_alloc(arena, count * sizeof(*to->child));
	for (const xmlNode *node = xml_first(parent); node != NULL; node = xml_next(node)) {
		if (xml_is(node, NULL, "parm")) {
			if (!parm_read(arena, node, &to->parm[to->parms++], refusal))
				return false;
		} else if (xml_is(node, NULL, "characteristic")) {
			if (!characteristic_read(arena, node, &to->child[to->children++], refusal))
				return false;
		} else {
			return deny(
			    refusal, HRESULT_PROV_UNKNOWN, "unknown element %s", (const char *)node->name);
		}
	}
	return true;
}

static bool
characteristic_read(
    struct arena *arena, const xmlNode *node, struct characteristic *to, struct refusal *refusal)
{
	static const char *const names[] = { "type" };

	if (!content_check(arena, node, refusal) || !attributes_check(node, names, 1, refusal))
		return false;
	to->type = xml_attribute(arena, node, NULL, "type");
	if (to->type == NULL || to->type[0] == '\0')
		return deny(refusal, HRESULT_PROV_UNKNOWN, "a characteristic has no type");
	return children_read(arena, node, to, refusal);
}

bool
wap_read(struct arena *arena, struct bytes document, struct characteristic *root, struct refusal *refusal)
{
	static const char *const names[] = { "version" };
	CLEANUP(xml_free) xmlDoc *doc = NULL;
	const xmlNode *node;
	const char *version;
	struct why why;

	*root = (struct characteristic){ .type = "" };
	if (xml_read(arena, document, &doc, &why) != OUTCOME_OK)
		return deny(
		    refusal, HRESULT_PROV_UNKNOWN, "the provisioning document cannot be read: %s", why.text);
	node = xmlDocGetRootElement(doc);
	if (!xml_is(node, NULL, "wap-provisioningdoc"))
		return deny(refusal, HRESULT_PROV_UNKNOWN,
		    "the document is %s instead of wap-provisioningdoc", (const char *)node->name);
	version = xml_attribute(arena, node, NULL, "version");
	if (version == NULL || strcmp(version, "1.1") != 0)
		return deny(refusal, HRESULT_PROV_UNKNOWN, "the document's version is \"%s\" instead of 1.1",
		    version == NULL ? "" : version);
	return content_check(arena, node, refusal) && attributes_check(node, names, 1, refusal) &&
	    children_read(arena, node, root, refusal);
}

static const struct parm *
parm_find(const struct characteristic *characteristic, const char *name)
{
	for (size_t i = 0; i < characteristic->parms; i++)
		if (strcmp(characteristic->parm[i].name, name) == 0)
			return &characteristic->parm[i];
	return NULL;
}

const char *
wap_value(const struct characteristic *characteristic, const char *name)
{
	const struct parm *parm = parm_find(characteristic, name);

	return parm == NULL ? NULL : parm->value;
}

bool
wap_has(const struct characteristic *characteristic, const char *name)
{
	return parm_find(characteristic, name) != NULL;
}

const struct characteristic *
wap_child(const struct characteristic *characteristic, const char *type)
{
	const struct characteristic *found = NULL;

	for (size_t i = 0; i < characteristic->children; i++)
		if (strcmp(characteristic->child[i].type, type) == 0) {
			if (found != NULL)
				return NULL;
			found = &characteristic->child[i];
		}
	return found;
}

uint32_t
wap_number(const struct characteristic *characteristic, const char *name, uint32_t fallback)
{
	const char *value = wap_value(characteristic, name);
	uint32_t number;

	return value != NULL && number_read(value, &number) ? number : fallback;
}

static const char *
datatype_of(enum parm_kind kind)
{
	return kind == PARM_NUMBER ? "integer" : kind == PARM_BOOLEAN ? "boolean" : "string";
}

/* What is wrong with the value, NULL when nothing. */
static const char *
value_problem(const struct parm *parm, const struct parm_rule *rule)
{
	uint32_t number;

	switch (rule->kind) {
	case PARM_REFUSED: return "is not allowed in an enrollment";
	case PARM_FLAG:
		return parm->value == NULL || parm->value[0] == '\0' ? NULL : "is a flag without value";
	case PARM_TEXT: return parm->value == NULL ? "has no value" : NULL;
	case PARM_BOOLEAN:
		if (parm->value != NULL &&
		    (strcmp(parm->value, "true") == 0 || strcmp(parm->value, "false") == 0))
			return NULL;
		return "is neither true nor false";
	case PARM_NUMBER:
		if (parm->value == NULL || !number_read(parm->value, &number))
			return "is not a number";
		return number < rule->lowest || number > rule->highest ? "is out of its range" : NULL;
	}
	return NULL;
}

static const char *
parm_problem(const struct parm *parm, const struct parm_rule *rule)
{
	const char *problem = value_problem(parm, rule);

	if (problem != NULL)
		return problem;
	if (parm->datatype == NULL)
		return rule->typed && (rule->kind == PARM_NUMBER || rule->kind == PARM_BOOLEAN)
		    ? "needs an explicit datatype"
		    : NULL;
	return strcmp(parm->datatype, datatype_of(rule->kind)) == 0 ? NULL : "has another datatype";
}

bool
wap_check(const struct characteristic *characteristic, const char *where, const struct parm_rule *rules,
    size_t count, enum hresult hresult, struct refusal *refusal)
{
	for (size_t i = 0; i < characteristic->parms; i++) {
		const struct parm *parm = &characteristic->parm[i];
		const char *problem = "is unknown";

		for (size_t j = 0; j < count; j++)
			if (strcmp(parm->name, rules[j].name) == 0)
				problem = parm_problem(parm, &rules[j]);
		if (problem == NULL && parm_find(characteristic, parm->name) != parm)
			problem = "is there twice";
		if (problem != NULL)
			return deny(refusal, hresult, "%s: %s %s (\"%.80s\")", where, parm->name, problem,
			    parm->value == NULL ? "" : parm->value);
	}
	return true;
}
