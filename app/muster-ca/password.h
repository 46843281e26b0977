/* muster-ca password: only the hash of a password ever leaves this process. */
#ifndef MUSTER_CA_PASSWORD_H
#define MUSTER_CA_PASSWORD_H

#include <libpq-fe.h>

#include "options.h"

/*
 * Read the password from the file or twice from the terminal and hash it.
 *
 * hash  the caller's; at most 384 bytes, as the schema's constraint has it
 */
#define PASSWORD_HASH_MAX 385
enum outcome password_make(const struct options *, char hash[PASSWORD_HASH_MAX], struct why *);

/* Store the hash: as a parameter, so that statement logs have it only where parameters are logged. */
enum outcome password_store(PGconn *, const struct options *, const char *hash, struct why *);

/* The statement that stores it, for psql, on stdout. */
enum outcome password_print(const struct options *, const char *hash, struct why *);

#endif
