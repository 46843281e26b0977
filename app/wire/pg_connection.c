#include "pg_connection.h"

#include <errno.h>
#include <poll.h>

#define BACK_OFF_FIRST_MS 100
#define BACK_OFF_MAX_MS 5000
#define IDLE_READS_MAX 16

struct pg *
pg_new(const char *conninfo, const char *application_name)
{
	struct pg *pg = calloc(1, sizeof(*pg));

	if (pg == NULL || (pg->conninfo = strdup(conninfo)) == NULL ||
	    (pg->application_name = strdup(application_name)) == NULL)
		arena_out_of_memory();
	return pg;
}

void
pg_free(struct pg *pg)
{
	if (pg == NULL)
		return;
	pg_drop(pg);
	free(pg->conninfo);
	free(pg->application_name);
	free(pg);
}

void
pg_drop(struct pg *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
}

bool
pg_wait(const PGconn *conn, short events, struct deadline deadline)
{
	struct pollfd poll_fd = { .fd = PQsocket(conn), .events = events };
	int left, ready;

	do {
		left = deadline_left_ms(deadline);
		ready = left == 0 ? 0 : poll(&poll_fd, 1, left);
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

enum outcome
pg_refuse(const PGconn *conn, const char *what, struct why *why)
{
	const char *message = PQerrorMessage(conn);
	char line[WHY_MAX];
	size_t size = 0;

	/* Several hosts make several lines; their ends separate. */
	for (; *message != '\0' && size < sizeof(line) - 2; message++) {
		if (*message != '\n')
			line[size++] = *message;
		else if (message[1] != '\0')
			line[size++] = ';';
	}
	line[size] = '\0';
	return refuse(why, OUTCOME_ENROLLMENT_SERVER, "database: %s: %s", what, line);
}

static void
ignore_notice(void *context, const PGresult *result)
{
	(void)context, (void)result;
}

/*
 * What comes first may be said otherwise in the conninfo. Keepalives and the user timeout find a peer that
 * went without a word; connecting to such a host ends after 3 s, so that the next of several is tried.
 */
static PGconn *
start(const struct pg *pg)
{
	const char *const keyword[] = { "application_name", "keepalives", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "tcp_user_timeout", "dbname", "client_encoding",
		NULL };
	const char *const value[] = { pg->application_name, "1", "30", "5", "3", "3000", pg->conninfo, "UTF8",
		NULL };

	return PQconnectStartParams(keyword, value, 1);
}

/* Drive the connection attempt to its end. */
static enum outcome
finish(PGconn *conn, struct deadline deadline, struct why *why)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	if (conn == NULL)
		arena_out_of_memory();
	while (status != PGRES_POLLING_OK) {
		if (PQstatus(conn) == CONNECTION_BAD || status == PGRES_POLLING_FAILED)
			return pg_refuse(conn, "cannot connect", why);
		if (!pg_wait(conn, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline))
			return refuse(why, OUTCOME_ENROLLMENT_SERVER,
			    "database: cannot connect: no answer by the deadline");
		status = PQconnectPoll(conn);
	}
	(void)PQsetNoticeReceiver(conn, ignore_notice, NULL);
	if (PQsetnonblocking(conn, 1) != 0)
		return pg_refuse(conn, "cannot connect", why);
	return OUTCOME_OK;
}

/* The next attempt waits, twice as long each time. */
static void
back_off(struct pg *pg)
{
	pg->back_off_ms = pg->back_off_ms == 0 ? BACK_OFF_FIRST_MS : 2 * pg->back_off_ms;
	if (pg->back_off_ms > BACK_OFF_MAX_MS)
		pg->back_off_ms = BACK_OFF_MAX_MS;
	pg->retry_at_us = clock_steady_us() + (int64_t)pg->back_off_ms * 1000;
}

static enum outcome
open_connection(struct pg *pg, struct deadline deadline, struct why *why)
{
	enum outcome o;

	if (clock_steady_us() < pg->retry_at_us)
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "%s (tried moments ago)", pg->last_reason.text);
	pg->conn = start(pg);
	if ((o = finish(pg->conn, deadline, &pg->last_reason)) != OUTCOME_OK) {
		pg_drop(pg);
		back_off(pg);
		return refuse(why, o, "%s", pg->last_reason.text);
	}
	pg->back_off_ms = 0;
	return OUTCOME_OK;
}

/*
 * The server says something only when asked, but for notices, changed parameters and its farewell: read what
 * is there and see whether the end of the connection is behind it. One that talks on and on is as good as
 * dead: nobody waits for its end.
 */
static bool
idle_alive(PGconn *conn)
{
	struct pollfd poll_fd = { .fd = PQsocket(conn), .events = POLLIN };

	for (int reads = 0; poll(&poll_fd, 1, 0) > 0; reads++) {
		if (reads == IDLE_READS_MAX || PQconsumeInput(conn) == 0)
			return false;
		PQfreeNotify(PQnotifies(conn));
	}
	return PQstatus(conn) == CONNECTION_OK && PQtransactionStatus(conn) == PQTRANS_IDLE;
}

enum outcome
pg_ensure(struct pg *pg, struct deadline deadline, struct why *why)
{
	if (pg->conn != NULL && !idle_alive(pg->conn))
		pg_drop(pg);
	return pg->conn != NULL ? OUTCOME_OK : open_connection(pg, deadline, why);
}
