#include <muster/stages/pages.h>

#include <muster/credentials/token.h>
#include <muster/stages/decide.h>

enum outcome
stage_give_token(struct exchange *ex, const struct account *account, const char *appru, const char *how)
{
	CLEANUP(secret_release) struct secret token = token_make();
	uint8_t sha256[TOKEN_SHA256_SIZE];
	const struct new_token made = { .organization = account->organization,
		.account = account->id,
		.how = how,
		.sha256 = { sha256, sizeof(sha256) },
		.trace = ex->request->trace.text,
		.attempt = ex->attempt,
		.remote = stage_remote(ex) };
	struct decision decision = { .outcome = OUTCOME_OK };
	struct bytes body = { NULL, 0 };
	bool written;
	enum outcome o;

	token_sha256(&token, sha256);
	stage_limit_database(ex);
	if ((o = store_make_token(&ex->worker->store, ex->request->arena, &made, &decision, &ex->why)) !=
		OUTCOME_OK ||
	    (o = stage_decide(ex, &decision)) != OUTCOME_OK)
		return o;
	ex->recorded = true;
	written = page_result(ex->request->arena, ex->page, appru, token.data, &body);
	return stage_page_reply(ex, written, body);
}
