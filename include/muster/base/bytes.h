/*
 * Counted bytes that somebody else owns (mostly an arena), and their text forms.
 * Base64 (RFC 4648 section 4) is GnuTLS's.
 */
#ifndef MUSTER_BASE_BYTES_H
#define MUSTER_BASE_BYTES_H

#include <muster/base/base.h>

struct arena;

struct bytes {
	const uint8_t *data;
	size_t size;
};

/* The bytes of a NUL-terminated text, without the NUL; none of NULL. */
struct bytes bytes_of(const char *text);

/* Equal length and content; not for secrets (see secret.h). */
bool bytes_equal(struct bytes, struct bytes);

/*
 * Decode base64. White space anywhere is dropped first (clients wrap at 64
 * columns with CRLF or LF); anything else outside the alphabet, or nothing at
 * all (NULL included), fails.
 *
 * out   in arena; untouched on failure
 */
bool bytes_from_base64(struct arena *, const char *text, struct bytes *out);

/* Base64 on one line with padding, in arena. */
char *bytes_to_base64(struct arena *, struct bytes);

/* Upper-case hexadecimal without separators, in arena. */
char *bytes_to_hex(struct arena *, struct bytes);

/* Hexadecimal of either case, an even number of digits, nothing else. */
bool bytes_from_hex(struct arena *, const char *text, struct bytes *out);

#endif
