/*
 * GET /muster/device on the device host: who this certificate is. It doubles as the answer that a
 * reverse proxy before a DM server asks for (forward authentication): status and headers suffice.
 */
#include <muster/stages/decide.h>

#include <muster/authority/certificate.h>
#include <muster/base/json.h>

#include <gnutls/crypto.h>

#define SHA256_SIZE 32

/*
 * lighttpd tells the number of OpenSSL's verdict ("FAILED:error:0000000A:lib(0)::reason(10)"; x509_vfy.h)
 * where Apache and nginx write its words.
 */
const char *
stage_verdict_words(const char *verify)
{
	static const struct {
		int number;
		const char *words;
	} verdict[] = {
		{ 3, "unable to get certificate CRL" },
		{ 7, "certificate signature failure" },
		{ 9, "certificate is not yet valid" },
		{ 10, "certificate has expired" },
		{ 11, "CRL is not yet valid" },
		{ 12, "CRL has expired" },
		{ 18, "self-signed certificate" },
		{ 19, "self-signed certificate in certificate chain" },
		{ 20, "unable to get local issuer certificate" },
		{ 21, "unable to verify the first certificate" },
		{ 23, "certificate revoked" },
		{ 26, "unsuitable certificate purpose" },
	};
	const char *number = strstr(verify, ":lib(0)::reason(");
	long found = number == NULL ? 0 : strtol(number + strlen(":lib(0)::reason("), NULL, 10);

	for (size_t i = 0; i < ARRAY_SIZE(verdict); i++)
		if (verdict[i].number == found)
			return verdict[i].words;
	return verify;
}

/* Web servers differ in what they export of a certificate that failed; where they do, its own date tells. */
static enum outcome
refuse_unverified(struct exchange *ex, struct bytes der)
{
	const char *verify = ex->request->client_verify;
	struct certificate_view view;

	if (der.size > 0 && certificate_view(ex->request->arena, der, &view, NULL) == OUTCOME_OK &&
	    view.not_after < clock_now_ms() / 1000)
		return refuse(&ex->why, OUTCOME_FORBIDDEN, "the client certificate has expired");
	if (verify == NULL)
		return refuse(&ex->why, OUTCOME_FORBIDDEN,
		    "the web server does not say that it verified the client certificate");
	if (strcmp(verify, "NONE") == 0 || verify[0] == '\0')
		return refuse(&ex->why, OUTCOME_FORBIDDEN, "no client certificate");
	return refuse(&ex->why, OUTCOME_FORBIDDEN, "the client certificate was not verified: %s",
	    stage_verdict_words(verify));
}

/* The certificate that the web server verified, as DER. Without one Apache and nginx export an empty text. */
enum outcome
stage_client_certificate(struct exchange *ex, struct bytes *der)
{
	const struct request *request = ex->request;
	const char *pem = request->client_certificate;

	if (pem != NULL && *pem != '\0' &&
	    certificate_from_pem(request->arena, pem, der, &ex->why) != OUTCOME_OK)
		return refuse(&ex->why, OUTCOME_FORBIDDEN, "the client certificate cannot be read");
	if (request->client_verify == NULL || strcmp(request->client_verify, "SUCCESS") != 0)
		return refuse_unverified(ex, *der);
	if (der->size == 0)
		return refuse(&ex->why, OUTCOME_FORBIDDEN,
		    "the web server verified a client certificate but does not export it");
	return OUTCOME_OK;
}

static enum outcome
look_up(struct exchange *ex, struct bytes der, struct device_status *status)
{
	uint8_t sha256[SHA256_SIZE];
	enum outcome o;

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size, sha256) < 0)
		return refuse(&ex->why, OUTCOME_INTERNAL_SERVICE_FAULT, "SHA-256 of the client certificate");
	o = store_device(&ex->worker->store, ex->request->arena, (struct bytes){ sha256, sizeof(sha256) },
	    ex->request->trace.text, status, &ex->why);
	if (o == OUTCOME_OK) {
		ex->device = status->device;
		ex->user = status->account;
		ex->organization = status->organization;
	}
	return o;
}

static enum outcome
write_status(struct exchange *ex, const struct device_status *status)
{
	struct request *request = ex->request;
	struct reply *reply = ex->reply;
	CLEANUP(json_cleanup)
	json_t *json = json_pack("{s:s?,s:s?,s:s?,s:s?,s:s?,s:s?}", "device", status->device, "account",
	    status->account, "organization", status->organization, "state", status->state, "not_after",
	    status->not_after, "name", status->name);
	const char *text = json_text(request->arena, json);

	if (text == NULL)
		return refuse(&ex->why, OUTCOME_INTERNAL_SERVICE_FAULT, "the reply could not be written");
	reply->status = 200;
	reply->content_type = "application/json";
	reply->body = bytes_of(arena_printf(request->arena, "%s\n", text));
	reply_header(request, reply, "Muster-Device", status->device);
	reply_header(request, reply, "Muster-Account", status->account);
	reply_header(request, reply, "Muster-Organization", status->organization);
	reply_header(request, reply, "Muster-State", status->state);
	reply_header(request, reply, "Muster-Not-After", status->not_after);
	return OUTCOME_OK;
}

enum outcome
stage_device(struct exchange *ex)
{
	struct device_status status = { 0 };
	struct bytes der = { NULL, 0 };
	enum outcome o;

	stage_limit_database(ex);
	if ((o = stage_client_certificate(ex, &der)) != OUTCOME_OK ||
	    (o = look_up(ex, der, &status)) != OUTCOME_OK ||
	    (o = stage_decide(ex, &status.decision)) != OUTCOME_OK)
		return o;
	return write_status(ex, &status);
}
