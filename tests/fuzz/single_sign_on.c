/*
 * A request after the web server's own module: fields method, query, the names that SQL asks for (with blanks
 * between), then variables as "NAME=value", up to eight. The database says yes to everybody. Whatever comes,
 * SQL is asked with JSON that holds the wanted variables as they were sent and nothing of a client's, and
 * only an ms-app URI gets a token.
 */
#include "fuzz.h"

#include <muster/base/log.h>
#include <muster/stages/stages.h>
#include <muster/store/single_sign_on.h>

#include <jansson.h>

#define ACCOUNT "01938f3e-0000-7000-8000-000000000001"
#define VARIABLES_MAX 8

static const struct request *served;
static const char *wanted_names;
static int lines, tokens;

void __wrap_log_emit(struct log_line *);
enum outcome __wrap_store_page(
    struct store *, struct arena *, const char *, const char *, struct presentation *, struct why *);
enum outcome __wrap_store_sign_in_variables(
    struct store *, struct arena *, const char *, struct sign_in_wanted *, struct why *);
enum outcome __wrap_store_sign_in(struct store *, struct arena *, const struct sign_in *, struct account *,
    struct decision *, struct why *);
enum outcome __wrap_store_make_token(
    struct store *, struct arena *, const struct new_token *, struct decision *, struct why *);
enum outcome __wrap_store_refuse(struct store *, struct arena *, const struct refusal *, struct why *);

void
__wrap_log_emit(struct log_line *line)
{
	FUZZ_CHECK(line->size == strlen(line->text) && fuzz_clean(line->text));
	lines++;
}

enum outcome
__wrap_store_page(struct store *store, struct arena *arena, const char *organization, const char *languages,
    struct presentation *presentation, struct why *why)
{
	(void)store, (void)arena, (void)languages, (void)why;
	*presentation = (struct presentation){ .organization = organization, .name = "Acme" };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_sign_in_variables(struct store *store, struct arena *arena, const char *organization,
    struct sign_in_wanted *wanted, struct why *why)
{
	(void)store, (void)arena, (void)organization, (void)why;
	*wanted = (struct sign_in_wanted){ .variables = wanted_names, .user = "REMOTE_USER" };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_sign_in(struct store *store, struct arena *arena, const struct sign_in *sign_in,
    struct account *account, struct decision *decision, struct why *why)
{
	json_t *said = json_loads(sign_in->variables, JSON_REJECT_DUPLICATES, NULL), *value;
	const char *name;

	(void)store, (void)arena, (void)why;
	FUZZ_CHECK(json_is_object(said));
	json_object_foreach(said, name, value)
	{
		FUZZ_CHECK(strncasecmp(name, "HTTP_", 5) != 0 && strstr(wanted_names, name) != NULL);
		FUZZ_CHECK(fuzz_clean(json_string_value(value)));
		FUZZ_CHECK(fuzz_same(json_string_value(value), request_variable(served, name)));
	}
	json_decref(said);
	*account = (struct account){ .organization = "acme", .id = ACCOUNT, .upn = "ada@example.test" };
	*decision = (struct decision){ .outcome = OUTCOME_OK };
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
__wrap_store_refuse(struct store *store, struct arena *arena, const struct refusal *refusal, struct why *why)
{
	(void)store, (void)arena, (void)why;
	FUZZ_CHECK(refusal->why[0] != '\0' && fuzz_clean(refusal->why));
	return OUTCOME_OK;
}

/* A result where there is a token, and nowhere else. */
static void
reply_check(struct arena *arena, const struct reply *reply)
{
	const char *body = reply->body.size > 0
	    ? arena_strndup(arena, (const char *)reply->body.data, reply->body.size)
	    : "";

	for (size_t i = 0; i < reply->header_count; i++)
		FUZZ_CHECK(strpbrk(reply->header[i].value, "\r\n") == NULL);
	FUZZ_CHECK(reply->status == 200 || reply->status == 405);
	FUZZ_CHECK((strstr(body, "name=\"wresult\"") != NULL) == (tokens > 0));
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
		.path = "/muster/sso/acme/" ACCOUNT,
		.content_type = "",
		.deadline = deadline_in_ms(REQUEST_MS) };
	char *variables[VARIABLES_MAX + 1] = { NULL };
	struct reply reply;

	if (worker.budget == NULL)
		worker = (struct worker){ .issuer_fd = -1, .budget = budget_new() };
	request.method = fuzz_field(arena, &rest);
	request.query = fuzz_field(arena, &rest);
	wanted_names = fuzz_field(arena, &rest);
	for (size_t i = 0; i < VARIABLES_MAX && rest.size > 0; i++)
		variables[i] = fuzz_field(arena, &rest);
	request.variables = variables;
	served = &request;
	lines = tokens = 0;
	stages_serve(&worker, &request, &reply);
	FUZZ_CHECK(lines == 1);
	reply_check(arena, &reply);
	fuzz_accepted = tokens > 0;
	arena_free(arena);
	return 0;
}
