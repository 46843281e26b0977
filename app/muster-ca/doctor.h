/* muster-ca doctor: what will go wrong with authorities, found before devices find it. */
#ifndef MUSTER_CA_DOCTOR_H
#define MUSTER_CA_DOCTOR_H

#include "options.h"

/*
 * Look at every key, certificate and chain, at what ends soon, at what the configuration lacks and at the
 * clock. A line on stdout for each finding: what, what is wrong, the next step. No secret is told.
 *
 * OUTCOME_INTERNAL_SERVICE_FAULT  there are findings; why has their number
 */
enum outcome doctor_run(const struct options *, struct why *);

#endif
