/* Storing what was made: everything in one transaction, and only if nobody else was faster meanwhile. */
#ifndef MUSTER_CA_RECORD_H
#define MUSTER_CA_RECORD_H

#include "authorities.h"
#include "chain.h"

struct record {
	/* what was there when the decision was made */
	const struct authorities *there;
	const struct organization *organization; /* key NULL: none is given the new authority */
	bool has_sealing_key;
	/* what is to be there */
	const struct made *root; /* NULL: parent is there */
	const char *parent;	 /* id of the root */
	const struct made *issuing;
	const char *key_type;
	struct bytes sealing_key; /* encrypted; empty: it is there */
	/* Their keys, opened: with them their lists of revoked certificates are made. */
	const struct signer *root_signer, *issuing_signer;
};

/* Look whether there is a sealing key. */
enum outcome record_look(PGconn *, struct record *, struct why *);

/*
 * In a transaction: from here on whoever adds an authority or gives one to an organization waits, because he
 * moves the configuration's row.
 */
enum outcome record_lock(PGconn *, struct why *);

/* Store a new sealing key; an empty one: nothing to do. */
enum outcome record_sealing_key(PGconn *, struct bytes sealed, struct why *);

/* Have an authority (id) sign for an organization (key); NULL: for none, nothing to do. */
enum outcome record_authority_given(PGconn *, const char *organization, const char *id, struct why *);

/*
 * Store it all.
 *
 * OUTCOME_ENROLLMENT_SERVER       the database says no; nothing was stored, unless why says that
 *                                 this is unknown
 * OUTCOME_INTERNAL_SERVICE_FAULT  authorities, the organization's authority or the sealing key
 *                                 changed meanwhile; nothing was stored
 */
enum outcome record_store(PGconn *, struct arena *, const struct record *, struct why *);

#endif
