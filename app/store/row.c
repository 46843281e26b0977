#include "row.h"

enum outcome
row_one(const PGresult *result, const char *function, struct why *why)
{
	if (PQntuples(result) != 1)
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "%s: %d rows where one was expected", function,
		    PQntuples(result));
	return OUTCOME_OK;
}

enum outcome
row_call(struct store *store, const char *function, const char *sql, const struct pg_param *param, int params,
    int columns, PGresult **result, struct why *why)
{
	enum outcome o;

	o = pg_call(store->pg, sql, param, params, columns, store->deadline, result, NULL, &store->us, why);
	if (o != OUTCOME_OK)
		return o;
	return row_one(*result, function, why);
}

static const char *
optional_text(struct arena *arena, const PGresult *result, int column)
{
	return column < 0 ? NULL : pg_text(arena, result, 0, column);
}

enum outcome
row_decision(struct arena *arena, const PGresult *result, struct decision_columns column,
    struct decision *decision, struct why *why)
{
	const char *name = pg_text(arena, result, 0, column.outcome);

	if (name == NULL || !outcome_from_name(name, &decision->outcome))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the database answered an outcome unknown to this program: %s",
		    name == NULL ? "none" : name);
	decision->why = pg_text(arena, result, 0, column.why);
	decision->text = optional_text(arena, result, column.text);
	decision->language = optional_text(arena, result, column.language);
	decision->details = optional_text(arena, result, column.details);
	return OUTCOME_OK;
}
