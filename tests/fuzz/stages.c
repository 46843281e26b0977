/*
 * A whole request: fields method, path, Content-Type, SSL_CLIENT_VERIFY, SSL_CLIENT_CERT, then the body.
 * Database and issuer say yes to everybody whose password is "secret"; whatever comes, there is one
 * reply that a device can read, and one line in the log.
 */
#include "../../app/muster-device/element.h"
#include "certificates.h"
#include "fuzz.h"

#include <muster/authority/ask.h>
#include <muster/base/log.h>
#include <muster/base/text.h>
#include <muster/protocol/syncml.h>
#include <muster/credentials/password.h>
#include <muster/stages/stages.h>
#include <muster/store/renewal.h>

static int lines; /* written to the log */

void __wrap_log_emit(struct log_line *);
bool __wrap_password_verify(const struct secret *, const char *);
enum outcome __wrap_store_discover(
    struct store *, struct arena *, const char *, struct directions *, struct why *);
enum outcome __wrap_store_policy(struct store *, struct arena *, const char *, const struct claim *,
    const char *, struct enrollment_policy *, struct why *);
enum outcome __wrap_store_consider(struct store *, struct arena *, const char *, const struct claim *,
    const char *, const char *, struct grant *, struct why *);
enum outcome __wrap_store_consider_renewal(struct store *, struct arena *, const char *, struct bytes,
    const char *, const char *, struct renewal *, struct why *);
enum outcome __wrap_store_count_password(struct store *, const struct tried *, struct why *);
enum outcome __wrap_store_refuse(struct store *, struct arena *, const struct refusal *, struct why *);
enum outcome __wrap_store_welcome(
    struct store *, struct arena *, const struct newcomer *, struct decision *, struct why *);
enum outcome __wrap_store_page(
    struct store *, struct arena *, const char *, const char *, struct presentation *, struct why *);
enum outcome __wrap_store_device(
    struct store *, struct arena *, struct bytes, const char *, struct device_status *, struct why *);
enum outcome __wrap_store_check_in(struct store *, struct arena *, struct bytes, const char *, const char *,
    bool, struct device_status *, struct why *);
enum outcome __wrap_issuer_ask(
    int, struct arena *, const struct ask *, struct deadline, struct answer *, bool *, struct why *);

void
__wrap_log_emit(struct log_line *line)
{
	FUZZ_CHECK(line->size == strlen(line->text) && fuzz_clean(line->text));
	FUZZ_CHECK(strncmp(line->text, "trace=", 6) == 0);
	lines++;
}

bool
__wrap_password_verify(const struct secret *password, const char *hash)
{
	return strcmp(hash, "$hash") == 0 && strcmp(password->data, "secret") == 0;
}

static void
account_of(struct account *account)
{
	*account = (struct account){
		.organization = "acme", .id = FUZZ_DEVICE, .upn = "ada@example.test", .password_hash = "$hash"
	};
}

static void
claim_check(const struct claim *claim)
{
	FUZZ_CHECK(claim->user == NULL || text_is_utf8(claim->user, strlen(claim->user)));
	FUZZ_CHECK(
	    claim->json != NULL && claim->json[0] == '{' && text_is_utf8(claim->json, strlen(claim->json)));
}

enum outcome
__wrap_store_discover(struct store *store, struct arena *arena, const char *domain,
    struct directions *directions, struct why *why)
{
	(void)store, (void)arena, (void)why;
	FUZZ_CHECK(text_is_utf8(domain, strlen(domain)));
	*directions = (struct directions){ { .outcome = OUTCOME_OK }, "acme", "https://enroll.example.test",
		"OnPremise,Federated,Certificate", "4.0", false };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_policy(struct store *store, struct arena *arena, const char *organization,
    const struct claim *claim, const char *remote, struct enrollment_policy *policy, struct why *why)
{
	(void)store, (void)arena, (void)organization, (void)remote, (void)why;
	claim_check(claim);
	*policy = (struct enrollment_policy){
		.minimum_key_length = 2048, .validity_seconds = 31536000, .renewal_seconds = 3628800
	};
	account_of(&policy->account);
	return OUTCOME_OK;
}

enum outcome
__wrap_store_consider(struct store *store, struct arena *arena, const char *organization,
    const struct claim *claim, const char *facts, const char *remote, struct grant *grant, struct why *why)
{
	(void)store, (void)arena, (void)organization, (void)remote, (void)why;
	claim_check(claim);
	FUZZ_CHECK(text_is_utf8(facts, strlen(facts)));
	*grant = (struct grant){ .minimum_key_length = 2048,
		.allow_sha1 = true,
		.provisioning = { .provider_id = "Muster",
		    .provider_name = "Muster",
		    .management_url = "https://dm.example.test/",
		    .renew_period_days = 42,
		    .renew_retry_days = 4,
		    .application_enterprise_id = "LC01",
		    .application_token = "dG9rZW4=",
		    .hub_product_id = "hub",
		    .hub_uri = "https://hub.example.test/",
		    .hub_name = "Hub" } };
	account_of(&grant->account);
	return OUTCOME_OK;
}

/* No input here is signed by a certificate on record. */
enum outcome
__wrap_store_consider_renewal(struct store *store, struct arena *arena, const char *organization,
    struct bytes serial, const char *claim, const char *remote, struct renewal *renewal, struct why *why)
{
	(void)store, (void)arena, (void)organization, (void)remote, (void)why;
	FUZZ_CHECK(serial.size > 0 && serial.size <= 20);
	FUZZ_CHECK(claim[0] == '{' && text_is_utf8(claim, strlen(claim)));
	*renewal = (struct renewal){ .decision = { .outcome = OUTCOME_NOT_ELIGIBLE_TO_RENEW } };
	return OUTCOME_OK;
}

/* Nobody is welcome who has not proven himself, and no input here does. */
enum outcome
__wrap_store_welcome(struct store *store, struct arena *arena, const struct newcomer *newcomer,
    struct decision *decision, struct why *why)
{
	(void)store, (void)arena, (void)newcomer, (void)decision, (void)why;
	FUZZ_CHECK(false);
}

enum outcome
__wrap_store_count_password(struct store *store, const struct tried *tried, struct why *why)
{
	(void)store, (void)why;
	FUZZ_CHECK(tried->user != NULL && tried->looked_at);
	return OUTCOME_OK;
}

enum outcome
__wrap_store_refuse(struct store *store, struct arena *arena, const struct refusal *refusal, struct why *why)
{
	(void)store, (void)arena, (void)why;
	FUZZ_CHECK(refusal->why[0] != '\0' && fuzz_clean(refusal->why));
	return OUTCOME_OK;
}

/* No organization has pages: those are the target sign_in. */
enum outcome
__wrap_store_page(struct store *store, struct arena *arena, const char *organization, const char *languages,
    struct presentation *presentation, struct why *why)
{
	(void)store, (void)arena, (void)organization, (void)languages, (void)why;
	*presentation = (struct presentation){ .decision = { .outcome = OUTCOME_NOT_FOUND } };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_device(struct store *store, struct arena *arena, struct bytes sha256, const char *trace,
    struct device_status *status, struct why *why)
{
	(void)store, (void)arena, (void)trace, (void)why;
	FUZZ_CHECK(sha256.size == 32);
	*status = (struct device_status){ .device = FUZZ_DEVICE,
		.account = "ada@example.test",
		.organization = "acme",
		.state = "enrolled",
		.not_after = "2027-01-01T00:00:00Z" };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_check_in(struct store *store, struct arena *arena, struct bytes sha256, const char *trace,
    const char *remote, bool unenroll, struct device_status *status, struct why *why)
{
	(void)remote, (void)unenroll;
	return __wrap_store_device(store, arena, sha256, trace, status, why);
}

enum outcome
__wrap_issuer_ask(int fd, struct arena *arena, const struct ask *ask, struct deadline deadline,
    struct answer *answer, bool *lost, struct why *why)
{
	(void)fd, (void)deadline, (void)lost, (void)why;
	FUZZ_CHECK(text_is_utf8(ask->facts, strlen(ask->facts)) && ask->public_key.size > 0);
	*answer = (struct answer){ .issued = fuzz_issued(arena, FUZZ_DEVICE) };
	return OUTCOME_OK;
}

/* A fault with a subcode, and with this request's trace id. */
static void
fault_check(const struct request *request, const struct reply *reply)
{
	const xmlNode *trace, *code;
	xmlDoc *doc = NULL;

	FUZZ_CHECK(strcmp(reply->content_type, SOAP_CONTENT_TYPE) == 0);
	FUZZ_CHECK(xml_read(request->arena, reply->body, &doc, NULL) == OUTCOME_OK);
	code = ELEMENT_FIND(doc, { URI_SOAP, "Fault" }, { URI_SOAP, "Subcode" }, { URI_SOAP, "Value" });
	trace = ELEMENT_FIND(doc, { URI_SOAP, "Detail" }, { URI_ENROLLMENT, "TraceId" });
	FUZZ_CHECK(code != NULL && xml_text(request->arena, code)[0] != '\0');
	FUZZ_CHECK(trace != NULL && strcmp(xml_text(request->arena, trace), request->trace.text) == 0);
	xml_free(&doc);
}

static void
success_check(const struct request *request, const struct reply *reply)
{
	xmlDoc *doc = NULL;

	FUZZ_CHECK(strcmp(request->method, "POST") == 0 || strcmp(request->method, "GET") == 0 ||
	    strcmp(request->method, "HEAD") == 0);
	if (strcmp(request->method, "POST") != 0)
		return;
	FUZZ_CHECK(strcmp(reply->content_type, SOAP_CONTENT_TYPE) == 0 ||
	    strcmp(reply->content_type, SYNCML_CONTENT_TYPE) == 0);
	FUZZ_CHECK(xml_read(request->arena, reply->body, &doc, NULL) == OUTCOME_OK);
	xml_free(&doc);
}

static void
reply_check(const struct request *request, const struct reply *reply)
{
	for (size_t i = 0; i < reply->header_count; i++)
		FUZZ_CHECK(strpbrk(reply->header[i].value, "\r\n") == NULL);
	switch (reply->status) {
	case 200: success_check(request, reply); break;
	case 500: fault_check(request, reply); break;
	default:
		FUZZ_CHECK(reply->status == 400 || reply->status == 403 || reply->status == 404 ||
		    reply->status == 405 || reply->status == 413 || reply->status == 415 ||
		    reply->status == 503);
		FUZZ_CHECK(strncmp(reply->content_type, "text/plain", 10) == 0 && reply->body.size > 1);
	}
}

static struct request
request_of(struct arena *arena, struct bytes rest)
{
	struct request request = { .arena = arena, .trace = guid_new(), .query = "", .remote = "192.0.2.7" };

	request.started_us = clock_steady_us();
	request.deadline = deadline_in_ms(REQUEST_MS);
	request.method = fuzz_field(arena, &rest);
	request.path = fuzz_field(arena, &rest);
	request.content_type = fuzz_field(arena, &rest);
	request.client_verify = fuzz_field(arena, &rest);
	request.client_certificate = fuzz_field(arena, &rest);
	if (request.client_verify[0] == '\0')
		request.client_verify = NULL;
	if (request.client_certificate[0] == '\0')
		request.client_certificate = NULL;
	request.body = rest;
	return request;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct worker worker;
	struct arena *arena = arena_new();
	struct request request = request_of(arena, (struct bytes){ data, size });
	struct reply reply = { 0 };

	if (worker.memo == NULL)
		worker = (struct worker){ .memo = memo_new(), .budget = budget_new(), .issuer_fd = -1 };
	lines = 0;
	stages_serve(&worker, &request, &reply);
	FUZZ_CHECK(lines == 1);
	reply_check(&request, &reply);
	fuzz_accepted = reply.status == 200;
	arena_free(arena);
	return 0;
}
