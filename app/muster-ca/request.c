#include "request.h"

#include <muster/authority/request.h>

#include <unistd.h>

#include "database.h"
#include "files.h"
#include "names.h"
#include "record.h"
#include "sealed.h"

struct asking {
	PGconn *conn;
	const struct options *options;
	struct arena *arena;
	struct secret passphrase;
	struct organization organization; /* key NULL: for nobody yet */
	struct authorities there;
	struct sealed_keys keys;
	struct names names;
	struct bytes pkcs8, request, sha256;
	struct bytes sealing_key; /* empty: there is one */
};

static void
key_cleanup(gnutls_privkey_t *key)
{
	if (*key != NULL)
		gnutls_privkey_deinit(*key);
}

static enum outcome
look(struct asking *asking, struct why *why)
{
	const struct options *options = asking->options;
	struct arena *arena = asking->arena;
	enum outcome o;

	if ((o = secret_read_file(options->passphrase_file, &asking->passphrase, why)) != OUTCOME_OK ||
	    (o = database_open(options->database, &asking->conn, why)) != OUTCOME_OK ||
	    (options->organization != NULL &&
		(o = organization_load(asking->conn, arena, options->organization, &asking->organization,
		     why)) != OUTCOME_OK) ||
	    (o = authorities_load(asking->conn, arena, NULL, &asking->there, why)) != OUTCOME_OK ||
	    (o = names_choose(arena, &asking->there, options->name, asking->organization.name, false,
		 &asking->names, why)) != OUTCOME_OK ||
	    (o = sealed_keys_load(asking->conn, arena, &asking->keys, why)) != OUTCOME_OK)
		return o;
	return sealed_keys_check(arena, &asking->keys, &asking->passphrase, options->passphrase_file, why);
}

static enum outcome
make(struct asking *asking, struct why *why)
{
	CLEANUP(key_cleanup) gnutls_privkey_t key = NULL;
	const struct options *options = asking->options;
	struct arena *arena = asking->arena;
	enum outcome o;

	if ((o = keystore_generate(options->key, &key, why)) != OUTCOME_OK ||
	    (o = keystore_seal(arena, key, &asking->passphrase, &asking->pkcs8, why)) != OUTCOME_OK ||
	    (o = public_key_sha256(arena, key, &asking->sha256, why)) != OUTCOME_OK ||
	    (o = request_make(arena, key, asking->names.issuing, asking->names.organization,
		 options->form.hash, &asking->request, why)) != OUTCOME_OK)
		return o;
	/* The first key there is: what seals devices' secrets is made with it, as init does. */
	if (asking->keys.count > 0)
		return OUTCOME_OK;
	return sealing_key_new(arena, &asking->passphrase, &asking->sealing_key, why);
}

static enum outcome
request_store(struct asking *asking, struct why *why)
{
	const struct pg_param param[] = {
		PG_TEXT(asking->names.issuing),
		PG_BYTES(asking->pkcs8),
		PG_BYTES(asking->sha256),
		PG_BYTES(asking->request),
		PG_TEXT(key_type_name(asking->options->key)),
	};
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if ((o = database_begin(asking->conn, why)) != OUTCOME_OK ||
	    (o = record_lock(asking->conn, why)) != OUTCOME_OK ||
	    (o = database_query(asking->conn, "SELECT muster.add_authority_request($1, $2, $3, $4, $5)",
		 param, ARRAY_SIZE(param), &result, why)) != OUTCOME_OK ||
	    (o = record_sealing_key(asking->conn, asking->sealing_key, why)) != OUTCOME_OK)
		return o;
	return database_commit(asking->conn, why);
}

/* The file first: a key that waits for what nobody can ask for is of no use. */
static enum outcome
deliver(struct asking *asking, struct why *why)
{
	const char *path = asking->options->request;
	enum outcome o;

	if ((o = file_write_pem(path, "CERTIFICATE REQUEST", asking->request, 0644, why)) != OUTCOME_OK)
		return o;
	if ((o = request_store(asking, why)) != OUTCOME_OK)
		(void)unlink(path);
	return o;
}

static void
tell(const struct asking *asking)
{
	const char *path = asking->options->request;
	const char *key = asking->organization.key;

	(void)printf(
	    "authority \"%s\" waits for its certificate\n"
	    "  request      %s\n"
	    "  public key   SHA-256 %s\n"
	    "  private key  in the database, encrypted under the passphrase\n"
	    "next: have it certified as a subordinate CA of path length 0, where the root's key is:\n"
	    "  muster-ca certify %s --root-key FILE --root-certificate FILE --out FILE\n"
	    "then, here, with the whole chain up to the root: muster-ca import FILE…%s%s\n",
	    asking->names.issuing, path, bytes_to_hex(asking->arena, asking->sha256), path,
	    key != NULL ? " --organization " : "", key != NULL ? key : "");
}

static enum outcome
request_steps(struct asking *asking, struct why *why)
{
	enum outcome o;

	if ((o = look(asking, why)) != OUTCOME_OK || (o = make(asking, why)) != OUTCOME_OK ||
	    (o = deliver(asking, why)) != OUTCOME_OK)
		return o;
	tell(asking);
	return OUTCOME_OK;
}

enum outcome
request_run(const struct options *options, struct why *why)
{
	struct asking asking = { .options = options, .arena = arena_new() };
	enum outcome o = request_steps(&asking, why);

	PQfinish(asking.conn);
	secret_release(&asking.passphrase);
	arena_free(asking.arena);
	return o;
}
