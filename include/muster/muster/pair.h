/* A worker and its issuer: forked together, retired together. */
#ifndef MUSTER_MUSTER_PAIR_H
#define MUSTER_MUSTER_PAIR_H

#include <muster/authority/pins.h>
#include <muster/muster/confine.h>
#include <muster/muster/listen.h>
#include <muster/muster/options.h>
#include <muster/stages/stages.h>

/* What all pairs of one master share. */
struct common {
	const struct options *options;
	struct identity worker, issuer;
	struct listener listener;
	struct memo *memo, *wrong;
	struct turns *turns;
	struct budget *budget;
	struct tally *tally;
	struct meter *meter;
	struct outages *outages;
	struct pins *pins; /* for issuers only */
	pid_t master;
};

struct pair {
	struct pair *next;
	pid_t worker, issuer; /* 0 once it has ended */
	int ready_fd;	      /* what the two say of being ready; -1 once there is nothing more to come */
	bool worker_ready, issuer_ready;
	int64_t started_us;
	int64_t kill_at_us; /* when retiring: the end of its patience */
};

/*
 * Fork both. NULL when the system cannot now; why says so. The caller frees it with free() once both
 * processes have ended.
 *
 * place  in the pool, from 0
 */
struct pair *pair_start(const struct common *, unsigned place, struct why *);

/* Read what ready_fd has to say. */
void pair_listen(struct pair *);

/* Ask the worker to finish what it has in hand and end; the issuer follows it. */
void pair_retire(struct pair *, int64_t patience_us);

/*
 * Fork the process that does housekeeping, with or without its hourly part, confined as a worker;
 * -1 on failure.
 */
pid_t pair_housekeeper(const struct common *, bool hourly);

#endif
