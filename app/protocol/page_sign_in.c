#include "page_parts.h"

/* One field, its label above it; what is wrong is tied to it, so that a screen reader says both. */
struct field {
	const char *name, *label, *type, *autocomplete, *value;
	bool focus, wrong;
};

static void
field_write(struct xml_out *out, const struct field *field)
{
	xml_start(out, NULL, "label", NULL);
	xml_attr(out, "for", field->name);
	xml_chars(out, field->label);
	xml_end(out);
	xml_start(out, NULL, "input", NULL);
	xml_attr(out, "id", field->name);
	xml_attr(out, "name", field->name);
	xml_attr(out, "type", field->type);
	xml_attr(out, "autocomplete", field->autocomplete);
	xml_attr(out, "autocapitalize", "none");
	xml_attr(out, "spellcheck", "false");
	xml_attr(out, "required", "");
	xml_attr(out, "value", field->value);
	xml_attr(out, "aria-invalid", field->wrong ? "true" : NULL);
	xml_attr(out, "aria-describedby", field->wrong ? "problem" : NULL);
	xml_attr(out, "autofocus", field->focus ? "" : NULL);
	xml_end(out);
}

static void
problem_write(struct xml_out *out, const char *text)
{
	if (text == NULL)
		return;
	xml_start(out, NULL, "p", NULL);
	xml_attr(out, "class", "problem");
	xml_attr(out, "id", "problem");
	xml_attr(out, "role", "alert");
	xml_chars(out, text);
	xml_end(out);
}

static void
form_write(struct xml_out *out, const struct page *page, const struct sign_in_form *form, const char *problem)
{
	bool named = form->user != NULL && *form->user != '\0';
	const struct field user = { .name = PAGE_FIELD_USER,
		.label = page_text(page, "user_label"),
		.type = "text",
		.autocomplete = "username",
		.value = form->user,
		.focus = !named,
		.wrong = problem != NULL };
	const struct field password = { .name = PAGE_FIELD_PASSWORD,
		.label = page_text(page, "password_label"),
		.type = "password",
		.autocomplete = "current-password",
		.focus = named,
		.wrong = problem != NULL };

	xml_start(out, NULL, "form", NULL);
	xml_attr(out, "method", "post");
	field_write(out, &user);
	field_write(out, &password);
	page_hidden(out, PAGE_FIELD_CSRF, form->csrf);
	page_button(out, page_text(page, "sign_in_button"));
	xml_end(out);
}

bool
page_sign_in(
    struct arena *arena, const struct page *page, const struct sign_in_form *form, struct bytes *bytes)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new_html();
	const char *problem = form->problem != NULL ? page_text(page, form->problem) : NULL;

	if (page->nonce == NULL)
		return false;
	page_open(out, page, page_text(page, "sign_in_title"),
	    problem != NULL ? page_text(page, "error_mark") : NULL);
	page_line(out, "p", "lead", page_text(page, "sign_in_lead"));
	problem_write(out, problem);
	form_write(out, page, form, problem);
	page_close(out);
	return xml_out_finish(out, arena, bytes);
}
