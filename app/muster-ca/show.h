/* muster-ca show: authorities, their certificates and whom they sign for. */
#ifndef MUSTER_CA_SHOW_H
#define MUSTER_CA_SHOW_H

#include "authorities.h"
#include "options.h"

/*
 * All, or those of one organization, on stdout. Nothing to show is a refusal that says how to make one.
 */
enum outcome show_run(const struct options *, struct why *);

/* As text, or as PEM in the order they have. */
enum outcome show_list(FILE *, struct arena *, const struct authorities *, bool pem, struct why *);

#endif
