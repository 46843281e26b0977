/* What the stages answer before any database is needed, and when there is none. */
#include <muster/stages/decide.h>

#include <muster/base/text.h>
#include <muster/protocol/namespaces.h>
#include <muster/stages/finish.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define SOAP_TYPE "application/soap+xml; charset=utf-8"
#define DISCOVERY "/EnrollmentServer/Discovery.svc"
#define POLICY "/EnrollmentServer/acme/Policy.svc"
#define ENROLLMENT "/EnrollmentServer/acme/018f3c5e-7b2a-7c11-9d0e-0123456789ab/Enrollment.svc"
#define DEVICE "/muster/device"

#define ENVELOPE(header, body) \
	"<s:Envelope xmlns:s=\"" NS_SOAP12 "\" xmlns:a=\"" NS_ADDRESSING "\"><s:Header>" \
	"<a:MessageID>urn:uuid: 748132ec</a:MessageID>" header "</s:Header><s:Body>" body \
	"</s:Body></s:Envelope>"
#define DISCOVER \
	"<Discover xmlns=\"" NS_DISCOVERY "\"><request><EmailAddress>ada@example.test</EmailAddress>" \
	"<RequestVersion>4.0</RequestVersion><DeviceType>CIMClient_Windows</DeviceType>" \
	"<AuthPolicies><AuthPolicy>OnPremise</AuthPolicy></AuthPolicies></request></Discover>"
#define GET_POLICIES \
	"<GetPolicies xmlns=\"" NS_XCEP "\"><client><lastUpdate/><preferredLanguage/></client>" \
	"<requestFilter/></GetPolicies>"
#define RST_OF(type, csr) \
	"<RequestSecurityToken xmlns=\"" NS_WST "\"><TokenType>" TOKEN_TYPE_ENROLLMENT "</TokenType>" \
	"<RequestType>" type "</RequestType><BinarySecurityToken ValueType=\"" VALUE_TYPE_PKCS10 "\">" csr \
	"</BinarySecurityToken></RequestSecurityToken>"
#define RST RST_OF(REQUEST_TYPE_ISSUE, "MAAwAA==")
#define USERNAME_TOKEN \
	"<o:UsernameToken><o:Username>ada@example.test</o:Username><o:Password>secret</o:Password>" \
	"</o:UsernameToken>"
#define BLANK_PASSWORD \
	"<o:UsernameToken><o:Username>ada@example.test</o:Username><o:Password></o:Password></" \
	"o:UsernameToken>"
#define SECURITY(tokens) "<o:Security xmlns:o=\"" NS_WSSE "\">" tokens "</o:Security>"

/* What a worker has, with a database that is not there. */
static struct worker worker;
static int saved_stderr = -1, log_fd = -1;

static int
worker_start(void **state)
{
	(void)state;
	worker = (struct worker){ .memo = memo_new(), .budget = budget_new(), .issuer_fd = -1 };
	worker.store.pg = pg_new("host=/nonexistent dbname=none user=nobody", "test");
	saved_stderr = dup(STDERR_FILENO);
	log_fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return worker.store.pg != NULL && saved_stderr != -1 && log_fd != -1 ? 0 : -1;
}

static int
worker_stop(void **state)
{
	(void)state;
	pg_free(worker.store.pg);
	return 0;
}

/* The refusal that was to be recorded last (the linker puts this in the place of the store's). */
static struct refusal refused;

enum outcome __wrap_store_refuse(
    struct store *store, struct arena *arena, const struct refusal *refusal, struct why *why);
enum outcome
__wrap_store_refuse(struct store *store, struct arena *arena, const struct refusal *refusal, struct why *why)
{
	(void)store, (void)arena;
	refused = *refusal;
	return refuse(why, OUTCOME_ENROLLMENT_SERVER, "no database");
}

/* One request with what a row says of it. */
struct trial {
	const char *name, *method, *path, *type, *body;
	const char *verify, *certificate;
	bool too_large, truncated;
	size_t padding; /* blanks after the body */
	int status;
	const char *expects; /* in the body, or in the Allow header */
};

static void
serve(struct arena *arena, const struct trial *trial, struct request *request, struct reply *reply)
{
	char *body = arena_alloc(arena, strlen(trial->body) + trial->padding + 1);

	memset(body, ' ', strlen(trial->body) + trial->padding);
	memcpy(body, trial->body, strlen(trial->body));
	*request = (struct request){ .arena = arena,
		.trace = guid_new(),
		.started_us = clock_steady_us(),
		.deadline = deadline_in_ms(12000),
		.method = trial->method,
		.path = trial->path,
		.query = "",
		.content_type = trial->type,
		.remote = "192.0.2.7",
		.client_verify = trial->verify,
		.client_certificate = trial->certificate,
		.body = { (const uint8_t *)body, strlen(trial->body) + trial->padding },
		.too_large = trial->too_large,
		.truncated = trial->truncated };
	(void)!ftruncate(log_fd, 0);
	(void)lseek(log_fd, 0, SEEK_SET);
	(void)dup2(log_fd, STDERR_FILENO);
	stages_serve(&worker, request, reply);
	(void)dup2(saved_stderr, STDERR_FILENO);
}

/* The one line that serving wrote. */
static const char *
logged(struct arena *arena)
{
	char *text = arena_alloc(arena, 8192);
	ssize_t size = pread(log_fd, text, 8191, 0);

	return size > 0 && memchr(text, '\n', (size_t)size) == text + size - 1 ? text : "";
}

static const char *
header_of(const struct reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->header_count; i++)
		if (text_equal_fold(reply->header[i].name, name))
			return reply->header[i].value;
	return "";
}

static bool
holds(struct bytes body, const char *text)
{
	return body.size > 0 && memmem(body.data, body.size, text, strlen(text)) != NULL;
}

static const struct trial plain_rows[] = {
	{ .name = "probe", .method = "GET", .path = DISCOVERY, .type = "unknown/unknown", .status = 200 },
	{ .name = "HEAD", .method = "HEAD", .path = DISCOVERY, .type = "", .status = 200 },
	{ .name = "probe in capitals",
	    .method = "GET",
	    .path = "/ENROLLMENTSERVER/DISCOVERY.SVC",
	    .type = "",
	    .status = 200 },
	{ .name = "PUT",
	    .method = "PUT",
	    .path = DISCOVERY,
	    .type = "",
	    .status = 405,
	    .expects = "GET, HEAD, POST" },
	{ .name = "GET of policy",
	    .method = "GET",
	    .path = POLICY,
	    .type = "",
	    .status = 405,
	    .expects = "POST" },
	{ .name = "GET of enrollment",
	    .method = "GET",
	    .path = ENROLLMENT,
	    .type = "",
	    .status = 405,
	    .expects = "POST" },
	{ .name = "root", .method = "GET", .path = "/", .type = "", .status = 404 },
	{ .name = "bad key",
	    .method = "POST",
	    .path = "/EnrollmentServer/a_b/Policy.svc",
	    .type = SOAP_TYPE,
	    .status = 404 },
	{ .name = "device, not its host", .method = "GET", .path = DEVICE, .type = "", .status = 404 },
	{ .name = "POST of device",
	    .method = "POST",
	    .path = DEVICE,
	    .type = "",
	    .verify = "NONE",
	    .status = 405,
	    .expects = "GET, HEAD" },
	{ .name = "JSON", .method = "POST", .path = DISCOVERY, .type = "application/json", .status = 415 },
	{ .name = "form",
	    .method = "POST",
	    .path = POLICY,
	    .type = "application/x-www-form-urlencoded",
	    .status = 415 },
	{ .name = "too large",
	    .method = "POST",
	    .path = ENROLLMENT,
	    .type = SOAP_TYPE,
	    .too_large = true,
	    .status = 413 },
	{ .name = "large Discover",
	    .method = "POST",
	    .path = DISCOVERY,
	    .type = SOAP_TYPE,
	    .body = ENVELOPE("", DISCOVER),
	    .padding = BODY_SMALL_MAX,
	    .status = 413 },
	{ .name = "large GetPolicies, at the enrollment's URL",
	    .method = "POST",
	    .path = ENROLLMENT,
	    .type = SOAP_TYPE,
	    .body = ENVELOPE("", GET_POLICIES),
	    .padding = BODY_SMALL_MAX,
	    .status = 413 },
};

static void
plain_http(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plain_rows); i++) {
		struct arena *arena = arena_new();
		struct trial trial = plain_rows[i];
		struct request request;
		struct reply reply;

		trial.body = trial.body != NULL ? trial.body : "";
		serve(arena, &trial, &request, &reply);
		if (reply.status != trial.status)
			fail_msg("%s: status %d", trial.name, reply.status);
		if (trial.expects != NULL && strcmp(header_of(&reply, "Allow"), trial.expects) != 0)
			fail_msg("%s: Allow '%s'", trial.name, header_of(&reply, "Allow"));
		if (trial.status == 200 &&
		    (reply.body.size != 0 || strcmp(reply.content_type, "text/html") != 0))
			fail_msg("%s: not the empty page of a probe", trial.name);
		if (strstr(logged(arena), "recorded=no") == NULL)
			fail_msg("%s: logged '%s'", trial.name, logged(arena));
		arena_free(arena);
	}
}

static const struct trial fault_rows[] = {
	{ .name = "empty", .path = DISCOVERY, .body = "", .expects = "s:MessageFormat" },
	{ .name = "no SOAP", .path = DISCOVERY, .body = "<html/>", .expects = "s:MessageFormat" },
	{ .name = "truncated",
	    .path = DISCOVERY,
	    .body = ENVELOPE("", DISCOVER),
	    .truncated = true,
	    .expects = "s:MessageFormat" },
	{ .name = "DOCTYPE",
	    .path = POLICY,
	    .body = "<!DOCTYPE x [<!ENTITY y \"z\">]><x>&y;</x>",
	    .expects = "s:MessageFormat" },
	{ .name = "empty Body", .path = POLICY, .body = ENVELOPE("", ""), .expects = "s:MessageFormat" },
	{ .name = "unknown operation",
	    .path = POLICY,
	    .body = ENVELOPE("", "<Unknown/>"),
	    .expects = "s:MessageFormat" },
	{ .name = "no credential",
	    .path = POLICY,
	    .body = ENVELOPE("", GET_POLICIES),
	    .expects = "a:InvalidSecurity" },
	{ .name = "two credentials",
	    .path = POLICY,
	    .body = ENVELOPE(SECURITY(USERNAME_TOKEN USERNAME_TOKEN), GET_POLICIES),
	    .expects = "a:InvalidSecurity" },
	{ .name = "large RST without credential",
	    .path = ENROLLMENT,
	    .body = ENVELOPE("", RST),
	    .padding = BODY_SMALL_MAX,
	    .expects = "a:InvalidSecurity" },
	{ .name = "RST at the discovery URL",
	    .path = DISCOVERY,
	    .body = ENVELOPE("", RST),
	    .expects = "a:InvalidSecurity" },
	/* Format, then credential, then the certificate request: a stranger hears of the first. */
	{ .name = "RST without request",
	    .path = ENROLLMENT,
	    .body = ENVELOPE("", "<RequestSecurityToken xmlns=\"" NS_WST "\"/>"),
	    .expects = "s:MessageFormat" },
	{ .name = "RST with a bad request, no credential",
	    .path = ENROLLMENT,
	    .body = ENVELOPE("", RST_OF(REQUEST_TYPE_ISSUE, "*****")),
	    .expects = "a:InvalidSecurity" },
	{ .name = "RST with a bad request, no database",
	    .path = ENROLLMENT,
	    .body = ENVELOPE(SECURITY(USERNAME_TOKEN), RST_OF(REQUEST_TYPE_ISSUE, "*****")),
	    .expects = "s:EnrollmentServer" },
	{ .name = "RST, no database",
	    .path = ENROLLMENT,
	    .body = ENVELOPE(SECURITY(USERNAME_TOKEN), RST),
	    .expects = "s:EnrollmentServer" },
	/* Windows renews with a blank password beside its certificate: that is no sign-in that
	   failed. */
	{ .name = "renewal with a blank password",
	    .path = ENROLLMENT,
	    .body = ENVELOPE(SECURITY(BLANK_PASSWORD), RST_OF(REQUEST_TYPE_RENEW, "MAAwAA==")),
	    .expects = "s:CertificateRequest" },
	{ .name = "Discover, no database",
	    .path = DISCOVERY,
	    .body = ENVELOPE("", DISCOVER),
	    .expects = "s:EnrollmentServer" },
	{ .name = "Discover at the policy's URL",
	    .path = POLICY,
	    .body = ENVELOPE("", DISCOVER),
	    .expects = "s:EnrollmentServer" },
	{ .name = "GetPolicies, no database",
	    .path = POLICY,
	    .body = ENVELOPE(SECURITY(USERNAME_TOKEN), GET_POLICIES),
	    .expects = "s:EnrollmentServer" },
};

static void
faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fault_rows); i++) {
		struct arena *arena = arena_new();
		struct trial trial = fault_rows[i];
		struct request request;
		struct reply reply;
		int64_t start = clock_steady_us();

		trial.method = "POST";
		trial.type = SOAP_TYPE;
		serve(arena, &trial, &request, &reply);
		if (reply.status != 500 || strcmp(reply.content_type, SOAP_CONTENT_TYPE) != 0)
			fail_msg("%s: status %d, %s", trial.name, reply.status, reply.content_type);
		if (!holds(reply.body, arena_printf(arena, "<s:Value>%s</s:Value>", trial.expects)))
			fail_msg("%s: %.*s", trial.name, (int)reply.body.size, (const char *)reply.body.data);
		if (!holds(reply.body, arena_printf(arena, "<TraceId>%s</TraceId>", request.trace.text)))
			fail_msg("%s: no trace id", trial.name);
		if (strstr(trial.body, "MessageID") != NULL && !trial.truncated &&
		    !holds(reply.body, "<a:RelatesTo>urn:uuid: 748132ec</a:RelatesTo>"))
			fail_msg("%s: the MessageID is not echoed", trial.name);
		if (holds(reply.body, "secret") || strstr(logged(arena), "secret") != NULL)
			fail_msg("%s: the password came out", trial.name);
		if (strncmp(logged(arena), arena_printf(arena, "trace=%s ", request.trace.text), 43) != 0 ||
		    strstr(logged(arena), "recorded=no") == NULL)
			fail_msg("%s: logged '%s'", trial.name, logged(arena));
		if (clock_steady_us() - start > 2000000)
			fail_msg("%s: took too long", trial.name);
		arena_free(arena);
	}
}

static void
actions_follow_the_operation(void **state)
{
	static const struct {
		const char *path, *body, *action;
	} row[] = {
		{ DISCOVERY, "", ACTION_DISCOVER_RESPONSE },
		{ POLICY, "", ACTION_POLICIES_RESPONSE },
		{ ENROLLMENT, "", ACTION_RSTRC },
		{ ENROLLMENT, ENVELOPE("", GET_POLICIES), ACTION_POLICIES_RESPONSE },
		{ POLICY, ENVELOPE("", RST), ACTION_RSTRC },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct arena *arena = arena_new();
		struct trial trial = {
			.method = "POST", .path = row[i].path, .type = "", .body = row[i].body
		};
		struct request request;
		struct reply reply;

		serve(arena, &trial, &request, &reply);
		if (!holds(reply.body, arena_printf(arena, ">%s</a:Action>", row[i].action)))
			fail_msg("row %zu: %.*s", i, (int)reply.body.size, (const char *)reply.body.data);
		arena_free(arena);
	}
}

static void
device_without_proof(void **state)
{
	static const struct trial row[] = {
		{ .name = "none", .verify = "NONE", .expects = "no client certificate\n" },
		{ .name = "empty", .verify = "", .expects = "no client certificate\n" },
		{ .name = "none, exported as empty",
		    .verify = "NONE",
		    .certificate = "",
		    .expects = "no client certificate\n" },
		{ .name = "failed",
		    .verify = "FAILED:unable to verify the first certificate",
		    .expects = "unable to verify the first certificate\n" },
		{ .name = "failed, by lighttpd",
		    .verify = "FAILED:error:0000000A:lib(0)::reason(10)",
		    .expects = "certificate has expired\n" },
		{ .name = "failed, by lighttpd, unknown",
		    .verify = "FAILED:error:000003E7:lib(0)::reason(999)",
		    .expects = "reason(999)\n" },
		{ .name = "not verified", .certificate = "x", .expects = "cannot be read\n" },
		{ .name = "not exported", .verify = "SUCCESS", .expects = "does not export it\n" },
		{ .name = "no PEM",
		    .verify = "SUCCESS",
		    .certificate = "nonsense",
		    .expects = "cannot be read\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct arena *arena = arena_new();
		struct trial trial = row[i];
		struct request request;
		struct reply reply;

		trial.method = "GET";
		trial.path = DEVICE;
		trial.type = trial.body = "";
		serve(arena, &trial, &request, &reply);
		if (reply.status != 403 || strncmp(reply.content_type, "text/plain", 10) != 0)
			fail_msg("%s: status %d, %s", trial.name, reply.status, reply.content_type);
		if (!holds(reply.body, trial.expects))
			fail_msg("%s: %.*s", trial.name, (int)reply.body.size, (const char *)reply.body.data);
		if (strstr(logged(arena), "outcome=Forbidden") == NULL)
			fail_msg("%s: logged '%s'", trial.name, logged(arena));
		arena_free(arena);
	}
}

/* Nobody outside can write a line of the log. */
static void
log_lines_cannot_be_forged(void **state)
{
	struct arena *arena = arena_new();
	struct trial trial = {
		.method = "G\nET", .path = "/x\ntrace=forged outcome=OK\"", .type = "", .body = ""
	};
	struct request request;
	struct reply reply;
	const char *line;

	(void)state;
	serve(arena, &trial, &request, &reply);
	line = logged(arena);
	assert_int_equal(reply.status, 404);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_null(strstr(line, "\ntrace=forged"));
	arena_free(arena);
}

/* What SQL decided reaches the user in his language, and the record with its details. */
static void
decisions_are_told(void **state)
{
	static const struct decision row[] = {
		{ OUTCOME_CUSTOM_SERVER_ERROR, "rule \"x\": tablet", "Hier keine Tablets.", "de-AT",
		    "{\"rule\": \"x\"}" },
		{ OUTCOME_DEVICE_CAP_REACHED, "5 of 5", NULL, NULL, "{\"limit\": 5}" },
	};
	static const char *const told[] = { "xml:lang=\"de-AT\">Hier keine Tablets.<",
		"xml:lang=\"en-US\">" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct arena *arena = arena_new();
		struct request request = { .arena = arena,
			.trace = guid_new(),
			.deadline = deadline_in_ms(1000),
			.method = "POST",
			.path = ENROLLMENT,
			.remote = i == 0 ? "192.0.2.7" : "" };
		struct reply reply = { .status = 200 };
		struct exchange ex = { .worker = &worker,
			.request = &request,
			.reply = &reply,
			.service = SERVICE_ENROLLMENT,
			.stage = "enrollment",
			.action = "urn:action",
			.proven = true };
		enum outcome o = stage_decide(&ex, &row[i]);

		assert_int_equal(o, row[i].outcome);
		(void)dup2(log_fd, STDERR_FILENO);
		finish(&ex, o);
		(void)dup2(saved_stderr, STDERR_FILENO);
		assert_int_equal(reply.status, 500);
		if (!holds(reply.body, told[i]))
			fail_msg("row %zu: %.*s", i, (int)reply.body.size, (const char *)reply.body.data);
		assert_int_equal(refused.outcome, row[i].outcome);
		assert_string_equal(refused.why, row[i].why);
		assert_string_equal(refused.details, row[i].details);
		assert_string_equal(
		    refused.remote == NULL ? "none" : refused.remote, i == 0 ? "192.0.2.7" : "none");
		arena_free(arena);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_http),
		cmocka_unit_test(faults),
		cmocka_unit_test(actions_follow_the_operation),
		cmocka_unit_test(device_without_proof),
		cmocka_unit_test(log_lines_cannot_be_forged),
		cmocka_unit_test(decisions_are_told),
	};

	return cmocka_run_group_tests(tests, worker_start, worker_stop);
}
