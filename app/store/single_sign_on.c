#include <muster/store/single_sign_on.h>

#include "row.h"

enum outcome
store_sign_in_variables(struct store *store, struct arena *arena, const char *organization,
    struct sign_in_wanted *wanted, struct why *why)
{
	static const char sql[] =
	    "SELECT outcome, why, variables, user_variable FROM muster_worker.sign_in_variables($1)";
	static const struct decision_columns columns = { 0, 1, -1, -1, -1 };
	const struct pg_param param[] = { PG_TEXT(organization) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*wanted = (struct sign_in_wanted){ 0 };
	if ((o = row_call(store, "sign_in_variables", sql, param, ARRAY_SIZE(param), 4, &result, why)) !=
	    OUTCOME_OK)
		return o;
	wanted->variables = pg_text(arena, result, 0, 2);
	wanted->user = pg_text(arena, result, 0, 3);
	return row_decision(arena, result, columns, &wanted->decision, why);
}

enum outcome
store_sign_in(struct store *store, struct arena *arena, const struct sign_in *sign_in,
    struct account *account, struct decision *decision, struct why *why)
{
	static const char sql[] = "SELECT outcome, why, text, language, details, organization, account, upn"
				  " FROM muster_worker.sign_in($1, $2, $3, $4)";
	static const struct decision_columns columns = { 0, 1, 2, 3, 4 };
	const struct pg_param param[] = { PG_TEXT(sign_in->organization), PG_TEXT(sign_in->variables),
		PG_TEXT(sign_in->trace), PG_TEXT(sign_in->remote) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*account = (struct account){ .id = NULL };
	*decision = (struct decision){ 0 };
	if ((o = row_call(store, "sign_in", sql, param, ARRAY_SIZE(param), 8, &result, why)) != OUTCOME_OK)
		return o;
	account->organization = pg_text(arena, result, 0, 5);
	account->id = pg_text(arena, result, 0, 6);
	account->upn = pg_text(arena, result, 0, 7);
	return row_decision(arena, result, columns, decision, why);
}
