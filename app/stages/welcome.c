#include <muster/stages/stages.h>

#include <muster/stages/decide.h>

#include <muster/base/text.h>

bool
stage_knows_better(const struct exchange *ex, const struct account *account, struct claim *claim)
{
	if (ex->known_as == NULL || (account->id != NULL && text_equal_fold(account->upn, ex->known_as)))
		return false;
	claim->json = ex->known_claim;
	return true;
}

enum outcome
stage_welcome(struct exchange *ex, const struct claim *claim)
{
	const struct newcomer newcomer = { .organization = ex->organization,
		.claim = claim,
		.details = ex->person,
		.trace = ex->request->trace.text,
		.remote = stage_remote(ex) };
	struct decision decision;
	enum outcome o;

	stage_limit_database(ex);
	if ((o = store_welcome(&ex->worker->store, ex->request->arena, &newcomer, &decision, &ex->why)) !=
	    OUTCOME_OK)
		return o;
	return stage_decide(ex, &decision);
}

enum outcome
stage_known(struct exchange *ex, const struct account *account)
{
	ex->account = account->id;
	if (account->id == NULL)
		return refuse(&ex->why, OUTCOME_AUTHORIZATION, "who is proven has no account here");
	return OUTCOME_OK;
}
