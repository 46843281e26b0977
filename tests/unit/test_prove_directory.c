/* Passwords where there is a directory: who is asked what, how often, and what SQL is asked then. */
#include "protocol_test.h"

#include <muster/credentials/password.h>
#include <muster/stages/stages.h>

#include <fcntl.h>
#include <unistd.h>

#define ACCOUNT "01938f3e-0000-7000-8000-000000000001"
#define POLICY_PATH "/EnrollmentServer/acme/018f3c5e-7b2a-7c11-9d0e-0123456789ab/Policy.svc"
#define PROOF(remember) \
	"{\"directory\":{\"name\":\"corp\",\"servers\":[\"ldaps://dc1.example.test\"],\"base\":\"dc=test\"," \
	"\"name_attributes\":[\"mail\"],\"short_name_attribute\":\"uid\",\"upn_attribute\":\"mail\"," \
	"\"connect_ms\":1000,\"answer_ms\":1000,\"total_ms\":1000,\"remember\":" remember "}}"

/* What SQL and the directory will say, and what they were asked. */
static struct {
	const char *upn, *hash, *proof; /* of the account that SQL finds at first; upn NULL: none */
	const char *again;		/* and when it is asked again; NULL: none */
	struct decision no;		/* why there is none then */
	bool welcome;
	enum outcome directory, welcomed;
	const char *known_as; /* of the directory */
	bool hash_matches;
	int asked_sql, asked_directory, hashed, welcomes, counted;
	const char *claim, *details, *directory_user;
	struct refusal refusal;
} play;

enum outcome __wrap_store_policy(struct store *, struct arena *, const char *organization,
    const struct claim *, const char *remote, struct enrollment_policy *, struct why *);
enum outcome __wrap_store_welcome(
    struct store *, struct arena *, const struct newcomer *, struct decision *, struct why *);
enum outcome __wrap_store_refuse(struct store *, struct arena *, const struct refusal *, struct why *);
enum outcome __wrap_directory_prove(const struct directory_question *, struct person *, struct why *);
enum outcome __wrap_store_count_password(struct store *, const struct tried *, struct why *);
bool __wrap_password_verify(const struct secret *, const char *hash);

enum outcome
__wrap_store_policy(struct store *store, struct arena *arena, const char *organization,
    const struct claim *claim, const char *remote, struct enrollment_policy *policy, struct why *why)
{
	bool first = play.asked_sql++ == 0;
	const char *upn = first ? play.upn : play.welcomes > 0 ? play.known_as : play.again;

	(void)store, (void)arena, (void)organization, (void)remote, (void)why;
	play.claim = claim->json;
	*policy = (struct enrollment_policy){ .account = { .organization = "acme",
						  .id = upn != NULL ? ACCOUNT : NULL,
						  .upn = upn,
						  .password_hash = upn != NULL ? play.hash : NULL,
						  .proof = first ? play.proof : NULL,
						  .welcome = !first && upn == NULL && play.welcome },
		.minimum_key_length = 2048 };
	if (upn == NULL)
		policy->decision = first
		    ? (struct decision){ .outcome = OUTCOME_AUTHENTICATION, .why = "no account" }
		    : play.no;
	return OUTCOME_OK;
}

enum outcome
__wrap_store_welcome(struct store *store, struct arena *arena, const struct newcomer *newcomer,
    struct decision *decision, struct why *why)
{
	(void)store, (void)arena, (void)why;
	play.welcomes++;
	play.details = newcomer->details;
	*decision = (struct decision){ .outcome = play.welcomed, .why = "not welcome" };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_refuse(struct store *store, struct arena *arena, const struct refusal *refusal, struct why *why)
{
	(void)store, (void)why;
	play.refusal = *refusal;
	play.refusal.why = arena_strdup(arena, refusal->why);
	return OUTCOME_OK;
}

enum outcome
__wrap_directory_prove(const struct directory_question *question, struct person *person, struct why *why)
{
	play.asked_directory++;
	play.directory_user = question->user;
	assert_string_equal(question->organization, "acme");
	assert_string_equal(question->password->data, "the password");
	*person = (struct person){ "uid=x", play.known_as, "Ada" };
	return play.directory == OUTCOME_OK ? OUTCOME_OK
					    : refuse(why, play.directory, "the directory's reason");
}

enum outcome
__wrap_store_count_password(struct store *store, const struct tried *tried, struct why *why)
{
	(void)store, (void)tried, (void)why;
	play.counted++;
	return OUTCOME_OK;
}

bool
__wrap_password_verify(const struct secret *password, const char *hash)
{
	(void)password;
	play.hashed++;
	return hash != NULL && play.hash_matches;
}

static struct worker worker;

static int
serve(struct arena *arena)
{
	static const char header[] =
	    "<wsse:Security><wsse:UsernameToken><wsse:Username>ada</wsse:Username>"
	    "<wsse:Password>the password</wsse:Password></wsse:UsernameToken></wsse:Security>";
	struct request request = { .arena = arena,
		.trace = guid_new(),
		.started_us = clock_steady_us(),
		.deadline = deadline_in_ms(30000),
		.method = "POST",
		.path = POLICY_PATH,
		.query = "",
		.content_type = SOAP_CONTENT_TYPE,
		.remote = "192.0.2.7",
		.body = bytes_of(envelope_of(
		    arena, header, "<GetPolicies xmlns=\"" NS_XCEP "\"><client/></GetPolicies>")) };
	struct reply reply;
	int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)dup2(null, STDERR_FILENO);
	stages_serve(&worker, &request, &reply);
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	(void)close(null);
	return reply.status;
}

#define LOCAL "$6$x$y"
#define UPN "ada@example.test"

static const struct {
	const char *name;
	const char *upn, *hash, *known_as, *again;
	enum outcome no;
	bool welcome, matches;
	enum outcome directory, welcomed;
	enum outcome told; /* OK: 200 */
	int sql, asked, hashed, welcomes;
	bool wrong_all_the_same; /* counted as a wrong password, whatever is told */
	const char *why;
} rows[] = {
	{ .name = "known by the same name",
	    .upn = UPN,
	    .known_as = "ADA@example.test",
	    .sql = 1,
	    .asked = 1 },
	{ .name = "known by another",
	    .upn = UPN,
	    .known_as = "king@example.test",
	    .again = "king@example.test",
	    .sql = 2,
	    .asked = 1 },
	{ .name = "not known as typed", .known_as = UPN, .again = UPN, .sql = 2, .asked = 1 },
	{ .name = "welcome", .known_as = UPN, .welcome = true, .sql = 3, .asked = 1, .welcomes = 1 },
	{ .name = "not welcome after all",
	    .known_as = UPN,
	    .welcome = true,
	    .welcomed = OUTCOME_AUTHORIZATION,
	    .told = OUTCOME_AUTHORIZATION,
	    .sql = 2,
	    .asked = 1,
	    .welcomes = 1,
	    .why = "not welcome" },
	{ .name = "nobody here",
	    .known_as = UPN,
	    .no = OUTCOME_AUTHORIZATION,
	    .told = OUTCOME_AUTHORIZATION,
	    .sql = 2,
	    .asked = 1,
	    .why = "SQL's reason" },
	{ .name = "nobody, and no reason",
	    .known_as = UPN,
	    .told = OUTCOME_AUTHORIZATION,
	    .sql = 2,
	    .asked = 1,
	    .why = "who is proven has no account here" },
	{ .name = "wrong password",
	    .upn = UPN,
	    .directory = OUTCOME_AUTHENTICATION,
	    .told = OUTCOME_AUTHENTICATION,
	    .sql = 1,
	    .asked = 1,
	    .hashed = 1,
	    .why = "the directory's reason" },
	{ .name = "wrong password of a stranger",
	    .directory = OUTCOME_AUTHENTICATION,
	    .told = OUTCOME_AUTHENTICATION,
	    .sql = 1,
	    .asked = 1,
	    .hashed = 1,
	    .why = "the directory's reason" },
	{ .name = "not in the group",
	    .upn = UPN,
	    .directory = OUTCOME_AUTHORIZATION,
	    .told = OUTCOME_AUTHORIZATION,
	    .sql = 1,
	    .asked = 1,
	    .hashed = 1,
	    .why = "the directory's reason" },
	{ .name = "the directory is away",
	    .upn = UPN,
	    .directory = OUTCOME_ENROLLMENT_SERVER,
	    .told = OUTCOME_ENROLLMENT_SERVER,
	    .sql = 1,
	    .asked = 1,
	    .hashed = 1,
	    .why = "the directory's reason" },
	{ .name = "a password of its own",
	    .upn = UPN,
	    .hash = LOCAL,
	    .matches = true,
	    .sql = 1,
	    .hashed = 1 },
	{ .name = "a wrong one",
	    .upn = UPN,
	    .hash = LOCAL,
	    .directory = OUTCOME_AUTHENTICATION,
	    .told = OUTCOME_AUTHENTICATION,
	    .sql = 1,
	    .asked = 1,
	    .hashed = 1,
	    .why = "wrong password" },
	{ .name = "a wrong one that the directory takes",
	    .upn = UPN,
	    .hash = LOCAL,
	    .known_as = UPN,
	    .told = OUTCOME_AUTHENTICATION,
	    .sql = 1,
	    .asked = 1,
	    .hashed = 1,
	    .why = "wrong password" },
	{ .name = "a wrong one while the directory is away",
	    .upn = UPN,
	    .hash = LOCAL,
	    .directory = OUTCOME_ENROLLMENT_SERVER,
	    .told = OUTCOME_ENROLLMENT_SERVER,
	    .sql = 1,
	    .asked = 1,
	    .hashed = 1,
	    .why = "wrong password",
	    .wrong_all_the_same = true },
};

static void
asks_each_as_often_as_needed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *name = rows[i].name;
		struct arena *arena = arena_new();

		memset(&play, 0, sizeof(play));
		play.upn = rows[i].upn;
		play.hash = rows[i].hash;
		play.proof = PROOF("false");
		play.known_as = rows[i].known_as;
		play.again = rows[i].again;
		play.no = (struct decision){ .outcome = rows[i].no, .why = "SQL's reason" };
		play.welcome = rows[i].welcome;
		play.welcomed = rows[i].welcomed;
		play.directory = rows[i].directory;
		play.hash_matches = rows[i].matches;
		row_equal(name, serve(arena), rows[i].told == OUTCOME_OK ? 200 : 500);
		row_equal(name, play.refusal.outcome, rows[i].told);
		row_text(name, play.refusal.why != NULL ? play.refusal.why : "",
		    rows[i].why != NULL ? rows[i].why : "");
		row_equal(name, play.asked_sql, rows[i].sql);
		row_equal(name, play.asked_directory, rows[i].asked);
		row_equal(name, play.hashed, rows[i].hashed);
		row_equal(name, play.welcomes, rows[i].welcomes);
		row_equal(
		    name, play.counted, rows[i].told == OUTCOME_AUTHENTICATION || rows[i].wrong_all_the_same);
		/* Who has a password of his own is nobody to the directory. */
		if (rows[i].asked > 0)
			row_equal(name, play.directory_user == NULL, rows[i].hash != NULL);
		if (rows[i].sql > 1)
			row_text(name, play.claim,
			    arena_printf(arena,
				"{\"kind\":\"password\",\"directory\":\"corp\",\"upn\":\"%s\"}",
				rows[i].known_as));
		if (rows[i].welcomes > 0)
			row_text(name, play.details, "{\"name\":\"Ada\"}");
		arena_free(arena);
	}
}

/* Only if the organization says so, and only what was proven under these very settings. */
static void
remembers_if_it_may(void **state)
{
	static const struct {
		const char *proof;
		int asked;
	} row[] = { { PROOF("false"), 1 }, { PROOF("false"), 2 }, { PROOF("true"), 3 }, { PROOF("true"), 3 },
		{ PROOF("true") " ", 4 } };
	struct arena *arena = arena_new();
	int asked = 0;

	(void)state;
	worker.memo = memo_new();
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		memset(&play, 0, sizeof(play));
		play.upn = play.known_as = UPN;
		play.proof = row[i].proof;
		assert_int_equal(serve(arena), 200);
		asked += play.asked_directory;
		assert_int_equal(asked, row[i].asked);
	}
	worker.memo = NULL;
	arena_free(arena);
}

static void
refuses_settings_that_it_cannot_read(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	memset(&play, 0, sizeof(play));
	play.upn = UPN;
	play.proof = "{\"directory\":{}}";
	assert_int_equal(serve(arena), 500);
	assert_int_equal(play.refusal.outcome, OUTCOME_ENROLLMENT_SERVER);
	assert_non_null(strstr(play.refusal.why, "settings of the directory"));
	arena_free(arena);
}

static int
worker_start(void **state)
{
	(void)state;
	worker = (struct worker){ .budget = budget_new(), .issuer_fd = -1 };
	return worker.budget != NULL ? 0 : -1;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_each_as_often_as_needed),
		cmocka_unit_test(remembers_if_it_may),
		cmocka_unit_test(refuses_settings_that_it_cannot_read),
	};

	return cmocka_run_group_tests(tests, worker_start, NULL);
}
