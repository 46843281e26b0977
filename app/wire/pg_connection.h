/* The connection behind pg.h: how it is opened, found dead and dropped. */
#ifndef MUSTER_WIRE_PG_CONNECTION_H
#define MUSTER_WIRE_PG_CONNECTION_H

#include <muster/wire/pg.h>

struct pg {
	char *conninfo, *application_name;
	PGconn *conn;		/* NULL when there is none */
	int64_t retry_at_us;	/* no attempt before */
	int back_off_ms;	/* the next wait; 0 after a success */
	struct why last_reason; /* of the attempt that failed last */
};

/*
 * Have a usable connection: keep the present one unless the server closed it while it
 * was idle, else open one, unless the back-off says to wait.
 *
 * OUTCOME_ENROLLMENT_SERVER  none by the deadline, or not yet again
 */
enum outcome pg_ensure(struct pg *, struct deadline, struct why *);

/* Close the connection without a word to the server: its state is unknown. */
void pg_drop(struct pg *);

/* Wait for the socket; events as for poll(2). False at the deadline. */
bool pg_wait(const PGconn *, short events, struct deadline);

/* libpq's message for the connection in one line, for refuse(). */
enum outcome pg_refuse(const PGconn *, const char *what, struct why *);

#endif
