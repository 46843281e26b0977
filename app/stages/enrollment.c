/* RequestSecurityToken, Issue (MS-WSTEP 3.1.4.1, MS-MDE2 3.4): a certificate and how to be managed. */
#include <muster/stages/decide.h>

#include <muster/authority/ask.h>
#include <muster/authority/csr.h>
#include <muster/base/json.h>
#include <muster/protocol/provisioning.h>
#include <muster/protocol/wstep.h>

static enum outcome
read_request(struct exchange *ex, struct wstep_request *rst)
{
	enum outcome o = wstep_read(ex->request->arena, &ex->soap, rst, &ex->why);

	/* Of a refused request, too: whoever looks for it knows the device. */
	if (o == OUTCOME_OK || rst->facts.count > 0)
		ex->facts = facts_json(ex->request->arena, &rst->facts);
	return o;
}

static enum outcome
consider(struct exchange *ex, const struct claim *claim, void *grant)
{
	return store_consider(&ex->worker->store, ex->request->arena, ex->organization, claim, ex->facts,
	    stage_remote(ex), grant, &ex->why);
}

static enum outcome
check_csr(struct exchange *ex, const struct wstep_request *rst, const struct grant *grant, struct csr *csr)
{
	const struct csr_policy policy = { grant->minimum_key_length, grant->allow_sha1 };
	struct bytes der = { NULL, 0 };
	enum outcome o;

	if ((o = wstep_csr(rst, &der, &ex->why)) != OUTCOME_OK)
		return o;
	return csr_check(ex->request->arena, der, &policy, csr, &ex->why);
}

/*
 * The claim, with the DM server that the device will be told: what stands in the record then is what the
 * document says, whatever rule changes in between.
 */
static const char *
claim_with_dm_server(struct arena *arena, const char *claim, const struct provisioning *provisioning)
{
	CLEANUP(json_cleanup) json_t *object = json_loads(claim, 0, NULL);
	json_t *server = json_pack("{s:s?, s:s?}", "provider_id", provisioning->provider_id, "management_url",
	    provisioning->management_url);

	return json_object_set_new(object, "dm_server", server) == 0 ? json_text(arena, object) : claim;
}

/* The point of no return lies in here: what comes back as OK is recorded. */
static enum outcome
issue(struct exchange *ex, const struct grant *grant, const struct claim *claim, const struct csr *csr,
    struct issued *issued)
{
	const struct ask ask = { .organization = grant->account.organization,
		.account = grant->account.id,
		.trace = ex->request->trace.text,
		.attempt = ex->attempt,
		.remote = stage_remote(ex),
		.facts = ex->facts,
		.claim = claim_with_dm_server(ex->request->arena, claim->json, &grant->provisioning),
		.public_key = csr->public_key };
	struct answer answer = { 0 };
	enum outcome o = issuer_ask(ex->worker->issuer_fd, ex->request->arena, &ask, ex->request->deadline,
	    &answer, &ex->worker->issuer_lost, &ex->why);

	ex->signature_us = answer.issued.signature_us;
	ex->issuer_database_us = answer.issued.database_us;
	stage_note(ex, &answer.decision);
	ex->device = answer.issued.device;
	ex->recorded = o == OUTCOME_OK;
	*issued = answer.issued;
	return o;
}

static enum outcome
write_token(struct exchange *ex, const struct wstep_request *rst, const struct grant *grant,
    const struct issued *issued)
{
	struct arena *arena = ex->request->arena;
	struct bytes document = { NULL, 0 };

	return stage_reply(ex,
	    provisioning_write(arena, &grant->provisioning, issued, &rst->facts, grant->account.upn,
		rst->device_enrollment, &document) &&
		wstep_write(arena, document, ex->soap.message_id, ex->request->trace.text, &ex->reply->body));
}

enum outcome
stage_enrollment(struct exchange *ex)
{
	const struct credential *credential = NULL;
	struct wstep_request *rst = arena_alloc(ex->request->arena, sizeof(*rst));
	struct grant grant = { 0 };
	const struct question question = { consider, &grant, &grant.account, &grant.decision };
	struct claim claim;
	struct issued issued = { 0 };
	struct csr csr = { 0 };
	enum outcome o;

	ex->user = ex->soap.credential.user;
	if ((o = read_request(ex, rst)) != OUTCOME_OK ||
	    (o = soap_credential(&ex->soap, &credential, &ex->why)) != OUTCOME_OK ||
	    (o = stage_claim(ex, credential, &claim)) != OUTCOME_OK ||
	    (o = stage_identify(ex, credential, &claim, &question)) != OUTCOME_OK ||
	    (o = check_csr(ex, rst, &grant, &csr)) != OUTCOME_OK ||
	    (o = issue(ex, &grant, &claim, &csr, &issued)) != OUTCOME_OK)
		return o;
	return write_token(ex, rst, &grant, &issued);
}
