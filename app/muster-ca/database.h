/*
 * The administrator's connection: statements with parameters, one after the other, in a transaction where
 * several belong together. Errors are PostgreSQL's primary message and its hint or our own next step, never
 * the detail, which can quote values.
 */
#ifndef MUSTER_CA_DATABASE_H
#define MUSTER_CA_DATABASE_H

#include <muster/wire/pg.h>

/*
 * Connect. conninfo NULL: libpq's environment. A conninfo with a password in it is refused: everybody on the
 * machine could read it. The caller calls PQfinish() on what *conn is, also after a failure.
 */
enum outcome database_open(const char *conninfo, PGconn **conn, struct why *);

/*
 * Run one statement.
 *
 * result  the caller's (CLEANUP(pg_result_free)); NULL on failure
 */
enum outcome database_query(
    PGconn *, const char *sql, const struct pg_param *, int parameters, PGresult **result, struct why *);

/* Begin a transaction whose waits for locks end after some seconds. Closing the connection undoes it. */
enum outcome database_begin(PGconn *, struct why *);

/* End it. When the connection is lost here nobody knows whether it was done: why says so. */
enum outcome database_commit(PGconn *, struct why *);

/*
 * A text as an SQL literal, in arena, without asking a server; NULL when it holds what no name of ours may:
 * control characters, backslashes, or what is not UTF-8.
 */
const char *database_literal(struct arena *, const char *text);

#endif
