/* Files that an administrator names: read within a bound, and replaced whole. */
#ifndef MUSTER_CA_WHOLE_H
#define MUSTER_CA_WHOLE_H

#include <muster/base/arena.h>
#include <muster/base/outcome.h>

/*
 * Read a file into arena.
 * OUTCOME_INTERNAL_SERVICE_FAULT  it cannot be read, or has more than max bytes
 */
enum outcome whole_load(struct arena *, const char *path, size_t max, struct bytes *, struct why *);

/*
 * Have a file hold these bytes, for everybody to read, unless it does already: written beside it and renamed,
 * so that whoever reads it finds the old or the new one whole, also after a crash.
 *
 * *changed  it did not
 */
enum outcome whole_replace(struct arena *, const char *path, struct bytes, bool *changed, struct why *);

#endif
