#include "sealed.h"

#include <muster/authority/request.h>

#include <gnutls/crypto.h>

#include "database.h"

#define SHA256_SIZE 32

static void
key_cleanup(gnutls_privkey_t *key)
{
	if (*key != NULL)
		gnutls_privkey_deinit(*key);
}

enum outcome
sealed_keys_load(PGconn *conn, struct arena *arena, struct sealed_keys *keys, struct why *why)
{
	static const char sql[] = "SELECT what, id, name, sealed, certificate, public_key_sha256"
				  "  FROM muster.keys_under_passphrase()";
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(conn, sql, NULL, 0, &result, why);

	if (o != OUTCOME_OK)
		return o;
	keys->count = (size_t)PQntuples(result);
	keys->list = arena_alloc(arena, keys->count * sizeof(*keys->list));
	for (int row = 0; row < PQntuples(result); row++)
		keys->list[row] = (struct sealed_key){
			.what = pg_text(arena, result, row, 0),
			.id = pg_text(arena, result, row, 1),
			.name = pg_text(arena, result, row, 2),
			.sealed = pg_bytes(arena, result, row, 3),
			.certificate = pg_bytes(arena, result, row, 4),
			.public_key_sha256 = pg_bytes(arena, result, row, 5),
		};
	return OUTCOME_OK;
}

static bool
is_sealing_key(const struct sealed_key *key)
{
	return key->name == NULL;
}

const char *
sealed_key_words(struct arena *arena, const struct sealed_key *key)
{
	return is_sealing_key(key) ? "the sealing key"
				   : arena_printf(arena, "%s \"%s\"", key->what, key->name);
}

static enum outcome
request_key_try(const struct sealed_key *key, const struct secret *passphrase, struct why *why)
{
	CLEANUP(key_cleanup) gnutls_privkey_t opened = NULL;
	struct arena *arena = arena_new();
	struct bytes sha256 = { NULL, 0 };
	enum outcome o;

	if ((o = keystore_open(key->sealed, passphrase, &opened, why)) == OUTCOME_OK &&
	    (o = public_key_sha256(arena, opened, &sha256, why)) == OUTCOME_OK &&
	    !bytes_equal(sha256, key->public_key_sha256))
		o = refuse(why, OUTCOME_CERTIFICATE_REQUEST, "the private key is not the request's");
	arena_free(arena);
	return o;
}

enum outcome
sealed_key_try(const struct sealed_key *key, const struct secret *passphrase, struct why *why)
{
	CLEANUP(secret_release) struct secret sealing = { NULL, 0 };
	struct signer signer = { NULL, NULL };
	enum outcome o;

	if (is_sealing_key(key))
		return sealing_key_open(key->sealed, passphrase, &sealing, why);
	if (key->certificate.size == 0)
		return request_key_try(key, passphrase, why);
	o = signer_open(key->certificate, key->sealed, passphrase, &signer, why);
	signer_release(&signer);
	return o;
}

/* --- encrypting anew --- */

static enum outcome
private_key_anew(struct arena *arena, const struct sealed_key *key, const struct secret *passphrase,
    const struct secret *new_passphrase, struct bytes *anew, struct why *why)
{
	CLEANUP(key_cleanup) gnutls_privkey_t opened = NULL;
	struct sealed_key after = *key;
	enum outcome o;

	if ((o = sealed_key_try(key, passphrase, why)) != OUTCOME_OK ||
	    (o = keystore_open(key->sealed, passphrase, &opened, why)) != OUTCOME_OK ||
	    (o = keystore_seal(arena, opened, new_passphrase, anew, why)) != OUTCOME_OK)
		return o;
	after.sealed = *anew;
	return sealed_key_try(&after, new_passphrase, why);
}

static enum outcome
sealing_key_anew(struct arena *arena, const struct sealed_key *key, const struct secret *passphrase,
    const struct secret *new_passphrase, struct bytes *anew, struct bytes *sha256, struct why *why)
{
	CLEANUP(secret_release) struct secret before = { NULL, 0 }, after = { NULL, 0 };
	uint8_t digest[SHA256_SIZE];
	enum outcome o;

	if ((o = sealing_key_open(key->sealed, passphrase, &before, why)) != OUTCOME_OK ||
	    (o = sealing_key_seal(arena, &before, new_passphrase, anew, why)) != OUTCOME_OK ||
	    (o = sealing_key_open(*anew, new_passphrase, &after, why)) != OUTCOME_OK)
		return o;
	if (!secret_equal((struct bytes){ (const uint8_t *)before.data, before.size },
		(struct bytes){ (const uint8_t *)after.data, after.size }) ||
	    gnutls_hash_fast(GNUTLS_DIG_SHA256, after.data, after.size, digest) < 0)
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "the sealing key did not come back as it was");
	*sha256 = arena_copy(arena, digest, sizeof(digest));
	return OUTCOME_OK;
}

enum outcome
sealed_key_anew(struct arena *arena, const struct sealed_key *key, const struct secret *passphrase,
    const struct secret *new_passphrase, struct bytes *anew, struct bytes *sha256, struct why *why)
{
	*sha256 = (struct bytes){ NULL, 0 };
	if (is_sealing_key(key))
		return sealing_key_anew(arena, key, passphrase, new_passphrase, anew, sha256, why);
	return private_key_anew(arena, key, passphrase, new_passphrase, anew, why);
}

enum outcome
sealed_keys_check(struct arena *arena, const struct sealed_keys *keys, const struct secret *passphrase,
    const char *file, struct why *why)
{
	struct why reason;
	enum outcome o;

	/* Authorities come first. */
	if (keys->count == 0)
		return OUTCOME_OK;
	if ((o = sealed_key_try(&keys->list[0], passphrase, &reason)) == OUTCOME_OK)
		return OUTCOME_OK;
	return refuse(why, o, "%s, with the passphrase in %s: %s: all keys are under one passphrase",
	    sealed_key_words(arena, &keys->list[0]), file, reason.text);
}
