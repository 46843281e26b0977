#include "pg_connection.h"

#include <poll.h>

/* One call on its way. */
struct call {
	struct pg *pg;
	struct deadline deadline;
	struct why *why;
	enum pg_end end;
};

static enum outcome
lost(struct call *call, const char *reason)
{
	call->end = PG_LOST;
	pg_drop(call->pg);
	return refuse(call->why, OUTCOME_ENROLLMENT_SERVER, "database: %s", reason);
}

/* libpq has sent everything; it reads meanwhile, since a server that cannot write would not read either. */
static enum outcome
flush(struct call *call)
{
	PGconn *conn = call->pg->conn;
	int rest;

	while ((rest = PQflush(conn)) == 1) {
		if (!pg_wait(conn, POLLIN | POLLOUT, call->deadline))
			return lost(call, "the statement could not be sent by the deadline");
		if (PQconsumeInput(conn) == 0)
			break;
	}
	if (rest == 0)
		return OUTCOME_OK;
	(void)pg_refuse(conn, "connection lost", call->why);
	call->end = PG_LOST;
	pg_drop(call->pg);
	return OUTCOME_ENROLLMENT_SERVER;
}

static enum outcome
send_statement(struct call *call, const char *sql, const struct pg_param *param, int parameters)
{
	struct pg_bound bound;

	pg_bind(param, parameters, &bound);
	if (PQsendQueryParams(
		call->pg->conn, sql, parameters, bound.type, bound.value, bound.size, bound.format, 0) == 1)
		return flush(call);
	call->end = PG_NOT_SENT;
	(void)pg_refuse(call->pg->conn, "cannot send", call->why);
	pg_drop(call->pg);
	return OUTCOME_ENROLLMENT_SERVER;
}

/* Wait until PQgetResult() has something to give without blocking. */
static enum outcome
wait_result(struct call *call)
{
	PGconn *conn = call->pg->conn;

	while (PQisBusy(conn)) {
		if (!pg_wait(conn, POLLIN, call->deadline))
			return lost(call, "no answer by the deadline");
		if (PQconsumeInput(conn) == 0)
			break;
	}
	return OUTCOME_OK;
}

/* In a COPY libpq gives the same result again and again until it is fed or read: we never ask for one. */
static bool
copies(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* The server's last word on this connection, FATAL or PANIC; libpq's own errors have no severity. */
static bool
ends_connection(const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	return severity != NULL && strcmp(severity, "ERROR") != 0;
}

/*
 * Read everything up to the end of the statement. An error after the rows (a commit that failed) replaces
 * them: only the last result tells how it ended. Behind the server's last word nothing follows but an error
 * of libpq's own, which would hide it.
 */
static enum outcome
receive(struct call *call, PGresult **last, int *count)
{
	PGresult *next;
	enum outcome o;

	while ((o = wait_result(call)) == OUTCOME_OK && (next = PQgetResult(call->pg->conn)) != NULL) {
		pg_result_free(last);
		*last = next;
		(*count)++;
		if (copies(next))
			return lost(call, "the server began a COPY");
		if (ends_connection(next))
			break;
	}
	return o;
}

static const char *
state_of(const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return state != NULL ? state : "";
}

/* The connection broke, or the server refused the statement: which one decides what may be repeated. */
static enum outcome
judge_error(struct call *call, const PGresult *result, int count)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	/* libpq's own errors have no severity: the connection ended without an answer. */
	if (severity == NULL) {
		(void)pg_refuse(call->pg->conn, "connection lost", call->why);
		call->end = PG_LOST;
		pg_drop(call->pg);
		return OUTCOME_ENROLLMENT_SERVER;
	}
	/* The last word after rows does not tell whether they were committed. */
	call->end = ends_connection(result) && count > 1 ? PG_LOST : PG_ERROR;
	if (ends_connection(result))
		pg_drop(call->pg);
	return refuse(call->why, OUTCOME_ENROLLMENT_SERVER, "database: SQLSTATE %s: %s", state_of(result),
	    message != NULL ? message : "no message");
}

static enum outcome
judge(struct call *call, const PGresult *result, int count, int columns)
{
	ExecStatusType status = PQresultStatus(result);

	if (result == NULL)
		return lost(call, "no result");
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		return judge_error(call, result, count);
	call->end = PG_DONE;
	if (PQnfields(result) == columns)
		return OUTCOME_OK;
	call->end = PG_ERROR;
	return refuse(call->why, OUTCOME_ENROLLMENT_SERVER,
	    "database: %d columns where %d were expected: install the schema of this version "
	    "(sql/install.sql)",
	    PQnfields(result), columns);
}

/*
 * The server's farewell (57P01) before any row: it met us between two statements and this one did not run,
 * so that it may be sent again. After rows it could have been committed.
 */
static bool
dismissed(const PGresult *result, int count)
{
	return count == 1 && PQresultStatus(result) == PGRES_FATAL_ERROR &&
	    strcmp(state_of(result), "57P01") == 0;
}

static enum outcome
try_once(struct call *call, const char *sql, const struct pg_param *param, int parameters, int columns,
    PGresult **result, bool *again)
{
	int count = 0;
	enum outcome o;

	*again = false;
	call->end = PG_NOT_SENT;
	if ((o = pg_ensure(call->pg, call->deadline, call->why)) != OUTCOME_OK ||
	    (o = send_statement(call, sql, param, parameters)) != OUTCOME_OK ||
	    (o = receive(call, result, &count)) != OUTCOME_OK ||
	    (o = judge(call, *result, count, columns)) != OUTCOME_OK) {
		*again = dismissed(*result, count);
		pg_result_free(result);
	}
	return o;
}

enum outcome
pg_call(struct pg *pg, const char *sql, const struct pg_param *param, int parameters, int columns,
    struct deadline deadline, PGresult **result, enum pg_end *end, int64_t *us, struct why *why)
{
	struct call call = { .pg = pg, .deadline = deadline, .why = why };
	int64_t start = clock_steady_us();
	enum outcome o;
	bool again;

	*result = NULL;
	o = try_once(&call, sql, param, parameters, columns, result, &again);
	if (again)
		o = try_once(&call, sql, param, parameters, columns, result, &again);
	if (end != NULL)
		*end = call.end;
	if (us != NULL)
		*us += clock_steady_us() - start;
	return o;
}

void
pg_result_free(PGresult **result)
{
	PQclear(*result);
	*result = NULL;
}
