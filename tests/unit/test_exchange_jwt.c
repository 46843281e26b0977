/* Exchanges with a token of Entra ID, the database played: what is proven, told, recorded and logged, in
 * which order. */
#include "make_jwt.h"
#include "protocol_test.h"

#include <muster/authority/ask.h>
#include <muster/base/clock.h>
#include <muster/stages/stages.h>

#include <fcntl.h>
#include <unistd.h>

#define ACCOUNT "01938f3e-0000-7000-8000-000000000001"
#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define OBJECT "0f7c2a11-5c0d-4c39-8f6e-6f0d6a1e2b3c"
#define CLIENT "2b3c4d5e-0000-4000-8000-00000000000a"
#define ISSUER "https://login.microsoftonline.com/" TENANT "/v2.0"
#define PATH(stage) "/EnrollmentServer/acme/018f3c5e-7b2a-7c11-9d0e-0123456789ab/" stage ".svc"

/* What the database will say, now and once it has welcomed somebody, and what it was asked. */
static struct {
	bool nobody, welcome, still_nobody;
	const char *proof;
	struct decision decision, welcomed;
	int considered, welcomes, asked;
	const char *user, *claim, *details;
	struct refusal refusal;
	char why[WHY_MAX];
} play;

static gnutls_privkey_t key, other;
static struct worker worker;
static int saved_stderr = -1, log_fd = -1;

enum outcome __wrap_store_policy(struct store *, struct arena *, const char *organization,
    const struct claim *, const char *remote, struct enrollment_policy *, struct why *);
enum outcome __wrap_store_consider(struct store *, struct arena *, const char *organization,
    const struct claim *, const char *facts, const char *remote, struct grant *, struct why *);
enum outcome __wrap_store_welcome(
    struct store *, struct arena *, const struct newcomer *, struct decision *, struct why *);
enum outcome __wrap_store_refuse(struct store *, struct arena *, const struct refusal *, struct why *);
enum outcome __wrap_issuer_ask(
    int fd, struct arena *, const struct ask *, struct deadline, struct answer *, bool *lost, struct why *);

static struct account
account_named(const struct claim *claim)
{
	bool known = !play.nobody || (play.welcomes > 0 && !play.still_nobody);

	play.considered++;
	play.user = claim->user;
	play.claim = claim->json;
	return (struct account){ .organization = "acme",
		.id = known ? ACCOUNT : NULL,
		.upn = known ? "ada@corp.test" : NULL,
		.proof = play.proof,
		.welcome = !known && play.welcome };
}

enum outcome
__wrap_store_policy(struct store *store, struct arena *arena, const char *organization,
    const struct claim *claim, const char *remote, struct enrollment_policy *policy, struct why *why)
{
	(void)store, (void)arena, (void)organization, (void)remote, (void)why;
	*policy = (struct enrollment_policy){ .account = account_named(claim),
		.decision = play.decision,
		.minimum_key_length = 2048,
		.validity_seconds = 31536000,
		.renewal_seconds = 3628800 };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_consider(struct store *store, struct arena *arena, const char *organization,
    const struct claim *claim, const char *facts, const char *remote, struct grant *grant, struct why *why)
{
	(void)store, (void)arena, (void)organization, (void)facts, (void)remote, (void)why;
	*grant = (struct grant){ .account = account_named(claim),
		.decision = play.decision,
		.minimum_key_length = 2048,
		.provisioning = { .provider_id = "AcmeMDM",
		    .management_url = "https://mdm.example.test/MDM.svc",
		    .renew_period_days = 42,
		    .renew_retry_days = 5 } };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_welcome(struct store *store, struct arena *arena, const struct newcomer *newcomer,
    struct decision *decision, struct why *why)
{
	(void)store, (void)arena, (void)why;
	play.welcomes++;
	play.details = newcomer->details;
	*decision = play.welcomed;
	return OUTCOME_OK;
}

enum outcome
__wrap_store_refuse(struct store *store, struct arena *arena, const struct refusal *refusal, struct why *why)
{
	(void)store, (void)arena, (void)why;
	play.refusal = *refusal;
	(void)snprintf(play.why, sizeof(play.why), "%s", refusal->why);
	return OUTCOME_OK;
}

enum outcome
__wrap_issuer_ask(int fd, struct arena *arena, const struct ask *ask, struct deadline deadline,
    struct answer *answer, bool *lost, struct why *why)
{
	(void)fd, (void)arena, (void)deadline;
	*lost = false;
	play.asked++;
	assert_string_equal(ask->account, ACCOUNT);
	assert_string_equal(ask->claim, play.claim);
	*answer = (struct answer){ .decision = { .outcome = OUTCOME_AUTHORIZATION } };
	return refuse(why, OUTCOME_AUTHORIZATION, "the issuer's reason");
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
token_make(struct arena *arena, gnutls_privkey_t with)
{
	long long now = clock_now_ms() / 1000;
	const char *payload = arena_printf(arena,
	    "{\"aud\":\"" CLIENT "\",\"iss\":\"" ISSUER
	    "\",\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld,\"tid\":\"" TENANT "\",\"oid\":\"" OBJECT
	    "\",\"preferred_username\":\"ada@corp.test\",\"name\":\"Ada Lovelace\",\"ver\":\"2.0\"}",
	    now, now, now + 3600);

	return jwt_make(arena, with, "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"k1\"}", payload);
}

static const char *
proof_make(struct arena *arena)
{
	return arena_printf(arena,
	    "{\"key\":\"%s\",\"algorithm\":\"RS256\",\"version\":\"2.0\",\"issuer\":\"" ISSUER
	    "\",\"tenant\":\"" TENANT "\",\"subject\":\"" OBJECT "\",\"audiences\":[\"" CLIENT "\"]}",
	    bytes_to_base64(arena, key_public(arena, key)));
}

/* Send a token to a stage; the reply's status. */
static int
send_token(struct arena *arena, const char *path, const char *body, const char *token)
{
	const char *header = arena_printf(arena,
	    "<wsse:Security><wsse:BinarySecurityToken ValueType=\"" TOKEN_TYPE_JWT "\">%s"
	    "</wsse:BinarySecurityToken></wsse:Security>",
	    bytes_to_base64(arena, bytes_of(token)));
	struct request request = { .arena = arena,
		.trace = guid_new(),
		.started_us = clock_steady_us(),
		.deadline = deadline_in_ms(12000),
		.method = "POST",
		.path = path,
		.query = "",
		.content_type = SOAP_CONTENT_TYPE,
		.remote = "192.0.2.7",
		.body = bytes_of(envelope_of(arena, header, body)) };
	struct reply reply;

	(void)!ftruncate(log_fd, 0);
	(void)lseek(log_fd, 0, SEEK_SET);
	(void)dup2(log_fd, STDERR_FILENO);
	stages_serve(&worker, &request, &reply);
	(void)dup2(saved_stderr, STDERR_FILENO);
	return reply.status;
}

/* No part of the token, its signature least of all. */
static void
log_check(struct arena *arena, const char *token)
{
	char *text = arena_alloc(arena, 8192);

	assert_true(pread(log_fd, text, 8191, 0) > 0);
	assert_null(strstr(text, "eyJ"));
	assert_null(strstr(text, strrchr(token, '.') + 1));
}

#define GET_POLICIES "<GetPolicies xmlns=\"" NS_XCEP "\"><client/></GetPolicies>"
#define RST \
	"<RequestSecurityToken xmlns=\"" NS_WST "\"><TokenType>" TOKEN_TYPE_ENROLLMENT "</TokenType>" \
	"<RequestType>" REQUEST_TYPE_ISSUE \
	"</RequestType><BinarySecurityToken ValueType=\"" VALUE_TYPE_PKCS10 "\">" \
	"*****</BinarySecurityToken><AdditionalContext><ContextItem Name=\"DeviceName\"><Value>PC-1</Value>" \
	"</ContextItem></AdditionalContext></RequestSecurityToken>"

static const struct {
	const char *name;
	bool forged, unproven, nobody, welcome, still_nobody;
	enum outcome decision, welcomed;
	int welcomes;
	enum outcome told; /* OK: answered */
	const char *why;
} rows[] = {
	{ .name = "a known user", .told = OUTCOME_OK },
	{ .name = "nothing proves it",
	    .unproven = true,
	    .nobody = true,
	    .decision = OUTCOME_AUTHENTICATION,
	    .told = OUTCOME_AUTHENTICATION,
	    .why = "the database's reason" },
	{ .name = "a forged token of a known user, before the decision",
	    .forged = true,
	    .decision = OUTCOME_IN_MAINTENANCE,
	    .told = OUTCOME_AUTHENTICATION,
	    .why = "JWT: the signature is not that of its key" },
	{ .name = "a forged token of nobody hears the same",
	    .forged = true,
	    .nobody = true,
	    .decision = OUTCOME_AUTHORIZATION,
	    .told = OUTCOME_AUTHENTICATION,
	    .why = "JWT: the signature is not that of its key" },
	{ .name = "a forged token makes no account",
	    .forged = true,
	    .nobody = true,
	    .welcome = true,
	    .told = OUTCOME_AUTHENTICATION,
	    .why = "JWT: the signature is not that of its key" },
	{ .name = "proven, and nobody",
	    .nobody = true,
	    .decision = OUTCOME_AUTHORIZATION,
	    .told = OUTCOME_AUTHORIZATION,
	    .why = "the database's reason" },
	{ .name = "proven, nobody, and SQL says yes: still nobody",
	    .nobody = true,
	    .told = OUTCOME_AUTHORIZATION,
	    .why = "who is proven has no account here" },
	{ .name = "the decision",
	    .decision = OUTCOME_IN_MAINTENANCE,
	    .told = OUTCOME_IN_MAINTENANCE,
	    .why = "the database's reason" },
	{ .name = "first sight", .nobody = true, .welcome = true, .welcomes = 1, .told = OUTCOME_OK },
	{ .name = "first sight, refused",
	    .nobody = true,
	    .welcome = true,
	    .welcomed = OUTCOME_AUTHORIZATION,
	    .welcomes = 1,
	    .told = OUTCOME_AUTHORIZATION,
	    .why = "no welcome" },
	{ .name = "first sight, and nobody afterwards",
	    .nobody = true,
	    .welcome = true,
	    .still_nobody = true,
	    .welcomes = 1,
	    .told = OUTCOME_AUTHORIZATION,
	    .why = "who is proven has no account here" },
};

static void
tells_what_is_proven(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		size_t row = i / 2;
		bool rst = i % 2 == 1;
		struct arena *arena = arena_new();
		const char *name = rows[row].name, *token = token_make(arena, rows[row].forged ? other : key);
		int status;

		memset(&play, 0, sizeof(play));
		play.nobody = rows[row].nobody;
		play.welcome = rows[row].welcome;
		play.still_nobody = rows[row].still_nobody;
		play.proof = rows[row].unproven ? NULL : proof_make(arena);
		play.decision =
		    (struct decision){ .outcome = rows[row].decision, .why = "the database's reason" };
		play.welcomed = (struct decision){ .outcome = rows[row].welcomed, .why = "no welcome" };
		status = rst ? send_token(arena, PATH("Enrollment"), RST, token)
			     : send_token(arena, PATH("Policy"), GET_POLICIES, token);
		log_check(arena, token);
		row_text(name, play.user, "ada@corp.test");
		row_equal(name, strstr(play.claim, "\"subject\":\"" OBJECT "\"") != NULL, true);
		row_equal(name, play.welcomes, rows[row].welcomes);
		row_equal(name, play.considered,
		    rows[row].welcomes > 0 && rows[row].welcomed == OUTCOME_OK ? 2 : 1);
		if (rows[row].welcomes > 0)
			row_text(name, play.details, "{\"name\":\"Ada Lovelace\"}");
		row_equal(name, status, rst || rows[row].told != OUTCOME_OK ? 500 : 200);
		if (rows[row].told != OUTCOME_OK) {
			row_equal(name, play.refusal.outcome, rows[row].told);
			row_text(name, play.why, rows[row].why);
		} else if (rst) {
			/* Far enough to see that the proof was taken. */
			row_equal(name, play.refusal.outcome, OUTCOME_CERTIFICATE_REQUEST);
		}
		arena_free(arena);
	}
}

/* What is no JWT is refused before the database is asked. */
static void
asks_nobody_about_nonsense(void **state)
{
	static const struct {
		const char *token;
		enum outcome outcome;
		const char *why;
	} row[] = {
		{ "eyJ.e.", OUTCOME_INVALID_SECURITY, "JWT: the header is not base64url" },
		{ "eyJhbGciOiJub25lIn0.e30.", OUTCOME_AUTHENTICATION,
		    "JWT: not signed: its algorithm is \"none\"" },
		{ "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsifQ.e30.AAAA", OUTCOME_AUTHENTICATION,
		    "JWT: algorithm \"HS256\": RS256 or ES256 expected" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct arena *arena = arena_new();

		memset(&play, 0, sizeof(play));
		row_equal(row[i].token, send_token(arena, PATH("Policy"), GET_POLICIES, row[i].token), 500);
		row_equal(row[i].token, play.considered, 0);
		row_equal(row[i].token, play.refusal.outcome, row[i].outcome);
		row_text(row[i].token, play.why, row[i].why);
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_is_proven),
		cmocka_unit_test(asks_nobody_about_nonsense),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
