/*
 * The terms of use that Entra ID shows between its sign-in and the enrollment: a page under a bearer token,
 * whose answer goes to the app of Windows that waits for it.
 *
 * The browser sends the token with the first request only. What the form holds stands for it: a random text,
 * of which the database knows the SHA-256, with whom it is for and where the answer goes. It is also why no
 * other site can answer in somebody's name: that text is only in a page that his token opened. A cookie
 * would add nothing, and Windows 11, which shows the page in a frame of another site, would not send a strict
 * one.
 */
#include <muster/stages/pages.h>

#include <muster/base/text.h>
#include <muster/credentials/token.h>
#include <muster/stages/decide.h>
#include <muster/store/terms.h>
#include <muster/wire/form.h>
#include <muster/wire/languages.h>

#define API_VERSION "1.0"
#define BEARER "Bearer "

/* What the query says. */
struct asked {
	const char *redirect_uri;
	const char *request_id; /* a GUID; NULL: none */
	const char *api_version, *mode;
};

/* 302 to the app, with an answer behind its query. */
static void
redirect(struct exchange *ex, const char *uri, const char *request_id, const char *answer)
{
	struct arena *arena = ex->request->arena;
	const char *mark = strchr(uri, '?'), *end = uri + strlen(uri) - 1;
	const char *separator = mark == NULL ? "?" : *end == '?' || *end == '&' ? "" : "&";

	ex->reply->status = 302;
	ex->reply->body = (struct bytes){ NULL, 0 };
	ex->reply->header_count = 0;
	reply_header(ex->request, ex->reply, "Location",
	    arena_printf(arena, "%s%s%s%s%s", uri, separator, answer,
		request_id != NULL ? "&client-request-id=" : "", request_id != NULL ? request_id : ""));
	reply_header(ex->request, ex->reply, "Referrer-Policy", "no-referrer");
}

static enum outcome
read_query(struct exchange *ex, struct asked *asked)
{
	struct arena *arena = ex->request->arena;
	struct bytes query = bytes_of(ex->request->query);
	enum outcome o;

	if ((o = form_value(arena, query, "redirect_uri", &asked->redirect_uri, &ex->why)) != OUTCOME_OK)
		return o;
	if (asked->redirect_uri == NULL)
		return refuse(&ex->why, OUTCOME_MESSAGE_FORMAT, "no redirect_uri in the query");
	if (!page_redirect_valid(asked->redirect_uri))
		return refuse(&ex->why, OUTCOME_MESSAGE_FORMAT, "redirect_uri '%.100s' is no ms-appx-web URI",
		    asked->redirect_uri);
	if ((o = form_value(arena, query, "client-request-id", &asked->request_id, &ex->why)) != OUTCOME_OK ||
	    (o = form_value(arena, query, "api-version", &asked->api_version, &ex->why)) != OUTCOME_OK ||
	    (o = form_value(arena, query, "mode", &asked->mode, &ex->why)) != OUTCOME_OK)
		return o;
	if (asked->request_id != NULL && !guid_valid(asked->request_id))
		asked->request_id = NULL;
	return OUTCOME_OK;
}

/* Joined to Entra ID the device is the organization's, and there is nothing to decline. */
static const char *
ownership(const struct asked *asked)
{
	return asked->mode != NULL && text_equal_fold(asked->mode, "azureadjoin") ? "organization"
										  : "personal";
}

/* The token of the Authorization header (RFC 6750 section 2.1); the caller calls secret_release(). */
static enum outcome
bearer(struct exchange *ex, struct credential *credential)
{
	const char *header = request_variable(ex->request, "HTTP_AUTHORIZATION");

	if (header == NULL)
		return refuse(&ex->why, OUTCOME_AUTHENTICATION,
		    "no Authorization header: the web server has to pass it on");
	if (strncasecmp(header, BEARER, strlen(BEARER)) != 0)
		return refuse(
		    &ex->why, OUTCOME_AUTHENTICATION, "the Authorization header is no bearer token");
	header += strlen(BEARER);
	header += strspn(header, " ");
	credential->kind = CREDENTIAL_JWT;
	credential->token = secret_copy(header, strlen(header));
	return OUTCOME_OK;
}

/* The token's proof, and what SQL says, as GetPolicies has it. */
static enum outcome
prove(struct exchange *ex, const struct credential *credential)
{
	struct enrollment_policy policy = { .minimum_key_length = 0 };
	const struct question question = { stage_ask_policy, &policy, &policy.account, &policy.decision };
	struct claim claim;
	enum outcome o;

	if ((o = stage_claim(ex, credential, &claim)) != OUTCOME_OK)
		return o;
	return stage_identify(ex, credential, &claim, &question);
}

/* What Windows is told of a refusal: no more than the specification has words for. */
static const char *
error_for(enum outcome outcome, bool proven)
{
	if (outcome == OUTCOME_ENROLLMENT_SERVER || outcome == OUTCOME_INTERNAL_SERVICE_FAULT ||
	    outcome == OUTCOME_UNAVAILABLE || outcome == OUTCOME_IN_MAINTENANCE)
		return "error=server_error&error_description=internal%20service%20error";
	if (proven || outcome == OUTCOME_AUTHORIZATION)
		return "error=unauthorized_client&error_description=unauthorized%20user%20or%20tenant";
	return "error=unauthorized_client&error_description=unauthorized_client";
}

/* Windows reads the refusal from where it is sent. */
static enum outcome
send_back(struct exchange *ex, const struct asked *asked, enum outcome outcome, const char *error)
{
	redirect(ex, asked->redirect_uri, asked->request_id, error);
	ex->answered = true;
	return outcome;
}

static enum outcome
show(struct exchange *ex, const struct asked *asked)
{
	CLEANUP(secret_release) struct secret visit = token_make();
	struct arena *arena = ex->request->arena;
	uint8_t sha256[TOKEN_SHA256_SIZE];
	const struct terms_visit shown = { .organization = ex->organization,
		.account = ex->account,
		.ownership = ownership(asked),
		.languages = languages_read(arena, request_variable(ex->request, "HTTP_ACCEPT_LANGUAGE")),
		.sha256 = { sha256, sizeof(sha256) },
		.redirect_uri = asked->redirect_uri,
		.request_id = asked->request_id,
		.trace = ex->request->trace.text,
		.remote = stage_remote(ex) };
	struct terms_form form;
	struct terms terms;
	struct bytes body = { NULL, 0 };
	bool written;
	enum outcome o;

	token_sha256(&visit, sha256);
	stage_limit_database(ex);
	if ((o = store_show_terms(&ex->worker->store, arena, &shown, &terms, &ex->why)) != OUTCOME_OK ||
	    (o = stage_decide(ex, &terms.decision)) != OUTCOME_OK)
		return o;
	if (terms.version == NULL) {
		/* Nothing to accept: Windows wants an OpaqueBlob all the same, and nobody will ask for it. */
		redirect(ex, asked->redirect_uri, asked->request_id,
		    arena_printf(arena, "IsAccepted=true&OpaqueBlob=%s", visit.data));
		return OUTCOME_OK;
	}
	form = (struct terms_form){ .title = terms.title,
		.body = terms.body,
		.language = terms.language,
		.visit = visit.data,
		.may_decline = strcmp(shown.ownership, "personal") == 0 };
	written = page_terms(arena, ex->page, &form, &body);
	return stage_page_reply(ex, written, body);
}

/* Windows opens the page. Whatever happens after its query is read goes back to where it says. */
static enum outcome
open_page(struct exchange *ex)
{
	CLEANUP(secret_release) struct secret token = { NULL, 0 };
	struct credential credential = { .kind = CREDENTIAL_NONE };
	struct asked asked = { NULL, NULL, NULL, NULL };
	enum outcome o;

	if ((o = read_query(ex, &asked)) != OUTCOME_OK)
		return o;
	if (asked.api_version == NULL || strcmp(asked.api_version, API_VERSION) != 0)
		return send_back(ex, &asked,
		    refuse(&ex->why, OUTCOME_NOT_SUPPORTED, "api-version '%.40s' instead of " API_VERSION,
			asked.api_version != NULL ? asked.api_version : ""),
		    "error=invalid_request&error_description=unsupported%20version");
	if ((o = stage_page(ex)) == OUTCOME_NOT_FOUND)
		return o;
	if (o == OUTCOME_OK && (o = bearer(ex, &credential)) == OUTCOME_OK) {
		token = credential.token;
		o = prove(ex, &credential);
	}
	if (o == OUTCOME_OK)
		o = show(ex, &asked);
	return o == OUTCOME_OK ? o : send_back(ex, &asked, o, error_for(o, ex->proven));
}

static enum outcome
read_answer(struct exchange *ex, struct secret *visit, bool *accepted)
{
	struct arena *arena = ex->request->arena;
	const char *text = NULL, *answer = NULL;
	enum outcome o;

	if ((o = form_value(arena, ex->request->body, PAGE_FIELD_VISIT, &text, &ex->why)) != OUTCOME_OK ||
	    (o = form_value(arena, ex->request->body, PAGE_FIELD_ANSWER, &answer, &ex->why)) != OUTCOME_OK)
		return o;
	if (text == NULL || strlen(text) != TOKEN_TEXT_SIZE)
		return refuse(
		    &ex->why, OUTCOME_INVALID_ENROLLMENT_DATA, "the form is none of a page with terms");
	if (answer == NULL ||
	    (strcmp(answer, PAGE_ANSWER_ACCEPT) != 0 && strcmp(answer, PAGE_ANSWER_DECLINE) != 0))
		return refuse(&ex->why, OUTCOME_MESSAGE_FORMAT, "the form has no answer");
	*accepted = strcmp(answer, PAGE_ANSWER_ACCEPT) == 0;
	*visit = secret_copy(text, strlen(text));
	return OUTCOME_OK;
}

/* The form is sent. Where its answer goes stands in the database, not in what was sent. */
static enum outcome
take_answer(struct exchange *ex)
{
	CLEANUP(secret_release) struct secret visit = { NULL, 0 }, token = token_make();
	struct arena *arena = ex->request->arena;
	uint8_t sha256[TOKEN_SHA256_SIZE], token_sha[TOKEN_SHA256_SIZE];
	struct terms_answer answer = { .organization = ex->organization,
		.sha256 = { sha256, sizeof(sha256) },
		.token_sha256 = { token_sha, sizeof(token_sha) },
		.trace = ex->request->trace.text,
		.remote = stage_remote(ex) };
	struct terms_answered answered;
	enum outcome o;

	if ((o = stage_page(ex)) != OUTCOME_OK || (o = stage_check_form(ex)) != OUTCOME_OK ||
	    (o = read_answer(ex, &visit, &answer.accepted)) != OUTCOME_OK)
		return o;
	token_sha256(&visit, sha256);
	token_sha256(&token, token_sha);
	stage_limit_database(ex);
	if ((o = store_answer_terms(&ex->worker->store, arena, &answer, &answered, &ex->why)) != OUTCOME_OK)
		return o;
	ex->account = answered.account;
	ex->proven = answered.account != NULL;
	if ((o = stage_decide(ex, &answered.decision)) != OUTCOME_OK)
		return o;
	if (!page_redirect_valid(answered.redirect_uri))
		return refuse(&ex->why, OUTCOME_INTERNAL_SERVICE_FAULT, "the page leads nowhere");
	ex->recorded = true;
	redirect(ex, answered.redirect_uri, answered.request_id,
	    answer.accepted ? arena_printf(arena, "IsAccepted=true&OpaqueBlob=%s", token.data)
			    : "IsAccepted=false");
	return OUTCOME_OK;
}

enum outcome
stage_terms(struct exchange *ex)
{
	ex->framed = true;
	return strcmp(ex->request->method, "POST") == 0 ? take_answer(ex) : open_page(ex);
}
