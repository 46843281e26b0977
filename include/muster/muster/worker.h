/* A worker: takes one request after the other from the web server and answers it. */
#ifndef MUSTER_MUSTER_WORKER_H
#define MUSTER_MUSTER_WORKER_H

#include <muster/stages/stages.h>

#define WORKER_READY 'w'

struct worker_options {
	int listen_fd;
	int issuer_fd;	      /* its end of the socket pair */
	int ready_fd;	      /* gets WORKER_READY when requests can come; closed then; -1 for none */
	const char *database; /* conninfo, role muster_worker */
	struct memo *memo, *wrong;
	struct turns *turns;
	struct budget *budget;
	struct tally *tally;
	struct meter *meter;
	unsigned pair; /* its place in the pool */
	struct outages *outages;
	const char *secrets_dir; /* NULL: there is none */
};

/*
 * Serve until SIGTERM or SIGINT, which the caller has blocked, or until the issuer is gone. The
 * request in hand is finished first. Returns the exit status.
 */
int worker_run(const struct worker_options *);

/*
 * A housekeeper's round, in a process of its own: what the pool counted goes to muster_worker.count(), and
 * when the hour is over muster_worker.housekeeping() is called, also when the counts could not be carried.
 * Returns the exit status: the hour's work's when the hour is over, else the counts'.
 */
int worker_housekeeping(const char *database, struct tally *, bool hourly);

#endif
