/* What those who watch the server ask the database: nothing that costs more with more devices. */
#ifndef MUSTER_STORE_WATCH_H
#define MUSTER_STORE_WATCH_H

#include <muster/store/worker.h>

/* The schema that this program needs at least: sql/install.sql's newest (a test compares the two). */
#define SCHEMA_VERSION 24

/* muster_worker.readiness. */
struct readiness {
	int schema;		/* the database's version */
	bool read_only;		/* a standby: nobody enrolls */
	bool has_organizations; /* an enabled one has an authority that has not ended */
};

enum outcome store_readiness(struct store *, struct arena *, struct readiness *, struct why *);

/* muster_worker.gauges: a JSON array of {"name", "value", "labels": {…}}, in arena; see there for the names.
 */
enum outcome store_gauges(struct store *, struct arena *, const char **json, struct why *);

#endif
