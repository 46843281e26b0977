#include "keyring.h"

#include <muster/base/log.h>
#include <muster/base/secret.h>

#include <gnutls/crypto.h>
#include <poll.h>

/* Opening keys for that many authorities at the start is worth the time; the others wait for their first ask.
 */
#define WARM_MAX 8

/* A key that did not open is not tried again before: each try hashes the passphrase 600,000 times. */
#define RETRY_US (5 * 1000 * 1000)

/* A token's costs little (a wrong PIN is not tried twice), and it is expected back at any time. */
#define RETRY_TOKEN_US (2 * 1000 * 1000)
#define PAUSE_MS 100

#define SHA256_SIZE 32

struct keyring_slot {
	struct signer signer;
	int64_t failed_us; /* 0: not tried, or opened */
	struct why why;	   /* of that failure */
};

/* An opened key is its certificate's, whatever passphrase it is stored under by now. */
static bool
same_authority(const struct stored_authority *a, const struct stored_authority *b)
{
	return strcmp(a->id, b->id) == 0 && bytes_equal(a->certificate, b->certificate) &&
	    bytes_equal(bytes_of(a->key_uri), bytes_of(b->key_uri));
}

/*
 * What is open is what is stored: the same bytes, or the same key under another passphrase, which the file
 * may not hold yet.
 */
static bool
same_sealing_key(const struct keyring *open, const struct issuer_configuration *stored)
{
	uint8_t sha256[SHA256_SIZE];

	if (bytes_equal(stored->sealing_key, open->configuration.sealing_key))
		return true;
	if (open->sealing_key.data == NULL || stored->sealing_key.size == 0 ||
	    stored->sealing_key_sha256.size != sizeof(sha256) ||
	    gnutls_hash_fast(GNUTLS_DIG_SHA256, open->sealing_key.data, open->sealing_key.size, sha256) < 0)
		return false;
	return bytes_equal(stored->sealing_key_sha256, (struct bytes){ sha256, sizeof(sha256) });
}

/* Move what is open and unchanged from one keyring to its successor. */
static void
keys_inherit(struct keyring *from, struct keyring *to)
{
	for (size_t i = 0; i < to->configuration.authorities; i++)
		for (size_t j = 0; j < from->configuration.authorities; j++) {
			if (!same_authority(
				&to->configuration.authority[i], &from->configuration.authority[j]))
				continue;
			to->slot[i].signer = from->slot[j].signer;
			from->slot[j].signer = (struct signer){ NULL, NULL };
		}
	if (same_sealing_key(from, &to->configuration)) {
		to->sealing_key = from->sealing_key;
		from->sealing_key = (struct secret){ NULL, 0 };
	}
}

enum outcome
keyring_load(struct keyring *keyring, struct pg *pg, struct deadline deadline, struct why *why)
{
	struct keyring next = { keyring->passphrase_file, keyring->pkcs11, .arena = arena_new() };
	enum outcome o;

	keyring->loaded_us = next.loaded_us = clock_steady_us();
	o = store_issuer_configuration(pg, next.arena, deadline, &next.configuration, why);
	if (o != OUTCOME_OK) {
		arena_free(next.arena);
		return o;
	}
	next.slot = arena_alloc(next.arena, next.configuration.authorities * sizeof(*next.slot));
	keys_inherit(keyring, &next);
	keyring_release(keyring);
	*keyring = next;
	return OUTCOME_OK;
}

void
keyring_release(struct keyring *keyring)
{
	for (size_t i = 0; i < keyring->configuration.authorities; i++)
		signer_release(&keyring->slot[i].signer);
	secret_release(&keyring->sealing_key);
	arena_free(keyring->arena);
	*keyring = (struct keyring){ keyring->passphrase_file, keyring->pkcs11, .arena = NULL };
}

const struct stored_profile *
keyring_profile(const struct keyring *keyring, const char *organization)
{
	for (size_t i = 0; i < keyring->configuration.profiles; i++)
		if (strcmp(keyring->configuration.profile[i].organization, organization) == 0)
			return &keyring->configuration.profile[i];
	return NULL;
}

static enum outcome
signer_open_with_file(const struct stored_authority *authority, const char *passphrase_file,
    struct signer *signer, struct why *why)
{
	CLEANUP(secret_release) struct secret passphrase = { NULL, 0 };
	enum outcome o = secret_read_file(passphrase_file, &passphrase, why);

	return o != OUTCOME_OK
	    ? o
	    : signer_open(authority->certificate, authority->private_key, &passphrase, signer, why);
}

/* One module serves all tokens, and shows one that was away only when it is started again. */
static void
tokens_close(struct keyring *keyring)
{
	for (size_t i = 0; i < keyring->configuration.authorities; i++)
		if (keyring->configuration.authority[i].key_uri != NULL)
			signer_release(&keyring->slot[i].signer);
	pkcs11_close();
}

/*
 * Somebody else at the token (muster-ca, another issuer) can make it fail for a moment, and a module that was
 * loaded before a token was away fails once: so twice, before devices are refused for seconds.
 */
static enum outcome
signer_open_at_once(
    struct keyring *keyring, const struct stored_authority *authority, struct signer *signer, struct why *why)
{
	enum outcome o = OUTCOME_OK;

	for (int i = 0; i < 2; i++) {
		if (i > 0)
			(void)poll(NULL, 0, PAUSE_MS);
		o = signer_open_token(
		    authority->certificate, keyring->pkcs11, authority->key_uri, signer, why);
		if (o == OUTCOME_OK)
			return o;
		tokens_close(keyring);
	}
	return o;
}

static enum outcome
slot_try(struct keyring *keyring, size_t i, struct why *why)
{
	const struct stored_authority *authority = &keyring->configuration.authority[i];
	struct signer *signer = &keyring->slot[i].signer;
	struct why reason = { "" };
	enum outcome o;

	if (authority->key_uri == NULL)
		o = signer_open_with_file(authority, keyring->passphrase_file, signer, &reason);
	else
		o = signer_open_at_once(keyring, authority, signer, &reason);
	if (o == OUTCOME_OK)
		return OUTCOME_OK;
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "authority \"%s\": %s", authority->name, reason.text);
}

static int64_t
retry_us(const struct keyring *keyring, size_t i)
{
	return keyring->configuration.authority[i].key_uri != NULL ? RETRY_TOKEN_US : RETRY_US;
}

static enum outcome
slot_open(struct keyring *keyring, size_t i, struct why *why)
{
	struct keyring_slot *slot = &keyring->slot[i];
	int64_t now = clock_steady_us();

	if (slot->signer.key != NULL)
		return OUTCOME_OK;
	if (slot->failed_us != 0 && now - slot->failed_us < retry_us(keyring, i))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "%s", slot->why.text);
	slot->failed_us = 0;
	if (slot_try(keyring, i, &slot->why) == OUTCOME_OK)
		return OUTCOME_OK;
	slot->failed_us = now;
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "%s", slot->why.text);
}

bool
keyring_warm(struct keyring *keyring)
{
	bool warm = true;
	struct why why;

	for (size_t i = 0; i < keyring->configuration.authorities && i < WARM_MAX; i++)
		if (slot_open(keyring, i, &why) != OUTCOME_OK) {
			log_message(LOG_ERROR_LEVEL, "%s", why.text);
			warm = false;
		}
	return warm;
}

bool
keyring_is_ready(const struct keyring *keyring)
{
	for (size_t i = 0; i < keyring->configuration.authorities; i++)
		if (keyring->slot[i].failed_us != 0)
			return false;
	return keyring->configuration.authorities > 0;
}

void
keyring_lost(struct keyring *keyring, const char *authority)
{
	struct why why = { "" };

	for (size_t i = 0; i < keyring->configuration.authorities; i++) {
		const struct stored_authority *stored = &keyring->configuration.authority[i];

		if (strcmp(stored->id, authority) != 0 || stored->key_uri == NULL)
			continue;
		/* It may have been what was to be signed. */
		if (keyring->slot[i].signer.key != NULL &&
		    signer_check(&keyring->slot[i].signer, &why) == OUTCOME_OK)
			return;
		log_message(LOG_WARNING_LEVEL, "authority \"%s\": %s", stored->name, why.text);
		tokens_close(keyring);
		return;
	}
}

enum outcome
keyring_signer(struct keyring *keyring, const char *authority, const struct stored_authority **stored,
    const struct signer **signer, struct why *why)
{
	for (size_t i = 0; i < keyring->configuration.authorities; i++) {
		if (strcmp(keyring->configuration.authority[i].id, authority) != 0)
			continue;
		*stored = &keyring->configuration.authority[i];
		*signer = &keyring->slot[i].signer;
		return slot_open(keyring, i, why);
	}
	return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "there is no authority %s", authority);
}

enum outcome
keyring_sealing_key(struct keyring *keyring, const struct secret **key, struct why *why)
{
	CLEANUP(secret_release) struct secret passphrase = { NULL, 0 };
	struct why reason = { "" };

	*key = &keyring->sealing_key;
	if (keyring->sealing_key.data != NULL)
		return OUTCOME_OK;
	if (keyring->configuration.sealing_key.size == 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "there is no key yet to seal devices' secrets with: muster-ca init makes one");
	if (secret_read_file(keyring->passphrase_file, &passphrase, &reason) != OUTCOME_OK ||
	    sealing_key_open(keyring->configuration.sealing_key, &passphrase, &keyring->sealing_key,
		&reason) != OUTCOME_OK)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "%s", reason.text);
	return OUTCOME_OK;
}
