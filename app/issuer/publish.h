/* Lists of revoked certificates: an issuer has the key, so it makes them between two asks. */
#ifndef MUSTER_APP_ISSUER_PUBLISH_H
#define MUSTER_APP_ISSUER_PUBLISH_H

#include "issue.h"

/*
 * Make the lists that are due, if it is time to look. Of all issuers one makes each: the database lets only
 * one begin it, and lets another begin it anew as soon as that one is gone.
 */
void publish_due(struct issuer *);

#endif
