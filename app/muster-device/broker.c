/* Page by page to the token. */
#include "broker.h"

#include <muster/base/guid.h>
#include <muster/base/text.h>

#include <curl/curl.h>

#define PAGES_MAX 6 /* before the window is closed */
#define FORM_TYPE "application/x-www-form-urlencoded"

/* A window with what it needs on its way. */
struct broker {
	struct arena *arena;
	struct http *http;
	const struct login *login;
	struct refusal *refusal;
	struct notes *notes;
	const char *url; /* of the page shown */
	bool answered;	 /* the password was sent */
};

static char *
escape(struct arena *arena, const char *text, size_t size)
{
	char *escaped = size > 0 ? curl_easy_escape(NULL, text, (int)size) : NULL;
	char *copy = arena_strdup(arena, escaped != NULL ? escaped : "");

	curl_free(escaped);
	return copy;
}

/* AuthenticationServiceUrl may have a query already. */
static const char *
first_url(struct arena *arena, const char *url, const char *user)
{
	return arena_printf(arena, "%s%cappru=%s&login_hint=%s", url, strchr(url, '?') != NULL ? '&' : '?',
	    escape(arena, BROKER_APPRU, strlen(BROKER_APPRU)), escape(arena, user, strlen(user)));
}

/* What the page says of itself. */
static enum broker_step
refuse_page(const struct html_page *page, struct refusal *refusal, const char *what)
{
	(void)deny(
	    refusal, HRESULT_WEB_SIGN_IN, "%s%s%s", what, *page->alert != '\0' ? ": " : "", page->alert);
	refusal->by_server = true;
	(void)snprintf(refusal->message, sizeof(refusal->message), "%s", page->alert);
	text_make_clean(refusal->message);
	if (guid_valid(page->code))
		(void)snprintf(refusal->trace, sizeof(refusal->trace), "%s", page->code);
	return BROKER_REFUSED;
}

static bool
begins_fold(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

/* The form that the broker waits for, by its target; Windows takes nothing else for the end. */
static enum broker_step
take_result(const struct html_form *form, struct refusal *refusal, struct notes *notes)
{
	const struct html_field *result = html_form_field(form, "wresult");

	if (!text_equal_fold(form->action, BROKER_APPRU) &&
	    !text_equal_fold(form->action, BROKER_APPRU "/")) {
		(void)deny(
		    refusal, HRESULT_WEB_SIGN_IN, "the form posts to \"%s\" instead of appru", form->action);
		return BROKER_REFUSED;
	}
	if (strcmp(form->method, "post") != 0) {
		(void)deny(
		    refusal, HRESULT_WEB_SIGN_IN, "the form's method is %s instead of post", form->method);
		return BROKER_REFUSED;
	}
	if (result == NULL || *result->value == '\0') {
		(void)deny(refusal, HRESULT_WEB_SIGN_IN, "the form to appru has no wresult");
		return BROKER_REFUSED;
	}
	if (form->fields != 1)
		note(notes, "the form to appru has %zu fields instead of wresult alone", form->fields);
	if (strlen(result->value) > BROKER_TOKEN_MAX)
		note(notes, "wresult has %zu bytes", strlen(result->value));
	return BROKER_TOKEN;
}

enum broker_step
broker_look(const struct html_page *page, bool answered, const struct html_form **form,
    struct refusal *refusal, struct notes *notes)
{
	for (size_t i = 0; i < page->forms; i++) {
		*form = &page->form[i];
		if (begins_fold((*form)->action, "ms-app:") || html_form_field(*form, "wresult") != NULL)
			return take_result(*form, refusal, notes);
	}
	for (size_t i = 0; i < page->forms; i++) {
		*form = &page->form[i];
		if (html_form_kind(*form, HTML_FIELD_PASSWORD) == NULL)
			continue;
		if (answered)
			return refuse_page(page, refusal, "the page asks for the password again");
		return BROKER_FORM;
	}
	if (page->forms > 0 && !answered) {
		*form = &page->form[0];
		return BROKER_FORM;
	}
	return refuse_page(page, refusal, "the page leads no further");
}

/* A policy that names where forms may go has to name ms-app: Windows' browser holds to it. */
static bool
policy_check(struct broker *broker, const struct http_reply *reply)
{
	const char *policy = http_header(broker->arena, reply, "Content-Security-Policy");

	if (policy == NULL || strstr(policy, "form-action") == NULL || strstr(policy, "ms-app:") != NULL)
		return true;
	return deny(broker->refusal, HRESULT_WEB_SIGN_IN,
	    "the page's Content-Security-Policy lets no form go to ms-app: %s", policy);
}

static bool
show(struct broker *broker, const struct http_request *request, struct http_reply *reply,
    struct html_page *page)
{
	if (!http_send(broker->http, broker->arena, request, reply, broker->refusal))
		return false;
	broker->refusal->status = reply->status;
	if (reply->status != 200)
		return deny(broker->refusal, HRESULT_WEB_SIGN_IN, "%s answered HTTP %d: the window closes",
		    request->url, reply->status);
	if (!http_type_is(broker->arena, reply, "text/html"))
		return deny(broker->refusal, HRESULT_WEB_SIGN_IN, "%s answered \"%s\" instead of text/html",
		    request->url, reply->content_type);
	if (!html_page_read(broker->arena, reply->body, page))
		return deny(broker->refusal, HRESULT_WEB_SIGN_IN, "%s answered no page", request->url);
	broker->url = reply->url;
	return true;
}

/* The form's fields: hidden ones as they are, the user where a text is asked for, the password where it is.
 */
static struct bytes
fill_in(struct broker *broker, const struct html_form *form)
{
	struct arena *arena = broker->arena;
	const struct secret *password = broker->login->password;
	const char *body = "";

	for (size_t i = 0; i < form->fields; i++) {
		const struct html_field *field = &form->field[i];
		const char *value = field->value;

		if (field->kind == HTML_FIELD_TEXT)
			value = broker->login->user;
		if (field->kind == HTML_FIELD_PASSWORD)
			broker->answered = true;
		body = arena_printf(arena, "%s%s%s=%s", body, i > 0 ? "&" : "",
		    escape(arena, field->name, strlen(field->name)),
		    field->kind == HTML_FIELD_PASSWORD ? escape(arena, password->data, password->size)
						       : escape(arena, value, strlen(value)));
	}
	return bytes_of(body);
}

static bool
send_form(
    struct broker *broker, const struct html_form *form, struct http_reply *reply, struct html_page *page)
{
	struct http_request request = { .method = "POST",
		.url = http_resolve(broker->arena, broker->url, form->action),
		.content_type = FORM_TYPE,
		.follow = true,
		.browser = true };

	if (request.url == NULL)
		return deny(broker->refusal, HRESULT_INSECURE_REDIRECT,
		    "a form leads to \"%s\", which is not https", form->action);
	if (strcmp(form->method, "post") != 0)
		return deny(broker->refusal, HRESULT_WEB_SIGN_IN, "a form with a password has the method %s",
		    form->method);
	request.body = fill_in(broker, form);
	return show(broker, &request, reply, page);
}

static bool
run(struct broker *broker, const char *url, struct secret *token)
{
	const struct http_request first = { .method = "GET",
		.url = first_url(broker->arena, url, broker->login->user),
		.follow = true,
		.browser = true };
	struct html_page *page = arena_alloc(broker->arena, sizeof(*page));
	const struct html_form *form = NULL;
	struct http_reply reply;

	if (http_host(broker->arena, url) == NULL)
		return deny(broker->refusal, HRESULT_INSECURE_REDIRECT,
		    "AuthenticationServiceUrl \"%s\" is not an https URL", url);
	if (!show(broker, &first, &reply, page))
		return false;
	for (int pages = 0; pages < PAGES_MAX; pages++) {
		switch (broker_look(page, broker->answered, &form, broker->refusal, broker->notes)) {
		case BROKER_REFUSED: return false;
		case BROKER_TOKEN:
			*token = secret_copy(html_form_field(form, "wresult")->value,
			    strlen(html_form_field(form, "wresult")->value));
			return policy_check(broker, &reply);
		case BROKER_FORM: break;
		}
		if (!send_form(broker, form, &reply, page))
			return false;
	}
	return deny(broker->refusal, HRESULT_WEB_SIGN_IN, "no result after %d pages", PAGES_MAX);
}

bool
broker_sign_in(struct arena *arena, const struct settings *settings, const struct login *login,
    const char *url, struct secret *token, struct refusal *refusal, struct notes *notes)
{
	struct broker broker = {
		.arena = arena, .http = http_new(settings), .login = login, .refusal = refusal, .notes = notes
	};
	bool ok;

	if (broker.http == NULL)
		return deny(refusal, HRESULT_PLATFORM_UNKNOWN, "libcurl does not start");
	ok = run(&broker, url, token);
	http_free(broker.http);
	return ok;
}
