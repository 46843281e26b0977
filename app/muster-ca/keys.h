/*
 * muster-ca keys: keep the keys that tenants of Entra ID sign tokens with as their issuers publish them. Run
 * by a timer, as the database role muster_keys, which can do nothing else: it is the one part of Muster that
 * asks the network, and it holds no key of ours.
 */
#ifndef MUSTER_CA_KEYS_H
#define MUSTER_CA_KEYS_H

#include "options.h"

/*
 * For each tenant asked for: get its issuer's document (from its URL, another one, or a file; an
 * openid-configuration leads on to it), read it, hand it to the database, and print what changed. A document
 * that is missing, broken or empty changes nothing of its tenant; the others are done all the same.
 *
 * OUTCOME_INTERNAL_SERVICE_FAULT, OUTCOME_ENROLLMENT_SERVER  of one tenant at least the keys are as they were
 */
enum outcome keys_run(const struct options *, struct why *);

#endif
