/* What authorities that are about to be made are called. */
#ifndef MUSTER_CA_NAMES_H
#define MUSTER_CA_NAMES_H

#include "authorities.h"

struct names {
	const char *root, *issuing; /* common names, and names in the database */
	const char *organization;   /* in the certificates' subjects */
};

/*
 * "NAME root" and "NAME issuing", with a number behind where an organization's own name makes them and they
 * are taken. Strings in arena.
 *
 * given         --name; NULL: the organization's name makes them. A name that was given is taken as it is, or
 *               refused
 * organization  the organization's name; NULL: for nobody yet, given counts
 * new_root      the root's name is needed, too
 * OUTCOME_INTERNAL_SERVICE_FAULT  given is no name for a certificate, or taken
 */
enum outcome names_choose(struct arena *, const struct authorities *there, const char *given,
    const char *organization, bool new_root, struct names *, struct why *);

#endif
