#include <muster/stages/stages.h>

#include <muster/stages/decide.h>

#include <muster/base/text.h>

static enum outcome
ask(struct exchange *ex, const struct claim *claim, const struct question *question)
{
	enum outcome o;

	stage_limit_database(ex);
	o = question->ask(ex, claim, question->answer);
	ex->account = question->account->id;
	return o;
}

/* Whom the proof has shown somebody to be counts, not what SQL made of the claim. */
static enum outcome
ask_better(struct exchange *ex, struct claim *claim, const struct question *question)
{
	const struct account *account = question->account;

	if (ex->known_as == NULL || (account->id != NULL && text_equal_fold(account->upn, ex->known_as)))
		return OUTCOME_OK;
	claim->json = ex->known_claim;
	return ask(ex, claim, question);
}

static enum outcome
make_account(struct exchange *ex, const struct claim *claim)
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

/* Who has just got an account is asked about again. */
static enum outcome
welcome(struct exchange *ex, const struct claim *claim, const struct question *question)
{
	enum outcome o;

	if (question->account->id != NULL || !question->account->welcome)
		return OUTCOME_OK;
	if ((o = make_account(ex, claim)) != OUTCOME_OK || (o = ask(ex, claim, question)) != OUTCOME_OK)
		return o;
	return stage_decide(ex, question->decision);
}

/* The proof of a claim that is nobody's lets nobody in. */
static enum outcome
known(struct exchange *ex, const struct account *account)
{
	if (account->id == NULL)
		return refuse(&ex->why, OUTCOME_AUTHORIZATION, "who is proven has no account here");
	return OUTCOME_OK;
}

enum outcome
stage_identify(struct exchange *ex, const struct credential *credential, struct claim *claim,
    const struct question *question)
{
	enum outcome o;

	if ((o = ask(ex, claim, question)) != OUTCOME_OK ||
	    (o = stage_authenticate(ex, credential, question->account, question->decision)) != OUTCOME_OK ||
	    (o = ask_better(ex, claim, question)) != OUTCOME_OK ||
	    (!ex->shown && (o = stage_decide(ex, question->decision)) != OUTCOME_OK) ||
	    (o = welcome(ex, claim, question)) != OUTCOME_OK)
		return o;
	return known(ex, question->account);
}
