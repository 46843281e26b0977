#include <muster/stages/stages.h>

#include <muster/credentials/password.h>

/*
 * The memo spares an enrollment its second hash. Who has no account here, or no password, is
 * checked all the same, so that it takes as long.
 */
static bool
password_proves(struct exchange *ex, const struct secret *password, const struct account *account)
{
	struct memo *memo = ex->worker->memo;
	const char *hash = account->id != NULL ? account->password_hash : NULL;

	if (memo_knows(memo, account->id, hash, password))
		return true;
	if (!password_verify(password, hash))
		return false;
	memo_remember(memo, account->id, hash, password);
	return true;
}

enum outcome
stage_prove_password(struct exchange *ex, const struct secret *password, const struct account *account,
    const struct decision *decision)
{
	if (password_proves(ex, password, account))
		return OUTCOME_OK;
	if (account->id == NULL)
		return refuse(&ex->why, OUTCOME_AUTHENTICATION, "%s",
		    decision->why != NULL ? decision->why : "no such account");
	if (account->password_hash == NULL)
		return refuse(&ex->why, OUTCOME_AUTHENTICATION, "the account has no password");
	return refuse(&ex->why, OUTCOME_AUTHENTICATION, "wrong password");
}
