#include "record.h"

#include <muster/base/clock.h>
#include <muster/base/text.h>

#include "database.h"
#include "publish.h"

enum outcome
record_look(PGconn *conn, struct record *record, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o =
	    database_query(conn, "SELECT has_sealing_key FROM muster.configuration", NULL, 0, &result, why);

	if (o == OUTCOME_OK)
		record->has_sealing_key = PQntuples(result) == 1 && pg_bool(result, 0, 0);
	return o;
}

enum outcome
record_lock(PGconn *conn, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;

	return database_query(
	    conn, "SELECT only_row FROM muster.configuration FOR UPDATE", NULL, 0, &result, why);
}

/* What was decided on is still so. Authorities are never deleted: their number tells. */
static enum outcome
compare(PGconn *conn, struct arena *arena, const struct record *record, struct why *why)
{
	static const char sql[] = "SELECT (SELECT count(*) FROM muster.authorities), c.has_sealing_key,"
				  "       (SELECT o.authority FROM muster.organizations o WHERE o.key = $1) "
				  "FROM muster.configuration c";
	const struct pg_param param[] = { PG_TEXT(record->organization->key) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if ((o = database_query(conn, sql, param, ARRAY_SIZE(param), &result, why)) != OUTCOME_OK)
		return o;
	if (PQntuples(result) != 1 || pg_number(result, 0, 0, -1) != (int64_t)record->there->count ||
	    pg_bool(result, 0, 1) != record->has_sealing_key ||
	    !text_equal_fold(pg_text(arena, result, 0, 2), record->organization->authority))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "somebody else changed authorities meanwhile: look with muster-ca show and try again");
	return OUTCOME_OK;
}

static enum outcome
authority_store(PGconn *conn, struct arena *arena, const struct record *record, const struct made *made,
    const char *parent, const char **id, struct why *why)
{
	static const char sql[] = "SELECT muster.add_authority($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
	const struct pg_param param[] = {
		PG_TEXT(parent == NULL ? "root" : "issuing"),
		PG_TEXT(made->name),
		PG_TEXT(parent),
		PG_BYTES(made->pkcs8),
		PG_BYTES(made->certificate),
		PG_TEXT(clock_text(arena, made->not_before * 1000)),
		PG_TEXT(clock_text(arena, made->not_after * 1000)),
		PG_TEXT(record->key_type),
		PG_TEXT(made->key_uri),
		PG_TEXT(made->id),
	};
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(conn, sql, param, ARRAY_SIZE(param), &result, why);

	if (o == OUTCOME_OK)
		*id = pg_text(arena, result, 0, 0);
	return o;
}

enum outcome
record_sealing_key(PGconn *conn, struct bytes sealed, struct why *why)
{
	const struct pg_param param[] = { PG_BYTES(sealed) };
	CLEANUP(pg_result_free) PGresult *result = NULL;

	if (sealed.size == 0)
		return OUTCOME_OK;
	return database_query(
	    conn, "SELECT muster.set_sealing_key($1)", param, ARRAY_SIZE(param), &result, why);
}

enum outcome
record_authority_given(PGconn *conn, const char *organization, const char *id, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(organization), PG_TEXT(id) };
	CLEANUP(pg_result_free) PGresult *result = NULL;

	if (organization == NULL)
		return OUTCOME_OK;
	return database_query(
	    conn, "SELECT muster.set_authority($1, $2)", param, ARRAY_SIZE(param), &result, why);
}

/* Whoever checks the first device's certificate needs both. */
static enum outcome
lists_store(PGconn *conn, struct arena *arena, const struct record *record, const char *root,
    const char *issuing, struct why *why)
{
	struct published_list published;
	enum outcome o;

	if ((o = publish_list(conn, arena, root, record->root_signer, &published, why)) != OUTCOME_OK)
		return o;
	return publish_list(conn, arena, issuing, record->issuing_signer, &published, why);
}

enum outcome
record_store(PGconn *conn, struct arena *arena, const struct record *record, struct why *why)
{
	const char *parent = record->parent, *id = NULL;
	enum outcome o;

	if ((o = database_begin(conn, why)) != OUTCOME_OK || (o = record_lock(conn, why)) != OUTCOME_OK ||
	    (o = compare(conn, arena, record, why)) != OUTCOME_OK ||
	    (record->root != NULL &&
		(o = authority_store(conn, arena, record, record->root, NULL, &parent, why)) != OUTCOME_OK) ||
	    (o = authority_store(conn, arena, record, record->issuing, parent, &id, why)) != OUTCOME_OK ||
	    (o = record_sealing_key(conn, record->sealing_key, why)) != OUTCOME_OK ||
	    (o = record_authority_given(conn, record->organization->key, id, why)) != OUTCOME_OK ||
	    (o = lists_store(conn, arena, record, parent, id, why)) != OUTCOME_OK)
		return o;
	return database_commit(conn, why);
}
