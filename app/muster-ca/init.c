#include "init.h"

#include <muster/authority/certificate.h>
#include <muster/base/clock.h>
#include <muster/base/text.h>

#include "authorities.h"
#include "database.h"

#define DAY (24 * 3600)
#define YEAR (365 * DAY + DAY / 4)

/* Devices with slow clocks must not find their authority in the future. */
#define BACKDATE DAY

/* X.520's bound for a common name, less the longest of our endings. */
#define BASE_NAME_MAX 56

/* One authority on its way into the database. */
struct authority {
	const char *kind, *name;
	gnutls_privkey_t key;
	struct bytes certificate, pkcs8;
	int64_t not_before, not_after;
};

struct init {
	PGconn *conn;
	const struct options *options;
	struct arena *arena;
	struct secret passphrase;
	const char *organization_name; /* NULL: for nobody yet */
	const char *base_name;
	const char *parent;   /* GUID of an existing root; NULL: a new one is made */
	struct signer signer; /* the root's */
	struct authority root, issuing;
	struct bytes sealing_key;
};

static void
init_release(struct init *init)
{
	gnutls_privkey_deinit(init->root.key);
	gnutls_privkey_deinit(init->issuing.key);
	signer_release(&init->signer);
	secret_release(&init->passphrase);
	arena_free(init->arena);
}

/* The organization is there, and has no authority yet unless another is wanted. */
static enum outcome
organization_find(struct init *init, struct why *why)
{
	static const char sql[] = "SELECT name, authority FROM muster.organizations"
				  " WHERE id = muster.organization_id($1)";
	const struct pg_param param[] = { PG_TEXT(init->options->organization) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if (init->options->organization == NULL)
		return OUTCOME_OK;
	if ((o = database_query(init->conn, sql, param, ARRAY_SIZE(param), &result, why)) != OUTCOME_OK)
		return o;
	init->organization_name = pg_text(init->arena, result, 0, 0);
	if (!PQgetisnull(result, 0, 1) && !init->options->another)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "organization %s has the authority \"%s\" already: muster-ca show shows it; --another "
		    "makes "
		    "one that takes over",
		    init->options->organization, PQgetvalue(result, 0, 1));
	return OUTCOME_OK;
}

static enum outcome
name_choose(struct init *init, struct why *why)
{
	const char *name = init->options->name != NULL ? init->options->name : init->organization_name;

	init->base_name = text_cut(init->arena, text_trim(init->arena, name), BASE_NAME_MAX);
	if (init->base_name[0] == '\0')
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "--name: give the authorities a name");
	if (init->options->name != NULL && strlen(init->options->name) > BASE_NAME_MAX)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "--name \"%s\": at most %d bytes",
		    init->options->name, BASE_NAME_MAX);
	return OUTCOME_OK;
}

/* A key that is there tells whether this is the passphrase. */
static enum outcome
passphrase_check(struct init *init, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	struct signer signer = { NULL, NULL };
	struct stored stored;
	struct why reason;
	enum outcome o;

	if ((o = database_query(init->conn,
		 "SELECT id FROM muster.authorities WHERE has_key ORDER BY created_at DESC LIMIT 1", NULL, 0,
		 &result, why)) != OUTCOME_OK)
		return o;
	if (PQntuples(result) == 0)
		return OUTCOME_OK;
	if ((o = authority_stored(init->conn, init->arena, PQgetvalue(result, 0, 0), &stored, why)) !=
	    OUTCOME_OK)
		return o;
	o = signer_open(stored.certificate, stored.private_key, &init->passphrase, &signer, &reason);
	signer_release(&signer);
	if (o != OUTCOME_OK)
		return refuse(why, o,
		    "the passphrase in %s is not that of authority \"%s\", and all keys must have the same: "
		    "%s",
		    init->options->passphrase_file, stored.name, reason.text);
	return OUTCOME_OK;
}

/* --- making --- */

static enum outcome
key_make(struct init *init, struct authority *authority, struct why *why)
{
	enum outcome o;

	if ((o = keystore_generate(init->options->key, &authority->key, why)) != OUTCOME_OK)
		return o;
	return keystore_seal(init->arena, authority->key, &init->passphrase, &authority->pkcs8, why);
}

static void
validity_set(struct authority *authority, int years, int64_t latest)
{
	int64_t now = clock_now_ms() / 1000;

	authority->not_before = now - BACKDATE;
	authority->not_after = now + (int64_t)years * YEAR;
	if (latest > 0 && authority->not_after > latest)
		authority->not_after = latest;
}

static enum outcome
certificate_make(struct init *init, struct authority *authority, const struct signer *parent, struct why *why)
{
	return certificate_sign_authority(init->arena, parent, authority->key, authority->name,
	    init->organization_name != NULL ? text_cut(init->arena, init->organization_name, 64)
					    : init->base_name,
	    authority->not_before, authority->not_after, &authority->certificate, why);
}

static enum outcome
root_make(struct init *init, struct why *why)
{
	enum outcome o;

	init->root.kind = "root";
	init->root.name = arena_printf(init->arena, "%s root", init->base_name);
	validity_set(&init->root, init->options->root_years, 0);
	if ((o = key_make(init, &init->root, why)) != OUTCOME_OK ||
	    (o = certificate_make(init, &init->root, NULL, why)) != OUTCOME_OK)
		return o;
	/* As it will be read back: the passphrase opens what was encrypted under it. */
	return signer_open(init->root.certificate, init->root.pkcs8, &init->passphrase, &init->signer, why);
}

/* The root's key is needed here and nowhere else. */
static enum outcome
root_open(struct init *init, struct why *why)
{
	struct stored stored;
	enum outcome o;

	if ((o = authority_stored(init->conn, init->arena, init->options->root, &stored, why)) != OUTCOME_OK)
		return o;
	if (strcmp(stored.kind, "root") != 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "authority \"%s\" is no root: muster-ca show lists them", stored.name);
	if (stored.private_key.size == 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the key of root \"%s\" is not in the database: sign where it is", stored.name);
	init->parent = stored.id;
	return signer_open(stored.certificate, stored.private_key, &init->passphrase, &init->signer, why);
}

static enum outcome
issuing_make(struct init *init, struct why *why)
{
	enum outcome o;

	init->issuing.kind = "issuing";
	init->issuing.name = arena_printf(init->arena, "%s issuing", init->base_name);
	validity_set(&init->issuing, init->options->years, signer_not_after(&init->signer));
	if ((o = key_make(init, &init->issuing, why)) != OUTCOME_OK)
		return o;
	return certificate_make(init, &init->issuing, &init->signer, why);
}

/* --- storing --- */

static enum outcome
authority_store(struct init *init, const struct authority *authority, const char *parent, const char **id,
    struct why *why)
{
	static const char sql[] = "SELECT muster.add_authority($1, $2, $3, $4, $5, $6, $7, $8)";
	const struct pg_param param[] = {
		PG_TEXT(authority->kind),
		PG_TEXT(authority->name),
		PG_TEXT(parent),
		PG_BYTES(authority->pkcs8),
		PG_BYTES(authority->certificate),
		PG_TEXT(clock_text(init->arena, authority->not_before * 1000)),
		PG_TEXT(clock_text(init->arena, authority->not_after * 1000)),
		PG_TEXT(key_type_name(init->options->key)),
	};
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(init->conn, sql, param, ARRAY_SIZE(param), &result, why);

	if (o == OUTCOME_OK)
		*id = pg_text(init->arena, result, 0, 0);
	return o;
}

static enum outcome
sealing_key_store(struct init *init, struct why *why)
{
	const struct pg_param param[] = { PG_BYTES(init->sealing_key) };
	CLEANUP(pg_result_free) PGresult *result = NULL;

	return database_query(
	    init->conn, "SELECT muster.set_sealing_key($1)", param, ARRAY_SIZE(param), &result, why);
}

static enum outcome
authority_give(struct init *init, const char *id, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(init->options->organization), PG_TEXT(id) };
	CLEANUP(pg_result_free) PGresult *result = NULL;

	if (init->options->organization == NULL)
		return OUTCOME_OK;
	return database_query(
	    init->conn, "SELECT muster.set_authority($1, $2)", param, ARRAY_SIZE(param), &result, why);
}

static enum outcome
store_all(struct init *init, struct why *why)
{
	const char *parent = init->parent, *id = NULL;
	enum outcome o;

	if ((o = database_run(init->conn, "BEGIN", why)) != OUTCOME_OK ||
	    (parent == NULL && (o = authority_store(init, &init->root, NULL, &parent, why)) != OUTCOME_OK) ||
	    (o = authority_store(init, &init->issuing, parent, &id, why)) != OUTCOME_OK ||
	    (o = sealing_key_store(init, why)) != OUTCOME_OK ||
	    (o = authority_give(init, id, why)) != OUTCOME_OK)
		return o;
	return database_run(init->conn, "COMMIT", why);
}

/* --- telling --- */

static void
authority_tell(const struct init *init, const struct authority *authority)
{
	struct certificate_view view;
	struct why why;

	if (certificate_view(init->arena, authority->certificate, &view, &why) != OUTCOME_OK)
		return;
	(void)printf("%-8s \"%s\", %s, until %.10s, SHA-256 %s\n", authority->kind, authority->name, view.key,
	    clock_text(init->arena, authority->not_after * 1000), view.sha256);
}

static void
tell(const struct init *init)
{
	if (init->parent == NULL)
		authority_tell(init, &init->root);
	authority_tell(init, &init->issuing);
	if (init->options->organization != NULL)
		(void)printf("It signs for organization %s from now on. For the web server's device host:\n"
			     "muster-ca show --pem --organization %s\n",
		    init->options->organization, init->options->organization);
	else
		(void)printf("Give it to an organization: SELECT muster.set_authority('KEY', '%s');\n",
		    init->issuing.name);
}

static enum outcome
init_steps(struct init *init, struct why *why)
{
	enum outcome o;

	if ((o = secret_read_file(init->options->passphrase_file, &init->passphrase, why)) != OUTCOME_OK ||
	    (o = organization_find(init, why)) != OUTCOME_OK || (o = name_choose(init, why)) != OUTCOME_OK ||
	    (o = passphrase_check(init, why)) != OUTCOME_OK ||
	    (o = init->options->root != NULL ? root_open(init, why) : root_make(init, why)) != OUTCOME_OK ||
	    (o = issuing_make(init, why)) != OUTCOME_OK ||
	    (o = sealing_key_new(init->arena, &init->passphrase, &init->sealing_key, why)) != OUTCOME_OK ||
	    (o = store_all(init, why)) != OUTCOME_OK)
		return o;
	tell(init);
	return OUTCOME_OK;
}

enum outcome
init_run(PGconn *conn, const struct options *options, struct why *why)
{
	struct init init = { .conn = conn, .options = options, .arena = arena_new() };
	enum outcome o = init_steps(&init, why);

	init_release(&init);
	return o;
}
