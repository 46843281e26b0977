/* The sign-in page with the database played: what is shown, told, recorded and logged. */
#include "protocol_test.h"

#include <muster/credentials/token.h>
#include <muster/stages/pages.h>

#include <libxml/HTMLparser.h>

#include <crypt.h>
#include <fcntl.h>
#include <unistd.h>

#define USER "ada@example.test"
#define PASSWORD "Pa$$w0rd 1"
#define ACCOUNT "01938f3e-0000-7000-8000-000000000001"
#define ATTEMPT "018f3c5e-7b2a-7c11-9d0e-0123456789ab"
#define PATH "/EnrollmentServer/acme/" ATTEMPT "/SignIn/10.0.26200.1/72/CIMClient_Windows"
#define APPRU "ms-app://windows.immersivecontrolpanel"
#define QUERY "appru=ms-app%3A%2F%2Fwindows.immersivecontrolpanel&login_hint=ada%40example.test"
#define FORM "application/x-www-form-urlencoded"
#define NOW 1800000000
#define RANDOM "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TOKEN "1800000000." RANDOM
#define COOKIE(token) "HTTP_COOKIE=a=b; __Host-muster-form=" token "; c=d"
#define BODY(user, password, token) "user=" user "&password=" password "&csrf=" token
#define RIGHT BODY("ada%40example.test", "Pa%24%24w0rd+1", TOKEN)

static struct {
	struct decision page, policy, made;
	enum outcome database; /* of the page's call */
	bool nobody;
	int recorded, tokens, counted;
	const char *languages, *organization, *user, *claim;
	struct new_token token;
	uint8_t sha256[TOKEN_SHA256_SIZE];
	struct refusal refusal;
} play;

static char *hash;
static int64_t now_s;

int64_t __wrap_clock_now_ms(void);
enum outcome __wrap_store_page(struct store *, struct arena *, const char *organization,
    const char *languages, struct presentation *, struct why *);
enum outcome __wrap_store_policy(struct store *, struct arena *, const char *organization,
    const struct claim *, const char *remote, struct enrollment_policy *, struct why *);
enum outcome __wrap_store_make_token(
    struct store *, struct arena *, const struct new_token *, struct decision *, struct why *);
enum outcome __wrap_store_count_password(struct store *, const struct tried *, struct why *);
enum outcome __wrap_store_refuse(struct store *, struct arena *, const struct refusal *, struct why *);

int64_t
__wrap_clock_now_ms(void)
{
	return now_s * 1000;
}

enum outcome
__wrap_store_page(struct store *store, struct arena *arena, const char *organization, const char *languages,
    struct presentation *presentation, struct why *why)
{
	static const struct page_text texts[] = {
		{ "sign_in_title", "Anmelden" },
		{ "user_label", "Name" },
		{ "password_label", "Kennwort" },
		{ "sign_in_button", "Los" },
		{ "wrong_password", "Stimmt nicht" },
		{ "fields_missing", "Da fehlt etwas" },
		{ "page_expired", "Zu lange offen" },
		{ "result_title", "Angemeldet" },
		{ "error_title", "Nicht geklappt" },
		{ "error_InMaintenance", "Wartung" },
		{ "error_MessageFormat", "Falsch geöffnet" },
	};

	(void)store, (void)arena;
	play.organization = organization;
	play.languages = languages;
	if (play.database != OUTCOME_OK)
		return refuse(why, play.database, "no connection");
	*presentation = (struct presentation){ .decision = play.page,
		.organization = organization,
		.name = "Acme & Söhne",
		.color = "#104010",
		.color_on = "#ffffff",
		.language = "de",
		.texts = texts,
		.text_count = ARRAY_SIZE(texts) };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_policy(struct store *store, struct arena *arena, const char *organization,
    const struct claim *claim, const char *remote, struct enrollment_policy *policy, struct why *why)
{
	(void)store, (void)arena, (void)organization, (void)remote, (void)why;
	play.user = claim->user;
	play.claim = claim->json;
	*policy =
	    (struct enrollment_policy){ .decision = play.policy, .account = { .organization = "acme" } };
	if (!play.nobody)
		policy->account = (struct account){
			.organization = "acme", .id = ACCOUNT, .upn = USER, .password_hash = hash
		};
	return OUTCOME_OK;
}

enum outcome
__wrap_store_make_token(struct store *store, struct arena *arena, const struct new_token *token,
    struct decision *decision, struct why *why)
{
	(void)store, (void)arena, (void)why;
	play.tokens++;
	play.token = *token;
	memcpy(play.sha256, token->sha256.data, sizeof(play.sha256));
	*decision = play.made;
	return OUTCOME_OK;
}

enum outcome
__wrap_store_count_password(struct store *store, const struct tried *tried, struct why *why)
{
	(void)store, (void)tried, (void)why;
	play.counted++;
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

static struct worker worker;
static int saved_stderr = -1, log_fd = -1;

static int
set_up(void **state)
{
	struct crypt_data data = { 0 };

	(void)state;
	hash = strdup(crypt_r(PASSWORD, "$6$rounds=1000$saltsalt", &data));
	worker = (struct worker){ .budget = budget_new(), .issuer_fd = -1 };
	saved_stderr = dup(STDERR_FILENO);
	log_fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return hash != NULL && worker.budget != NULL && saved_stderr != -1 && log_fd != -1 ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	free(hash);
	return 0;
}

static void
reset(void)
{
	memset(&play, 0, sizeof(play));
	now_s = NOW;
}

struct asked {
	const char *method, *query, *type, *cookie, *body;
};

static struct guid
ask(struct arena *arena, const struct asked *asked, struct reply *reply)
{
	char *variables[] = { arena_strdup(arena, "HTTP_ACCEPT_LANGUAGE=de-AT,en;q=0.5"),
		asked->cookie != NULL ? arena_strdup(arena, asked->cookie) : NULL, NULL };
	struct request request = { .arena = arena,
		.trace = guid_new(),
		.started_us = clock_steady_us(),
		.deadline = deadline_in_ms(12000),
		.method = asked->method,
		.path = PATH,
		.query = asked->query,
		.content_type = asked->type != NULL ? asked->type : "",
		.remote = "192.0.2.7",
		.variables = variables,
		.body = bytes_of(asked->body) };

	(void)!ftruncate(log_fd, 0);
	(void)lseek(log_fd, 0, SEEK_SET);
	(void)dup2(log_fd, STDERR_FILENO);
	stages_serve(&worker, &request, reply);
	(void)dup2(saved_stderr, STDERR_FILENO);
	return request.trace;
}

static const char *
logged(struct arena *arena)
{
	char *text = arena_alloc(arena, 8192);

	assert_true(pread(log_fd, text, 8191, 0) > 0);
	return text;
}

static struct reply_doc
page_of(const struct reply *reply)
{
	struct reply_doc page;

	assert_string_equal(reply->content_type, "text/html; charset=utf-8");
	page.doc = htmlReadMemory((const char *)reply->body.data, (int)reply->body.size, NULL, "UTF-8",
	    HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
	page.xpath = xmlXPathNewContext(page.doc);
	return page;
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

static void
shows_the_form(void **state)
{
	struct arena *arena = arena_new();
	struct reply reply;
	struct reply_doc page;
	const char *cookie, *token;

	(void)state;
	reset();
	(void)ask(arena, &(struct asked){ "GET", QUERY, NULL, NULL, NULL }, &reply);
	page = page_of(&reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(play.languages, "de-AT,en");
	assert_string_equal(play.organization, "acme");
	xpath_check(arena, &page, "/html/@lang", "de");
	xpath_check(arena, &page, "//h1", "Anmelden");
	xpath_check(arena, &page, "//input[@name='user']/@value", USER);
	xpath_check(arena, &page, "//input[@autofocus]/@name", "password");
	token = xpath_text(arena, &page, "//input[@name='csrf']/@value");
	assert_int_equal(strlen(token), strlen(TOKEN));
	cookie = header_of(&reply, "Set-Cookie");
	assert_string_equal(cookie,
	    arena_printf(arena,
		"__Host-muster-form=%s; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict", token));
	assert_non_null(strstr(header_of(&reply, "Content-Security-Policy"), "form-action 'self' ms-app:"));
	assert_int_equal(play.recorded, 0);
	assert_non_null(strstr(logged(arena), " stage=sign-in outcome=OK status=200 org=acme user=" USER));
	assert_non_null(strstr(logged(arena), "recorded=no"));
	assert_null(strstr(logged(arena), token));
	reply_free(&page);
	arena_free(arena);
}

/* The cookie of another window stays while half of its time is left; what is none is replaced. */
static void
keeps_the_cookie(void **state)
{
	static const struct {
		const char *cookie;
		int64_t later;
		bool kept;
	} row[] = {
		{ COOKIE(TOKEN), 0, true },
		{ COOKIE(TOKEN), 1800, true },
		{ COOKIE(TOKEN), 1801, false },
		{ COOKIE(TOKEN), -1, false },
		{ COOKIE("1800000000.short"), 0, false },
		{ COOKIE("x" RANDOM), 0, false },
		{ COOKIE("1800000000." RANDOM "A"), 0, false },
		{ COOKIE("1800000000.<script>alert(1)</script>AAAAAAAAAAAAAAAA"), 0, false },
		{ COOKIE(TOKEN) "; __Host-muster-form=" TOKEN, 0, false },
		{ "HTTP_COOKIE=muster-form=" TOKEN, 0, false },
		{ "HTTP_COOKIE=", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct arena *arena = arena_new();
		struct reply reply;
		struct reply_doc page;

		reset();
		now_s += row[i].later;
		(void)ask(arena, &(struct asked){ "GET", QUERY, NULL, row[i].cookie, NULL }, &reply);
		page = page_of(&reply);
		row_equal(row[i].cookie,
		    strcmp(xpath_text(arena, &page, "//input[@name='csrf']/@value"), TOKEN) == 0,
		    row[i].kept);
		reply_free(&page);
		arena_free(arena);
	}
}

static void
gives_the_token(void **state)
{
	struct arena *arena = arena_new();
	struct reply reply;
	struct reply_doc page;
	struct guid trace;
	struct secret wresult;
	uint8_t sha256[TOKEN_SHA256_SIZE];

	(void)state;
	reset();
	trace = ask(
	    arena, &(struct asked){ "POST", QUERY, FORM "; charset=UTF-8", COOKIE(TOKEN), RIGHT }, &reply);
	page = page_of(&reply);
	xpath_check(arena, &page, "//form[@method='post']/@action", APPRU);
	wresult = (struct secret){ xpath_text(arena, &page, "//input[@name='wresult']/@value"), 0 };
	wresult.size = strlen(wresult.data);
	assert_int_equal(wresult.size, TOKEN_TEXT_SIZE);
	token_sha256(&wresult, sha256);
	assert_memory_equal(play.sha256, sha256, sizeof(sha256));
	assert_int_equal(play.tokens, 1);
	assert_string_equal(play.claim, "{\"kind\":\"sign-in page\"}");
	assert_string_equal(play.user, USER);
	assert_string_equal(play.token.organization, "acme");
	assert_string_equal(play.token.account, ACCOUNT);
	assert_string_equal(play.token.how, "sign-in page");
	assert_string_equal(play.token.attempt, ATTEMPT);
	assert_string_equal(play.token.remote, "192.0.2.7");
	assert_non_null(
	    strstr(logged(arena), arena_printf(arena, "trace=%s stage=sign-in outcome=OK", trace.text)));
	assert_non_null(strstr(logged(arena), "recorded=yes"));
	assert_null(strstr(logged(arena), wresult.data));
	assert_null(strstr(logged(arena), "Pa"));
	assert_int_equal(play.recorded, 0);
	reply_free(&page);
	arena_free(arena);
}

/*
 * What is refused: for the reader the form once more, or a page with the trace id; for us the outcome and the
 * reason, recorded but for what HTTP alone could tell.
 */
static const struct {
	const char *name;
	struct asked asked;
	enum outcome policy;
	bool nobody;
	int64_t later;
	enum outcome told;
	const char *why;
	const char *shown; /* in the form; NULL: no form */
	int status;
} refusals[] = {
	{ "no appru", { "GET", "login_hint=a", NULL, NULL, NULL }, OUTCOME_OK, false, 0,
	    OUTCOME_MESSAGE_FORMAT, "MS-MDE2 3.2: no appru in the query", NULL, 200 },
	{ "no query", { "GET", "", NULL, NULL, NULL }, OUTCOME_OK, false, 0, OUTCOME_MESSAGE_FORMAT,
	    "MS-MDE2 3.2: no appru in the query", NULL, 200 },
	{ "https", { "GET", "appru=https%3A%2F%2Fevil.test", NULL, NULL, NULL }, OUTCOME_OK, false, 0,
	    OUTCOME_MESSAGE_FORMAT, "appru 'https://evil.test' is no ms-app URI", NULL, 200 },
	{ "script", { "GET", "appru=javascript:alert(1)", NULL, NULL, NULL }, OUTCOME_OK, false, 0,
	    OUTCOME_MESSAGE_FORMAT, "appru 'javascript:alert(1)' is no ms-app URI", NULL, 200 },
	{ "markup", { "GET", "appru=ms-app://a%22%3E%3Cscript%3E", NULL, NULL, NULL }, OUTCOME_OK, false, 0,
	    OUTCOME_MESSAGE_FORMAT, "appru 'ms-app://a\"><script>' is no ms-app URI", NULL, 200 },
	{ "twice", { "GET", "appru=ms-app://a&appru=ms-app://b", NULL, NULL, NULL }, OUTCOME_OK, false, 0,
	    OUTCOME_MESSAGE_FORMAT, "the field appru is there twice", NULL, 200 },
	{ "hint twice", { "GET", QUERY "&login_hint=b", NULL, NULL, NULL }, OUTCOME_OK, false, 0,
	    OUTCOME_MESSAGE_FORMAT, "the field login_hint is there twice", NULL, 200 },
	{ "no appru on the way back", { "POST", "", FORM, COOKIE(TOKEN), RIGHT }, OUTCOME_OK, false, 0,
	    OUTCOME_MESSAGE_FORMAT, "MS-MDE2 3.2: no appru in the query", NULL, 200 },
	{ "wrong password", { "POST", QUERY, FORM, COOKIE(TOKEN), BODY("ada%40example.test", "x", TOKEN) },
	    OUTCOME_OK, false, 0, OUTCOME_AUTHENTICATION, "wrong password", "Stimmt nicht", 200 },
	{ "wrong password before the decision",
	    { "POST", QUERY, FORM, COOKIE(TOKEN), BODY("ada%40example.test", "x", TOKEN) },
	    OUTCOME_IN_MAINTENANCE, false, 0, OUTCOME_AUTHENTICATION, "wrong password", "Stimmt nicht", 200 },
	{ "nobody", { "POST", QUERY, FORM, COOKIE(TOKEN), RIGHT }, OUTCOME_AUTHENTICATION, true, 0,
	    OUTCOME_AUTHENTICATION, "the database's reason", "Stimmt nicht", 200 },
	{ "the decision", { "POST", QUERY, FORM, COOKIE(TOKEN), RIGHT }, OUTCOME_IN_MAINTENANCE, false, 0,
	    OUTCOME_IN_MAINTENANCE, "the database's reason", NULL, 200 },
	{ "no passwords here", { "POST", QUERY, FORM, COOKIE(TOKEN), RIGHT }, OUTCOME_INVALID_SECURITY, true,
	    0, OUTCOME_INVALID_SECURITY, "the database's reason", NULL, 200 },
	{ "no name", { "POST", QUERY, FORM, COOKIE(TOKEN), BODY("", "x", TOKEN) }, OUTCOME_OK, false, 0,
	    OUTCOME_AUTHENTICATION, "the user name or the password is empty", "Da fehlt etwas", 200 },
	{ "a blank name", { "POST", QUERY, FORM, COOKIE(TOKEN), BODY("+%0d%0a", "x", TOKEN) }, OUTCOME_OK,
	    false, 0, OUTCOME_AUTHENTICATION, "the user name or the password is empty", "Da fehlt etwas",
	    200 },
	{ "no password", { "POST", QUERY, FORM, COOKIE(TOKEN), "user=ada&csrf=" TOKEN }, OUTCOME_OK, false, 0,
	    OUTCOME_AUTHENTICATION, "the user name or the password is empty", "Da fehlt etwas", 200 },
	{ "no cookie", { "POST", QUERY, FORM, NULL, RIGHT }, OUTCOME_OK, false, 0, OUTCOME_MESSAGE_FORMAT,
	    "the form is not the one of the cookie", "Zu lange offen", 200 },
	{ "another cookie",
	    { "POST", QUERY, FORM, COOKIE("1800000000.BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), RIGHT },
	    OUTCOME_OK, false, 0, OUTCOME_MESSAGE_FORMAT, "the form is not the one of the cookie",
	    "Zu lange offen", 200 },
	{ "no token in the form", { "POST", QUERY, FORM, COOKIE(TOKEN), "user=a&password=b" }, OUTCOME_OK,
	    false, 0, OUTCOME_MESSAGE_FORMAT, "the form is not the one of the cookie", "Zu lange offen",
	    200 },
	{ "no token in either",
	    { "POST", QUERY, FORM, "HTTP_COOKIE=__Host-muster-form=", BODY("a", "b", "") }, OUTCOME_OK, false,
	    0, OUTCOME_MESSAGE_FORMAT, "the form is not the one of the cookie", "Zu lange offen", 200 },
	{ "made up in both", { "POST", QUERY, FORM, COOKIE("x"), BODY("a", "b", "x") }, OUTCOME_OK, false, 0,
	    OUTCOME_MESSAGE_FORMAT, "the form is not the one of the cookie", "Zu lange offen", 200 },
	{ "too late", { "POST", QUERY, FORM, COOKIE(TOKEN), RIGHT }, OUTCOME_OK, false, 3601,
	    OUTCOME_MESSAGE_FORMAT, "or more than 60 minutes old", "Zu lange offen", 200 },
	{ "user twice", { "POST", QUERY, FORM, COOKIE(TOKEN), RIGHT "&user=b" }, OUTCOME_OK, false, 0,
	    OUTCOME_MESSAGE_FORMAT, "the field user is there twice", NULL, 200 },
	{ "password twice", { "POST", QUERY, FORM, COOKIE(TOKEN), RIGHT "&password=b" }, OUTCOME_OK, false, 0,
	    OUTCOME_MESSAGE_FORMAT, "the field password is there twice", NULL, 200 },
	{ "NUL in the password", { "POST", QUERY, FORM, COOKIE(TOKEN), BODY("ada", "a%00b", TOKEN) },
	    OUTCOME_OK, false, 0, OUTCOME_MESSAGE_FORMAT, "the field password is wrongly encoded", NULL,
	    200 },
	{ "no UTF-8", { "POST", QUERY, FORM, COOKIE(TOKEN), BODY("%ff", "b", TOKEN) }, OUTCOME_OK, false, 0,
	    OUTCOME_MESSAGE_FORMAT, "the field user is wrongly encoded", NULL, 200 },
	{ "SOAP", { "POST", QUERY, "application/soap+xml", COOKIE(TOKEN), RIGHT }, OUTCOME_OK, false, 0,
	    OUTCOME_UNSUPPORTED_MEDIA_TYPE, "send application/x-www-form-urlencoded", NULL, 415 },
	{ "another form", { "POST", QUERY, "multipart/form-data", COOKIE(TOKEN), RIGHT }, OUTCOME_OK, false,
	    0, OUTCOME_UNSUPPORTED_MEDIA_TYPE, "send application/x-www-form-urlencoded", NULL, 415 },
	{ "another method", { "PUT", QUERY, FORM, COOKIE(TOKEN), RIGHT }, OUTCOME_OK, false, 0,
	    OUTCOME_METHOD_NOT_ALLOWED, "method 'PUT'", NULL, 405 },
};

static void
story_check(struct arena *arena, const char *name, const char *shown, const struct reply *reply,
    const struct guid *trace)
{
	struct reply_doc page = page_of(reply);

	if (shown == NULL) {
		row_text(name, xpath_text(arena, &page, "//code"), trace->text);
		row_equal(name, xpath_count(arena, &page, "//form"), 0);
	} else {
		row_text(name, xpath_text(arena, &page, "//*[@role='alert']"), shown);
		row_text(name, xpath_text(arena, &page, "//input[@name='user']/@value"),
		    play.refusal.user != NULL ? play.refusal.user : "");
		row_text(name, xpath_text(arena, &page, "//input[@name='password']/@value"), "");
		row_equal(name, *header_of(reply, "Set-Cookie") != '\0', true);
	}
	row_equal(name, play.recorded, 1);
	row_text(name, play.refusal.attempt, ATTEMPT);
	row_text(name, play.refusal.stage, "sign-in");
	row_equal(name, *header_of(reply, "Content-Security-Policy") != '\0', true);
	row_equal(name, memmem(reply->body.data, reply->body.size, "reason", 6) == NULL, true);
	reply_free(&page);
}

static void
refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const char *name = refusals[i].name, *line;
		struct arena *arena = arena_new();
		struct reply reply;
		struct guid trace;

		reset();
		now_s += refusals[i].later;
		play.policy =
		    (struct decision){ .outcome = refusals[i].policy, .why = "the database's reason" };
		play.nobody = refusals[i].nobody;
		trace = ask(arena, &refusals[i].asked, &reply);
		line = logged(arena);
		row_equal(name, reply.status, refusals[i].status);
		row_equal(name, play.tokens, 0);
		row_equal(name, play.counted,
		    refusals[i].shown != NULL && strcmp(refusals[i].shown, "Stimmt nicht") == 0);
		row_equal(name,
		    strstr(line, arena_printf(arena, "outcome=%s ", outcome_name(refusals[i].told))) != NULL,
		    true);
		row_equal(name, strstr(line, "Pa$") == NULL && strstr(line, RANDOM) == NULL, true);
		if (refusals[i].status == 200) {
			row_equal(name, play.refusal.outcome, refusals[i].told);
			if (strstr(play.refusal.why, refusals[i].why) == NULL)
				fail_msg("%s: '%s'", name, play.refusal.why);
			story_check(arena, name, refusals[i].shown, &reply, &trace);
		}
		arena_free(arena);
	}
}

/* Before anything is known of the organization, or without a database. */
static void
refuses_without_a_page(void **state)
{
	static const struct {
		enum outcome database, page;
		int status;
		const char *lang;
	} row[] = {
		{ OUTCOME_ENROLLMENT_SERVER, OUTCOME_OK, 200, "en" },
		{ OUTCOME_OK, OUTCOME_NOT_FOUND, 404, NULL },
		{ OUTCOME_OK, OUTCOME_AUTHORIZATION, 200, "de" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct arena *arena = arena_new();
		struct reply reply;

		reset();
		play.database = row[i].database;
		play.page = (struct decision){ .outcome = row[i].page, .why = "reason" };
		(void)ask(arena, &(struct asked){ "GET", QUERY, NULL, NULL, NULL }, &reply);
		assert_int_equal(reply.status, row[i].status);
		if (row[i].lang != NULL) {
			struct reply_doc page = page_of(&reply);

			row_text(row[i].lang, xpath_text(arena, &page, "/html/@lang"), row[i].lang);
			assert_int_equal(xpath_count(arena, &page, "//form"), 0);
			reply_free(&page);
		}
		arena_free(arena);
	}
}

/* SQL may refuse a token still: no result then. */
static void
refuses_a_token(void **state)
{
	struct arena *arena = arena_new();
	struct reply reply;

	(void)state;
	reset();
	play.made = (struct decision){ .outcome = OUTCOME_AUTHORIZATION, .why = "gone" };
	(void)ask(arena, &(struct asked){ "POST", QUERY, FORM, COOKIE(TOKEN), RIGHT }, &reply);
	assert_int_equal(play.refusal.outcome, OUTCOME_AUTHORIZATION);
	assert_null(memmem(reply.body.data, reply.body.size, "wresult", 7));
	assert_non_null(strstr(logged(arena), "recorded=yes"));
	arena_free(arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_form),
		cmocka_unit_test(keeps_the_cookie),
		cmocka_unit_test(gives_the_token),
		cmocka_unit_test(refuses),
		cmocka_unit_test(refuses_without_a_page),
		cmocka_unit_test(refuses_a_token),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
