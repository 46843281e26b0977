#include "secrets.h"

#include <muster/base/json.h>

#include <gnutls/crypto.h>

/* 192 bits: base64 of them has no padding, which some DM clients and servers leave out. */
#define RANDOM_SIZE 24

static const char *
random_text(struct arena *arena)
{
	uint8_t random[RANDOM_SIZE];
	const char *text;

	if (gnutls_rnd(GNUTLS_RND_KEY, random, sizeof(random)) < 0)
		return NULL;
	text = bytes_to_base64(arena, (struct bytes){ random, sizeof(random) });
	secret_wipe(random, sizeof(random));
	return text;
}

enum outcome
secrets_make(struct arena *arena, const char *device, struct dm_secrets *secrets, struct why *why)
{
	*secrets = (struct dm_secrets){
		.client_secret = random_text(arena),
		.client_nonce = random_text(arena),
		.server_name = arena_strdup(arena, device),
		.server_secret = random_text(arena),
		.server_nonce = random_text(arena),
	};
	if (secrets->client_secret == NULL || secrets->client_nonce == NULL ||
	    secrets->server_secret == NULL || secrets->server_nonce == NULL)
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "no random numbers for the DM account's secrets");
	return OUTCOME_OK;
}

static const char *
member(struct arena *arena, const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? NULL : arena_strdup(arena, text);
}

static bool
secrets_read(struct arena *arena, const struct secret *plain, struct dm_secrets *secrets)
{
	CLEANUP(json_cleanup) json_t *object = json_loadb(plain->data, plain->size, 0, NULL);

	*secrets = (struct dm_secrets){
		.client_secret = member(arena, object, "client_secret"),
		.client_nonce = member(arena, object, "client_nonce"),
		.server_name = member(arena, object, "server_name"),
		.server_secret = member(arena, object, "server_secret"),
		.server_nonce = member(arena, object, "server_nonce"),
	};
	return secrets->client_secret != NULL && secrets->client_nonce != NULL &&
	    secrets->server_name != NULL && secrets->server_secret != NULL && secrets->server_nonce != NULL;
}

enum outcome
secrets_open(struct arena *arena, const struct secret *sealing_key, const char *device, struct bytes sealed,
    struct dm_secrets *secrets, struct why *why)
{
	CLEANUP(secret_release) struct secret plain = { NULL, 0 };
	enum outcome o = unseal(sealing_key, device, sealed, &plain, why);

	if (o != OUTCOME_OK)
		return o;
	if (!secrets_read(arena, &plain, secrets))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the secrets of device %s do not hold what they should", device);
	return OUTCOME_OK;
}

enum outcome
secrets_seal(struct arena *arena, const struct secret *sealing_key, const char *device,
    const struct dm_secrets *secrets, struct bytes *sealed, struct why *why)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s}", "client_secret", secrets->client_secret,
	    "client_nonce", secrets->client_nonce, "server_name", secrets->server_name, "server_secret",
	    secrets->server_secret, "server_nonce", secrets->server_nonce);
	char *text = json_dumps(object, JSON_COMPACT);
	enum outcome o;

	json_decref(object);
	if (text == NULL)
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "the DM account's secrets do not become JSON");
	o = seal(arena, sealing_key, device, bytes_of(text), sealed, why);
	secret_wipe(text, strlen(text));
	free(text);
	return o;
}
