/* Keys and certificates of authorities that are about to be stored: nothing here knows the database. */
#ifndef MUSTER_CA_CHAIN_H
#define MUSTER_CA_CHAIN_H

#include <muster/authority/certificate.h>

/* Seconds. Devices whose clocks are slow must not find their authority in the future. */
#define BACKDATE (24 * 3600)

/* The same day so many years later, or, there being none on 29 February, the next; in seconds since 1970. */
int64_t years_later(int64_t now, int years);

/* An authority that was made. */
struct made {
	const char *id; /* a new GUID: what it signs names it before it is stored */
	const char *name;
	struct bytes certificate; /* DER */
	struct bytes pkcs8;	  /* its key, encrypted; empty when it is in a token */
	const char *key_uri;	  /* which key of a token it is; NULL: of none */
	int64_t not_before, not_after;
};

/* How one is made. */
struct making {
	const char *name, *organization; /* 1 to 64 characters each */
	enum key_type key;
	int years;			   /* cut where its root ends before */
	const struct authority_form *form; /* NULL: what is usual */
	const struct secret *passphrase;
	const char *token; /* PKCS#11 URI that the key is made in; NULL: here, encrypted */
	const struct pkcs11 *pkcs11;
	const struct publication *publication; /* the parent's; NULL: its certificate does not say */
};

/*
 * Make a key and its certificate: a root when parent is NULL, else an issuing authority below parent.
 *
 * now   seconds since 1970
 * made  in arena; with a key_uri also when it fails later, for who undoes it
 * OUTCOME_CERTIFICATE_REQUEST  parent has ended, or GnuTLS or the token fails; why says which
 */
enum outcome chain_make(struct arena *, const struct making *, const struct signer *parent, int64_t now,
    struct made *, struct why *);

#endif
