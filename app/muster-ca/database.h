/*
 * The administrator's connection: statements with parameters, one after the other, in a transaction where
 * several belong together. Errors are PostgreSQL's primary message and its hint, never the detail, which can
 * quote values.
 */
#ifndef MUSTER_CA_DATABASE_H
#define MUSTER_CA_DATABASE_H

#include <muster/wire/pg.h>

/*
 * Connect. conninfo NULL: libpq's environment. A conninfo with a password in it is refused: everybody on the
 * machine could read it. The caller calls PQfinish().
 */
enum outcome database_open(const char *conninfo, PGconn **, struct why *);

/*
 * Run one statement that gives rows.
 *
 * result  the caller's (CLEANUP(pg_result_free)); NULL on failure
 */
enum outcome database_query(
    PGconn *, const char *sql, const struct pg_param *, int parameters, PGresult **result, struct why *);

/* BEGIN, COMMIT: a statement without parameters and rows. */
enum outcome database_run(PGconn *, const char *sql, struct why *);

#endif
