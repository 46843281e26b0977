#include "terms.h"

#include <muster/base/text.h>
#include <muster/wire/form.h>

#define QUERY "redirect_uri=ms-appx-web%3A%2F%2FMusterDevice%2FToUResponse&api-version=1.0"
#define FORM_TYPE "application/x-www-form-urlencoded"

/* Where it leads: to the app that waits, with its answer behind it. */
static bool
take_answer(struct arena *arena, const struct http_reply *reply, const char **blob, struct refusal *refusal)
{
	const char *location = http_header(arena, reply, "Location"), *accepted = NULL, *error = NULL;
	size_t size = strlen(TERMS_REDIRECT "?");
	struct bytes answer;
	struct why why;

	if (location == NULL || strncmp(location, TERMS_REDIRECT "?", size) != 0)
		return deny(refusal, HRESULT_WEB_SIGN_IN, "the terms page leads to \"%s\"",
		    location != NULL ? location : "");
	answer = bytes_of(location + size);
	if (form_value(arena, answer, "IsAccepted", &accepted, &why) != OUTCOME_OK ||
	    form_value(arena, answer, "OpaqueBlob", blob, &why) != OUTCOME_OK ||
	    form_value(arena, answer, "error_description", &error, &why) != OUTCOME_OK)
		return deny(refusal, HRESULT_WEB_SIGN_IN, "the terms page's answer: %s", why.text);
	if (error != NULL)
		return deny(refusal, HRESULT_WEB_SIGN_IN, "the terms page's answer: %s", error);
	if (accepted == NULL || strcmp(accepted, "true") != 0)
		return deny(refusal, HRESULT_WEB_SIGN_IN, "the terms are not accepted");
	if (*blob == NULL || **blob == '\0')
		return deny(refusal, HRESULT_WEB_SIGN_IN, "the terms page's answer has no OpaqueBlob");
	return true;
}

/* A browser sends the button that was pressed with the form's fields; ours need no escape. */
static bool
press(struct arena *arena, struct http *http, const struct settings *settings, struct http_reply *reply,
    struct refusal *refusal)
{
	struct html_page *page = arena_alloc(arena, sizeof(*page));
	const struct html_field *visit = NULL;
	struct http_request request = { .method = "POST", .content_type = FORM_TYPE, .browser = true };

	if (html_page_read(arena, reply->body, page) && page->forms > 0)
		visit = html_form_field(&page->form[0], "visit");
	if (visit == NULL)
		return deny(refusal, HRESULT_WEB_SIGN_IN, "the terms page has no form: %s", page->alert);
	request.url = http_resolve(arena, reply->url, page->form[0].action);
	if (request.url == NULL)
		return deny(refusal, HRESULT_INSECURE_REDIRECT, "the terms' form leads to \"%s\"",
		    page->form[0].action);
	request.body = bytes_of(arena_printf(
	    arena, "visit=%s&answer=%s", visit->value, settings->decline_terms ? "decline" : "accept"));
	return http_send(http, arena, &request, reply, refusal);
}

static bool
run(struct arena *arena, struct http *http, const struct settings *settings, const struct secret *token,
    const char **blob, struct refusal *refusal)
{
	const char *url = settings->terms_url;
	const struct http_request first = { .method = "GET",
		.url = arena_printf(arena, "%s%c%s%s", url, strchr(url, '?') != NULL ? '&' : '?', QUERY,
		    settings->device_type ? "&mode=azureadjoin" : ""),
		.bearer = token,
		.browser = true };
	struct http_reply reply;

	if (http_host(arena, url) == NULL)
		return deny(
		    refusal, HRESULT_INSECURE_REDIRECT, "the terms page \"%s\" is not an https URL", url);
	if (!http_send(http, arena, &first, &reply, refusal))
		return false;
	if (reply.status == 200 && !press(arena, http, settings, &reply, refusal))
		return false;
	refusal->status = reply.status;
	if (reply.status != 302)
		return deny(refusal, HRESULT_WEB_SIGN_IN, "the terms page answered HTTP %d", reply.status);
	return take_answer(arena, &reply, blob, refusal);
}

bool
terms_accept(struct arena *arena, const struct settings *settings, const struct secret *token,
    const char **blob, struct refusal *refusal)
{
	struct http *http = http_new(settings);
	bool ok;

	*blob = NULL;
	if (http == NULL)
		return deny(refusal, HRESULT_PLATFORM_UNKNOWN, "libcurl does not start");
	ok = run(arena, http, settings, token, blob, refusal);
	http_free(http);
	return ok;
}
