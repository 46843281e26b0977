/* What an issuer may ask of the database: the functions of the SQL schema muster_issuer. */
#ifndef MUSTER_STORE_ISSUER_H
#define MUSTER_STORE_ISSUER_H

#include <muster/base/nouns.h>
#include <muster/wire/pg.h>

/* An authority as it is stored. */
struct stored_authority {
	const char *id; /* GUID */
	const char *name;
	struct bytes private_key; /* encrypted PKCS#8; empty: the key is in a token */
	struct bytes certificate; /* DER */
	struct bytes root;	  /* DER; equal to certificate when a root signs devices itself */
	const char *key_uri;	  /* PKCS#11 URI; NULL: it is in none */
	/* Where what it publishes is, as certificates say; NULL: they do not. */
	const char *crl_url, *ca_url, *ocsp_url;
};

/* How an organization's certificates are made. */
struct stored_profile {
	const char *organization; /* key */
	const char *authority;	  /* GUID of its issuing authority */
	int64_t validity_seconds, backdate_seconds;
	int minimum_key_length;
};

struct issuer_configuration {
	int64_t generation; /* changes with every change of organizations or authorities */
	struct stored_authority *authority;
	size_t authorities;
	struct stored_profile *profile;
	size_t profiles;
	struct bytes sealing_key;	 /* sealed; empty when there is none yet */
	struct bytes sealing_key_sha256; /* of the key itself; empty: the passphrase was never changed */
};

/* muster_issuer.authorities, .publications, .profiles, .sealing_key: everything, in arena. At most 256
 * authorities, 65536 profiles. */
enum outcome store_issuer_configuration(
    struct pg *, struct arena *, struct deadline, struct issuer_configuration *, struct why *);

/* What is recorded of an issue. */
struct record {
	const char *grant; /* GUID: device, EntDMID and common name */
	const char *trace, *attempt, *remote;
	const char *organization, *account, *authority;
	int64_t generation; /* that the certificate was built under */
	struct bytes serial, sha256, certificate, public_key_sha256, dm_secrets;
	int64_t not_before, not_after; /* seconds since 1970 */
	const char *facts;
	const char *claim; /* by what the account was proven, JSON */
};

/* What stands in the record. */
struct recorded {
	struct bytes certificate; /* DER */
	const char *device; /* GUID: the grant, or that of an earlier enrollment which this one repeats */
	/* Of such an earlier enrollment; else empty. */
	struct bytes dm_secrets; /* sealed */
	struct bytes issuing,
	    root; /* DER of the authority that signed it, empty when a root did, and its root */
};

/*
 * muster_issuer.record, through the procedure that runs it at the isolation level read committed
 * whatever the role's default is: check again, count, write, commit: the point of no return. Keyed by the
 * grant: called again after a lost connection it waits for the first call and returns what that one
 * recorded.
 *
 * stale     the configuration has changed since generation: load it, build anew, call again
 * recorded  as it stands in the database
 * end       PG_LOST: unknown, call again
 * otherwise the decision's own outcome
 */
enum outcome store_record(struct pg *, struct arena *, struct deadline, const struct record *,
    struct decision *, bool *stale, struct recorded *, enum pg_end *end, int64_t *us, struct why *);

#endif
