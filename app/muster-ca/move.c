#include "move.h"

#include <muster/authority/certificate.h>

#include "authorities.h"
#include "database.h"

struct move {
	PGconn *conn;
	const struct options *options;
	struct arena *arena;
	struct authority authority; /* and where its key is then */
	const char *imported;	    /* URI of a copy that is nobody's yet; NULL: there is none */
};

static enum outcome
authority_find(struct move *move, struct why *why)
{
	const char *name = move->options->authority;
	const struct authority *found;
	struct authorities all;
	enum outcome o;

	if ((o = authorities_load(move->conn, move->arena, NULL, &all, why)) != OUTCOME_OK)
		return o;
	if ((found = authorities_find(&all, name)) == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "there is no authority \"%s\": muster-ca show lists them", name);
	move->authority = *found;
	return OUTCOME_OK;
}

/* The key as the database has it, opened here for the last time. */
static enum outcome
key_open(struct move *move, struct signer *signer, struct why *why)
{
	CLEANUP(secret_release) struct secret passphrase = { NULL, 0 };
	const struct authority *authority = &move->authority;
	const char *file = move->options->passphrase_file;
	struct bytes pkcs8;
	struct why reason;
	enum outcome o;

	if (authority->key_uri != NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "authority \"%s\": its key is in a token already, %.150s, and does not come out: give "
		    "the URI of the key that is to be used instead",
		    authority->name, authority->key_uri);
	if (!authority->has_key)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "authority \"%s\": its key is not in the database: put it into the token where it is, "
		    "and give its URI with id= or object=",
		    authority->name);
	if (file == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--passphrase-file is missing: the key in the database is encrypted");
	if ((o = secret_read_file(file, &passphrase, why)) != OUTCOME_OK ||
	    (o = authority_key_read(move->conn, move->arena, authority, &pkcs8, why)) != OUTCOME_OK)
		return o;
	if ((o = signer_open(authority->certificate, pkcs8, &passphrase, signer, &reason)) != OUTCOME_OK)
		return refuse(why, o, "authority \"%s\", with the passphrase in %s: %s", authority->name,
		    file, reason.text);
	return OUTCOME_OK;
}

static enum outcome
key_import(struct move *move, struct why *why)
{
	struct signer signer = { NULL, NULL };
	enum outcome o = key_open(move, &signer, why);

	if (o == OUTCOME_OK)
		o = pkcs11_key_import(move->arena, &move->options->pkcs11, move->options->token, signer.key,
		    move->authority.name, &move->imported, why);
	signer_release(&signer);
	return o;
}

/* Found, opened and signed with in the token, as the issuers will. */
static enum outcome
key_prove(struct move *move, const char *uri, struct why *why)
{
	struct signer signer = { NULL, NULL };
	struct why reason;
	enum outcome o =
	    signer_open_token(move->authority.certificate, &move->options->pkcs11, uri, &signer, &reason);

	signer_release(&signer);
	if (o != OUTCOME_OK)
		return refuse(why, o, "authority \"%s\": %s: its key stays where it is", move->authority.name,
		    reason.text);
	return OUTCOME_OK;
}

/* The one statement is the whole transaction. */
static enum outcome
key_record(struct move *move, const char *uri, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(move->authority.id), PG_TEXT(uri) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	struct why reason;
	enum outcome o = database_query(move->conn, "SELECT muster.set_authority_key($1, $2)", param,
	    ARRAY_SIZE(param), &result, &reason);

	if (o == OUTCOME_OK) {
		move->authority.key_uri = uri;
		move->imported = NULL;
		return OUTCOME_OK;
	}
	if (PQstatus(move->conn) == CONNECTION_OK)
		return refuse(why, o, "%s", reason.text);
	/* Perhaps it was recorded: then the copy is the only one. */
	move->imported = NULL;
	return refuse(why, o,
	    "%.150s: muster-ca show tells whether it was moved; if it was not, give the copy in the token: "
	    "--pkcs11 '%.150s'",
	    reason.text, uri);
}

static enum outcome
tell(const struct move *move, bool was_here, struct why *why)
{
	enum outcome o = authority_print(stdout, move->arena, &move->authority, why);

	(void)printf("\nmuster needs the token's module and PIN: --pkcs11-module %s --pin-file FILE\n",
	    move->options->pkcs11.module);
	if (was_here)
		(void)printf(
		    "the key is no more in the database, but backups and replicas' archives made until now "
		    "still hold it,\nencrypted under the passphrase: destroy them, or keep both apart\n");
	return o;
}

static enum outcome
move_steps(struct move *move, struct why *why)
{
	const struct options *options = move->options;
	bool names_key, was_here;
	const char *uri;
	enum outcome o;

	if ((o = pkcs11_uri_check(options->token, PKCS11_EITHER, &names_key, why)) != OUTCOME_OK ||
	    (o = database_open(options->database, &move->conn, why)) != OUTCOME_OK ||
	    (o = authority_find(move, why)) != OUTCOME_OK ||
	    (!names_key && (o = key_import(move, why)) != OUTCOME_OK))
		return o;
	was_here = move->authority.has_key && move->authority.key_uri == NULL;
	uri = names_key ? options->token : move->imported;
	if ((o = key_prove(move, uri, why)) != OUTCOME_OK || (o = key_record(move, uri, why)) != OUTCOME_OK)
		return o;
	return tell(move, was_here, why);
}

enum outcome
move_run(const struct options *options, struct why *why)
{
	struct move move = { .options = options, .arena = arena_new() };
	enum outcome o = move_steps(&move, why);
	struct why first = *why, reason;

	if (move.imported != NULL &&
	    pkcs11_key_delete(&options->pkcs11, move.imported, &reason) != OUTCOME_OK)
		(void)refuse(why, o, "%.150s; and a copy of the key is left in the token: %.200s", first.text,
		    reason.text);
	pkcs11_close();
	PQfinish(move.conn);
	arena_free(move.arena);
	return o;
}
