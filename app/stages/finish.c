#include <muster/stages/finish.h>

#include <muster/base/log.h>
#include <muster/protocol/fault.h>
#include <muster/stages/decide.h>
#include <muster/stages/pages.h>
#include <muster/stages/route.h>
#include <muster/stages/watch.h>

/* Recording a refusal may take this long; the device waits for its fault meanwhile. */
#define RECORD_MS 3000

/* A fault in an envelope (MS-MDE2 2.2.10), HTTP 500. */
static void
reply_fault(struct exchange *ex, enum outcome outcome)
{
	struct reply *reply = ex->reply;

	if (!fault_write(ex->request->arena, outcome, ex->action, ex->soap.message_id,
		ex->request->trace.text, ex->text, ex->language, &reply->body)) {
		reply_plain(ex->request, reply, 500, "internal error");
		return;
	}
	reply->status = 500;
	reply->content_type = SOAP_CONTENT_TYPE;
}

/* A status and its line where no SOAP fits; status 0 for the outcomes that are faults. */
struct plain {
	int status;
	const char *line;
};

static struct plain
plain_for(const struct exchange *ex, enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_OK:
	case OUTCOME_MESSAGE_FORMAT:
	case OUTCOME_AUTHENTICATION:
	case OUTCOME_AUTHORIZATION:
	case OUTCOME_CERTIFICATE_REQUEST:
	case OUTCOME_ENROLLMENT_SERVER:
	case OUTCOME_INTERNAL_SERVICE_FAULT:
	case OUTCOME_INVALID_SECURITY:
	case OUTCOME_DEVICE_CAP_REACHED:
	case OUTCOME_DEVICE_NOT_SUPPORTED:
	case OUTCOME_NOT_SUPPORTED:
	case OUTCOME_NOT_ELIGIBLE_TO_RENEW:
	case OUTCOME_IN_MAINTENANCE:
	case OUTCOME_USER_LICENSE:
	case OUTCOME_INVALID_ENROLLMENT_DATA:
	case OUTCOME_CUSTOM_SERVER_ERROR: break;
	/* The device endpoint speaks to whoever holds the certificate, and tells its reason. */
	case OUTCOME_FORBIDDEN: return (struct plain){ 403, ex->why.text };
	case OUTCOME_NOT_FOUND: return (struct plain){ 404, "not found" };
	case OUTCOME_METHOD_NOT_ALLOWED: return (struct plain){ 405, "method not allowed" };
	case OUTCOME_TOO_LARGE: return (struct plain){ 413, "body too large" };
	case OUTCOME_UNSUPPORTED_MEDIA_TYPE:
		return (struct plain){ 415, "this content type is not taken here" };
	case OUTCOME_UNAVAILABLE: return (struct plain){ 503, "try again later" };
	}
	return (struct plain){ 0, NULL };
}

static void
reply_http(struct exchange *ex, struct plain plain)
{
	if (plain.status == 503)
		reply_header(ex->request, ex->reply, "Retry-After", "30");
	reply_plain(ex->request, ex->reply, plain.status, plain.line);
}

/* A person reads the answer, not a client of SOAP. */
static bool
is_page(enum service service)
{
	return service == SERVICE_SIGN_IN || service == SERVICE_SINGLE_SIGN_ON || service == SERVICE_TERMS;
}

/*
 * What asks the device endpoint, checks in, or asks for what is published reads no SOAP: whatever keeps us
 * from answering is a 503. A device comes again after one; a message that nobody can read would be the same
 * again, and is a 400.
 */
static struct plain
plain_instead(const struct exchange *ex, enum outcome outcome)
{
	if (ex->service == SERVICE_CHECK_IN && outcome == OUTCOME_MESSAGE_FORMAT)
		return (struct plain){ 400, ex->why.text };
	return plain_for(ex, OUTCOME_UNAVAILABLE);
}

static void
reply_refusal(struct exchange *ex, enum outcome outcome)
{
	struct plain plain = plain_for(ex, outcome);

	ex->reply->body = (struct bytes){ NULL, 0 };
	if (plain.status == 0 &&
	    (ex->service == SERVICE_DEVICE || ex->service == SERVICE_CRL ||
		ex->service == SERVICE_AUTHORITY || ex->service == SERVICE_CHECK_IN))
		plain = plain_instead(ex, outcome);
	if (plain.status != 0)
		reply_http(ex, plain);
	else if (is_page(ex->service))
		stage_page_error(ex, outcome);
	else
		reply_fault(ex, outcome);
}

/* Only HTTP was wrong: anybody can cause these, and nobody asks for their story. */
static bool
is_plain_http(enum outcome outcome)
{
	return outcome == OUTCOME_NOT_FOUND || outcome == OUTCOME_METHOD_NOT_ALLOWED ||
	    outcome == OUTCOME_TOO_LARGE || outcome == OUTCOME_UNSUPPORTED_MEDIA_TYPE ||
	    outcome == OUTCOME_UNAVAILABLE;
}

static bool
record(struct exchange *ex, enum outcome outcome)
{
	struct worker *worker = ex->worker;
	const struct refusal refusal = { .trace = ex->request->trace.text,
		.attempt = ex->attempt,
		.stage = ex->stage,
		.organization = ex->organization,
		.user = ex->user,
		.account = ex->account,
		.device = ex->device,
		.remote = stage_remote(ex),
		.facts = ex->facts,
		.outcome = outcome,
		.why = ex->why.text,
		.details = ex->details };

	if (is_plain_http(outcome) || (!ex->proven && !budget_take(worker->budget)))
		return false;
	worker->store.deadline = deadline_min(ex->request->deadline, deadline_in_ms(RECORD_MS));
	return store_refuse(&worker->store, ex->request->arena, &refusal, NULL) == OUTCOME_OK;
}

static void
log_request(const struct exchange *ex, enum outcome outcome, bool recorded)
{
	const struct request *request = ex->request;
	struct log_line line;

	log_begin(&line);
	log_text(&line, "trace", request->trace.text);
	log_text(&line, "stage", ex->stage);
	log_text(&line, "outcome", outcome_name(outcome));
	log_number(&line, "status", ex->reply->status);
	log_text(&line, "org", ex->organization);
	log_text(&line, "account", ex->account);
	log_text(&line, "device", ex->device);
	log_text(&line, "user", ex->user);
	log_text(&line, "attempt", ex->attempt);
	log_text(&line, "why", outcome == OUTCOME_OK ? NULL : ex->why.text);
	log_duration(&line, "db_ms", ex->worker->store.us + ex->issuer_database_us);
	log_duration(&line, "sign_ms", ex->signature_us > 0 ? ex->signature_us : -1);
	log_duration(&line, "total_ms", clock_steady_us() - request->started_us);
	log_text(&line, "remote", request->remote);
	log_text(&line, "recorded", recorded ? "yes" : "no");
	log_emit(&line);
}

static void
measure(const struct exchange *ex, enum outcome outcome)
{
	const struct meter_times times = { .total_us = clock_steady_us() - ex->request->started_us,
		.database_us = ex->worker->store.us + ex->issuer_database_us,
		.signature_us = ex->signature_us };

	meter_request(ex->worker->meter, ex->service, outcome, &times);
}

void
finish(struct exchange *ex, enum outcome outcome)
{
	bool recorded = outcome == OUTCOME_OK && ex->recorded;

	if (outcome != OUTCOME_OK) {
		if (!ex->answered)
			reply_refusal(ex, outcome);
		recorded = record(ex, outcome);
	}
	measure(ex, outcome);
	/* Who watches asks every few seconds. */
	if (outcome != OUTCOME_OK || !stage_is_watch(ex->service))
		log_request(ex, outcome, recorded);
}

void
stages_serve(struct worker *worker, struct request *request, struct reply *reply)
{
	struct exchange ex = { .worker = worker, .request = request, .reply = reply };

	worker->store.us = 0;
	*reply = (struct reply){ .status = 200, .content_type = "text/plain" };
	meter_busy(worker->meter, worker->pair, true);
	finish(&ex, route_run(&ex));
	turn_end(&ex.turn);
	meter_busy(worker->meter, worker->pair, false);
	soap_release(&ex.soap);
}
