/*
 * The master: keeps N pairs of worker and issuer alive, replaces them, stops them. It holds the listening
 * socket and otherwise nothing: no key, no passphrase, no database connection, no byte from
 * outside.
 */
#ifndef MUSTER_MUSTER_MASTER_H
#define MUSTER_MUSTER_MASTER_H

#include <muster/muster/pair.h>

/* How long a worker may take to finish its request after SIGTERM: reading 15 s, working 12 s. */
#define RETIRE_PATIENCE_MS (30 * 1000)

/* A pair that ended is started again after 0, 100 ms, 200 ms ... 30 s; a minute of life begins anew. */
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS (30 * 1000)
#define BACKOFF_FORGET_MS (60 * 1000)

#define HOUSEKEEPING_INTERVAL_MS (60 * 60 * 1000)
#define HOUSEKEEPING_RETRY_MS (5 * 60 * 1000)

/* What the pool counted is carried to the database so often. */
#define TALLY_INTERVAL_MS (60 * 1000)

/* After SIGTERM the rest is carried, too, when the pairs have ended; it may take so long. */
#define LAST_ROUND_MS (5 * 1000)

/*
 * Run until SIGTERM or SIGINT; SIGHUP replaces the pairs one by one, each new pair up before the old
 * one stops. Before the end what the pool has counted is carried to the database. Returns the exit status, 0
 * after a signal.
 */
int master_run(struct common *);

/* Milliseconds to wait before the next start, after that many failures in a row. */
int64_t master_backoff_ms(unsigned failures);

#endif
