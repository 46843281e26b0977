/* Authorities as the database has them. */
#ifndef MUSTER_CA_AUTHORITIES_H
#define MUSTER_CA_AUTHORITIES_H

#include <muster/wire/pg.h>

/* One authority with its key. In arena. */
struct stored {
	const char *id, *name, *kind;
	struct bytes certificate;
	struct bytes private_key; /* encrypted PKCS#8; empty: kept elsewhere */
};

/*
 * By name or id. Reading a key is an event in the database's audit.
 * OUTCOME_ENROLLMENT_SERVER  there is none of that name, or it may not be read
 */
enum outcome authority_stored(PGconn *, struct arena *, const char *name, struct stored *, struct why *);

#endif
