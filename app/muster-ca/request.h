/* muster-ca request: an issuing authority's key is made and kept, and its certificate is asked for. */
#ifndef MUSTER_CA_REQUEST_H
#define MUSTER_CA_REQUEST_H

#include "options.h"

/*
 * Make a key, keep it encrypted in the database until its certificate comes (muster-ca import), and write the
 * request (PKCS#10, PEM) to a new file. All or nothing.
 */
enum outcome request_run(const struct options *, struct why *);

#endif
