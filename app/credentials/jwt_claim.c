/* Whom a token says it is. Nothing here is proven. */
#include <muster/credentials/jwt.h>

#include <muster/base/arena.h>
#include <muster/base/guid.h>
#include <muster/base/text.h>

#include "jwt_parts.h"

#define USER_MAX 320
#define AUDIENCES_MAX 16

/* What is read of a token; strings inside its parts. */
struct named {
	const char *algorithm, *key;
	const char *issuer, *tenant, *subject, *version, *user, *device;
};

static enum outcome
user_read(const json_t *payload, const char **user, struct why *why)
{
	static const char *const names[] = { "upn", "preferred_username", "unique_name" };
	enum outcome o = OUTCOME_OK;

	*user = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(names) && o == OUTCOME_OK && *user == NULL; i++)
		o = jwt_text(payload, names[i], USER_MAX, user, why);
	return o;
}

static enum outcome
guid_read(const json_t *payload, const char *name, const char **guid, struct why *why)
{
	enum outcome o = jwt_text(payload, name, JWT_TEXT_MAX, guid, why);

	if (o == OUTCOME_OK && *guid != NULL && !guid_valid(*guid))
		return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: %s is not a GUID", name);
	return o;
}

static enum outcome
payload_read(const json_t *payload, struct named *named, struct why *why)
{
	enum outcome o;

	if ((o = jwt_text(payload, "iss", JWT_TEXT_MAX, &named->issuer, why)) != OUTCOME_OK ||
	    (o = jwt_text(payload, "ver", JWT_TEXT_MAX, &named->version, why)) != OUTCOME_OK ||
	    (o = guid_read(payload, "tid", &named->tenant, why)) != OUTCOME_OK ||
	    (o = guid_read(payload, "oid", &named->subject, why)) != OUTCOME_OK ||
	    (o = guid_read(payload, "deviceid", &named->device, why)) != OUTCOME_OK)
		return o;
	return user_read(payload, &named->user, why);
}

static enum outcome
complete_check(const struct named *named, struct why *why)
{
	const char *missing = named->issuer == NULL ? "iss"
	    : named->tenant == NULL		    ? "tid"
	    : named->subject == NULL		    ? "oid"
	    : named->version == NULL		    ? "ver"
						    : NULL;

	if (missing != NULL)
		return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: it has no %s", missing);
	return OUTCOME_OK;
}

/* One or several (RFC 7519 section 4.1.3), as a list. */
static enum outcome
audiences_read(const json_t *payload, json_t **audiences, struct why *why)
{
	json_t *member = json_object_get(payload, "aud");

	*audiences = json_is_array(member) ? json_incref(member) : json_pack("[O]", member);
	if (json_array_size(*audiences) == 0)
		return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: it has no aud");
	if (json_array_size(*audiences) > AUDIENCES_MAX)
		return refuse(why, OUTCOME_INVALID_SECURITY, "JWT: it has more than %d aud", AUDIENCES_MAX);
	for (size_t i = 0; i < json_array_size(*audiences); i++) {
		size_t size = json_string_length(json_array_get(*audiences, i));

		if (size == 0 || size > JWT_TEXT_MAX)
			return refuse(why, OUTCOME_INVALID_SECURITY,
			    "JWT: aud is not a text of 1 to %d bytes, or several", JWT_TEXT_MAX);
	}
	return OUTCOME_OK;
}

static const char *
claim_write(struct arena *arena, const struct named *named, json_t *audiences)
{
	CLEANUP(json_cleanup)
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:O, s:s, s:s?}", "kind", "jwt",
	    "issuer", named->issuer, "tenant", text_lower(arena, named->tenant), "key", named->key,
	    "algorithm", named->algorithm, "subject", text_lower(arena, named->subject), "user", named->user,
	    "audiences", audiences, "version", named->version, "device", text_lower(arena, named->device));

	return json_text(arena, json);
}

enum outcome
jwt_claim(struct arena *arena, const struct secret *token, struct claim *claim, struct why *why)
{
	CLEANUP(jwt_parts_close) struct jwt_parts parts;
	CLEANUP(json_cleanup) json_t *audiences = NULL;
	struct named named = { 0 };
	enum outcome o;

	*claim = (struct claim){ NULL, NULL };
	if ((o = jwt_parts_open(token, &parts, why)) != OUTCOME_OK ||
	    (o = jwt_header(&parts, &named.algorithm, &named.key, why)) != OUTCOME_OK ||
	    (o = payload_read(parts.payload, &named, why)) != OUTCOME_OK ||
	    (o = complete_check(&named, why)) != OUTCOME_OK ||
	    (o = audiences_read(parts.payload, &audiences, why)) != OUTCOME_OK)
		return o;
	claim->user = arena_strdup(arena, named.user);
	claim->json = claim_write(arena, &named, audiences);
	return OUTCOME_OK;
}
