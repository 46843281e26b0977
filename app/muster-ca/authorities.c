#include "authorities.h"

#include "database.h"

enum outcome
authority_stored(PGconn *conn, struct arena *arena, const char *name, struct stored *stored, struct why *why)
{
	static const char sql[] = "SELECT id, name, kind, certificate, muster.authority_key(id)"
				  " FROM muster.authorities WHERE id = muster.authority_id($1)";
	const struct pg_param param[] = { PG_TEXT(name) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if ((o = database_query(conn, sql, param, ARRAY_SIZE(param), &result, why)) != OUTCOME_OK)
		return o;
	*stored = (struct stored){
		.id = pg_text(arena, result, 0, 0),
		.name = pg_text(arena, result, 0, 1),
		.kind = pg_text(arena, result, 0, 2),
		.certificate = pg_bytes(arena, result, 0, 3),
		.private_key = pg_bytes(arena, result, 0, 4),
	};
	return OUTCOME_OK;
}
