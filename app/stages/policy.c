/* GetPolicies (MS-XCEP 3.1.4.1): which key to make. */
#include <muster/stages/decide.h>

#include <muster/protocol/xcep.h>

enum outcome
stage_policy(struct exchange *ex)
{
	struct arena *arena = ex->request->arena;
	const struct credential *credential = NULL;
	struct claim claim;
	struct enrollment_policy policy = { 0 };
	enum outcome o;

	stage_limit_database(ex);
	ex->user = ex->soap.credential.user;
	if ((o = xcep_read(&ex->soap, &ex->why)) != OUTCOME_OK ||
	    (o = soap_credential(&ex->soap, &credential, &ex->why)) != OUTCOME_OK ||
	    (o = stage_claim(ex, credential, &claim)) != OUTCOME_OK ||
	    (o = store_policy(&ex->worker->store, arena, ex->organization, &claim, stage_remote(ex), &policy,
		 &ex->why)) != OUTCOME_OK ||
	    (o = stage_authenticate(ex, credential, &policy.account, &policy.decision)) != OUTCOME_OK ||
	    (o = stage_decide(ex, &policy.decision)) != OUTCOME_OK)
		return o;
	if ((o = stage_reply(ex,
		 xcep_write(arena, &policy, ex->soap.message_id, ex->request->trace.text,
		     &ex->reply->body))) == OUTCOME_OK)
		tally_add(ex->worker->tally, "policy", ex->organization, NULL);
	return o;
}
