/* Cookies that a browser sends back (RFC 6265 section 4.2.1). */
#ifndef MUSTER_WIRE_COOKIE_H
#define MUSTER_WIRE_COOKIE_H

#include <muster/base/arena.h>

/*
 * The value of a cookie in a Cookie header, in arena; NULL when it is not there, or there twice: what another
 * site of the same domain set besides ours is not to be told from ours.
 *
 * header  may be NULL
 * name    literal; compared exactly
 */
const char *cookie_value(struct arena *, const char *header, const char *name);

#endif
