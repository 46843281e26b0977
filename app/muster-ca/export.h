/* muster-ca export: what a web server needs to verify devices' certificates, as files. */
#ifndef MUSTER_CA_EXPORT_H
#define MUSTER_CA_EXPORT_H

#include "options.h"

/*
 * Have two files in the directory hold, in PEM, the authorities (ca.pem: issuing ones, each before its root)
 * and their lists of revoked certificates (crl.pem). The names of those that changed are printed, one a line;
 * a list that is late is warned of on standard error. Any database role that reads (muster_auditor) will do.
 *
 * A web server that checks one authority's list and has none, or one that has ended, refuses every
 * certificate:
 *
 * OUTCOME_INTERNAL_SERVICE_FAULT  an authority has no list that is good, or a file cannot be written; both
 * files are as they were, or fit each other
 */
enum outcome export_run(const struct options *, struct why *);

#endif
