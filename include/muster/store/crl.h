/*
 * Lists of revoked certificates in the database: what an issuer needs to make one (schema muster_issuer), and
 * what a worker needs to serve it and the authorities' certificates (schema muster_worker).
 */
#ifndef MUSTER_STORE_CRL_H
#define MUSTER_STORE_CRL_H

#include <muster/store/worker.h>

#define CRL_DUE_MAX 16

/* A list that was begun. */
struct crl_begun {
	int64_t number, this_update, next_update;
	size_t entries; /* set by whoever made it */
};

/* muster_issuer.crl_due: the authorities (GUIDs, in arena) whose list is to be made now, at most CRL_DUE_MAX.
 */
enum outcome store_crl_due(struct pg *, struct arena *, struct deadline, const char *authority[CRL_DUE_MAX],
    size_t *due, struct why *);

/*
 * A transaction around the next three. Should the connection be lost in between, the rest runs without one,
 * and does no harm: a list is stored whole, under a number that only one can have.
 */
enum outcome store_begin(struct pg *, struct deadline, struct why *);
enum outcome store_commit(struct pg *, struct deadline, struct why *);
void store_rollback(struct pg *, struct deadline);

/* muster_issuer.begin_crl. *begun is false when there is nothing to do any more, or another is at it. */
enum outcome store_crl_begin(
    struct pg *, struct deadline, const char *authority, struct crl_begun *, bool *begun, struct why *);

/* muster_issuer.crl_entries: all of them, in arena. */
enum outcome store_crl_entries(struct pg *, struct arena *, struct deadline, const char *authority,
    const struct crl_entry **, size_t *entries, struct why *);

/* muster_issuer.store_crl. *stored is false when another of its number is there. */
enum outcome store_crl(struct pg *, struct arena *, struct deadline, const char *authority,
    const struct crl_begun *, struct bytes der, bool *stored, struct why *);

/* A list as it is served. */
struct served_crl {
	struct bytes sha256, der;
	int64_t size, made_at; /* bytes; seconds since 1970 */
	int64_t max_age;       /* seconds that others may keep it */
};

/*
 * muster_worker.crl: all but der.
 * OUTCOME_NOT_FOUND  there is none
 */
enum outcome store_served_crl(
    struct store *, struct arena *, const char *authority, struct served_crl *, struct why *);

/*
 * muster_worker.crl_piece, until der is whole, so that the connection's buffer stays small.
 * OUTCOME_ENROLLMENT_SERVER  it was replaced meanwhile: ask anew
 */
enum outcome store_served_crl_load(
    struct store *, struct arena *, const char *authority, struct served_crl *, struct why *);

/* An authority's certificate and those above it. */
#define CHAIN_MAX 16

struct served_chain {
	struct bytes certificate[CHAIN_MAX]; /* DER; the root last */
	size_t count;
	int64_t changed_at; /* seconds since 1970 */
};

/*
 * muster_worker.chain, of an authority (GUID) or an organization (key).
 * OUTCOME_NOT_FOUND  there is none
 */
enum outcome store_served_chain(
    struct store *, struct arena *, const char *key, struct served_chain *, struct why *);

#endif
