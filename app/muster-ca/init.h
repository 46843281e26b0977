/* muster-ca init: a root and an issuing authority, made, encrypted and stored whole or not at all. */
#ifndef MUSTER_CA_INIT_H
#define MUSTER_CA_INIT_H

#include "options.h"

/*
 * What was made is told on stdout. All keys of one database are under one passphrase, since the issuers read
 * one: another than that of the authorities that are there is refused.
 */
enum outcome init_run(const struct options *, struct why *);

#endif
