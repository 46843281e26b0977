#include "page_parts.h"

#define SCHEME "ms-appx-web://"

/* What a URI may hold (RFC 3986 section 2), but for '#': an answer is put behind its query. */
#define CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%:/?[]@!$&'()*+,;="

bool
page_redirect_valid(const char *uri)
{
	size_t size;

	if (uri == NULL || strlen(uri) > PAGE_REDIRECT_MAX || strncasecmp(uri, SCHEME, strlen(SCHEME)) != 0)
		return false;
	uri += strlen(SCHEME);
	size = strspn(uri, CHARACTERS);
	return size > 0 && uri[size] == '\0';
}

static void
answer_button(struct xml_out *out, const char *answer, const char *class, const char *text)
{
	xml_start(out, NULL, "button", NULL);
	xml_attr(out, "type", "submit");
	xml_attr(out, "name", PAGE_FIELD_ANSWER);
	xml_attr(out, "value", answer);
	xml_attr(out, "class", class);
	xml_chars(out, text);
	xml_end(out);
}

static void
form_write(struct xml_out *out, const struct page *page, const struct terms_form *form)
{
	xml_start(out, NULL, "form", NULL);
	xml_attr(out, "method", "post");
	page_hidden(out, PAGE_FIELD_VISIT, form->visit);
	answer_button(out, PAGE_ANSWER_ACCEPT, NULL, page_text(page, "terms_accept"));
	if (form->may_decline)
		answer_button(out, PAGE_ANSWER_DECLINE, "second", page_text(page, "terms_decline"));
	xml_end(out);
}

bool
page_terms(struct arena *arena, const struct page *page, const struct terms_form *form, struct bytes *bytes)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new_html();

	if (page->nonce == NULL)
		return false;
	page_open(out, page, form->title, NULL);
	page_line(out, "p", "lead", page_text(page, "terms_lead"));
	xml_start(out, NULL, "div", NULL);
	xml_attr(out, "class", "terms");
	xml_attr(out, "lang", form->language);
	xml_chars(out, form->body);
	xml_end(out);
	form_write(out, page, form);
	page_close(out);
	return xml_out_finish(out, arena, bytes);
}
