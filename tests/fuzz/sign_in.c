/*
 * A request to the sign-in page: fields method, query, Content-Type, Cookie, Accept-Language, then the body.
 * The database says yes to everybody whose password is "secret". Whatever comes, a token is made only for who
 * brings the cookie's text in the form, and appru is an ms-app URI where a result is shown.
 */
#include "fuzz.h"

#include <muster/base/log.h>
#include <muster/base/text.h>
#include <muster/credentials/password.h>
#include <muster/stages/stages.h>

#include <libxml/HTMLparser.h>

#define ACCOUNT "01938f3e-0000-7000-8000-000000000001"

static int lines, tokens;

int64_t __wrap_clock_now_ms(void);
void __wrap_log_emit(struct log_line *);
bool __wrap_password_verify(const struct secret *, const char *);
enum outcome __wrap_store_page(
    struct store *, struct arena *, const char *, const char *, struct presentation *, struct why *);
enum outcome __wrap_store_policy(struct store *, struct arena *, const char *, const struct claim *,
    const char *, struct enrollment_policy *, struct why *);
enum outcome __wrap_store_make_token(
    struct store *, struct arena *, const struct new_token *, struct decision *, struct why *);
enum outcome __wrap_store_count_password(struct store *, const struct tried *, struct why *);
enum outcome __wrap_store_refuse(struct store *, struct arena *, const struct refusal *, struct why *);

/* The seeds' cookies do not age. */
int64_t
__wrap_clock_now_ms(void)
{
	return INT64_C(1800000000000);
}

void
__wrap_log_emit(struct log_line *line)
{
	FUZZ_CHECK(line->size == strlen(line->text) && fuzz_clean(line->text));
	lines++;
}

bool
__wrap_password_verify(const struct secret *password, const char *hash)
{
	return strcmp(hash, "$hash") == 0 && strcmp(password->data, "secret") == 0;
}

enum outcome
__wrap_store_page(struct store *store, struct arena *arena, const char *organization, const char *languages,
    struct presentation *presentation, struct why *why)
{
	(void)store, (void)arena, (void)why;
	FUZZ_CHECK(text_is_utf8(languages, strlen(languages)));
	*presentation =
	    (struct presentation){ .organization = organization, .name = "Acme", .language = "en" };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_policy(struct store *store, struct arena *arena, const char *organization,
    const struct claim *claim, const char *remote, struct enrollment_policy *policy, struct why *why)
{
	(void)store, (void)arena, (void)organization, (void)remote, (void)why;
	FUZZ_CHECK(claim->user[0] != '\0' && text_is_utf8(claim->user, strlen(claim->user)));
	FUZZ_CHECK(strlen(claim->user) <= CREDENTIAL_USER_MAX);
	*policy = (struct enrollment_policy){ .account = { .organization = "acme",
						  .id = ACCOUNT,
						  .upn = "ada@example.test",
						  .password_hash = "$hash" } };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_make_token(struct store *store, struct arena *arena, const struct new_token *token,
    struct decision *decision, struct why *why)
{
	(void)store, (void)arena, (void)why;
	FUZZ_CHECK(token->sha256.size == 32 && strcmp(token->account, ACCOUNT) == 0);
	*decision = (struct decision){ .outcome = OUTCOME_OK };
	tokens++;
	return OUTCOME_OK;
}

enum outcome
__wrap_store_count_password(struct store *store, const struct tried *tried, struct why *why)
{
	(void)store, (void)why;
	FUZZ_CHECK(tried->user == NULL || text_is_utf8(tried->user, strlen(tried->user)));
	return OUTCOME_OK;
}

enum outcome
__wrap_store_refuse(struct store *store, struct arena *arena, const struct refusal *refusal, struct why *why)
{
	(void)store, (void)arena, (void)why;
	FUZZ_CHECK(refusal->why[0] != '\0' && fuzz_clean(refusal->why));
	return OUTCOME_OK;
}

/* The forms that post to an address: an action is only ever the app's. */
static size_t
results(const xmlNode *node)
{
	size_t count = 0;

	for (; node != NULL; node = node->next) {
		xmlChar *action =
		    node->type == XML_ELEMENT_NODE ? xmlGetProp(node, (const xmlChar *)"action") : NULL;

		FUZZ_CHECK(action == NULL || strncasecmp((const char *)action, "ms-app://", 9) == 0);
		count += (action != NULL) + results(node->children);
		xmlFree(action);
	}
	return count;
}

static void
page_check(const struct reply *reply)
{
	xmlDoc *doc = htmlReadMemory((const char *)reply->body.data, (int)reply->body.size, NULL, "UTF-8",
	    HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);

	FUZZ_CHECK(doc != NULL && strcmp(reply->content_type, "text/html; charset=utf-8") == 0);
	FUZZ_CHECK(results(doc->children) == (size_t)tokens);
	xmlFreeDoc(doc);
}

static void
reply_check(const struct reply *reply)
{
	for (size_t i = 0; i < reply->header_count; i++)
		FUZZ_CHECK(strpbrk(reply->header[i].value, "\r\n") == NULL);
	if (reply->status == 200)
		page_check(reply);
	else
		FUZZ_CHECK(reply->status == 405 || reply->status == 413 || reply->status == 415);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct worker worker;
	struct arena *arena = arena_new();
	struct bytes rest = { data, size };
	struct request request = { .arena = arena,
		.trace = guid_new(),
		.remote = "192.0.2.7",
		.path = "/EnrollmentServer/acme/" ACCOUNT "/SignIn",
		.deadline = deadline_in_ms(REQUEST_MS) };
	char *variables[3] = { NULL, NULL, NULL };
	struct reply reply;

	if (worker.budget == NULL)
		worker = (struct worker){ .issuer_fd = -1, .budget = budget_new() };
	request.method = fuzz_field(arena, &rest);
	request.query = fuzz_field(arena, &rest);
	request.content_type = fuzz_field(arena, &rest);
	variables[0] = arena_printf(arena, "HTTP_COOKIE=%s", fuzz_field(arena, &rest));
	variables[1] = arena_printf(arena, "HTTP_ACCEPT_LANGUAGE=%s", fuzz_field(arena, &rest));
	request.variables = variables;
	request.body = rest;
	lines = tokens = 0;
	stages_serve(&worker, &request, &reply);
	FUZZ_CHECK(lines == 1);
	reply_check(&reply);
	fuzz_accepted = tokens > 0;
	arena_free(arena);
	return 0;
}
