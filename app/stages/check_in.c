/*
 * POST /ManagementServer/MDM.svc on the device host: the first message of a device's management session
 * (MS-MDM 3, OMA-TS-DM_Protocol 1.2.1), for sites whose DM server is not there yet. Each command is answered
 * with a Status, and none is sent, so that the session ends. The first message confirms the enrollment; one
 * by which its user disconnects the device ends it.
 *
 * Who it is says the TLS client certificate alone. The DM account's own credentials are not asked for: the
 * workers do not hold their secrets, and must not, and MD5 over a nonce would add nothing to a certificate
 * that is looked up in the record at each request. Nothing is kept of a session either, so that any worker of
 * any host can answer any message of it.
 */
#include <muster/stages/decide.h>

#include <muster/base/log.h>
#include <muster/base/text.h>
#include <muster/protocol/syncml.h>

#include <gnutls/crypto.h>

#define SHA256_SIZE 32

static bool
is_syncml(const char *content_type)
{
	size_t size = strlen(SYNCML_CONTENT_TYPE);

	content_type += strspn(content_type, " \t");
	return strncasecmp(content_type, SYNCML_CONTENT_TYPE, size) == 0 &&
	    (content_type[size] == '\0' || strchr("; \t", content_type[size]) != NULL);
}

/* What HTTP alone can refuse. */
static enum outcome
check_post(struct exchange *ex)
{
	const struct request *request = ex->request;

	if (!is_syncml(request->content_type))
		return refuse(&ex->why, OUTCOME_UNSUPPORTED_MEDIA_TYPE,
		    "Content-Type '%s': only " SYNCML_CONTENT_TYPE " is spoken here", request->content_type);
	if (request->too_large || request->body.size > BODY_SMALL_MAX)
		return refuse(&ex->why, OUTCOME_TOO_LARGE, "the body has more than %d bytes", BODY_SMALL_MAX);
	if (request->truncated)
		return refuse(&ex->why, OUTCOME_MESSAGE_FORMAT, "the body ended before its Content-Length");
	return OUTCOME_OK;
}

static enum outcome
look_up(struct exchange *ex, struct bytes der, bool unenroll, struct device_status *status)
{
	uint8_t sha256[SHA256_SIZE];
	enum outcome o;

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size, sha256) < 0)
		return refuse(&ex->why, OUTCOME_INTERNAL_SERVICE_FAULT, "SHA-256 of the client certificate");
	stage_limit_database(ex);
	o = store_check_in(&ex->worker->store, ex->request->arena, (struct bytes){ sha256, sizeof(sha256) },
	    ex->request->trace.text, stage_remote(ex), unenroll, status, &ex->why);
	if (o == OUTCOME_OK) {
		ex->device = status->device;
		ex->user = status->account;
		ex->organization = status->organization;
	}
	return o;
}

/* The certificate says who it is; a sender that says something else is worth a line. */
static void
compare_source(const struct exchange *ex, const struct syncml *message, const struct device_status *status)
{
	struct log_line line;

	if (status->device_id == NULL || text_equal_fold(status->device_id, message->source))
		return;
	log_begin(&line);
	log_text(&line, "trace", ex->request->trace.text);
	log_text(&line, "stage", ex->stage);
	log_text(&line, "device", status->device);
	log_text(&line, "note",
	    "the message's Source is not the DeviceID that the certificate's device enrolled with");
	log_text(&line, "source", message->source);
	log_text(&line, "device_id", status->device_id);
	log_emit(&line);
}

static enum outcome
answer(struct exchange *ex, const struct syncml *message)
{
	struct reply *reply = ex->reply;

	if (!syncml_write(ex->request->arena, message, &reply->body))
		return refuse(&ex->why, OUTCOME_INTERNAL_SERVICE_FAULT, "the reply could not be written");
	reply->status = 200;
	reply->content_type = SYNCML_CONTENT_TYPE;
	return OUTCOME_OK;
}

enum outcome
stage_check_in(struct exchange *ex)
{
	struct device_status status = { 0 };
	struct bytes der = { NULL, 0 };
	struct syncml message = { 0 };
	enum outcome o;

	if ((o = check_post(ex)) != OUTCOME_OK || (o = stage_client_certificate(ex, &der)) != OUTCOME_OK ||
	    (o = syncml_read(ex->request->arena, ex->request->body, &message, &ex->why)) != OUTCOME_OK ||
	    (o = look_up(ex, der, message.unenroll, &status)) != OUTCOME_OK ||
	    (o = stage_decide(ex, &status.decision)) != OUTCOME_OK)
		return o;
	compare_source(ex, &message, &status);
	ex->recorded = message.unenroll;
	return answer(ex, &message);
}
