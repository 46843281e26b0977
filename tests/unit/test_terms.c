/* The page with terms of use with the database played: what is shown, where each answer goes, what is
 * recorded and logged. */
#include "make_jwt.h"
#include "protocol_test.h"

#include <muster/base/clock.h>
#include <muster/credentials/token.h>
#include <muster/stages/pages.h>
#include <muster/store/terms.h>

#include <fcntl.h>
#include <unistd.h>

#define ACCOUNT "01938f3e-0000-7000-8000-000000000001"
#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define OBJECT "0f7c2a11-5c0d-4c39-8f6e-6f0d6a1e2b3c"
#define CLIENT "2b3c4d5e-0000-4000-8000-00000000000a"
#define ISSUER "https://login.microsoftonline.com/" TENANT "/v2.0"
#define REQUEST "018f3c5e-7b2a-7c11-9d0e-0123456789ab"
#define BACK "ms-appx-web://ContosoMdm/ToUResponse"
#define QUERY \
	"redirect_uri=ms-appx-web%3A%2F%2FContosoMdm%2FToUResponse&client-request-id=" REQUEST \
	"&api-version=1.0"
#define VISIT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TROUBLE "error=server_error&error_description=internal%20service%20error"
#define NOT_ALLOWED "error=unauthorized_client&error_description=unauthorized%20user%20or%20tenant"
#define NOT_VALID "error=unauthorized_client&error_description=unauthorized_client"

static struct {
	enum outcome page_call, policy_call, show_call;
	struct decision page, policy, show, answer;
	bool nobody, welcome, none;
	int welcomes, shown, answered, recorded;
	const char *redirect_uri, *ownership, *request_id, *proof;
	uint8_t sha256[TOKEN_SHA256_SIZE];
	bool accepted;
	struct refusal refusal;
} play;

static gnutls_privkey_t key, other;
static struct worker worker;
static int saved_stderr = -1, log_fd = -1;

enum outcome __wrap_store_page(struct store *, struct arena *, const char *organization,
    const char *languages, struct presentation *, struct why *);
enum outcome __wrap_store_policy(struct store *, struct arena *, const char *organization,
    const struct claim *, const char *remote, struct enrollment_policy *, struct why *);
enum outcome __wrap_store_welcome(
    struct store *, struct arena *, const struct newcomer *, struct decision *, struct why *);
enum outcome __wrap_store_show_terms(
    struct store *, struct arena *, const struct terms_visit *, struct terms *, struct why *);
enum outcome __wrap_store_answer_terms(
    struct store *, struct arena *, const struct terms_answer *, struct terms_answered *, struct why *);
enum outcome __wrap_store_refuse(struct store *, struct arena *, const struct refusal *, struct why *);

enum outcome
__wrap_store_page(struct store *store, struct arena *arena, const char *organization, const char *languages,
    struct presentation *presentation, struct why *why)
{
	static const struct page_text texts[] = { { "terms_accept", "Ja" }, { "terms_decline", "Nein" } };

	(void)store, (void)arena, (void)languages;
	if (play.page_call != OUTCOME_OK)
		return refuse(why, play.page_call, "no connection");
	*presentation = (struct presentation){ .decision = play.page,
		.organization = organization,
		.name = "Acme",
		.language = "de",
		.texts = texts,
		.text_count = ARRAY_SIZE(texts) };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_policy(struct store *store, struct arena *arena, const char *organization,
    const struct claim *claim, const char *remote, struct enrollment_policy *policy, struct why *why)
{
	bool known = !play.nobody || play.welcomes > 0;

	(void)store, (void)arena, (void)organization, (void)claim, (void)remote;
	*policy = (struct enrollment_policy){ .decision = play.policy,
		.account = { .organization = "acme",
		    .id = known ? ACCOUNT : NULL,
		    .proof = play.proof,
		    .welcome = !known && play.welcome } };
	return play.policy_call == OUTCOME_OK ? OUTCOME_OK : refuse(why, play.policy_call, "no connection");
}

enum outcome
__wrap_store_welcome(struct store *store, struct arena *arena, const struct newcomer *newcomer,
    struct decision *decision, struct why *why)
{
	(void)store, (void)arena, (void)newcomer, (void)why;
	play.welcomes++;
	*decision = (struct decision){ .outcome = OUTCOME_OK };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_show_terms(struct store *store, struct arena *arena, const struct terms_visit *visit,
    struct terms *terms, struct why *why)
{
	(void)store, (void)arena;
	play.shown++;
	play.redirect_uri = visit->redirect_uri;
	play.ownership = visit->ownership;
	play.request_id = visit->request_id;
	assert_string_equal(visit->account, ACCOUNT);
	memcpy(play.sha256, visit->sha256.data, sizeof(play.sha256));
	*terms = (struct terms){ .decision = play.show,
		.version = play.none ? NULL : "3",
		.language = "fr",
		.title = "A < B",
		.body = "One.\n\nTwo." };
	return play.show_call == OUTCOME_OK ? OUTCOME_OK : refuse(why, play.show_call, "no connection");
}

enum outcome
__wrap_store_answer_terms(struct store *store, struct arena *arena, const struct terms_answer *answer,
    struct terms_answered *answered, struct why *why)
{
	(void)store, (void)arena, (void)why;
	play.answered++;
	play.accepted = answer->accepted;
	memcpy(play.sha256, answer->token_sha256.data, sizeof(play.sha256));
	*answered = (struct terms_answered){ .decision = play.answer,
		.account = ACCOUNT,
		.redirect_uri = play.redirect_uri,
		.request_id = REQUEST };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_refuse(struct store *store, struct arena *arena, const struct refusal *refusal, struct why *why)
{
	(void)store, (void)why;
	play.recorded++;
	play.refusal = *refusal;
	play.refusal.why = arena_strdup(arena, refusal->why);
	return OUTCOME_OK;
}

static int
start(void **state)
{
	(void)state;
	key = key_make(GNUTLS_PK_RSA, 2048);
	other = key_make(GNUTLS_PK_RSA, 2048);
	worker = (struct worker){ .budget = budget_new(), .issuer_fd = -1 };
	saved_stderr = dup(STDERR_FILENO);
	log_fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return worker.budget != NULL && saved_stderr != -1 && log_fd != -1 ? 0 : -1;
}

static int
stop(void **state)
{
	(void)state;
	gnutls_privkey_deinit(key);
	gnutls_privkey_deinit(other);
	return 0;
}

static const char *
bearer_make(struct arena *arena, gnutls_privkey_t with)
{
	long long now = clock_now_ms() / 1000;

	return arena_printf(arena, "HTTP_AUTHORIZATION=Bearer %s",
	    jwt_make(arena, with, "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"k1\"}",
		arena_printf(arena,
		    "{\"aud\":\"" CLIENT "\",\"iss\":\"" ISSUER
		    "\",\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld,\"tid\":\"" TENANT "\",\"oid\":\"" OBJECT
		    "\",\"preferred_username\":\"ada@corp.test\",\"ver\":\"2.0\"}",
		    now, now, now + 3600)));
}

static void
reset(struct arena *arena)
{
	memset(&play, 0, sizeof(play));
	play.redirect_uri = BACK;
	play.proof = arena_printf(arena,
	    "{\"key\":\"%s\",\"algorithm\":\"RS256\",\"version\":\"2.0\",\"issuer\":\"" ISSUER
	    "\",\"tenant\":\"" TENANT "\",\"subject\":\"" OBJECT "\",\"audiences\":[\"" CLIENT "\"]}",
	    bytes_to_base64(arena, key_public(arena, key)));
}

static void
ask(struct arena *arena, const char *method, const char *query, const char *variable, const char *body,
    struct reply *reply)
{
	char *variables[] = { variable != NULL ? arena_strdup(arena, variable) : NULL, NULL };
	struct request request = { .arena = arena,
		.trace = guid_new(),
		.started_us = clock_steady_us(),
		.deadline = deadline_in_ms(12000),
		.method = method,
		.path = "/EnrollmentServer/acme/Terms",
		.query = query,
		.content_type = body != NULL ? "application/x-www-form-urlencoded" : "",
		.remote = "192.0.2.7",
		.variables = variables,
		.body = bytes_of(body) };

	(void)!ftruncate(log_fd, 0);
	(void)lseek(log_fd, 0, SEEK_SET);
	(void)dup2(log_fd, STDERR_FILENO);
	stages_serve(&worker, &request, reply);
	(void)dup2(saved_stderr, STDERR_FILENO);
}

static const char *
header_of(const struct reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->header_count; i++) {
		if (strcmp(reply->header[i].name, name) == 0)
			return reply->header[i].value;
	}
	return "";
}

static bool
says(const struct reply *reply, const char *text)
{
	return memmem(reply->body.data, reply->body.size, text, strlen(text)) != NULL;
}

static void
shows_the_terms(void **state)
{
	struct arena *arena = arena_new();
	const char *bearer = bearer_make(arena, key), *policy, *found;
	struct reply reply;
	struct secret visit;
	uint8_t sha256[TOKEN_SHA256_SIZE];
	char log[8192] = "";

	(void)state;
	reset(arena);
	ask(arena, "GET", QUERY, bearer, NULL, &reply);
	assert_int_equal(reply.status, 200);
	assert_true(says(&reply, "<h1>A &lt; B</h1>"));
	assert_true(says(&reply, "lang=\"fr\">One.\n\nTwo.</div>"));
	assert_true(says(&reply, "value=\"accept\">Ja</button>"));
	assert_true(says(&reply, "value=\"decline\" class=\"second\">Nein</button>"));
	assert_string_equal(play.redirect_uri, BACK);
	assert_string_equal(play.request_id, REQUEST);
	assert_string_equal(play.ownership, "personal");
	found = strstr(
	    arena_strndup(arena, (const char *)reply.body.data, reply.body.size), "name=\"visit\" value=\"");
	assert_non_null(found);
	visit =
	    (struct secret){ arena_strndup(arena, found + strlen("name=\"visit\" value=\""), TOKEN_TEXT_SIZE),
		    TOKEN_TEXT_SIZE };
	token_sha256(&visit, sha256);
	assert_memory_equal(play.sha256, sha256, sizeof(sha256));
	policy = header_of(&reply, "Content-Security-Policy");
	assert_non_null(strstr(policy, " ms-appx-web:"));
	assert_null(strstr(policy, "frame-ancestors"));
	assert_string_equal(header_of(&reply, "X-Frame-Options"), "");
	assert_string_equal(header_of(&reply, "Set-Cookie"), "");
	assert_true(pread(log_fd, log, sizeof(log) - 1, 0) > 0);
	assert_non_null(strstr(log, " stage=terms outcome=OK status=200 org=acme account=" ACCOUNT));
	assert_null(strstr(log, "eyJ"));
	assert_null(strstr(log, visit.data));

	ask(arena, "GET", QUERY "&mode=AzureADJoin", bearer, NULL, &reply);
	assert_string_equal(play.ownership, "organization");
	assert_true(says(&reply, "value=\"accept\""));
	assert_false(says(&reply, "value=\"decline\""));
	arena_free(arena);
}

static void
where_there_are_none(void **state)
{
	struct arena *arena = arena_new();
	struct reply reply;

	(void)state;
	reset(arena);
	play.none = true;
	ask(arena, "GET", QUERY, bearer_make(arena, key), NULL, &reply);
	assert_int_equal(reply.status, 302);
	assert_int_equal(strncmp(header_of(&reply, "Location"), BACK "?IsAccepted=true&OpaqueBlob=",
			     strlen(BACK "?IsAccepted=true&OpaqueBlob=")),
	    0);
	assert_int_equal(play.recorded, 0);
	arena_free(arena);
}

/* Only the app that Windows names hears of anything; all else is a page. */
static void
goes_nowhere_else(void **state)
{
	static const char *const rows[] = { "", "api-version=1.0", "redirect_uri=&api-version=1.0",
		"redirect_uri=https://evil.test/&api-version=1.0",
		"redirect_uri=http://evil.test/&api-version=1.0", "redirect_uri=ms-app://a/&api-version=1.0",
		"redirect_uri=ms-appx-web:a&api-version=1.0", "redirect_uri=ms-appx-web://&api-version=1.0",
		"redirect_uri=%20ms-appx-web://a&api-version=1.0",
		"redirect_uri=ms-appx-web://a%0d%0aSet-Cookie:b&api-version=1.0",
		"redirect_uri=ms-appx-web://a%23b&api-version=1.0",
		"redirect_uri=ms-appx-web://a%00&api-version=1.0",
		"redirect_uri=ms-appx-web://a%22&api-version=1.0",
		"redirect_uri=ms-appx-web://%c3%a4&api-version=1.0",
		"redirect_uri=javascript:ms-appx-web://a&api-version=1.0",
		QUERY "&redirect_uri=ms-appx-web://b", QUERY "&api-version=1.0" };
	struct arena *arena = arena_new();
	const char *bearer = bearer_make(arena, key);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reply reply;

		reset(arena);
		ask(arena, "GET", rows[i], bearer, NULL, &reply);
		row_equal(rows[i], reply.status, 200);
		row_equal(rows[i], *header_of(&reply, "Location") == '\0', true);
		row_equal(rows[i], (int)play.refusal.outcome, OUTCOME_MESSAGE_FORMAT);
		row_equal(rows[i], play.shown, 0);
	}
	arena_free(arena);
}

/* Behind whatever query the address has. */
static void
joins_the_answer(void **state)
{
	static const struct {
		const char *uri, *location;
	} rows[] = {
		{ "MS-Appx-Web://a", "MS-Appx-Web://a?error=" },
		{ "ms-appx-web://a/b%3Fc=d", "ms-appx-web://a/b?c=d&error=" },
		{ "ms-appx-web://a%3F", "ms-appx-web://a?error=" },
		{ "ms-appx-web://a%3Fb%26", "ms-appx-web://a?b&error=" },
		{ "ms-appx-web://a/%2520", "ms-appx-web://a/%20?error=" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reply reply;

		reset(arena);
		ask(arena, "GET",
		    arena_printf(arena, "redirect_uri=%s&client-request-id=no-guid", rows[i].uri), NULL, NULL,
		    &reply);
		assert_string_equal(header_of(&reply, "Location"),
		    arena_printf(arena, "%sinvalid_request&error_description=unsupported%%20version",
			rows[i].location));
	}
	arena_free(arena);
}

static const struct {
	const char *name;
	const char *variable; /* instead of the token */
	bool forged, nobody, welcome, unproven;
	enum outcome page_call, page, policy_call, policy, show_call, show;
	const char *told; /* NULL: a page */
	enum outcome recorded;
} rows[] = {
	{ .name = "a known user" },
	{ .name = "first sight", .nobody = true, .welcome = true },
	{ .name = "no token",
	    .variable = "HTTP_ACCEPT=x",
	    .told = NOT_VALID,
	    .recorded = OUTCOME_AUTHENTICATION },
	{ .name = "another variable's token",
	    .variable = "REDIRECT_HTTP_AUTHORIZATION=Bearer x",
	    .told = NOT_VALID,
	    .recorded = OUTCOME_AUTHENTICATION },
	{ .name = "a password",
	    .variable = "HTTP_AUTHORIZATION=Basic eDp5",
	    .told = NOT_VALID,
	    .recorded = OUTCOME_AUTHENTICATION },
	{ .name = "no JWT",
	    .variable = "HTTP_AUTHORIZATION=Bearer x",
	    .told = NOT_VALID,
	    .recorded = OUTCOME_INVALID_SECURITY },
	{ .name = "forged", .forged = true, .told = NOT_VALID, .recorded = OUTCOME_AUTHENTICATION },
	{ .name = "forged, of nobody",
	    .forged = true,
	    .nobody = true,
	    .policy = OUTCOME_AUTHORIZATION,
	    .told = NOT_VALID,
	    .recorded = OUTCOME_AUTHENTICATION },
	{ .name = "unknown key or tenant",
	    .unproven = true,
	    .nobody = true,
	    .policy = OUTCOME_AUTHENTICATION,
	    .told = NOT_VALID,
	    .recorded = OUTCOME_AUTHENTICATION },
	{ .name = "nobody",
	    .nobody = true,
	    .policy = OUTCOME_AUTHORIZATION,
	    .told = NOT_ALLOWED,
	    .recorded = OUTCOME_AUTHORIZATION },
	{ .name = "no licence",
	    .policy = OUTCOME_USER_LICENSE,
	    .told = NOT_ALLOWED,
	    .recorded = OUTCOME_USER_LICENSE },
	{ .name = "maintenance",
	    .policy = OUTCOME_IN_MAINTENANCE,
	    .told = TROUBLE,
	    .recorded = OUTCOME_IN_MAINTENANCE },
	{ .name = "the organization is disabled",
	    .page = OUTCOME_AUTHORIZATION,
	    .told = NOT_ALLOWED,
	    .recorded = OUTCOME_AUTHORIZATION },
	{ .name = "no database",
	    .page_call = OUTCOME_ENROLLMENT_SERVER,
	    .told = TROUBLE,
	    .recorded = OUTCOME_ENROLLMENT_SERVER },
	{ .name = "no database any more",
	    .policy_call = OUTCOME_ENROLLMENT_SERVER,
	    .told = TROUBLE,
	    .recorded = OUTCOME_ENROLLMENT_SERVER },
	{ .name = "no database for the terms",
	    .show_call = OUTCOME_ENROLLMENT_SERVER,
	    .told = TROUBLE,
	    .recorded = OUTCOME_ENROLLMENT_SERVER },
	{ .name = "no text",
	    .show = OUTCOME_ENROLLMENT_SERVER,
	    .told = TROUBLE,
	    .recorded = OUTCOME_ENROLLMENT_SERVER },
};

static void
tells_what_is_documented(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reply reply;
		const char *location = rows[i].told != NULL
		    ? arena_printf(arena, BACK "?%s&client-request-id=" REQUEST, rows[i].told)
		    : "";

		reset(arena);
		play.nobody = rows[i].nobody;
		play.welcome = rows[i].welcome;
		play.proof = rows[i].unproven ? NULL : play.proof;
		play.page_call = rows[i].page_call;
		play.page.outcome = rows[i].page;
		play.policy_call = rows[i].policy_call;
		play.policy.outcome = rows[i].policy;
		play.show_call = rows[i].show_call;
		play.show.outcome = rows[i].show;
		ask(arena, "GET", QUERY,
		    rows[i].variable != NULL ? rows[i].variable
					     : bearer_make(arena, rows[i].forged ? other : key),
		    NULL, &reply);
		row_equal(rows[i].name, reply.status, rows[i].told != NULL ? 302 : 200);
		row_equal(rows[i].name, strcmp(header_of(&reply, "Location"), location), 0);
		row_equal(rows[i].name, (int)play.refusal.outcome, (int)rows[i].recorded);
		row_equal(rows[i].name, play.welcomes, rows[i].welcome);
		if (rows[i].told != NULL)
			assert_string_equal(play.refusal.stage, "terms");
	}
	arena_free(arena);
}

static void
takes_the_answer(void **state)
{
	static const struct {
		const char *body;
		enum outcome decision;
		bool asked, accepted;
		enum outcome recorded;
	} row[] = {
		{ "visit=" VISIT "&answer=accept", OUTCOME_OK, true, true, OUTCOME_OK },
		{ "visit=" VISIT "&answer=decline", OUTCOME_OK, true, false, OUTCOME_OK },
		{ "visit=" VISIT "&answer=accept", OUTCOME_INVALID_ENROLLMENT_DATA, true, true,
		    OUTCOME_INVALID_ENROLLMENT_DATA },
		{ "visit=" VISIT "&answer=", OUTCOME_OK, false, false, OUTCOME_MESSAGE_FORMAT },
		{ "visit=" VISIT, OUTCOME_OK, false, false, OUTCOME_MESSAGE_FORMAT },
		{ "visit=" VISIT "&visit=" VISIT "&answer=accept", OUTCOME_OK, false, false,
		    OUTCOME_MESSAGE_FORMAT },
		{ "answer=accept", OUTCOME_OK, false, false, OUTCOME_INVALID_ENROLLMENT_DATA },
		{ "visit=short&answer=accept", OUTCOME_OK, false, false, OUTCOME_INVALID_ENROLLMENT_DATA },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		bool good = row[i].recorded == OUTCOME_OK;
		struct reply reply;
		const char *location;

		reset(arena);
		play.answer.outcome = row[i].decision;
		ask(arena, "POST", "redirect_uri=https://evil.test/", NULL, row[i].body, &reply);
		location = header_of(&reply, "Location");
		row_equal(row[i].body, play.answered, row[i].asked);
		row_equal(row[i].body, play.accepted, row[i].accepted);
		row_equal(row[i].body, reply.status, good ? 302 : 200);
		row_equal(row[i].body, (int)play.refusal.outcome, (int)row[i].recorded);
		row_equal(row[i].body, *location != '\0', good);
		if (good && !row[i].accepted)
			assert_string_equal(location, BACK "?IsAccepted=false&client-request-id=" REQUEST);
		if (good && row[i].accepted) {
			const char *blob = strstr(location, "OpaqueBlob=") + strlen("OpaqueBlob=");
			struct secret token = { arena_strndup(arena, blob, TOKEN_TEXT_SIZE),
				TOKEN_TEXT_SIZE };
			uint8_t sha256[TOKEN_SHA256_SIZE];

			token_sha256(&token, sha256);
			assert_memory_equal(play.sha256, sha256, sizeof(sha256));
			assert_string_equal(blob + TOKEN_TEXT_SIZE, "&client-request-id=" REQUEST);
		}
	}
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_terms),
		cmocka_unit_test(where_there_are_none),
		cmocka_unit_test(goes_nowhere_else),
		cmocka_unit_test(joins_the_answer),
		cmocka_unit_test(tells_what_is_documented),
		cmocka_unit_test(takes_the_answer),
	};

	return cmocka_run_group_tests_name("terms", tests, start, stop);
}
