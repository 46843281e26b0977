/* muster-ca import: a certificate that somebody else's key signed comes to the key that waits for it. */
#ifndef MUSTER_CA_IMPORT_H
#define MUSTER_CA_IMPORT_H

#include "options.h"

/*
 * Find in the files the certificate of a key that waits, and its chain up to the root there or among the
 * authorities that are stored; verify all of it; store it, without keys but that one, and have it sign for
 * the organization if one is named. All or nothing.
 */
enum outcome import_run(const struct options *, struct why *);

#endif
