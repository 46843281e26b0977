#include "page_parts.h"

#include <muster/protocol/fault.h>

#include <gnutls/crypto.h>

#define COLOR "#0b57d0"
#define ON_COLOR "#ffffff"
#define NONCE_SIZE 16

const char *
page_nonce(struct arena *arena)
{
	uint8_t random[NONCE_SIZE];

	if (gnutls_rnd(GNUTLS_RND_NONCE, random, sizeof(random)) < 0)
		return NULL;
	return bytes_to_base64(arena, (struct bytes){ random, sizeof(random) });
}

const char *
page_text(const struct page *page, const char *key)
{
	for (size_t i = 0; i < page->text_count; i++) {
		if (strcmp(page->texts[i].key, key) == 0)
			return page->texts[i].text;
	}
	return NULL;
}

/* The first of them that is there. */
static const char *
either(const char *text, const char *otherwise)
{
	return text != NULL && *text != '\0' ? text : otherwise;
}

static void
meta(struct xml_out *out, const char *name, const char *content)
{
	xml_start(out, NULL, "meta", NULL);
	xml_attr(out, "name", name);
	xml_attr(out, "content", content);
	xml_end(out);
}

/* "Error: Sign in - Contoso": what a screen reader says first, and what tells windows apart. */
static void
window_title(struct xml_out *out, const struct page *page, const char *title, const char *mark)
{
	xml_start(out, NULL, "title", NULL);
	if (mark != NULL) {
		xml_chars(out, mark);
		xml_chars(out, ": ");
	}
	xml_chars(out, title);
	if (page->organization != NULL) {
		xml_chars(out, " \xe2\x80\x93 ");
		xml_chars(out, page->organization);
	}
	xml_end(out);
}

static void
style(struct xml_out *out, const struct page *page)
{
	xml_start(out, NULL, "style", NULL);
	xml_attr(out, "nonce", page->nonce);
	xml_raw(out, ":root{--accent:");
	xml_raw(out, either(page->color, COLOR));
	xml_raw(out, ";--on-accent:");
	xml_raw(out, page->color != NULL ? either(page->on_color, ON_COLOR) : ON_COLOR);
	xml_raw(out, "}\n");
	xml_raw(out, page_style);
	xml_end(out);
}

/* The logo says the organization's name to who cannot see it. */
static void
brand(struct xml_out *out, const struct page *page)
{
	if (page->logo == NULL) {
		page_line(out, "p", "brand", page->organization);
		return;
	}
	xml_start(out, NULL, "p", NULL);
	xml_attr(out, "class", "brand");
	xml_start(out, NULL, "img", NULL);
	xml_attr(out, "src", page->logo);
	xml_attr(out, "alt", either(page->organization, ""));
	xml_end(out);
	xml_end(out);
}

void
page_open(struct xml_out *out, const struct page *page, const char *title, const char *mark)
{
	xml_start(out, NULL, "html", NULL);
	xml_attr(out, "lang", either(page->language, "en"));
	xml_attr(out, "dir", page_text(page, "direction"));
	xml_start(out, NULL, "head", NULL);
	meta(out, "viewport", "width=device-width, initial-scale=1");
	meta(out, "color-scheme", "light dark");
	meta(out, "robots", "noindex");
	window_title(out, page, title, mark);
	style(out, page);
	xml_end(out);
	xml_start(out, NULL, "body", NULL);
	xml_start(out, NULL, "main", NULL);
	brand(out, page);
	xml_element(out, "h1", title);
}

void
page_close(struct xml_out *out)
{
	xml_end(out);
	xml_end(out);
	xml_end(out);
}

void
page_line(struct xml_out *out, const char *name, const char *class, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	xml_start(out, NULL, name, NULL);
	xml_attr(out, "class", class);
	xml_chars(out, text);
	xml_end(out);
}

void
page_button(struct xml_out *out, const char *text)
{
	xml_start(out, NULL, "button", NULL);
	xml_attr(out, "type", "submit");
	xml_chars(out, text);
	xml_end(out);
}

void
page_hidden(struct xml_out *out, const char *name, const char *value)
{
	xml_start(out, NULL, "input", NULL);
	xml_attr(out, "type", "hidden");
	xml_attr(out, "name", name);
	xml_attr(out, "value", value);
	xml_end(out);
}

/* The sentence, in its own language where that is not the page's. */
static void
reason(struct xml_out *out, const struct page *page, enum outcome outcome, const char *text,
    const char *language)
{
	char key[64];
	const char *sentence, *own = page->language;

	(void)snprintf(key, sizeof(key), "error_%s", outcome_name(outcome));
	sentence = page_text(page, key);
	if (text != NULL) {
		sentence = text;
		own = either(language, "en");
	} else if (sentence == NULL) {
		sentence = fault_for(outcome).text;
		own = "en";
	}
	xml_start(out, NULL, "p", NULL);
	xml_attr(out, "class", "problem");
	xml_attr(out, "role", "alert");
	xml_attr(out, "lang", own);
	xml_chars(out, sentence);
	xml_end(out);
}

static void
trace_line(struct xml_out *out, const struct page *page)
{
	xml_start(out, NULL, "p", NULL);
	xml_attr(out, "class", "trace");
	xml_chars(out, either(page_text(page, "trace_id"), "Trace ID"));
	xml_chars(out, " ");
	xml_element(out, "code", page->trace);
	xml_end(out);
}

bool
page_error(struct arena *arena, const struct page *page, enum outcome outcome, const char *text,
    const char *language, struct bytes *bytes)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new_html();

	if (fault_for(outcome).subcode == NULL)
		outcome = OUTCOME_INTERNAL_SERVICE_FAULT;
	page_open(out, page, either(page_text(page, "error_title"), "This did not work"),
	    page_text(page, "error_mark"));
	reason(out, page, outcome, text, language);
	page_line(out, "p", "hint", page_text(page, "error_hint"));
	trace_line(out, page);
	page_close(out);
	return page->nonce != NULL && xml_out_finish(out, arena, bytes);
}

/*
 * Framing: a page that takes a password is shown by nobody else. The form's result goes to ms-app, which
 * form-action has to name (CSP 3, 6.4.1), as it has to for a redirection of a form to ms-appx-web.
 */
static const char *
policy(struct arena *arena, const struct page *page)
{
	return arena_printf(arena,
	    "default-src 'none'; style-src 'nonce-%s'; script-src 'nonce-%s'; img-src data:; "
	    "form-action 'self' ms-app:%s; base-uri 'none'%s",
	    page->nonce, page->nonce, page->framed ? " ms-appx-web:" : "",
	    page->framed ? "" : "; frame-ancestors 'none'");
}

void
page_reply(struct request *request, struct reply *reply, const struct page *page, struct bytes body)
{
	reply->status = 200;
	reply->content_type = "text/html; charset=utf-8";
	reply->body = body;
	reply_header(request, reply, "Content-Security-Policy", policy(request->arena, page));
	reply_header(request, reply, "Referrer-Policy", "no-referrer");
}
