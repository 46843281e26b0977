/* Forms of a page. */
#include "html_page.h"

#include <muster/base/text.h>

#include <libxml/HTMLparser.h>

/* One walk over the tree. */
struct walk {
	struct arena *arena;
	struct html_page *page;
	bool too_much;
};

static bool
is(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* In arena; NULL when the element has no such attribute. */
static char *
attribute(struct arena *arena, const xmlNode *node, const char *name)
{
	xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
	char *copy = value != NULL ? arena_strdup(arena, (const char *)value) : NULL;

	xmlFree(value);
	return copy;
}

/* All text below, each run of white space a blank. */
static const char *
text_of(struct arena *arena, const xmlNode *node)
{
	xmlChar *content = xmlNodeGetContent(node);
	char *text = arena_strdup(arena, content != NULL ? (const char *)content : ""), *end = text;
	bool blank = true;

	xmlFree(content);
	for (const char *c = text; *c != '\0'; c++) {
		if (!text_is_space(*c))
			*end++ = *c;
		else if (!blank)
			*end++ = ' ';
		blank = text_is_space(*c);
	}
	*end = '\0';
	return text_trim(arena, text);
}

static void
add_field(struct walk *walk, const xmlNode *node)
{
	struct html_form *form = &walk->page->form[walk->page->forms - 1];
	const char *type = attribute(walk->arena, node, "type"),
		   *value = attribute(walk->arena, node, "value");
	struct html_field field = { .kind = HTML_FIELD_TEXT,
		.name = attribute(walk->arena, node, "name"),
		.value = value != NULL ? value : "" };

	if (field.name == NULL || *field.name == '\0' || text_equal_fold(type, "submit") ||
	    text_equal_fold(type, "button") || text_equal_fold(type, "reset"))
		return;
	if (text_equal_fold(type, "hidden"))
		field.kind = HTML_FIELD_HIDDEN;
	else if (text_equal_fold(type, "password"))
		field.kind = HTML_FIELD_PASSWORD;
	if (form->fields == HTML_FIELDS_MAX)
		walk->too_much = true;
	else
		form->field[form->fields++] = field;
}

static void
add_form(struct walk *walk, const xmlNode *node)
{
	const char *method = attribute(walk->arena, node, "method"),
		   *action = attribute(walk->arena, node, "action");

	if (walk->page->forms == HTML_FORMS_MAX)
		walk->too_much = true;
	else
		walk->page->form[walk->page->forms++] =
		    (struct html_form){ .method = method != NULL ? text_lower(walk->arena, method) : "get",
			    .action = action != NULL ? text_trim(walk->arena, action) : "" };
}

static void
look_at(struct walk *walk, const xmlNode *node, bool in_form)
{
	struct html_page *page = walk->page;

	if (is(node, "form"))
		add_form(walk, node);
	else if (in_form && is(node, "input"))
		add_field(walk, node);
	else if (*page->code == '\0' && is(node, "code"))
		page->code = text_of(walk->arena, node);
	if (*page->alert == '\0' && text_equal_fold(attribute(walk->arena, node, "role"), "alert"))
		page->alert = text_of(walk->arena, node);
}

/* Every element in the document's order; the tree is as deep as libxml2 lets it be, so that no stack is used.
 */
static void
walk_tree(struct walk *walk, const xmlNode *root)
{
	const xmlNode *node = root, *form = NULL;

	while (node != NULL && !walk->too_much) {
		if (node->type == XML_ELEMENT_NODE)
			look_at(walk, node, form != NULL);
		if (is(node, "form"))
			form = node;
		if (node->children != NULL && node->type == XML_ELEMENT_NODE) {
			node = node->children;
			continue;
		}
		for (; node != NULL && node->next == NULL; node = node != root ? node->parent : NULL)
			form = node == form ? NULL : form;
		if (node != NULL) {
			form = node == form ? NULL : form;
			node = node->next;
		}
	}
}

bool
html_page_read(struct arena *arena, struct bytes html, struct html_page *page)
{
	struct walk walk = { .arena = arena, .page = page };
	xmlDoc *doc = NULL;

	*page = (struct html_page){ .alert = "", .code = "" };
	if (html.size > 0 && html.size <= INT32_MAX)
		doc = htmlReadMemory((const char *)html.data, (int)html.size, NULL, NULL,
		    HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
	if (doc == NULL)
		return false;
	walk_tree(&walk, xmlDocGetRootElement(doc));
	xmlFreeDoc(doc);
	return !walk.too_much;
}

const struct html_field *
html_form_kind(const struct html_form *form, enum html_field_kind kind)
{
	for (size_t i = 0; i < form->fields; i++) {
		if (form->field[i].kind == kind)
			return &form->field[i];
	}
	return NULL;
}

const struct html_field *
html_form_field(const struct html_form *form, const char *name)
{
	for (size_t i = 0; i < form->fields; i++) {
		if (strcmp(form->field[i].name, name) == 0)
			return &form->field[i];
	}
	return NULL;
}
