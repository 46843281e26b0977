/* All that is encrypted under the database's passphrase: authorities' keys, waiting keys, the sealing key. */
#ifndef MUSTER_CA_SEALED_H
#define MUSTER_CA_SEALED_H

#include <muster/base/secret.h>
#include <muster/wire/pg.h>

/* One of them, as muster.keys_under_passphrase() gives it. Strings and bytes in arena. */
struct sealed_key {
	const char *what;      /* "authority", "request", "sealing key" */
	const char *id, *name; /* NULL for the sealing key */
	struct bytes sealed;
	struct bytes certificate;	/* of an authority */
	struct bytes public_key_sha256; /* of a request's key */
};

struct sealed_keys {
	struct sealed_key *list;
	size_t count;
};

/* Read them all, which is an event in the database. */
enum outcome sealed_keys_load(PGconn *, struct arena *, struct sealed_keys *, struct why *);

/* What a key is called in a sentence: 'authority "Example issuing"', 'the sealing key'. In arena. */
const char *sealed_key_words(struct arena *, const struct sealed_key *);

/*
 * Open one and look whether it fits its certificate, or its request.
 *
 * OUTCOME_CERTIFICATE_REQUEST  it does not open, or is another's; why says which, but not whose it is
 */
enum outcome sealed_key_try(const struct sealed_key *, const struct secret *passphrase, struct why *);

/*
 * Open it, and encrypt it anew; what comes of it has been opened again, and fits, too.
 *
 * anew    in arena
 * sha256  of a sealing key itself, in arena; else empty
 */
enum outcome sealed_key_anew(struct arena *, const struct sealed_key *, const struct secret *passphrase,
    const struct secret *new_passphrase, struct bytes *anew, struct bytes *sha256, struct why *);

/*
 * Whether the passphrase is that of the keys there are: one of them is tried. None there is fine.
 *
 * file  the passphrase's, for why
 */
enum outcome sealed_keys_check(struct arena *, const struct sealed_keys *, const struct secret *passphrase,
    const char *file, struct why *);

#endif
