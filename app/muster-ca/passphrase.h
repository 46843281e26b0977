/* muster-ca passphrase: everything that is encrypted under the passphrase, under another one. */
#ifndef MUSTER_CA_PASSPHRASE_H
#define MUSTER_CA_PASSPHRASE_H

#include "options.h"

/*
 * Each key is opened, encrypted anew and opened again before anything is stored; then all are stored in one
 * transaction, unless one changed meanwhile or came by. Issuers that run have their keys open and go on.
 */
enum outcome passphrase_run(const struct options *, struct why *);

#endif
