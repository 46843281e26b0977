/* One ask, from what the worker says to what the database has recorded. */
#ifndef MUSTER_APP_ISSUER_ISSUE_H
#define MUSTER_APP_ISSUER_ISSUE_H

#include <muster/authority/ask.h>

#include "keyring.h"

struct issuer {
	struct pg *pg;
	struct keyring keyring;
	int ready_fd;
	int64_t lists_us; /* not before then is looked whether a list of revoked certificates is due */
};

/*
 * Answer an ask. What is answered lives in arena and in the keyring, until its next load.
 * issued is filled only if the decision is OK, and the certificate is recorded then.
 */
void issue(struct issuer *, struct arena *, const struct ask *, struct answer *);

#endif
