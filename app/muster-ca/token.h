/* muster-ca token: a bulk token is made here and shown once; only its SHA-256 goes to the database. */
#ifndef MUSTER_CA_TOKEN_H
#define MUSTER_CA_TOKEN_H

#include "options.h"

#include <muster/base/secret.h>

/*
 * Write a token and a line's end to a new file of mode 0600.
 *
 * OUTCOME_INTERNAL_SERVICE_FAULT  there is one of that name, or it cannot be written; why says which
 */
enum outcome token_write(const char *file, const struct secret *token, struct why *);

/* The statement that stores its SHA-256 (64 hexadecimal digits), for psql. */
enum outcome token_print(FILE *, const struct options *, const char *sha256, struct why *);

/*
 * Make one and store its hash, or print the statement that does. It is written to the file, or shown on the
 * terminal once it is stored: never to a pipe or a file that stdout happens to be.
 */
enum outcome token_run(const struct options *, struct why *);

#endif
