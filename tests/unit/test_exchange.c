/* Whole exchanges with database and issuer played: what is asked, told, recorded and logged, in which order.
 */
#include "protocol_test.h"

#include <muster/authority/ask.h>
#include <muster/stages/stages.h>

#include <crypt.h>
#include <fcntl.h>
#include <unistd.h>

#define USER "ada@example.test"
#define PASSWORD "Pa$$w0rd 1"
#define ACCOUNT "01938f3e-0000-7000-8000-000000000001"
#define ATTEMPT "018f3c5e-7b2a-7c11-9d0e-0123456789ab"
#define DEVICE "01938f3e-0000-7000-8000-000000000002"
#define POLICY_PATH "/EnrollmentServer/acme/" ATTEMPT "/Policy.svc"
#define ENROLLMENT_PATH "/EnrollmentServer/acme/" ATTEMPT "/Enrollment.svc"

/* What the database and the issuer will say, and what they were asked. */
static struct {
	struct directions directions;
	struct decision decision, issuer;
	bool nobody; /* there is no such account */
	int considered, asked, recorded;
	const char *domain, *organization, *user, *claim, *facts;
	struct ask ask;
	struct refusal refusal;
} play;

static char *hash;

enum outcome __wrap_store_discover(
    struct store *, struct arena *, const char *domain, struct directions *, struct why *);
enum outcome __wrap_store_policy(struct store *, struct arena *, const char *organization,
    const struct claim *, const char *remote, struct enrollment_policy *, struct why *);
enum outcome __wrap_store_consider(struct store *, struct arena *, const char *organization,
    const struct claim *, const char *facts, const char *remote, struct grant *, struct why *);
enum outcome __wrap_store_count_password(struct store *, const struct tried *, struct why *);
enum outcome __wrap_store_refuse(struct store *, struct arena *, const struct refusal *, struct why *);
enum outcome __wrap_issuer_ask(
    int fd, struct arena *, const struct ask *, struct deadline, struct answer *, bool *lost, struct why *);

enum outcome
__wrap_store_discover(struct store *store, struct arena *arena, const char *domain,
    struct directions *directions, struct why *why)
{
	(void)store, (void)arena, (void)why;
	play.domain = domain;
	*directions = play.directions;
	return OUTCOME_OK;
}

static struct account
account_named(const char *organization, const struct claim *claim)
{
	play.considered++;
	play.organization = organization;
	play.user = claim->user;
	play.claim = claim->json;
	if (play.nobody)
		return (struct account){ .organization = "acme" };
	return (struct account){ .organization = "acme", .id = ACCOUNT, .upn = USER, .password_hash = hash };
}

enum outcome
__wrap_store_policy(struct store *store, struct arena *arena, const char *organization,
    const struct claim *claim, const char *remote, struct enrollment_policy *policy, struct why *why)
{
	(void)store, (void)arena, (void)remote, (void)why;
	*policy = (struct enrollment_policy){ .account = account_named(organization, claim),
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
	(void)store, (void)arena, (void)remote, (void)why;
	play.facts = facts;
	*grant = (struct grant){ .account = account_named(organization, claim),
		.decision = play.decision,
		.minimum_key_length = 2048,
		.provisioning = { .provider_id = "AcmeMDM",
		    .management_url = "https://mdm.example.test/MDM.svc",
		    .renew_period_days = 42,
		    .renew_retry_days = 5 } };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_count_password(struct store *store, const struct tried *tried, struct why *why)
{
	(void)store, (void)tried, (void)why;
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

enum outcome
__wrap_issuer_ask(int fd, struct arena *arena, const struct ask *ask, struct deadline deadline,
    struct answer *answer, bool *lost, struct why *why)
{
	(void)fd, (void)deadline;
	*lost = false;
	play.asked++;
	play.ask = *ask;
	play.ask.trace = arena_strdup(arena, ask->trace);
	play.ask.public_key = arena_copy(arena, ask->public_key.data, ask->public_key.size);
	*answer = (struct answer){ .decision = play.issuer };
	if (play.issuer.outcome != OUTCOME_OK)
		return refuse(why, play.issuer.outcome, "%s", play.issuer.why);
	answer->issued = (struct issued){ .device = DEVICE,
		.certificate = bytes_of("certificate"),
		.root = bytes_of("root"),
		.secrets = { "client-secret", "bm9uY2UxMjM0NTY3ODkw", DEVICE, "server-secret",
		    "bm9uY2UwOTg3NjU0MzIx" } };
	return OUTCOME_OK;
}

/* --- one exchange --- */

static struct worker worker;
static int saved_stderr = -1, log_fd = -1;

static int
worker_start(void **state)
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
worker_stop(void **state)
{
	(void)state;
	free(hash);
	return 0;
}

/* Everybody says yes. */
static void
play_reset(void)
{
	memset(&play, 0, sizeof(play));
	play.directions = (struct directions){ .organization = "acme",
		.enrollment_url = "https://enroll.example.test:8443",
		.auth_policies = "OnPremise",
		.enrollment_version = "4.0" };
}

static struct guid
exchange(struct arena *arena, const char *path, struct bytes body, struct reply *reply)
{
	struct request request = { .arena = arena,
		.trace = guid_new(),
		.started_us = clock_steady_us(),
		.deadline = deadline_in_ms(12000),
		.method = "POST",
		.path = path,
		.query = "",
		.content_type = SOAP_CONTENT_TYPE,
		.remote = "192.0.2.7",
		.body = body };

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

/* --- requests --- */

#define USERNAME_TOKEN(password) \
	"<wsse:Security><wsse:UsernameToken><wsse:Username>" USER "</wsse:Username><wsse:Password>" password \
	"</wsse:Password></wsse:UsernameToken></wsse:Security>"
#define RIGHT USERNAME_TOKEN(PASSWORD)
#define WRONG USERNAME_TOKEN("wrong")
#define BLANK USERNAME_TOKEN("")
#define GET_POLICIES "<GetPolicies xmlns=\"" NS_XCEP "\"><client/></GetPolicies>"
#define ITEM(name, value) "<ContextItem Name=\"" name "\"><Value>" value "</Value></ContextItem>"
#define RST(type, csr, items) \
	"<RequestSecurityToken xmlns=\"" NS_WST "\"><TokenType>" TOKEN_TYPE_ENROLLMENT "</TokenType>" \
	"<RequestType>" type "</RequestType><BinarySecurityToken ValueType=\"" VALUE_TYPE_PKCS10 "\">" csr \
	"</BinarySecurityToken><AdditionalContext>" ITEM("DeviceName", "PC-1") items \
	    "</AdditionalContext></RequestSecurityToken>"
#define BAD_CSR RST(REQUEST_TYPE_ISSUE, "*****", "")
#define NO_CSR RST(REQUEST_TYPE_ISSUE, "MAIwAA==", "")

/* --- who hears what --- */

/*
 * Format, credential, proof, decision, certificate request, issuer: each is told only to whom
 * passed those before it, and recorded with what was known by then.
 */
static const struct {
	const char *name, *header, *body;
	bool nobody;
	enum outcome decision, issuer, told;
	bool facts, renewal;
	const char *why;
} orders[] = {
	{ .name = "GetPolicies: no client before no credential",
	    .header = "",
	    .body = "<GetPolicies/>",
	    .told = OUTCOME_MESSAGE_FORMAT,
	    .why = "no client in GetPolicies" },
	{ .name = "GetPolicies: no credential",
	    .header = "",
	    .body = GET_POLICIES,
	    .decision = OUTCOME_AUTHORIZATION,
	    .told = OUTCOME_INVALID_SECURITY,
	    .why = "no credential: UsernameToken or BinarySecurityToken expected" },
	{ .name = "GetPolicies: wrong password before the decision",
	    .header = WRONG,
	    .body = GET_POLICIES,
	    .decision = OUTCOME_IN_MAINTENANCE,
	    .told = OUTCOME_AUTHENTICATION,
	    .why = "wrong password" },
	{ .name = "GetPolicies: a stranger",
	    .header = RIGHT,
	    .body = GET_POLICIES,
	    .nobody = true,
	    .decision = OUTCOME_AUTHENTICATION,
	    .told = OUTCOME_AUTHENTICATION,
	    .why = "the database's reason" },
	{ .name = "GetPolicies: the decision",
	    .header = RIGHT,
	    .body = GET_POLICIES,
	    .decision = OUTCOME_IN_MAINTENANCE,
	    .told = OUTCOME_IN_MAINTENANCE,
	    .why = "the database's reason" },
	{ .name = "RST: its format before no credential",
	    .header = "",
	    .body = RST("urn:x", "MAIwAA==", ""),
	    .told = OUTCOME_MESSAGE_FORMAT,
	    .facts = true,
	    .why = "RequestType 'urn:x' is unknown, Issue or Renew expected" },
	{ .name = "RST: a renewal is no sign-in with a blank password",
	    .header = BLANK,
	    .body = RST(REQUEST_TYPE_RENEW, "MAIwAA==", ""),
	    .told = OUTCOME_CERTIFICATE_REQUEST,
	    .renewal = true,
	    .facts = true,
	    .why = "BinarySecurityToken: a renewal is signed, not a PKCS#7 by its ValueType" },
	{ .name = "RST: too many values for one name",
	    .header = RIGHT,
	    .body = RST(REQUEST_TYPE_ISSUE, "MAIwAA==", ITEM("DeviceID", "1") ITEM("DeviceID", "2")),
	    .told = OUTCOME_MESSAGE_FORMAT,
	    .facts = true,
	    .why = "ContextItem 'DeviceID' twice" },
	{ .name = "RST: no credential before a bad certificate request",
	    .header = "",
	    .body = BAD_CSR,
	    .told = OUTCOME_INVALID_SECURITY,
	    .facts = true,
	    .why = "no credential: UsernameToken or BinarySecurityToken expected" },
	{ .name = "RST: wrong password before the decision",
	    .header = WRONG,
	    .body = BAD_CSR,
	    .decision = OUTCOME_DEVICE_CAP_REACHED,
	    .told = OUTCOME_AUTHENTICATION,
	    .facts = true,
	    .why = "wrong password" },
	{ .name = "RST: the decision before a bad certificate request",
	    .header = RIGHT,
	    .body = BAD_CSR,
	    .decision = OUTCOME_DEVICE_CAP_REACHED,
	    .told = OUTCOME_DEVICE_CAP_REACHED,
	    .facts = true,
	    .why = "the database's reason" },
	{ .name = "RST: a bad certificate request",
	    .header = RIGHT,
	    .body = BAD_CSR,
	    .told = OUTCOME_CERTIFICATE_REQUEST,
	    .facts = true,
	    .why = "BinarySecurityToken: not base64" },
	{ .name = "RST: not a certificate request",
	    .header = RIGHT,
	    .body = NO_CSR,
	    .issuer = OUTCOME_DEVICE_CAP_REACHED,
	    .told = OUTCOME_CERTIFICATE_REQUEST,
	    .facts = true },
};

/* Fault, record and log tell the same story under the same trace id, and no secret. */
static void
story_check(struct arena *arena, const char *name, const struct reply *reply, enum outcome told,
    const struct guid *trace)
{
	struct reply_doc fault = reply_parse(reply->body);
	const char *line = logged(arena);

	row_equal(name, reply->status, 500);
	row_text(name, reply->content_type, SOAP_CONTENT_TYPE);
	row_text(name, xpath_text(arena, &fault, "//f:TraceId"), trace->text);
	row_equal(name, play.recorded, 1);
	row_text(name, play.refusal.trace, trace->text);
	row_text(name, play.refusal.attempt, ATTEMPT);
	row_text(name, play.refusal.organization, "acme");
	row_text(name, play.refusal.remote, "192.0.2.7");
	row_equal(name, play.refusal.outcome, told);
	row_equal(name, strncmp(line, arena_printf(arena, "trace=%s ", trace->text), 43), 0);
	row_equal(name, strstr(line, arena_printf(arena, "outcome=%s ", outcome_name(told))) != NULL, true);
	row_equal(name, strstr(line, "recorded=yes") != NULL, true);
	row_equal(name, strstr(line, "Pa$$") == NULL && strstr(line, hash) == NULL, true);
	row_equal(name, memmem(reply->body.data, reply->body.size, "reason", 6) == NULL, true);
	reply_free(&fault);
}

static void
tells_each_only_what_is_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		const char *name = orders[i].name;
		struct arena *arena = arena_new();
		struct reply reply;
		struct guid trace;

		play_reset();
		worker.memo = NULL;
		play.nobody = orders[i].nobody;
		play.decision =
		    (struct decision){ .outcome = orders[i].decision, .why = "the database's reason" };
		play.issuer = (struct decision){ .outcome = orders[i].issuer, .why = "the issuer's reason" };
		trace = exchange(arena, name[0] == 'G' ? POLICY_PATH : ENROLLMENT_PATH,
		    bytes_of(envelope_of(arena, orders[i].header, orders[i].body)), &reply);
		story_check(arena, name, &reply, orders[i].told, &trace);
		row_text(name, play.refusal.stage,
		    orders[i].renewal	 ? "renewal"
			: name[0] == 'G' ? "policy"
					 : "enrollment");
		row_equal(name, play.asked, 0);
		row_equal(name, play.refusal.facts != NULL, orders[i].facts);
		row_equal(name, play.refusal.account != NULL, play.considered > play.nobody);
		if (orders[i].why != NULL)
			row_text(name, play.refusal.why, orders[i].why);
		arena_free(arena);
	}
}

/* Every outcome that SQL can decide goes through, whichever of the two calls says it. */
static void
tells_every_decision(void **state)
{
	struct arena *arena = arena_new();
	struct bytes rst = file_read(arena, "requests", "rst-windows11.xml");

	(void)state;
	for (enum outcome o = OUTCOME_MESSAGE_FORMAT; o <= OUTCOME_CUSTOM_SERVER_ERROR; o++) {
		for (int by_issuer = 0; by_issuer < 2; by_issuer++) {
			const struct decision no = {
				.outcome = o, .why = "the database's reason", .text = "Nicht bei uns <b>"
			};
			struct reply reply;
			struct reply_doc fault;
			struct guid trace;

			play_reset();
			*(by_issuer ? &play.issuer : &play.decision) = no;
			trace = exchange(arena, ENROLLMENT_PATH, rst, &reply);
			story_check(arena, outcome_name(o), &reply, o, &trace);
			row_equal(outcome_name(o), play.asked, by_issuer);
			row_text(outcome_name(o), play.refusal.account, ACCOUNT);
			row_text(outcome_name(o), play.refusal.why, no.why);
			fault = reply_parse(reply.body);
			xpath_check(arena, &fault, "//s:Reason/s:Text", no.text);
			reply_free(&fault);
		}
	}
	arena_free(arena);
}

/* --- discovery --- */

#define DISCOVER(policies) \
	"<Discover xmlns=\"" NS_DISCOVERY "/\"><request><EmailAddress>Ada@Example.Test</EmailAddress>" \
	"<RequestVersion>9.0</RequestVersion><DeviceType>CIMClient_Windows</DeviceType>" \
	"<AuthPolicies>" policies "</AuthPolicies></request></Discover>"
#define OFFER(policy) "<AuthPolicy>" policy "</AuthPolicy>"

static const struct {
	const char *configured, *offered, *answer; /* NULL: a fault */
} choices[] = {
	{ "OnPremise", DISCOVER(OFFER("OnPremise")), "OnPremise" },
	{ "OnPremise", DISCOVER(OFFER("Federated") OFFER("OnPremise")), "OnPremise" },
	{ "Federated,OnPremise", DISCOVER(OFFER("Federated") OFFER("OnPremise")), "Federated" },
	{ "OnPremise,Federated", DISCOVER(OFFER("Federated") OFFER("OnPremise")), "OnPremise" },
	{ "Federated", DISCOVER(OFFER("Federated") OFFER("OnPremise")), "Federated" },
	{ "Certificate", DISCOVER(OFFER("Certificate")), "Certificate" },
	{ "OnPremise,Certificate", DISCOVER(OFFER("Certificate")), "Certificate" },
	{ "Certificate", DISCOVER(OFFER("Federated") OFFER("OnPremise")), NULL },
	{ "Federated", DISCOVER(OFFER("OnPremise")), NULL },
	{ "OnPremise", DISCOVER(OFFER("Certificate")), NULL },
	{ "", DISCOVER(OFFER("OnPremise")), NULL },
};

static void
advertises_what_is_served(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		struct arena *arena = arena_new();
		char *name = arena_printf(arena, "choice %zu", i);
		struct reply reply;
		struct reply_doc doc;

		play_reset();
		play.directions.auth_policies = choices[i].configured;
		(void)exchange(arena, "/EnrollmentServer/Discovery.svc",
		    bytes_of(envelope_of(arena, "", choices[i].offered)), &reply);
		doc = reply_parse(reply.body);
		row_equal(name, reply.status, choices[i].answer != NULL ? 200 : 500);
		row_text(name, xpath_text(arena, &doc, "//e:DiscoverResult/e:AuthPolicy"),
		    choices[i].answer != NULL ? choices[i].answer : "");
		row_text(name, xpath_text(arena, &doc, "//s:Subcode/s:Value"),
		    choices[i].answer != NULL ? "" : "s:EnrollmentServer");
		row_equal(name, xpath_count(arena, &doc, "//e:AuthenticationServiceUrl"),
		    choices[i].answer != NULL && strcmp(choices[i].answer, "Federated") == 0);
		reply_free(&doc);
		arena_free(arena);
	}
}

/* Not from To, nor from anything else that the device sent. */
static void
directs_by_the_organization(void **state)
{
	struct arena *arena = arena_new();
	struct reply reply;
	struct reply_doc doc;
	const char *policy, *enrollment;
	size_t base = strlen("https://enroll.example.test:8443/EnrollmentServer/acme/");

	(void)state;
	play_reset();
	play.directions.enrollment_version = "5.0";
	(void)exchange(arena, "/enrollmentserver/DISCOVERY.SVC",
	    bytes_of(envelope_of(arena,
		"<a:To s:mustUnderstand=\"1\">https://evil.test:443/EnrollmentServer/Discovery.svc</a:To>",
		DISCOVER(OFFER("OnPremise")))),
	    &reply);
	doc = reply_parse(reply.body);
	assert_string_equal(play.domain, "example.test");
	policy = xpath_text(arena, &doc, "//e:EnrollmentPolicyServiceUrl");
	enrollment = xpath_text(arena, &doc, "//e:EnrollmentServiceUrl");
	assert_true(strncmp(policy, "https://enroll.example.test:8443/EnrollmentServer/acme/", base) == 0);
	assert_true(strncmp(policy, enrollment, base + strlen(ATTEMPT)) == 0);
	assert_true(guid_valid(arena_strndup(arena, policy + base, strlen(ATTEMPT))));
	assert_string_equal(policy + base + strlen(ATTEMPT), "/Policy.svc");
	assert_string_equal(enrollment + base + strlen(ATTEMPT), "/Enrollment.svc");
	xpath_check(arena, &doc, "//e:EnrollmentVersion", "5.0");
	assert_null(memmem(reply.body.data, reply.body.size, "evil", 4));
	assert_int_equal(play.recorded, 0);
	reply_free(&doc);
	arena_free(arena);
}

/* --- success --- */

static void
answers_get_policies(void **state)
{
	struct arena *arena = arena_new();
	struct reply reply;
	struct reply_doc doc;

	(void)state;
	play_reset();
	(void)exchange(arena, POLICY_PATH, bytes_of(envelope_of(arena, RIGHT, GET_POLICIES)), &reply);
	assert_int_equal(reply.status, 200);
	doc = reply_parse(reply.body);
	xpath_check(arena, &doc, "//x:minimalKeyLength", "2048");
	assert_string_equal(play.organization, "acme");
	assert_string_equal(play.user, USER);
	assert_int_equal(play.considered, 1);
	assert_int_equal(play.recorded, 0);
	reply_free(&doc);
	arena_free(arena);
}

static const struct {
	const char *file, *store;
} enrollments[] = {
	{ "rst-windows11.xml", "User" },
	{ "rst-documentation.xml", "User" },
	{ "rst-minimal.xml", "User" },
	{ "rst-device.xml", "System" },
};

/* One question to the database, one to the issuer, and the certificate in the store that was asked for. */
static void
enrolls_the_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(enrollments); i++) {
		const char *file = enrollments[i].file;
		struct arena *arena = arena_new();
		struct bytes document;
		struct reply reply;
		struct reply_doc doc;
		struct guid trace;
		const char *line;

		play_reset();
		trace = exchange(arena, ENROLLMENT_PATH, file_read(arena, "requests", file), &reply);
		line = logged(arena);
		row_equal(file, reply.status, 200);
		row_equal(file, play.considered * 10 + play.asked, 11);
		row_equal(file, play.recorded, 0);
		row_text(file, play.ask.account, ACCOUNT);
		row_text(file, play.ask.organization, "acme");
		row_text(file, play.ask.attempt, ATTEMPT);
		row_text(file, play.ask.trace, trace.text);
		row_text(file, play.ask.facts, play.facts);
		/* Of the request nothing but the key: SubjectPublicKeyInfo of RSA with 2048 bits. */
		row_equal(file, play.ask.public_key.size, 294);
		doc = reply_parse(reply.body);
		row_equal(file,
		    bytes_from_base64(arena, xpath_text(arena, &doc, "//o:BinarySecurityToken"), &document),
		    true);
		reply_free(&doc);
		doc = reply_parse(document);
		xpath_check(arena, &doc,
		    "//characteristic[@type='My']/characteristic[characteristic/@type='PrivateKeyContainer']/"
		    "@type",
		    enrollments[i].store);
		reply_free(&doc);
		row_equal(file,
		    strstr(line, "device=" DEVICE) != NULL && strstr(line, "recorded=yes") != NULL, true);
		row_equal(file, strstr(line, "secret") == NULL && strstr(line, "Pa$$") == NULL, true);
		arena_free(arena);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_each_only_what_is_next),
		cmocka_unit_test(tells_every_decision),
		cmocka_unit_test(advertises_what_is_served),
		cmocka_unit_test(directs_by_the_organization),
		cmocka_unit_test(answers_get_policies),
		cmocka_unit_test(enrolls_the_samples),
	};

	return cmocka_run_group_tests(tests, worker_start, worker_stop);
}
