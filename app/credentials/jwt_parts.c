#include "jwt_parts.h"

#include <muster/base/base64url.h>
#include <muster/base/text.h>
#include <muster/credentials/jwt.h>

#include "signing_key.h"

void
jwt_parts_close(struct jwt_parts *parts)
{
	json_cleanup(&parts->header);
	json_cleanup(&parts->payload);
	secret_release(&parts->signature);
}

static enum outcome
malformed(struct why *why, const char *part, const char *what)
{
	return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: the %s is %s", part, what);
}

/* jansson's own message would quote the token. */
static const char *
json_problem(const json_error_t *error)
{
	return json_error_code(error) == json_error_duplicate_key ? "JSON with a name twice" : "not JSON";
}

static enum outcome
object_read(struct bytes text, const char *part, json_t **object, struct why *why)
{
	CLEANUP(secret_release) struct secret decoded = { NULL, 0 };
	json_error_t error = { 0 };

	if (!base64url_decode(text, &decoded))
		return malformed(why, part, "not base64url");
	*object = json_loadb(decoded.data, decoded.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (*object == NULL)
		return malformed(why, part, json_problem(&error));
	if (!json_is_object(*object))
		return malformed(why, part, "not a JSON object");
	return OUTCOME_OK;
}

/* The text up to the next dot, or the end; false when there is no dot and one is wanted. */
static bool
part_take(struct bytes *rest, bool dot, struct bytes *part)
{
	const uint8_t *end = memchr(rest->data, '.', rest->size);
	size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);

	*part = (struct bytes){ rest->data, size };
	if ((end != NULL) != dot)
		return false;
	size += dot;
	*rest = (struct bytes){ rest->data + size, rest->size - size };
	return true;
}

enum outcome
jwt_parts_open(const struct secret *token, struct jwt_parts *parts, struct why *why)
{
	struct bytes rest = { (const uint8_t *)token->data, token->size };
	struct bytes header, payload, signature;
	enum outcome o;

	*parts = (struct jwt_parts){ 0 };
	if (token->data == NULL || token->size == 0)
		return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: empty");
	if (token->size > JWT_MAX)
		return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: %zu bytes, at most %d are read",
		    token->size, JWT_MAX);
	if (!part_take(&rest, true, &header) || !part_take(&rest, true, &payload) ||
	    !part_take(&rest, false, &signature))
		return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: not three parts between two dots");
	parts->signed_part = (struct bytes){ header.data, header.size + 1 + payload.size };
	if ((o = object_read(header, "header", &parts->header, why)) != OUTCOME_OK ||
	    (o = object_read(payload, "payload", &parts->payload, why)) != OUTCOME_OK)
		return o;
	if (!base64url_decode(signature, &parts->signature))
		return malformed(why, "signature", "not base64url");
	return OUTCOME_OK;
}

enum outcome
jwt_text(const json_t *object, const char *name, size_t max, const char **text, struct why *why)
{
	const json_t *member = json_object_get(object, name);
	size_t size = json_string_length(member);

	*text = NULL;
	if (member == NULL || json_is_null(member))
		return OUTCOME_OK;
	if (!json_is_string(member) || size == 0 || size > max)
		return refuse(
		    why, OUTCOME_INVALID_SECURITY, "JWT: %s is not a text of 1 to %zu bytes", name, max);
	*text = json_string_value(member);
	return OUTCOME_OK;
}

/*
 * Keys come from the database and from nowhere else: a token that brings one along, or says where there is
 * one, is made for somebody who would follow.
 */
enum outcome
jwt_header(const struct jwt_parts *parts, const char **algorithm, const char **key, struct why *why)
{
	static const char *const refused[] = { "crit", "jku", "jwk", "x5u", "x5c" };
	enum outcome o;

	if ((o = jwt_text(parts->header, "alg", JWT_TEXT_MAX, algorithm, why)) != OUTCOME_OK ||
	    (o = jwt_text(parts->header, "kid", JWT_TEXT_MAX, key, why)) != OUTCOME_OK)
		return o;
	if (*algorithm == NULL)
		return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: the header names no algorithm");
	if (text_equal_fold(*algorithm, "none"))
		return refuse(
		    why, OUTCOME_AUTHENTICATION, "JWT: not signed: its algorithm is \"%s\"", *algorithm);
	if (signing_algorithm_find(*algorithm) == NULL)
		return refuse(why, OUTCOME_AUTHENTICATION, "JWT: algorithm \"%s\": RS256 or ES256 expected",
		    *algorithm);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (json_object_get(parts->header, refused[i]) != NULL)
			return refuse(why, OUTCOME_AUTHENTICATION,
			    "JWT: its header has %s, which is never followed", refused[i]);
	if (*key == NULL)
		return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: the header names no key (kid)");
	return OUTCOME_OK;
}
