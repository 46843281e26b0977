#include "keyring.h"

#include <muster/base/log.h>
#include <muster/base/secret.h>

#include <gnutls/crypto.h>

/* Opening keys for that many authorities at the start is worth the time; the others wait for their first ask.
 */
#define WARM_MAX 8

/* A key that did not open is not tried again before: each try hashes the passphrase 600,000 times. */
#define RETRY_US (5 * 1000 * 1000)

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
	return strcmp(a->id, b->id) == 0 && bytes_equal(a->certificate, b->certificate);
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
	struct keyring next = { .passphrase_file = keyring->passphrase_file, .arena = arena_new() };
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
	*keyring = (struct keyring){ .passphrase_file = keyring->passphrase_file };
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
	struct why reason = { "" };

	if (secret_read_file(passphrase_file, &passphrase, &reason) != OUTCOME_OK ||
	    signer_open(authority->certificate, authority->private_key, &passphrase, signer, &reason) !=
		OUTCOME_OK)
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "authority \"%s\": %s", authority->name, reason.text);
	return OUTCOME_OK;
}

static enum outcome
slot_open(struct keyring *keyring, size_t i, struct why *why)
{
	struct keyring_slot *slot = &keyring->slot[i];
	int64_t now = clock_steady_us();

	if (slot->signer.key != NULL)
		return OUTCOME_OK;
	if (slot->failed_us != 0 && now - slot->failed_us < RETRY_US)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "%s", slot->why.text);
	slot->failed_us = 0;
	if (signer_open_with_file(&keyring->configuration.authority[i], keyring->passphrase_file,
		&slot->signer, &slot->why) == OUTCOME_OK)
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
