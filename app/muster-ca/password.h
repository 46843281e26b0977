/* muster-ca password: only the hash of a password ever leaves this process. */
#ifndef MUSTER_CA_PASSWORD_H
#define MUSTER_CA_PASSWORD_H

#include "options.h"

/* The longest hash that the schema takes, and its NUL. */
#define PASSWORD_HASH_MAX 385

/*
 * Read the password from the file, or twice from the terminal, and hash it.
 *
 * OUTCOME_INTERNAL_SERVICE_FAULT  it cannot be read, or no device could ever send it; why says which
 */
enum outcome password_make(const struct options *, char hash[PASSWORD_HASH_MAX], struct why *);

/*
 * Make it and store the hash: as a parameter, so that statistics and most logs of statements do not have it.
 * The account is looked up first, so that nobody types a password for nothing.
 */
enum outcome password_run(const struct options *, struct why *);

/* The statement that stores it, for psql. */
enum outcome password_print(FILE *, const struct options *, const char *hash, struct why *);

#endif
