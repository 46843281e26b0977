/* GetPolicies (MS-XCEP 3.1.4.1): which key to make. */
#include <muster/stages/decide.h>

#include <muster/protocol/xcep.h>

static enum outcome
ask(struct exchange *ex, const struct claim *claim, struct enrollment_policy *policy)
{
	return store_policy(&ex->worker->store, ex->request->arena, ex->organization, claim, stage_remote(ex),
	    policy, &ex->why);
}

/* Whom the proof has shown somebody to be counts, not what SQL made of the claim. */
static enum outcome
ask_better(struct exchange *ex, struct claim *claim, struct enrollment_policy *policy)
{
	enum outcome o;

	if (!stage_knows_better(ex, &policy->account, claim))
		return OUTCOME_OK;
	stage_limit_database(ex);
	o = ask(ex, claim, policy);
	ex->account = policy->account.id;
	return o;
}

/* Who has just got an account is asked about again. */
static enum outcome
welcome(struct exchange *ex, const struct claim *claim, struct enrollment_policy *policy)
{
	enum outcome o;

	if (policy->account.id != NULL || !policy->account.welcome)
		return OUTCOME_OK;
	if ((o = stage_welcome(ex, claim)) != OUTCOME_OK || (o = ask(ex, claim, policy)) != OUTCOME_OK)
		return o;
	return stage_decide(ex, &policy->decision);
}

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
	    (o = ask(ex, &claim, &policy)) != OUTCOME_OK ||
	    (o = stage_authenticate(ex, credential, &policy.account, &policy.decision)) != OUTCOME_OK ||
	    (o = ask_better(ex, &claim, &policy)) != OUTCOME_OK ||
	    (!ex->shown && (o = stage_decide(ex, &policy.decision)) != OUTCOME_OK) ||
	    (o = welcome(ex, &claim, &policy)) != OUTCOME_OK ||
	    (o = stage_known(ex, &policy.account)) != OUTCOME_OK)
		return o;
	if ((o = stage_reply(ex,
		 xcep_write(arena, &policy, ex->soap.message_id, ex->request->trace.text,
		     &ex->reply->body))) == OUTCOME_OK)
		tally_add(ex->worker->tally, "policy", ex->organization, NULL);
	return o;
}
