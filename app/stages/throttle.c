#include <muster/stages/throttle.h>

#include <muster/base/log.h>
#include <muster/credentials/password.h>
#include <muster/stages/decide.h>

/* Whom the pool remembers a right password of: the account in this attempt. NULL: the attempt has no name. */
static const char *
account_in_attempt(struct exchange *ex, const struct account *account)
{
	if (account->id == NULL || ex->attempt == NULL)
		return NULL;
	return arena_printf(ex->request->arena, "%s/%s", account->id, ex->attempt);
}

/* Whom it remembers a wrong one of: the account, or the name as typed. */
static const char *
whoever(struct exchange *ex, const struct account *account)
{
	if (account->id != NULL)
		return account->id;
	return arena_printf(ex->request->arena, "%s %s", ex->organization != NULL ? ex->organization : "",
	    ex->user != NULL ? ex->user : "");
}

static const char *
hash_or_none(const struct account *account)
{
	return account->password_hash != NULL ? account->password_hash : "";
}

bool
throttle_knows(struct exchange *ex, const struct secret *password, const struct account *account)
{
	const char *whose = account->refused != NULL ? account_in_attempt(ex, account) : account->id;

	return memo_knows(ex->worker->memo, whose, account->password_hash, password);
}

enum outcome
throttle_begin(struct exchange *ex, const struct account *account)
{
	return turn_take(ex->worker->turns, account->suspected, ex->request->deadline, &ex->turn, &ex->why);
}

enum outcome
throttle_refuse(struct exchange *ex, const struct secret *password, const struct account *account)
{
	if (!turn_spend(&ex->turn, password_hashes(password)))
		(void)password_verify(password, account->decoy);
	return refuse(&ex->why, OUTCOME_AUTHENTICATION, "%s", account->refused);
}

static void
remember(struct exchange *ex, const struct secret *password, const struct account *account)
{
	memo_remember(ex->worker->memo, account->id, account->password_hash, password);
	memo_remember(ex->worker->memo, account_in_attempt(ex, account), account->password_hash, password);
}

static void
count(struct exchange *ex, const struct secret *password, const struct account *account)
{
	const struct tried tried = { .organization = ex->organization,
		.user = ex->user,
		.account = account->id,
		.remote = stage_remote(ex),
		.trace = ex->request->trace.text,
		.looked_at = account->refused == NULL };
	struct why why;

	if (tried.looked_at) {
		const char *who = whoever(ex, account);

		if (memo_knows(ex->worker->wrong, who, hash_or_none(account), password))
			return;
		memo_remember(ex->worker->wrong, who, hash_or_none(account), password);
	}
	stage_limit_database(ex);
	if (store_count_password(&ex->worker->store, &tried, &why) != OUTCOME_OK)
		log_message(LOG_WARNING_LEVEL, "trace %s: a wrong password is not counted: %s",
		    ex->request->trace.text, why.text);
}

void
throttle_end(
    struct exchange *ex, const struct secret *password, const struct account *account, enum outcome outcome)
{
	unsigned hashes = password_hashes(password);
	/* One that matched may have needed one hash where a wrong one would have needed two; a directory
	 * takes its own time. */
	bool telling = account->proof == NULL &&
	    (outcome == OUTCOME_AUTHENTICATION || (outcome == OUTCOME_OK && hashes == 1));

	turn_checked(&ex->turn, telling && account->refused == NULL ? hashes : 0);
	if (outcome == OUTCOME_OK) {
		turn_end(&ex->turn);
		remember(ex, password, account);
	} else if (outcome == OUTCOME_AUTHENTICATION) {
		turn_wrong(&ex->turn, hashes);
		count(ex, password, account);
	}
}
