/* Single sign-on with the database played: which variables of the web server count, what SQL hears of them.
 */
#include "protocol_test.h"

#include <muster/credentials/token.h>
#include <muster/stages/stages.h>
#include <muster/store/single_sign_on.h>

#include <fcntl.h>
#include <unistd.h>

#define ACCOUNT "01938f3e-0000-7000-8000-000000000001"
#define ATTEMPT "018f3c5e-7b2a-7c11-9d0e-0123456789ab"
#define PATH "/muster/sso/acme/" ATTEMPT
#define QUERY "appru=ms-app%3A%2F%2Fwindows.immersivecontrolpanel&login_hint=ada%40example.test"
#define USER "ada@example.test"
#define SAID_USER "REMOTE_USER=ada@example.test"
#define WANTED "AUTH_TYPE OIDC_CLAIM_groups REMOTE_USER"
#define VARIABLES_MAX 8

static struct {
	struct decision wanted, decision;
	enum outcome database; /* of the first call */
	const char *variables; /* wanted */
	bool nobody;
	int asked, tokens, recorded;
	char *json, *organization, *remote; /* what SQL heard; of the last request's arena */
	struct refusal refusal;
	struct new_token token;
} play;

static struct worker worker;
static int saved_stderr = -1, log_fd = -1;

enum outcome __wrap_store_page(struct store *, struct arena *, const char *organization,
    const char *languages, struct presentation *, struct why *);
enum outcome __wrap_store_sign_in_variables(
    struct store *, struct arena *, const char *organization, struct sign_in_wanted *, struct why *);
enum outcome __wrap_store_sign_in(struct store *, struct arena *, const struct sign_in *, struct account *,
    struct decision *, struct why *);
enum outcome __wrap_store_make_token(
    struct store *, struct arena *, const struct new_token *, struct decision *, struct why *);
enum outcome __wrap_store_refuse(struct store *, struct arena *, const struct refusal *, struct why *);

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
	(void)store, (void)arena, (void)organization;
	if (play.database != OUTCOME_OK)
		return refuse(why, play.database, "no connection");
	*wanted = (struct sign_in_wanted){
		.variables = play.variables, .user = "REMOTE_USER", .decision = play.wanted
	};
	return OUTCOME_OK;
}

enum outcome
__wrap_store_sign_in(struct store *store, struct arena *arena, const struct sign_in *sign_in,
    struct account *account, struct decision *decision, struct why *why)
{
	(void)store, (void)why;
	play.asked++;
	play.json = arena_strdup(arena, sign_in->variables);
	play.organization = arena_strdup(arena, sign_in->organization);
	play.remote = arena_strdup(arena, sign_in->remote != NULL ? sign_in->remote : "-");
	*decision = play.decision;
	*account =
	    (struct account){ .organization = "acme", .id = play.nobody ? NULL : ACCOUNT, .upn = USER };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_make_token(struct store *store, struct arena *arena, const struct new_token *token,
    struct decision *decision, struct why *why)
{
	(void)store, (void)arena, (void)why;
	play.tokens++;
	play.token = *token;
	*decision = (struct decision){ .outcome = OUTCOME_OK };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_refuse(struct store *store, struct arena *arena, const struct refusal *refusal, struct why *why)
{
	(void)store, (void)why;
	play.recorded++;
	play.refusal = *refusal;
	/* These two end with the request. */
	play.refusal.trace = arena_strdup(arena, refusal->trace);
	play.refusal.why = arena_strdup(arena, refusal->why);
	return OUTCOME_OK;
}

static int
set_up(void **state)
{
	(void)state;
	worker = (struct worker){ .budget = budget_new(), .issuer_fd = -1 };
	saved_stderr = dup(STDERR_FILENO);
	log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return saved_stderr >= 0 && log_fd >= 0 && worker.budget != NULL ? 0 : -1;
}

static int
each_set_up(void **state)
{
	*state = arena_new();
	play.variables = WANTED;
	play.wanted = play.decision = (struct decision){ .outcome = OUTCOME_OK };
	play.database = OUTCOME_OK;
	play.nobody = false;
	play.asked = play.tokens = play.recorded = 0;
	play.json = NULL;
	return 0;
}

static int
each_tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

/* One request as the web server sends it; its variables are texts "NAME=value", NULL at the end. */
static struct reply
serve(struct arena *arena, const char *method, const char *path, const char *query,
    const char *const variables[VARIABLES_MAX])
{
	struct request request = { .arena = arena,
		.trace = guid_new(),
		.started_us = clock_steady_us(),
		.deadline = deadline_in_ms(12000),
		.method = method,
		.path = path,
		.query = query,
		.content_type = "",
		.remote = "192.0.2.7" };
	char *copy[VARIABLES_MAX + 1] = { NULL };
	struct reply reply;

	for (size_t i = 0; i < VARIABLES_MAX && variables[i] != NULL; i++)
		copy[i] = arena_strdup(arena, variables[i]);
	request.variables = copy;
	(void)dup2(log_fd, STDERR_FILENO);
	stages_serve(&worker, &request, &reply);
	(void)dup2(saved_stderr, STDERR_FILENO);
	return reply;
}

static const char *
text_of(struct arena *arena, const struct reply *reply)
{
	return arena_strndup(arena, (const char *)reply->body.data, reply->body.size);
}

static void
signed_in(void **state)
{
	static const char *const said[VARIABLES_MAX] = { "AUTH_TYPE=openid-connect", SAID_USER,
		"OIDC_CLAIM_groups=caf\xc3\xa9|\"x\"", "HTTP_REMOTE_USER=eve@example.test", "SERVER_NAME=x" };
	struct reply reply = serve(*state, "GET", PATH, QUERY, said);
	const char *page = text_of(*state, &reply);

	assert_int_equal(reply.status, 200);
	assert_non_null(strstr(page, "action=\"ms-app://windows.immersivecontrolpanel\""));
	assert_non_null(strstr(page, "name=\"wresult\""));
	assert_string_equal(play.json,
	    "{\"AUTH_TYPE\":\"openid-connect\",\"OIDC_CLAIM_groups\":\"caf\xc3\xa9|\\\"x\\\"\","
	    "\"REMOTE_USER\":\"ada@example.test\"}");
	assert_string_equal(play.organization, "acme");
	assert_string_equal(play.remote, "192.0.2.7");
	assert_int_equal(play.tokens, 1);
	assert_string_equal(play.token.account, ACCOUNT);
	assert_string_equal(play.token.how, "web server");
	assert_string_equal(play.token.attempt, ATTEMPT);
	assert_int_equal(play.recorded, 0);
}

/* What SQL hears of a row's variables; NULL: it is not asked, and why is recorded. */
static void
variables(void **state)
{
	static char long_value[REQUEST_VARIABLE_MAX + 64];
	const struct {
		const char *name;
		const char *said[VARIABLES_MAX];
		const char *json, *why;
	} row[] = {
		{ "nothing", { NULL }, "{}", NULL },
		{ "only the client's headers",
		    { "HTTP_REMOTE_USER=a", "HTTP_AUTH_TYPE=b", "HTTP_OIDC_CLAIM_groups=c" }, "{}", NULL },
		{ "other spellings", { "remote_user=a", "Remote_User=b", "REMOTE-USER=c", "REMOTE_USER2=d" },
		    "{}", NULL },
		{ "after a redirect", { "REDIRECT_REMOTE_USER=a" }, "{}", NULL },
		{ "an empty one", { "REMOTE_USER=" }, "{\"REMOTE_USER\":\"\"}", NULL },
		{ "with an equals sign", { "REMOTE_USER=a=b" }, "{\"REMOTE_USER\":\"a=b\"}", NULL },
		{ "twice", { "REMOTE_USER=a", "REMOTE_USER=a" }, NULL,
		    "the variable REMOTE_USER is there twice, or has more than 16384 bytes" },
		{ "too long", { long_value }, NULL,
		    "the variable REMOTE_USER is there twice, or has more than 16384 bytes" },
		{ "a line's end", { "REMOTE_USER=a\nb" }, NULL,
		    "the variable REMOTE_USER holds control characters or is not UTF-8" },
		{ "DEL", { "REMOTE_USER=a\x7f" }, NULL,
		    "the variable REMOTE_USER holds control characters or is not UTF-8" },
		{ "C1", { "REMOTE_USER=a\xc2\x85" }, NULL,
		    "the variable REMOTE_USER holds control characters or is not UTF-8" },
		{ "no UTF-8", { "OIDC_CLAIM_groups=\xff" }, NULL,
		    "the variable OIDC_CLAIM_groups holds control characters or is not UTF-8" },
		{ "a surrogate", { "AUTH_TYPE=\xed\xa0\x80" }, NULL,
		    "the variable AUTH_TYPE holds control characters or is not UTF-8" },
	};

	memset(long_value, 'a', sizeof(long_value) - 1);
	memcpy(long_value, "REMOTE_USER=", strlen("REMOTE_USER="));
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		(void)each_tear_down(state);
		(void)each_set_up(state);
		struct reply reply = serve(*state, "GET", PATH, QUERY, row[i].said);
		const char *page = text_of(*state, &reply);

		if (row[i].json != NULL ? play.asked != 1 || strcmp(play.json, row[i].json) != 0
					: play.asked != 0 || play.tokens != 0 || play.recorded != 1 ||
			    strcmp(play.refusal.why, row[i].why) != 0 ||
			    play.refusal.outcome != OUTCOME_AUTHENTICATION ||
			    strstr(page, "wresult") != NULL || strstr(page, "<html") == NULL)
			fail_msg("%s: asked %d, '%s', recorded %d '%s'", row[i].name, play.asked,
			    play.json != NULL ? play.json : "-", play.recorded,
			    play.recorded > 0 ? play.refusal.why : "-");
	}
}

/* Were the database ever to name one of the client's headers, it would not be read. */
static void
headers_are_no_variables(void **state)
{
	static const char *const name[] = { "HTTP_REMOTE_USER", "http_x", "AUTH_TYPE HTTP_X" };
	static const char *const said[VARIABLES_MAX] = { "AUTH_TYPE=x", "HTTP_REMOTE_USER=a", "http_x=a",
		"HTTP_X=a" };

	for (size_t i = 0; i < ARRAY_SIZE(name); i++) {
		(void)each_tear_down(state);
		(void)each_set_up(state);
		play.variables = name[i];
		(void)serve(*state, "GET", PATH, QUERY, said);
		assert_int_equal(play.asked, 0);
		assert_int_equal(play.refusal.outcome, OUTCOME_ENROLLMENT_SERVER);
		assert_non_null(strstr(play.refusal.why, "comes from the client's headers"));
	}
}

static const char *const ada[VARIABLES_MAX] = { "AUTH_TYPE=openid-connect", SAID_USER };

/* What SQL says against it ends in a page with the trace id, and the record. */
static void
refused(void **state)
{
	struct reply reply;

	play.decision = (struct decision){ .outcome = OUTCOME_AUTHORIZATION, .why = "disabled" };
	reply = serve(*state, "GET", PATH, QUERY, ada);
	assert_int_equal(play.asked, 1);
	assert_int_equal(play.tokens, 0);
	assert_int_equal(play.recorded, 1);
	assert_string_equal(play.refusal.why, "disabled");
	assert_string_equal(play.refusal.stage, "single sign-on");
	assert_string_equal(play.refusal.user, USER);
	assert_string_equal(play.refusal.account, ACCOUNT);
	assert_non_null(strstr(text_of(*state, &reply), play.refusal.trace));
	assert_null(strstr(text_of(*state, &reply), "disabled"));
}

static void
not_used_or_not_there(void **state)
{
	struct reply reply;

	play.wanted = (struct decision){ .outcome = OUTCOME_NOT_FOUND, .why = "does not use it" };
	reply = serve(*state, "GET", PATH, QUERY, ada);
	assert_int_equal(reply.status, 404);
	assert_int_equal(play.asked + play.tokens + play.recorded, 0);

	play.wanted = (struct decision){ .outcome = OUTCOME_OK };
	play.database = OUTCOME_ENROLLMENT_SERVER;
	reply = serve(*state, "GET", PATH, QUERY, ada);
	assert_non_null(strstr(text_of(*state, &reply), "<html"));
	assert_int_equal(play.asked + play.tokens, 0);
}

/* Only this path, in this spelling, and only GET. */
static void
paths_and_methods(void **state)
{
	static const struct {
		const char *method, *path, *query;
		int status, tokens;
	} row[] = {
		{ "GET", PATH, QUERY, 200, 1 },
		{ "GET", PATH "/10.0.26200.1/72/CIMClient_Windows", QUERY, 200, 1 },
		{ "HEAD", PATH, QUERY, 200, 0 },
		{ "POST", PATH, QUERY, 405, 0 },
		{ "PUT", PATH, QUERY, 405, 0 },
		{ "GET", PATH, "", 200, 0 },
		{ "GET", PATH, "appru=https%3A%2F%2Fexample.test", 200, 0 },
		{ "GET", PATH, "appru=ms-app%3A%2F%2Fx&appru=ms-app%3A%2F%2Fy", 200, 0 },
		{ "GET", "/Muster/sso/acme/" ATTEMPT, QUERY, 404, 0 },
		{ "GET", "/muster/SSO/acme/" ATTEMPT, QUERY, 404, 0 },
		{ "GET", "/muster/sso/Acme/" ATTEMPT, QUERY, 404, 0 },
		{ "GET", "//muster/sso/acme/" ATTEMPT, QUERY, 404, 0 },
		{ "GET", "/muster//sso/acme/" ATTEMPT, QUERY, 404, 0 },
		{ "GET", "/muster/./sso/acme/" ATTEMPT, QUERY, 404, 0 },
		{ "GET", "/muster/sso/acme", QUERY, 404, 0 },
		{ "GET", "/muster/sso/acme/", QUERY, 404, 0 },
		{ "GET", "/muster/sso/acme/x", QUERY, 404, 0 },
		{ "GET", PATH "/", QUERY, 404, 0 },
		{ "GET", "/muster/sso", QUERY, 404, 0 },
		{ "GET", "/muster/sso/signed-in", QUERY, 404, 0 },
		{ "GET", "/x" PATH, QUERY, 404, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		(void)each_tear_down(state);
		(void)each_set_up(state);
		struct reply reply = serve(*state, row[i].method, row[i].path, row[i].query, ada);

		if (reply.status != row[i].status || play.tokens != row[i].tokens)
			fail_msg("row %zu %s %s?%s: status %d, %d tokens", i, row[i].method, row[i].path,
			    row[i].query, reply.status, play.tokens);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(signed_in, each_set_up, each_tear_down),
		cmocka_unit_test_setup_teardown(variables, each_set_up, each_tear_down),
		cmocka_unit_test_setup_teardown(headers_are_no_variables, each_set_up, each_tear_down),
		cmocka_unit_test_setup_teardown(refused, each_set_up, each_tear_down),
		cmocka_unit_test_setup_teardown(not_used_or_not_there, each_set_up, each_tear_down),
		cmocka_unit_test_setup_teardown(paths_and_methods, each_set_up, each_tear_down),
	};

	return cmocka_run_group_tests_name("single sign-on", tests, set_up, NULL);
}
