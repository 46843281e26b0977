#include "passphrase.h"

#include <gnutls/crypto.h>

#include "database.h"
#include "record.h"
#include "sealed.h"

#define SHA256_SIZE 32

struct change {
	PGconn *conn;
	const struct options *options;
	struct arena *arena;
	struct secret passphrase, new_passphrase;
	struct sealed_keys keys; /* as they were */
	struct bytes *anew;	 /* each of them, under the new passphrase */
	struct bytes *sha256;	 /* of sealing keys */
};

static enum outcome
secrets_read(struct change *change, struct why *why)
{
	const struct options *options = change->options;
	enum outcome o;

	if ((o = secret_read_file(options->passphrase_file, &change->passphrase, why)) != OUTCOME_OK ||
	    (o = secret_read_file(options->new_passphrase_file, &change->new_passphrase, why)) != OUTCOME_OK)
		return o;
	if (secret_equal((struct bytes){ (const uint8_t *)change->passphrase.data, change->passphrase.size },
		(struct bytes){ (const uint8_t *)change->new_passphrase.data, change->new_passphrase.size }))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s holds the same passphrase as %s: nothing was changed", options->new_passphrase_file,
		    options->passphrase_file);
	return OUTCOME_OK;
}

static enum outcome
keys_encrypt(struct change *change, struct why *why)
{
	struct arena *arena = change->arena;
	size_t count = change->keys.count;
	struct why reason;
	enum outcome o;

	if (count == 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "nothing is encrypted under a passphrase yet: muster-ca init --organization KEY");
	change->anew = arena_alloc(arena, count * sizeof(*change->anew));
	change->sha256 = arena_alloc(arena, count * sizeof(*change->sha256));
	for (size_t i = 0; i < count; i++)
		if ((o = sealed_key_anew(arena, &change->keys.list[i], &change->passphrase,
			 &change->new_passphrase, &change->anew[i], &change->sha256[i], &reason)) !=
		    OUTCOME_OK)
			return refuse(why, o, "%s: %s: nothing was changed",
			    sealed_key_words(arena, &change->keys.list[i]), reason.text);
	return OUTCOME_OK;
}

static struct bytes
sha256_of(struct arena *arena, struct bytes data)
{
	uint8_t *digest = arena_alloc(arena, SHA256_SIZE);

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data.data, data.size, digest) < 0)
		abort(); /* not without a broken library */
	return (struct bytes){ digest, SHA256_SIZE };
}

static enum outcome
refuse_meanwhile(struct why *why)
{
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
	    "somebody else changed authorities meanwhile: nothing was changed, try again");
}

static enum outcome
key_replace(struct change *change, size_t i, struct why *why)
{
	const struct sealed_key *key = &change->keys.list[i];
	const struct pg_param param[] = {
		PG_TEXT(key->what),
		PG_TEXT(key->id),
		PG_BYTES(sha256_of(change->arena, key->sealed)),
		PG_BYTES(change->anew[i]),
		PG_BYTES(change->sha256[i]),
	};
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(change->conn, "SELECT muster.replace_key($1, $2, $3, $4, $5)", param,
	    ARRAY_SIZE(param), &result, why);

	if (o == OUTCOME_OK && !pg_bool(result, 0, 0))
		return refuse_meanwhile(why);
	return o;
}

/* What is stored is what was opened above, and nothing else is under the old passphrase. */
static enum outcome
stored_check(struct change *change, struct why *why)
{
	struct sealed_keys stored;
	enum outcome o = sealed_keys_load(change->conn, change->arena, &stored, why);

	if (o != OUTCOME_OK)
		return o;
	if (stored.count != change->keys.count)
		return refuse_meanwhile(why);
	for (size_t i = 0; i < stored.count; i++)
		if (!bytes_equal(stored.list[i].sealed, change->anew[i]))
			return refuse_meanwhile(why);
	return OUTCOME_OK;
}

static enum outcome
keys_store(struct change *change, struct why *why)
{
	enum outcome o;

	if ((o = database_begin(change->conn, why)) != OUTCOME_OK ||
	    (o = record_lock(change->conn, why)) != OUTCOME_OK)
		return o;
	for (size_t i = 0; i < change->keys.count; i++)
		if ((o = key_replace(change, i, why)) != OUTCOME_OK)
			return o;
	if ((o = stored_check(change, why)) != OUTCOME_OK)
		return o;
	return database_commit(change->conn, why);
}

static enum outcome
change_steps(struct change *change, struct why *why)
{
	const struct options *options = change->options;
	enum outcome o;

	if ((o = secrets_read(change, why)) != OUTCOME_OK ||
	    (o = database_open(options->database, &change->conn, why)) != OUTCOME_OK ||
	    (o = sealed_keys_load(change->conn, change->arena, &change->keys, why)) != OUTCOME_OK ||
	    (o = keys_encrypt(change, why)) != OUTCOME_OK || (o = keys_store(change, why)) != OUTCOME_OK)
		return o;
	(void)printf("%zu %s under the passphrase in %s\n"
		     "next: put it where muster reads its passphrase, on every host, before anything starts "
		     "there anew; then: systemctl reload muster (SIGHUP), and muster-ca doctor\n",
	    change->keys.count, change->keys.count == 1 ? "key is" : "keys are",
	    options->new_passphrase_file);
	return OUTCOME_OK;
}

enum outcome
passphrase_run(const struct options *options, struct why *why)
{
	struct change change = { .options = options, .arena = arena_new() };
	enum outcome o = change_steps(&change, why);

	PQfinish(change.conn);
	secret_release(&change.passphrase);
	secret_release(&change.new_passphrase);
	arena_free(change.arena);
	return o;
}
