/*
 * Pages with any value in them: the fields user, csrf, organization, text, logo, appru. A reader of HTML
 * finds the values as they were, and no element more.
 */
#include "fuzz.h"

#include <muster/protocol/page.h>

#include <libxml/HTMLparser.h>

/* The first element of that name whose attribute has that value; NULL if there is none. */
static const xmlNode *
find(const xmlNode *node, const char *name, const char *attribute, const char *value)
{
	const xmlNode *found = NULL;

	for (; node != NULL && found == NULL; node = node->next) {
		xmlChar *is =
		    node->type == XML_ELEMENT_NODE ? xmlGetProp(node, (const xmlChar *)attribute) : NULL;

		if (is != NULL && strcmp((const char *)node->name, name) == 0 &&
		    strcmp((const char *)is, value) == 0)
			found = node;
		else
			found = find(node->children, name, attribute, value);
		xmlFree(is);
	}
	return found;
}

static size_t
count(const xmlNode *node)
{
	size_t elements = 0;

	for (; node != NULL; node = node->next)
		elements += (node->type == XML_ELEMENT_NODE) + count(node->children);
	return elements;
}

static xmlDoc *
parse(struct bytes page)
{
	xmlDoc *doc = htmlReadMemory((const char *)page.data, (int)page.size, NULL, "UTF-8",
	    HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);

	FUZZ_CHECK(doc != NULL);
	return doc;
}

static void
value_check(const xmlNode *node, const char *attribute, const char *value)
{
	xmlChar *is;

	FUZZ_CHECK(node != NULL);
	is = xmlGetProp(node, (const xmlChar *)attribute);
	FUZZ_CHECK(is != NULL && strcmp((const char *)is, value) == 0);
	xmlFree(is);
}

static void
form_check(struct arena *arena, const struct page *page, const struct sign_in_form *form)
{
	struct bytes bytes;
	xmlDoc *doc;

	FUZZ_CHECK(page_sign_in(arena, page, form, &bytes));
	doc = parse(bytes);
	value_check(find(doc->children, "input", "name", "user"), "value", fuzz_carried(arena, form->user));
	value_check(find(doc->children, "input", "name", "csrf"), "value", fuzz_carried(arena, form->csrf));
	/* html; head: four metas, title, style; body, main; brand and its image; h1; form: two labels, two
	 * inputs, a hidden one, a button. */
	FUZZ_CHECK(count(doc->children) == 20);
	xmlFreeDoc(doc);
}

static void
result_check(struct arena *arena, const struct page *page, const char *appru, const char *token)
{
	struct bytes bytes;
	xmlDoc *doc;

	if (!page_result(arena, page, appru, token, &bytes))
		return;
	fuzz_accepted = true;
	doc = parse(bytes);
	value_check(find(doc->children, "form", "action", appru), "method", "post");
	value_check(find(doc->children, "input", "name", "wresult"), "value", fuzz_carried(arena, token));
	FUZZ_CHECK(strncasecmp(appru, "ms-app://", 9) == 0);
	xmlFreeDoc(doc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes rest = { data, size }, bytes;
	struct sign_in_form form = { .user = fuzz_field(arena, &rest), .csrf = fuzz_field(arena, &rest) };
	struct page page = { .organization = fuzz_field(arena, &rest), .nonce = "n", .text_count = 3 };
	const char *text = fuzz_field(arena, &rest), *appru;
	const struct page_text texts[] = { { "sign_in_title", text }, { "user_label", text },
		{ "sign_in_button", text } };

	page.texts = texts;
	page.logo = fuzz_field(arena, &rest);
	page.trace = text;
	appru = fuzz_field(arena, &rest);
	form_check(arena, &page, &form);
	result_check(arena, &page, appru, form.csrf);
	FUZZ_CHECK(page_error(arena, &page, OUTCOME_AUTHORIZATION, text, text, &bytes));
	arena_free(arena);
	return 0;
}
