/* muster-ca show: authorities, their certificates and whom they sign for. */
#ifndef MUSTER_CA_SHOW_H
#define MUSTER_CA_SHOW_H

#include <libpq-fe.h>

#include "options.h"

/*
 * All, or those of one organization, on stdout; as text or as PEM, each issuing authority before its root.
 * Nothing to show is a refusal that says how to make one.
 */
enum outcome show_run(PGconn *, const struct options *, struct why *);

#endif
