/*
 * muster-ca root and certify: a root whose key is kept on a machine without a database, as files, and what it
 * signs there.
 */
#ifndef MUSTER_CA_OFFLINE_H
#define MUSTER_CA_OFFLINE_H

#include "options.h"

/* Make a root: DIR/root.key (PKCS#8, encrypted) and DIR/root.pem. */
enum outcome offline_root_run(const struct options *, struct why *);

/*
 * Certify an authority's request (PKCS#10) with the root's key. Of the request its name and key are taken,
 * once it has proven the key. The new file has the certificate, and the root's behind it.
 */
enum outcome offline_certify_run(const struct options *, struct why *);

#endif
