/* muster-ca move: an authority's private key leaves the database for a PKCS#11 token. */
#ifndef MUSTER_CA_MOVE_H
#define MUSTER_CA_MOVE_H

#include "options.h"

/*
 * Put the key into the token that the URI names, or take the one that it names; sign with it there and verify
 * that with the authority's certificate; only then take it out of the row, by one statement. Where that
 * fails, a copy that was put into the token is removed again. What was done is told on stdout.
 */
enum outcome move_run(const struct options *, struct why *);

#endif
