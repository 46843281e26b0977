/*
 * What a worker may ask of the database: one typed function per function of the SQL
 * schema muster_worker, one round trip each. All return OUTCOME_ENROLLMENT_SERVER when the
 * database did not answer in time; the decision inside the result is another matter.
 */
#ifndef MUSTER_STORE_WORKER_H
#define MUSTER_STORE_WORKER_H

#include <muster/base/nouns.h>
#include <muster/wire/pg.h>

/* A worker's connection; us adds up what its calls took since it was last set to 0. */
struct store {
	struct pg *pg;
	int64_t us;
	struct deadline deadline; /* of the request in hand */
};

/* muster_worker.discover: an organization by e-mail domain. domain "" finds none. */
enum outcome store_discover(
    struct store *, struct arena *, const char *domain, struct directions *, struct why *);

/* muster_worker.policy: whom the claim names, and what GetPolicies says. organization NULL: by the
 * user's domain. remote is the client's address, NULL where it is not known. */
enum outcome store_policy(struct store *, struct arena *, const char *organization, const struct claim *,
    const char *remote, struct enrollment_policy *, struct why *);

/* muster_worker.consider: the account, what proves it, and SQL's decision so far (all but the custom rules,
 * which only record asks). Writes nothing. */
enum outcome store_consider(struct store *, struct arena *, const char *organization, const struct claim *,
    const char *facts, const char *remote, struct grant *, struct why *);

/* A token that somebody gets who has signed in. */
struct new_token {
	const char *organization;    /* key */
	const char *account;	     /* GUID */
	const char *how;	     /* "sign-in page", "web server" */
	struct bytes sha256;	     /* of its text */
	const char *trace, *attempt; /* attempt may be NULL */
	const char *remote;	     /* may be NULL */
};

/* muster_worker.make_token: keep it, and record who signed in. */
enum outcome store_make_token(
    struct store *, struct arena *, const struct new_token *, struct decision *, struct why *);

/* Somebody who is proven and gets his account now. */
struct newcomer {
	const char *organization; /* key; NULL: by the user's domain */
	const struct claim *claim;
	const char *details; /* what the proof tells of him, JSON; may be NULL */
	const char *trace;
	const char *remote; /* may be NULL */
};

/* muster_worker.welcome: make or find the account; the decision says why there is none. */
enum outcome store_welcome(
    struct store *, struct arena *, const struct newcomer *, struct decision *, struct why *);

/* A password that proved nothing. NULL for what is not known. */
struct tried {
	const char *organization; /* key, as the path has it */
	const char *user;	  /* as typed */
	const char *account, *remote, *trace;
	bool looked_at; /* false: it was refused without */
};

/* muster_worker.count_password: count it, for its name and for the client's network. */
enum outcome store_count_password(struct store *, const struct tried *, struct why *);

/* muster_worker.page: what an organization's pages look like and say, in the best of the languages
 * ("de-AT,de,en"). The texts come without an organization, too, to say that there is none. */
enum outcome store_page(struct store *, struct arena *, const char *organization, const char *languages,
    struct presentation *, struct why *);

/* One refusal to record. NULL for what is not known. */
struct refusal {
	const char *trace, *attempt, *stage, *organization, *user, *account, *device, *remote, *facts;
	enum outcome outcome;
	const char *why;
	const char *details; /* of the decision, JSON; kept up to 16 KiB */
};

/* muster_worker.refuse: record it. */
enum outcome store_refuse(struct store *, struct arena *, const struct refusal *, struct why *);

/*
 * muster_worker.device: whose certificate this is (SHA-256 of its DER). The first use of a
 * certificate is recorded, and ends the one it replaced.
 */
enum outcome store_device(struct store *, struct arena *, struct bytes sha256, const char *trace,
    struct device_status *, struct why *);

/*
 * muster_worker.check_in: the same of a device that checks in, with the DeviceID that it enrolled with.
 *
 * remote    may be NULL
 * unenroll  its user disconnects it: its enrollment ends
 */
enum outcome store_check_in(struct store *, struct arena *, struct bytes sha256, const char *trace,
    const char *remote, bool unenroll, struct device_status *, struct why *);

/* muster_worker.count: add what the pool counted (the JSON of tally_take()) to the day's counts. */
enum outcome store_count(struct store *, const char *counts, struct why *);

/*
 * muster_worker.housekeeping: partitions ahead, events sealed, old ones aged out, in pieces of a few
 * seconds. *summary in arena is one line for the log; *more: call again, there is more to do at once.
 */
enum outcome store_housekeeping(
    struct store *, struct arena *, const char **summary, bool *more, struct why *);

#endif
