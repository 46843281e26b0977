/* GetPolicies (MS-XCEP 3.1.4.1): which key to make. */
#include <muster/stages/decide.h>

#include <muster/protocol/xcep.h>

enum outcome
stage_ask_policy(struct exchange *ex, const struct claim *claim, void *policy)
{
	return store_policy(&ex->worker->store, ex->request->arena, ex->organization, claim, stage_remote(ex),
	    policy, &ex->why);
}

enum outcome
stage_policy(struct exchange *ex)
{
	struct arena *arena = ex->request->arena;
	const struct credential *credential = NULL;
	struct claim claim;
	struct enrollment_policy policy = { 0 };
	const struct question question = { stage_ask_policy, &policy, &policy.account, &policy.decision };
	enum outcome o;

	ex->user = ex->soap.credential.user;
	if ((o = xcep_read(&ex->soap, &ex->why)) != OUTCOME_OK ||
	    (o = soap_credential(&ex->soap, &credential, &ex->why)) != OUTCOME_OK ||
	    (o = stage_claim(ex, credential, &claim)) != OUTCOME_OK ||
	    (o = stage_identify(ex, credential, &claim, &question)) != OUTCOME_OK)
		return o;
	if ((o = stage_reply(ex,
		 xcep_write(arena, &policy, ex->soap.message_id, ex->request->trace.text,
		     &ex->reply->body))) == OUTCOME_OK)
		tally_add(ex->worker->tally, "policy", ex->organization, NULL);
	return o;
}
