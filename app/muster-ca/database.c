#include "database.h"

#define PARAMETERS_MAX 16
#define BYTEA_OID 17

static bool
is_password(const char *keyword)
{
	return strcmp(keyword, "password") == 0 || strcmp(keyword, "sslpassword") == 0;
}

static enum outcome
conninfo_check(const char *conninfo, struct why *why)
{
	char *error = NULL;
	PQconninfoOption *parsed = PQconninfoParse(conninfo, &error);
	enum outcome o = OUTCOME_OK;

	if (parsed == NULL) {
		o = refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "--database: %.*s",
		    error == NULL ? 0 : (int)strcspn(error, "\n"), error == NULL ? "" : error);
		PQfreemem(error);
		return o;
	}
	for (PQconninfoOption *p = parsed; p->keyword != NULL; p++)
		if (p->val != NULL && is_password(p->keyword))
			o = refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
			    "--database holds a %s, which everybody on this machine can read: put it in a "
			    "file and "
			    "name that with passfile=",
			    p->keyword);
	PQconninfoFree(parsed);
	return o;
}

/* The first line of a message of libpq's. */
static enum outcome
refuse_connection(PGconn *conn, struct why *why)
{
	const char *message = PQerrorMessage(conn);

	return refuse(why, OUTCOME_ENROLLMENT_SERVER, "database: %.*s", (int)strcspn(message, "\n"), message);
}

static void
ignore_notice(void *context, const PGresult *result)
{
	(void)context, (void)result;
}

enum outcome
database_open(const char *conninfo, PGconn **conn, struct why *why)
{
	const char *const keyword[] = { "fallback_application_name", "connect_timeout", "dbname",
		"client_encoding", NULL };
	const char *const value[] = { "muster-ca", "10", conninfo, "UTF8", NULL };
	enum outcome o;

	*conn = NULL;
	if (conninfo != NULL && (o = conninfo_check(conninfo, why)) != OUTCOME_OK)
		return o;
	*conn = PQconnectdbParams(keyword, value, 1);
	if (PQstatus(*conn) != CONNECTION_OK)
		return refuse_connection(*conn, why);
	(void)PQsetNoticeReceiver(*conn, ignore_notice, NULL);
	return OUTCOME_OK;
}

static enum outcome
judge(PGconn *conn, const PGresult *result, struct why *why)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return OUTCOME_OK;
	if (message == NULL)
		return refuse_connection(conn, why);
	if (hint == NULL)
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "%s", message);
	return refuse(why, OUTCOME_ENROLLMENT_SERVER, "%s (%s)", message, hint);
}

enum outcome
database_query(PGconn *conn, const char *sql, const struct pg_param *param, int parameters, PGresult **result,
    struct why *why)
{
	const char *value[PARAMETERS_MAX];
	int size[PARAMETERS_MAX], format[PARAMETERS_MAX];
	Oid type[PARAMETERS_MAX];
	enum outcome o;

	if (parameters > PARAMETERS_MAX)
		abort();
	for (int i = 0; i < parameters; i++) {
		bool binary = param[i].text == NULL && param[i].bytes.data != NULL;

		value[i] = binary ? (const char *)param[i].bytes.data : param[i].text;
		size[i] = binary ? (int)param[i].bytes.size : 0;
		format[i] = binary ? 1 : 0;
		type[i] = binary ? BYTEA_OID : 0;
	}
	*result = PQexecParams(conn, sql, parameters, type, value, size, format, 0);
	if ((o = judge(conn, *result, why)) != OUTCOME_OK)
		pg_result_free(result);
	return o;
}

enum outcome
database_run(PGconn *conn, const char *sql, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;

	return database_query(conn, sql, NULL, 0, &result, why);
}
