/* Conditional requests (RFC 9110 section 13): whoever has a copy is told that it is still the newest. */
#ifndef MUSTER_WIRE_CONDITIONAL_H
#define MUSTER_WIRE_CONDITIONAL_H

#include <muster/wire/request.h>

/* What tells one version of something from another. */
struct version {
	const char *etag;    /* strong, with its quotes */
	int64_t modified_at; /* seconds since 1970 */
};

/* An entity tag of bytes' SHA-256 (RFC 9110 section 8.8.3), in arena. */
const char *etag_of(struct arena *, struct bytes sha256);

/*
 * Whether the requester has this version: If-None-Match names it or, where there is none, If-Modified-Since
 * is not before it. What cannot be read counts as absent (RFC 9110 sections 13.1.2 and 13.1.3).
 */
bool request_has(const struct request *, const struct version *);

/*
 * Answer with something that others may keep for so many seconds: the headers of its version, and its body
 * or, for who has it already, 304.
 *
 * body  may be empty when request_has() says so
 */
void reply_version(struct request *, struct reply *, const struct version *, int64_t max_age,
    const char *content_type, struct bytes body);

#endif
