/* What a browser finds in a page: its forms, and what it announces. HTML by libxml2's parser, any HTML. */
#ifndef MUSTER_DEVICE_HTML_PAGE_H
#define MUSTER_DEVICE_HTML_PAGE_H

#include <muster/base/arena.h>
#include <muster/base/bytes.h>

#define HTML_FORMS_MAX 8
#define HTML_FIELDS_MAX 32

enum html_field_kind { HTML_FIELD_HIDDEN, HTML_FIELD_TEXT, HTML_FIELD_PASSWORD };

/* An input that is sent with its form; buttons and what has no name are not. */
struct html_field {
	enum html_field_kind kind;
	const char *name, *value; /* value "" when it has none */
};

struct html_form {
	const char *method; /* lower case, "get" when it has none */
	const char *action; /* as it stands there; "" when it has none */
	struct html_field field[HTML_FIELDS_MAX];
	size_t fields;
};

struct html_page {
	struct html_form form[HTML_FORMS_MAX];
	size_t forms;
	const char *alert; /* what it announces (role=alert), white space folded; "" when nothing */
	const char *code;  /* the first <code>: where our server tells a trace id; "" when there is none */
};

/* False when it is no HTML at all, or holds more forms and fields than that. Texts in arena. */
bool html_page_read(struct arena *, struct bytes html, struct html_page *);

/* The field of that kind, the first; NULL if there is none. By name: of any kind. */
const struct html_field *html_form_kind(const struct html_form *, enum html_field_kind);
const struct html_field *html_form_field(const struct html_form *, const char *name);

#endif
