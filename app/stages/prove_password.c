#include <muster/stages/throttle.h>

#include <muster/credentials/password.h>

/*
 * Who has no account here, or no password, is checked all the same, so that it takes as long: a decoy is a
 * setting without a hash, which nothing matches.
 */
static enum outcome
look_at_hash(struct exchange *ex, const struct secret *password, const struct account *account,
    const struct decision *decision)
{
	const char *expected = account->password_hash != NULL ? account->password_hash : account->decoy;

	if (password_verify(password, expected) && account->id != NULL && account->password_hash != NULL)
		return OUTCOME_OK;
	if (account->id == NULL)
		return refuse(&ex->why, OUTCOME_AUTHENTICATION, "%s",
		    decision->why != NULL ? decision->why : "no such account");
	if (account->password_hash == NULL)
		return refuse(&ex->why, OUTCOME_AUTHENTICATION,
		    "the account has no password, and no directory is asked for that name");
	return refuse(&ex->why, OUTCOME_AUTHENTICATION, "wrong password");
}

/*
 * Where there is a directory, too, a password that is wrong costs both a hash and a bind, whoever it is tried
 * for, so that nobody learns which accounts have a password of their own; and while the directory is away,
 * they all hear so, though a wrong password counts as one.
 */
static enum outcome
look_at_both(struct exchange *ex, const struct secret *password, const struct account *account,
    const struct decision *decision, const struct directory *directory, bool *away)
{
	enum outcome o;
	struct why why;

	if (account->password_hash == NULL) {
		if ((o = stage_prove_directory(ex, password, account, directory)) != OUTCOME_OK)
			(void)password_verify(password, account->decoy);
		return o;
	}
	if ((o = look_at_hash(ex, password, account, decision)) == OUTCOME_OK)
		return o;
	why = ex->why;
	*away = stage_prove_directory(ex, password, account, directory) == OUTCOME_ENROLLMENT_SERVER;
	ex->known_as = NULL;
	ex->why = why;
	return o;
}

static enum outcome
look_at(struct exchange *ex, const struct secret *password, const struct account *account,
    const struct decision *decision, bool *away)
{
	const struct directory *directory = NULL;
	enum outcome o;

	if (account->proof != NULL &&
	    (o = directory_read(ex->request->arena, account->proof, &directory, &ex->why)) != OUTCOME_OK)
		return o;
	return directory != NULL ? look_at_both(ex, password, account, decision, directory, away)
				 : look_at_hash(ex, password, account, decision);
}

enum outcome
stage_prove_password(struct exchange *ex, const struct secret *password, const struct account *account,
    const struct decision *decision)
{
	bool away = false;
	enum outcome o;

	if (throttle_knows(ex, password, account))
		return OUTCOME_OK;
	if ((o = throttle_begin(ex, account)) != OUTCOME_OK)
		return o;
	o = account->refused != NULL ? throttle_refuse(ex, password, account)
				     : look_at(ex, password, account, decision, &away);
	throttle_end(ex, password, account, o);
	return away ? OUTCOME_ENROLLMENT_SERVER : o;
}
