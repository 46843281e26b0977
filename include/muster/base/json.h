/* What every room does with jansson's JSON. */
#ifndef MUSTER_BASE_JSON_H
#define MUSTER_BASE_JSON_H

#include <muster/base/arena.h>

#include <jansson.h>

/* Release; for CLEANUP(). NULL is allowed. */
void json_cleanup(json_t **);

/* Its text without blanks, in arena; NULL stays NULL. Not for secrets: a copy is freed without being wiped.
 */
char *json_text(struct arena *, const json_t *);

#endif
