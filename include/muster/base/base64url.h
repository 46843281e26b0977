/* base64url as JOSE writes it (RFC 4648 section 5, RFC 7515 section 2). */
#ifndef MUSTER_BASE_BASE64URL_H
#define MUSTER_BASE_BASE64URL_H

#include <muster/base/secret.h>

/*
 * Decode, strictly: only the URL-safe alphabet, no padding, no white space, no bits left over that are not
 * zero, so that what is decoded has one text only. Nothing at all decodes to nothing.
 *
 * out   the caller calls secret_release(); empty on failure
 */
bool base64url_decode(struct bytes text, struct secret *out);

#endif
