/* A JWT taken apart: three parts in base64url, two of them JSON objects (RFC 7515 section 7.1). */
#ifndef MUSTER_CREDENTIALS_JWT_PARTS_H
#define MUSTER_CREDENTIALS_JWT_PARTS_H

#include <muster/base/json.h>
#include <muster/base/secret.h>

struct jwt_parts {
	json_t *header, *payload;
	struct secret signature;
	struct bytes signed_part; /* inside the token */
};

/*
 * Take a token apart, strictly. Nothing of it is checked yet but its form.
 *
 * parts  jwt_parts_close() is due, also after a failure (CLEANUP)
 * OUTCOME_INVALID_SECURITY
 */
enum outcome jwt_parts_open(const struct secret *token, struct jwt_parts *, struct why *);
void jwt_parts_close(struct jwt_parts *);

/*
 * A member that is text of at most max bytes.
 *
 * text  inside the object; NULL when there is no such member, or it is null
 * OUTCOME_INVALID_SECURITY  the member is something else, empty, or too long
 */
enum outcome jwt_text(const json_t *object, const char *name, size_t max, const char **text, struct why *);

#define JWT_TEXT_MAX 256 /* bytes of what is no name of a person */

/*
 * Which key by which algorithm: RS256 or ES256, by the header's word.
 *
 * algorithm, key  inside the parts
 * OUTCOME_INVALID_SECURITY  one is missing
 * OUTCOME_AUTHENTICATION    another algorithm, none, or a key that comes along
 */
enum outcome jwt_header(const struct jwt_parts *, const char **algorithm, const char **key, struct why *);

#endif
