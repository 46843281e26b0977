#include <muster/stages/stages.h>

#include <muster/base/clock.h>
#include <muster/credentials/jwt.h>

/*
 * The token is verified whoever it names, an account or nobody: only then is told what became of it. Without
 * a proof there is no key to verify it by.
 */
enum outcome
stage_prove_jwt(struct exchange *ex, const struct secret *token, const struct account *account,
    const struct decision *decision)
{
	if (account->proof == NULL)
		return refuse(&ex->why, OUTCOME_AUTHENTICATION, "%s",
		    decision->why != NULL ? decision->why : "nothing proves this token");
	return jwt_verify(
	    ex->request->arena, token, account->proof, clock_now_ms() / 1000, &ex->person, &ex->why);
}
