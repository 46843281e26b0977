#include <muster/stages/decide.h>

void
stage_note(struct exchange *ex, const struct decision *decision)
{
	ex->text = decision->text;
	ex->language = decision->language;
	ex->details = decision->details;
}

const char *
stage_remote(const struct exchange *ex)
{
	return ex->request->remote[0] != '\0' ? ex->request->remote : NULL;
}

enum outcome
stage_decide(struct exchange *ex, const struct decision *decision)
{
	stage_note(ex, decision);
	if (decision->outcome == OUTCOME_OK)
		return OUTCOME_OK;
	return refuse(&ex->why, decision->outcome, "%s",
	    decision->why != NULL ? decision->why : "refused by the database");
}

enum outcome
stage_reply(struct exchange *ex, bool written)
{
	if (!written)
		return refuse(&ex->why, OUTCOME_INTERNAL_SERVICE_FAULT, "the reply could not be written");
	ex->reply->status = 200;
	ex->reply->content_type = SOAP_CONTENT_TYPE;
	return OUTCOME_OK;
}

void
stage_limit_database(struct exchange *ex)
{
	ex->worker->store.deadline = deadline_min(ex->request->deadline, deadline_in_ms(DATABASE_MS));
}
