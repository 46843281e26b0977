/*
 * A PostgreSQL connection that cannot hang its owner: every wait has a deadline,
 * and what misses it costs the connection. Statements go with parameters, in one
 * round trip, without session state, so that PgBouncer's transaction mode works.
 */
#ifndef MUSTER_WIRE_PG_H
#define MUSTER_WIRE_PG_H

#include <muster/base/arena.h>
#include <muster/base/bytes.h>
#include <muster/base/clock.h>
#include <muster/base/outcome.h>

#include <libpq-fe.h>

struct pg;

/*
 * A connection that opens at its first use and again after a loss. After an attempt
 * that failed the next is not made before a back-off of 100 ms, doubling to 5 s, has
 * passed (calls fail at once meanwhile). A server that was restarted costs no call:
 * an idle connection is looked at before it is used, and a statement that met the
 * server's farewell is sent once more.
 *
 * Names of hosts are looked up by libpq, which no deadline bounds: give hostaddr, or
 * a socket's directory, where the name service can hang.
 *
 * conninfo   libpq's, copied; several hosts are tried in turn. application_name and
 *            keepalives are added unless it says otherwise
 */
struct pg *pg_new(const char *conninfo, const char *application_name);
void pg_free(struct pg *);

/* A parameter: text, or bytes for a bytea; both NULL is SQL NULL. */
struct pg_param {
	const char *text;
	struct bytes bytes;
};

#define PG_TEXT(value) ((struct pg_param){ .text = (value) })
#define PG_BYTES(value) ((struct pg_param){ .bytes = (value) })

#define PG_PARAMETERS_MAX 32

/* Parameters as libpq's functions take them; they point into what they were made from. */
struct pg_bound {
	const char *value[PG_PARAMETERS_MAX];
	int size[PG_PARAMETERS_MAX], format[PG_PARAMETERS_MAX];
	Oid type[PG_PARAMETERS_MAX];
};

/* At most PG_PARAMETERS_MAX of them. */
void pg_bind(const struct pg_param *, int parameters, struct pg_bound *);

/*
 * Check a conninfo: libpq can parse it, and it holds no password (every user of the machine can
 * read a command line; a passfile can be named).
 *
 * option  its name in messages, "--database"
 * OUTCOME_INTERNAL_SERVICE_FAULT with the next step in why
 */
enum outcome pg_conninfo_check(const char *option, const char *conninfo, struct why *);

/*
 * How a call ended, for those to whom a lost COMMIT matters: LOST means the
 * statement was sent and its end is unknown; NOT_SENT and ERROR mean that nothing
 * was changed (but for ERROR because of the number of columns).
 */
enum pg_end { PG_DONE, PG_NOT_SENT, PG_LOST, PG_ERROR };

/*
 * Run one statement.
 *
 * columns  the number of columns expected; another number is an error
 * result   the caller's to PQclear() (CLEANUP(pg_result_free)); NULL on failure. Text format.
 * end      may be NULL
 * us       microseconds spent are added to it; may be NULL
 * OUTCOME_ENROLLMENT_SERVER  no connection, a missed deadline, an SQL error (its primary
 *                            message and SQLSTATE in why, never DETAIL: it can quote values)
 */
enum outcome pg_call(struct pg *, const char *sql, const struct pg_param *, int parameters, int columns,
    struct deadline, PGresult **result, enum pg_end *end, int64_t *us, struct why *);

/* For CLEANUP(pg_result_free). */
void pg_result_free(PGresult **);

/* A value copied into arena: text (NULL for SQL NULL), bytea, number (fallback for NULL), boolean (false for
 * NULL). */
char *pg_text(struct arena *, const PGresult *, int row, int column);
struct bytes pg_bytes(struct arena *, const PGresult *, int row, int column);
int64_t pg_number(const PGresult *, int row, int column, int64_t fallback);
bool pg_bool(const PGresult *, int row, int column);

#endif
