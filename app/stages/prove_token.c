#include <muster/stages/stages.h>

/* A token is random: that SQL found its hash is the proof. */
enum outcome
stage_prove_token(struct exchange *ex, const struct account *account, const struct decision *decision)
{
	if (account->id != NULL)
		return OUTCOME_OK;
	return refuse(
	    &ex->why, OUTCOME_AUTHENTICATION, "%s", decision->why != NULL ? decision->why : "unknown token");
}
