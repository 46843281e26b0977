/*
 * RequestSecurityToken, Renew (MS-MDE2 3.5): the next certificate, asked for with the one that ends. The
 * signature around the request is the credential; what the Security header holds is not looked at (the
 * published sample has a user name with a blank password there).
 */
#include <muster/stages/decide.h>

#include <muster/authority/ask.h>
#include <muster/authority/certificate.h>
#include <muster/authority/csr.h>
#include <muster/authority/signed_request.h>
#include <muster/base/json.h>
#include <muster/base/text.h>
#include <muster/protocol/provisioning.h>
#include <muster/protocol/wstep.h>
#include <muster/store/renewal.h>

#include <gnutls/crypto.h>

#define SHA256_SIZE 32

static enum outcome
read_request(struct exchange *ex, struct signed_request *signed_request)
{
	struct arena *arena = ex->request->arena;
	struct wstep_request *rst = arena_alloc(arena, sizeof(*rst));
	struct bytes der = { NULL, 0 };
	enum outcome o = wstep_read(arena, &ex->soap, rst, &ex->why);

	if (rst->facts.count > 0)
		ex->facts = facts_json(arena, &rst->facts);
	if (o != OUTCOME_OK || (o = wstep_csr(rst, &der, &ex->why)) != OUTCOME_OK)
		return o;
	ex->facts = facts_json(arena, &rst->facts);
	return signed_request_read(arena, der, signed_request, &ex->why);
}

/*
 * What the web server told of the client certificate. Of one that it did not verify for its date only we say
 * so: there are organizations that renew for some days after the end.
 */
static const char *
verdict_of(const struct exchange *ex, struct bytes der)
{
	const char *verify = ex->request->client_verify;
	struct certificate_view view;

	if (verify == NULL || *verify == '\0' || strcmp(verify, "NONE") == 0)
		return "none";
	if (strcmp(verify, "SUCCESS") == 0)
		return der.size > 0 ? "verified" : "none";
	if (der.size > 0)
		return certificate_view(ex->request->arena, der, &view, NULL) == OUTCOME_OK &&
			view.not_after < clock_now_ms() / 1000
		    ? "expired"
		    : "failed";
	return strstr(stage_verdict_words(verify), "has expired") != NULL ? "expired" : "failed";
}

/* For SQL: {"kind":"renewal","tls":"verified","tls_sha256":"…"}. */
static const char *
claim_of(struct exchange *ex)
{
	struct arena *arena = ex->request->arena;
	const char *pem = ex->request->client_certificate, *hex = NULL;
	struct bytes der = { NULL, 0 };
	uint8_t sha256[SHA256_SIZE];
	CLEANUP(json_cleanup) json_t *json = NULL;

	if (pem != NULL && *pem != '\0' && certificate_from_pem(arena, pem, &der, NULL) == OUTCOME_OK &&
	    gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size, sha256) == 0)
		hex = text_lower(arena, bytes_to_hex(arena, (struct bytes){ sha256, sizeof(sha256) }));
	json = json_pack("{s:s,s:s,s:s*}", "kind", "renewal", "tls", verdict_of(ex, der), "tls_sha256", hex);
	return json_text(arena, json);
}

static enum outcome
consider(struct exchange *ex, const struct signed_request *signed_request, const char *claim,
    struct renewal *renewal)
{
	stage_limit_database(ex);
	return store_consider_renewal(&ex->worker->store, ex->request->arena, ex->organization,
	    signed_request->serial, claim, stage_remote(ex), renewal, &ex->why);
}

/* Only what is proven is told, and recorded as this device's. */
static enum outcome
prove(struct exchange *ex, const struct signed_request *signed_request, const struct renewal *renewal)
{
	enum outcome o;

	if (renewal->device == NULL)
		return stage_decide(ex, &renewal->decision);
	if ((o = signed_request_verify(
		 signed_request, renewal->certificate, renewal->allow_sha1, &ex->why)) != OUTCOME_OK)
		return o;
	ex->proven = true;
	ex->organization = renewal->organization;
	ex->account = renewal->account;
	ex->user = renewal->upn;
	ex->device = renewal->device;
	return stage_decide(ex, &renewal->decision);
}

static enum outcome
check_csr(struct exchange *ex, const struct signed_request *signed_request, const struct renewal *renewal,
    struct csr *csr)
{
	const struct csr_policy policy = { renewal->minimum_key_length, renewal->allow_sha1 };

	return csr_check(ex->request->arena, signed_request->request, &policy, csr, &ex->why);
}

/* The point of no return lies in here: what comes back as OK is recorded. */
static enum outcome
issue(struct exchange *ex, const struct renewal *renewal, const char *claim, const struct csr *csr,
    struct issued *issued)
{
	struct arena *arena = ex->request->arena;
	const struct ask ask = { .organization = renewal->organization,
		.account = renewal->account,
		.trace = ex->request->trace.text,
		.attempt = ex->attempt,
		.remote = stage_remote(ex),
		.facts = ex->facts,
		.claim = claim,
		.public_key = csr->public_key,
		.renews = text_lower(arena, bytes_to_hex(arena, renewal->sha256)),
		.device = renewal->device };
	struct answer answer = { 0 };
	enum outcome o = issuer_ask(ex->worker->issuer_fd, arena, &ask, ex->request->deadline, &answer,
	    &ex->worker->issuer_lost, &ex->why);

	ex->signature_us = answer.issued.signature_us;
	ex->issuer_database_us = answer.issued.database_us;
	stage_note(ex, &answer.decision);
	ex->recorded = o == OUTCOME_OK;
	*issued = answer.issued;
	return o;
}

static enum outcome
write_token(struct exchange *ex, const struct renewal *renewal, const struct issued *issued)
{
	struct arena *arena = ex->request->arena;
	struct bytes document = { NULL, 0 };

	return stage_reply(ex,
	    provisioning_write_renewal(
		arena, &renewal->provisioning, issued, renewal->device_enrollment, &document) &&
		wstep_write(arena, document, ex->soap.message_id, ex->request->trace.text, &ex->reply->body));
}

enum outcome
stage_renewal(struct exchange *ex)
{
	struct signed_request signed_request = { 0 };
	struct renewal renewal = { 0 };
	struct issued issued = { 0 };
	struct csr csr = { 0 };
	const char *claim;
	enum outcome o;

	if ((o = read_request(ex, &signed_request)) != OUTCOME_OK)
		return o;
	claim = claim_of(ex);
	if ((o = consider(ex, &signed_request, claim, &renewal)) != OUTCOME_OK ||
	    (o = prove(ex, &signed_request, &renewal)) != OUTCOME_OK ||
	    (o = check_csr(ex, &signed_request, &renewal, &csr)) != OUTCOME_OK ||
	    (o = issue(ex, &renewal, claim, &csr, &issued)) != OUTCOME_OK)
		return o;
	return write_token(ex, &renewal, &issued);
}
