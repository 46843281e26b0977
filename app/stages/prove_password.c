#include <muster/stages/throttle.h>

#include <muster/credentials/password.h>

/*
 * Who has no account here, or no password, is checked all the same, so that it takes as long: a decoy is a
 * setting without a hash, which nothing matches.
 */
static enum outcome
look_at(struct exchange *ex, const struct secret *password, const struct account *account,
    const struct decision *decision)
{
	const char *expected = account->password_hash != NULL ? account->password_hash : account->decoy;

	if (password_verify(password, expected) && account->id != NULL && account->password_hash != NULL)
		return OUTCOME_OK;
	if (account->id == NULL)
		return refuse(&ex->why, OUTCOME_AUTHENTICATION, "%s",
		    decision->why != NULL ? decision->why : "no such account");
	if (account->password_hash == NULL)
		return refuse(&ex->why, OUTCOME_AUTHENTICATION, "the account has no password");
	return refuse(&ex->why, OUTCOME_AUTHENTICATION, "wrong password");
}

enum outcome
stage_prove_password(struct exchange *ex, const struct secret *password, const struct account *account,
    const struct decision *decision)
{
	enum outcome o;

	if (throttle_knows(ex, password, account))
		return OUTCOME_OK;
	if ((o = throttle_begin(ex, account)) != OUTCOME_OK)
		return o;
	o = account->refused != NULL ? throttle_refuse(ex, password, account)
				     : look_at(ex, password, account, decision);
	throttle_end(ex, password, account, o);
	return o;
}
