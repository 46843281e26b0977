/* What a reader wants to read: Accept-Language (RFC 9110 section 12.5.4). */
#ifndef MUSTER_WIRE_LANGUAGES_H
#define MUSTER_WIRE_LANGUAGES_H

#include <muster/base/arena.h>

#define LANGUAGES_MAX 10

/*
 * The language ranges of the header, the most wanted first and otherwise in its order, with commas:
 * "de-AT,de,en". At most LANGUAGES_MAX of them; those of quality 0, "*" and what is no language range
 * (RFC 4647 section 2.1) or no quality are left out. In arena, "" when nothing is left.
 *
 * header  may be NULL
 */
const char *languages_read(struct arena *, const char *header);

#endif
