/* Authorities as the database has them. Strings and bytes in arena. */
#ifndef MUSTER_CA_AUTHORITIES_H
#define MUSTER_CA_AUTHORITIES_H

#include <muster/wire/pg.h>

struct authority {
	const char *id, *name;
	const char *parent;	       /* id of who certified it; NULL: a root */
	bool root;		       /* signs authorities only */
	bool intermediate;	       /* somebody else's, between a root and an issuing one */
	bool has_key;		       /* in the database, encrypted, or in a token */
	const char *key_uri;	       /* which key of a PKCS#11 token; NULL: of none */
	const char *organizations;     /* keys of those it signs for, with commas; NULL: none */
	struct bytes certificate;      /* DER */
	int64_t not_before, not_after; /* as the row has them, in seconds since 1970 */
};

/* Of each root the issuing authorities, what is between, the nearest first, and then the root itself. */
struct authorities {
	const struct authority *list;
	size_t count;
};

/*
 * All, or those of one organization: the one that signs for it, earlier ones whose certificates have not all
 * ended, and all above them.
 *
 * organization  its key as it stands in the database; NULL: all
 */
enum outcome authorities_load(
    PGconn *, struct arena *, const char *organization, struct authorities *, struct why *);

/* The one of that name (ASCII letters without case) or id; NULL when there is none. */
const struct authority *authorities_find(const struct authorities *, const char *name);

/* Its private key (encrypted PKCS#8), which is in the database. Reading it is an event there. */
enum outcome authority_key_read(
    PGconn *, struct arena *, const struct authority *, struct bytes *pkcs8, struct why *);

/* Print what people want to know of it: a heading, then a line for each fact. */
enum outcome authority_print(FILE *, struct arena *, const struct authority *, struct why *);

/* What an organization is called, and by whom its certificates are signed. */
struct organization {
	const char *key, *name;
	const char *authority; /* name; NULL: none yet */
};

/* OUTCOME_ENROLLMENT_SERVER  there is none of that key; why names those there are */
enum outcome organization_load(
    PGconn *, struct arena *, const char *key, struct organization *, struct why *);

#endif
