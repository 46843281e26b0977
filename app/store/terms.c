#include <muster/store/terms.h>

#include "row.h"

static const struct decision_columns plain = { 0, 1, -1, -1, -1 };

enum outcome
store_show_terms(struct store *store, struct arena *arena, const struct terms_visit *visit,
    struct terms *terms, struct why *why)
{
	static const char sql[] = "SELECT outcome, why, version, language, title, body"
				  " FROM muster_worker.show_terms($1, $2, $3, $4, $5, $6, $7, $8, $9)";
	const struct pg_param param[] = { PG_TEXT(visit->organization), PG_TEXT(visit->account),
		PG_TEXT(visit->ownership), PG_TEXT(visit->languages), PG_BYTES(visit->sha256),
		PG_TEXT(visit->redirect_uri), PG_TEXT(visit->request_id), PG_TEXT(visit->trace),
		PG_TEXT(visit->remote) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*terms = (struct terms){ .version = NULL };
	if ((o = row_call(store, "show_terms", sql, param, ARRAY_SIZE(param), 6, &result, why)) != OUTCOME_OK)
		return o;
	terms->version = pg_text(arena, result, 0, 2);
	terms->language = pg_text(arena, result, 0, 3);
	terms->title = pg_text(arena, result, 0, 4);
	terms->body = pg_text(arena, result, 0, 5);
	return row_decision(arena, result, plain, &terms->decision, why);
}

enum outcome
store_answer_terms(struct store *store, struct arena *arena, const struct terms_answer *answer,
    struct terms_answered *answered, struct why *why)
{
	static const char sql[] = "SELECT outcome, why, account, redirect_uri, request_id"
				  " FROM muster_worker.answer_terms($1, $2, $3, $4, $5, $6)";
	const struct pg_param param[] = { PG_TEXT(answer->organization), PG_BYTES(answer->sha256),
		PG_TEXT(answer->accepted ? "t" : "f"), PG_BYTES(answer->token_sha256), PG_TEXT(answer->trace),
		PG_TEXT(answer->remote) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*answered = (struct terms_answered){ .account = NULL };
	if ((o = row_call(store, "answer_terms", sql, param, ARRAY_SIZE(param), 5, &result, why)) !=
	    OUTCOME_OK)
		return o;
	answered->account = pg_text(arena, result, 0, 2);
	answered->redirect_uri = pg_text(arena, result, 0, 3);
	answered->request_id = pg_text(arena, result, 0, 4);
	return row_decision(arena, result, plain, &answered->decision, why);
}
