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
	struct memo *memo;
	struct budget *budget;
};

/*
 * Serve until SIGTERM or SIGINT, which the caller has blocked, or until the issuer is gone. The
 * request in hand is finished first. Returns the exit status.
 */
int worker_run(const struct worker_options *);

/* The hourly call, in a process of its own: muster_worker.housekeeping(). Returns the exit status. */
int worker_housekeeping(const char *database);

#endif
