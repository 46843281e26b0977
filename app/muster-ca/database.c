#include "database.h"

#include <muster/base/text.h>

/* The connection's own message, its first line. */
static enum outcome
refuse_connection(PGconn *conn, const char *step, struct why *why)
{
	const char *message = PQerrorMessage(conn);

	return refuse(
	    why, OUTCOME_ENROLLMENT_SERVER, "database: %.*s%s", (int)strcspn(message, "\n"), message, step);
}

static void
ignore_notice(void *context, const PGresult *result)
{
	(void)context, (void)result;
}

enum outcome
database_open(const char *conninfo, PGconn **conn, struct why *why)
{
	/* What comes first may be said otherwise in the conninfo. */
	const char *const keyword[] = { "fallback_application_name", "connect_timeout", "tcp_user_timeout",
		"dbname", "client_encoding", NULL };
	const char *const value[] = { "muster-ca", "10", "10000", conninfo, "UTF8", NULL };
	enum outcome o;

	*conn = NULL;
	if (conninfo != NULL && (o = pg_conninfo_check("--database", conninfo, why)) != OUTCOME_OK)
		return o;
	*conn = PQconnectdbParams(keyword, value, 1);
	if (PQstatus(*conn) != CONNECTION_OK)
		return refuse_connection(*conn,
		    conninfo != NULL ? ""
				     : " (say where it is: --database CONNINFO, or PGHOST, PGDATABASE, …)",
		    why);
	(void)PQsetNoticeReceiver(*conn, ignore_notice, NULL);
	return OUTCOME_OK;
}

/* PostgreSQL's hint, or a better one where we know what is the matter. */
static const char *
next_step(const PGresult *result)
{
	static const struct {
		const char *state, *step;
	} ours[] = {
		{ "42501", "log in as a member of muster_admin, for secrets of muster_dm" },
		{ "3F000", "install the schema of this version: psql -f sql/install.sql" },
		{ "42P01", "install the schema of this version: psql -f sql/install.sql" },
		{ "42703", "install the schema of this version: psql -f sql/install.sql" },
		{ "42883", "install the schema of this version: psql -f sql/install.sql" },
		{ "55P03", "somebody else changes it: try again" },
		{ "25006", "this server only reads: name the primary in --database" },
	};
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	for (size_t i = 0; state != NULL && i < ARRAY_SIZE(ours); i++)
		if (strcmp(state, ours[i].state) == 0)
			return ours[i].step;
	return PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
}

static enum outcome
judge(PGconn *conn, const PGresult *result, struct why *why)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *step = next_step(result);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return OUTCOME_OK;
	if (message == NULL)
		return refuse_connection(conn, "", why);
	if (step == NULL)
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "%s", message);
	return refuse(why, OUTCOME_ENROLLMENT_SERVER, "%s (%s)", message, step);
}

enum outcome
database_query(PGconn *conn, const char *sql, const struct pg_param *param, int parameters, PGresult **result,
    struct why *why)
{
	struct pg_bound bound;
	enum outcome o;

	pg_bind(param, parameters, &bound);
	*result = PQexecParams(conn, sql, parameters, bound.type, bound.value, bound.size, bound.format, 0);
	if ((o = judge(conn, *result, why)) != OUTCOME_OK)
		pg_result_free(result);
	return o;
}

enum outcome
database_begin(PGconn *conn, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *begin = NULL;
	CLEANUP(pg_result_free) PGresult *timeout = NULL;
	enum outcome o = database_query(conn, "BEGIN", NULL, 0, &begin, why);

	if (o == OUTCOME_OK)
		o = database_query(conn, "SET LOCAL lock_timeout = '10s'", NULL, 0, &timeout, why);
	return o;
}

enum outcome
database_commit(PGconn *conn, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(conn, "COMMIT", NULL, 0, &result, why);

	if (o != OUTCOME_OK && PQstatus(conn) != CONNECTION_OK)
		return refuse(why, o,
		    "the connection was lost at the last moment: muster-ca show tells whether it was stored");
	return o;
}

const char *
database_literal(struct arena *arena, const char *text)
{
	size_t size = strlen(text);
	char *quoted = arena_alloc(arena, 2 * size + 1);

	if (!text_is_plain(text, size) || strchr(text, '\\') != NULL)
		return NULL;
	/* Without a connection it does not know how the server reads backslashes: there are none. */
	(void)PQescapeString(quoted, text, size);
	return arena_printf(arena, "'%s'", quoted);
}
