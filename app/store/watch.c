#include <muster/store/watch.h>

#include "row.h"

enum outcome
store_readiness(struct store *store, struct arena *arena, struct readiness *readiness, struct why *why)
{
	static const char sql[] =
	    "SELECT schema, read_only, has_organizations FROM muster_worker.readiness()";
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	(void)arena;
	*readiness = (struct readiness){ .schema = 0 };
	if ((o = row_call(store, "readiness", sql, NULL, 0, 3, &result, why)) != OUTCOME_OK)
		return o;
	readiness->schema = (int)pg_number(result, 0, 0, 0);
	readiness->read_only = pg_bool(result, 0, 1);
	readiness->has_organizations = pg_bool(result, 0, 2);
	return OUTCOME_OK;
}

enum outcome
store_gauges(struct store *store, struct arena *arena, const char **json, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*json = NULL;
	if ((o = row_call(store, "gauges", "SELECT gauges FROM muster_worker.gauges()", NULL, 0, 1, &result,
		 why)) != OUTCOME_OK)
		return o;
	*json = pg_text(arena, result, 0, 0);
	return OUTCOME_OK;
}
