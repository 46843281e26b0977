/* Keys and certificates of authorities that are about to be stored: nothing here knows the database. */
#ifndef MUSTER_CA_CHAIN_H
#define MUSTER_CA_CHAIN_H

#include <muster/authority/certificate.h>

/* An authority that was made. */
struct made {
	const char *id; /* a new GUID: what it signs names it before it is stored */
	const char *name;
	struct bytes certificate; /* DER */
	struct bytes pkcs8;	  /* its key, encrypted */
	int64_t not_before, not_after;
};

/* How one is made. */
struct making {
	const char *name, *organization; /* 1 to 64 characters each */
	enum key_type key;
	int years; /* cut where its root ends before */
	const struct secret *passphrase;
	const struct publication *publication; /* the parent's; NULL: its certificate does not say */
};

/*
 * Make a key and its certificate: a root when parent is NULL, else an issuing authority below parent.
 *
 * now   seconds since 1970
 * made  in arena
 * OUTCOME_CERTIFICATE_REQUEST  parent has ended, or GnuTLS fails; why says which
 */
enum outcome chain_make(struct arena *, const struct making *, const struct signer *parent, int64_t now,
    struct made *, struct why *);

#endif
