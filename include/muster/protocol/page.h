/*
 * The pages that people see in the enrollment window: sign-in, its result, terms of use, errors. HTML written
 * by wire/xml_out.h, so that no value can become markup; nothing external, and nothing that needs JavaScript.
 * The style follows the device's light or dark setting.
 */
#ifndef MUSTER_PROTOCOL_PAGE_H
#define MUSTER_PROTOCOL_PAGE_H

#include <muster/base/nouns.h>
#include <muster/wire/request.h>

/* What all pages of an organization share. Strings belong to the request's arena. */
struct page {
	const char *language;	       /* of the texts, BCP 47; NULL: English, without texts */
	const char *organization;      /* its name for people; NULL: not known */
	const char *color;	       /* "#0b57d0": the organization's; NULL: ours */
	const char *on_color;	       /* what can be read on it: "#000000" or "#ffffff" */
	const char *logo;	       /* data: URI of a PNG, JPEG or GIF; NULL: the name instead */
	const struct page_text *texts; /* of the language, by key: muster.page_text */
	size_t text_count;
	const char *trace; /* told where a person may need it: support finds the record by it */
	const char *nonce; /* page_nonce(): of this response alone; without one no page is written */
	bool framed; /* others may show it in a frame, as the out-of-box experience shows terms of use */
};

/* 128 random bits in base64, in arena: what Content-Security-Policy calls a nonce. NULL: no random numbers.
 */
const char *page_nonce(struct arena *);

/* The text of a key; NULL when the page has none. */
const char *page_text(const struct page *, const char *key);

/* What the sign-in form holds. */
struct sign_in_form {
	const char *user;    /* typed before, or login_hint; NULL or "": none */
	const char *csrf;    /* what the hidden field has to bring back */
	const char *problem; /* key of the text that says what is wrong: "wrong_password"; NULL: nothing */
};

/*
 * Write the sign-in form: fields user, password, csrf (PAGE_FIELD_…), posted to the page's own address with
 * its query. The first field that is to be filled in has the focus; a problem is announced.
 * false when the writer failed
 */
bool page_sign_in(struct arena *, const struct page *, const struct sign_in_form *, struct bytes *out);

#define PAGE_FIELD_USER "user"
#define PAGE_FIELD_PASSWORD "password"
#define PAGE_FIELD_CSRF "csrf"

/*
 * Where the enrollment client asks its result to be sent (MS-MDE2 3.2): "ms-app://" in any case and a name of
 * letters, digits, '.', '-' and '_', perhaps a slash; at most PAGE_APPRU_MAX bytes. Whatever else stands in
 * appru would let a stranger collect tokens.
 */
#define PAGE_APPRU_MAX 256
bool page_appru_valid(const char *appru);

/*
 * Write the result of a sign-in: a form that posts wresult to appru and submits itself; without JavaScript by
 * its button. The broker takes the token from there (MS-MDE2 3.2).
 * false when appru is not valid, or the writer failed
 */
bool page_result(
    struct arena *, const struct page *, const char *appru, const char *wresult, struct bytes *out);

/*
 * Where the answer to terms of use goes: "ms-appx-web://" in any case and what a URI may hold, but no '#'; at
 * most PAGE_REDIRECT_MAX bytes. Whatever else stands in redirect_uri would let a stranger collect answers.
 */
#define PAGE_REDIRECT_MAX 1024
bool page_redirect_valid(const char *redirect_uri);

/* What the page with terms of use shows. */
struct terms_form {
	const char *title, *body; /* plain text; blank lines stay */
	const char *language;	  /* of both, BCP 47 */
	const char *visit;	  /* what the hidden field has to bring back */
	bool may_decline;	  /* there is a second button */
};

/*
 * Write terms of use with the button that accepts them, and perhaps one that declines: fields visit and
 * answer (PAGE_FIELD_…), posted to the page's own address with its query.
 * false when the writer failed
 */
bool page_terms(struct arena *, const struct page *, const struct terms_form *, struct bytes *out);

#define PAGE_FIELD_VISIT "visit"
#define PAGE_FIELD_ANSWER "answer"
#define PAGE_ANSWER_ACCEPT "accept"
#define PAGE_ANSWER_DECLINE "decline"

/*
 * Write why it goes no further, and the trace id. The sentence is the one of the page's language for the
 * outcome ("error_Authorization"), in English the fault's.
 *
 * text, language  replace that sentence (custom rules); NULL keeps it
 * false when the writer failed
 */
bool page_error(struct arena *, const struct page *, enum outcome, const char *text, const char *language,
    struct bytes *out);

/*
 * Make a page the reply: status 200, since the broker closes its window on an HTTP error before anybody could
 * read (the caller may change it), text/html, and headers: a Content-Security-Policy that allows nothing but
 * this response's own style and script and forms to this host or to ms-app, and no referrer. (no-store and
 * nosniff every reply has.)
 */
void page_reply(struct request *, struct reply *, const struct page *, struct bytes body);

#endif
