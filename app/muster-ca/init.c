#include "init.h"

#include "chain.h"
#include "database.h"
#include "names.h"
#include "record.h"

struct init {
	PGconn *conn;
	const struct options *options;
	struct arena *arena;
	struct secret passphrase;
	struct organization organization; /* key NULL: for nobody yet */
	struct authorities there;
	struct names names;
	struct signer signer; /* the root's */
	struct signer issuing_signer;
	struct publication publication; /* the root's */
	struct made root, issuing;
	struct record record;
	bool stored;
};

/* --- what is there --- */

/* The organization has no authority yet, unless another is wanted. */
static enum outcome
organization_find(struct init *init, struct why *why)
{
	const struct options *options = init->options;
	enum outcome o;

	if (options->organization == NULL)
		return OUTCOME_OK;
	if ((o = organization_load(
		 init->conn, init->arena, options->organization, &init->organization, why)) != OUTCOME_OK)
		return o;
	if (init->organization.authority != NULL && !options->another)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "organization %s has the authority \"%s\" already: muster-ca show shows it, --another "
		    "makes "
		    "one that takes over",
		    init->organization.key, init->organization.authority);
	return OUTCOME_OK;
}

/* Open an authority that is there: it can sign, and the passphrase is the right one. */
static enum outcome
authority_open(struct init *init, const struct authority *authority, struct signer *signer, struct why *why)
{
	struct bytes pkcs8;
	struct why reason;
	enum outcome o;

	if (authority->key_uri != NULL) {
		if ((o = signer_open_token(authority->certificate, &init->options->pkcs11, authority->key_uri,
			 signer, &reason)) != OUTCOME_OK)
			return refuse(why, o, "authority \"%s\": %s", authority->name, reason.text);
		return OUTCOME_OK;
	}
	if ((o = authority_key_read(init->conn, init->arena, authority, &pkcs8, why)) != OUTCOME_OK)
		return o;
	if ((o = signer_open(authority->certificate, pkcs8, &init->passphrase, signer, &reason)) !=
	    OUTCOME_OK)
		return refuse(why, o,
		    "authority \"%s\", with the passphrase in %s: %s: all keys are under one passphrase",
		    authority->name, init->options->passphrase_file, reason.text);
	return OUTCOME_OK;
}

/* One whose key can tell whether the passphrase is right: rather an issuing one, which comes first. */
static const struct authority *
touchstone(const struct authorities *there)
{
	const struct authority *found = NULL;

	for (size_t i = 0; i < there->count; i++)
		if (there->list[i].has_key && there->list[i].key_uri == NULL &&
		    (found == NULL || (found->root && !there->list[i].root)))
			found = &there->list[i];
	return found;
}

/* All keys are in tokens: fine as long as no new one needs the passphrase. */
static enum outcome
passphrase_untold(const struct options *options, struct why *why)
{
	if (options->token != NULL && (options->root != NULL || options->root_token != NULL))
		return OUTCOME_OK;
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
	    "no key in the database tells whether this is its passphrase: make the new ones in a token, too, "
	    "with --pkcs11 and --root-pkcs11");
}

static enum outcome
passphrase_check(struct init *init, struct why *why)
{
	const struct authority *authority = touchstone(&init->there);
	struct signer signer = { NULL, NULL };
	enum outcome o;

	if ((o = record_look(init->conn, &init->record, why)) != OUTCOME_OK)
		return o;
	if (authority == NULL && init->record.has_sealing_key && init->there.count > 0)
		return passphrase_untold(init->options, why);
	if (authority == NULL && init->record.has_sealing_key)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "there is a sealing key but no authority's key to tell whether this is its passphrase: "
		    "remove "
		    "it, no device needs it yet: UPDATE muster.configuration SET sealing_key = NULL");
	if (authority == NULL)
		return OUTCOME_OK;
	o = authority_open(init, authority, &signer, why);
	signer_release(&signer);
	return o;
}

/* --- making --- */

static enum outcome
authority_make(struct init *init, const char *name, int years, const char *token,
    const struct authority_form *form, const struct signer *parent, struct made *made, struct why *why)
{
	const struct making making = {
		.name = name,
		.organization = init->names.organization,
		.key = init->options->key,
		.years = years,
		.form = form,
		.passphrase = &init->passphrase,
		.token = token,
		.pkcs11 = &init->options->pkcs11,
		.publication = parent != NULL ? &init->publication : NULL,
	};

	return chain_make(init->arena, &making, parent, clock_now_ms() / 1000, made, why);
}

/* As it will be read back: the passphrase opens what was encrypted under it. */
static enum outcome
made_open(struct init *init, const struct made *made, struct signer *signer, struct why *why)
{
	if (made->key_uri != NULL)
		return signer_open_token(
		    made->certificate, &init->options->pkcs11, made->key_uri, signer, why);
	return signer_open(made->certificate, made->pkcs8, &init->passphrase, signer, why);
}

static enum outcome
root_make(struct init *init, struct why *why)
{
	const struct options *options = init->options;
	enum outcome o;

	if ((o = authority_make(init, init->names.root, options->root_years, options->root_token,
		 &options->form, NULL, &init->root, why)) != OUTCOME_OK)
		return o;
	return made_open(init, &init->root, &init->signer, why);
}

/* The key of a root that is there is needed here and nowhere else. */
static enum outcome
root_open(struct init *init, struct why *why)
{
	const struct authority *root = authorities_find(&init->there, init->options->root);

	if (root == NULL || !root->root)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--root \"%s\": there is no root of that name: muster-ca show lists them",
		    init->options->root);
	if (!root->has_key)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--root \"%s\": its key is not in the database: sign where it is", init->options->root);
	init->record.parent = root->id;
	return authority_open(init, root, &init->signer, why);
}

/* Where the root's list and certificate will be: the issuing authority's certificate says so. */
static enum outcome
publication_find(struct init *init, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(
	    init->options->root != NULL ? init->record.parent : init->root.id) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o =
	    database_query(init->conn, "SELECT crl_url, ca_url, ocsp_url FROM muster.published_urls($1)",
		param, ARRAY_SIZE(param), &result, why);

	if (o == OUTCOME_OK && PQntuples(result) == 1)
		init->publication = (struct publication){ pg_text(init->arena, result, 0, 0),
			pg_text(init->arena, result, 0, 1), pg_text(init->arena, result, 0, 2) };
	return o;
}

static enum outcome
make_all(struct init *init, struct why *why)
{
	const struct authority_form form = { .path_length = 0, .hash = init->options->form.hash };
	enum outcome o;

	if ((o = init->options->root != NULL ? root_open(init, why) : root_make(init, why)) != OUTCOME_OK ||
	    (o = publication_find(init, why)) != OUTCOME_OK ||
	    (o = authority_make(init, init->names.issuing, init->options->years, init->options->token, &form,
		 &init->signer, &init->issuing, why)) != OUTCOME_OK ||
	    (o = made_open(init, &init->issuing, &init->issuing_signer, why)) != OUTCOME_OK)
		return o;
	if (init->record.has_sealing_key)
		return OUTCOME_OK;
	return sealing_key_new(init->arena, &init->passphrase, &init->record.sealing_key, why);
}

static enum outcome
store(struct init *init, struct why *why)
{
	enum outcome o;

	init->record.there = &init->there;
	init->record.organization = &init->organization;
	init->record.root = init->options->root == NULL ? &init->root : NULL;
	init->record.issuing = &init->issuing;
	init->record.key_type = key_type_name(init->options->key);
	init->record.root_signer = &init->signer;
	init->record.issuing_signer = &init->issuing_signer;
	o = record_store(init->conn, init->arena, &init->record, why);
	init->stored = o == OUTCOME_OK;
	return o;
}

/* --- telling --- */

static enum outcome
made_tell(const struct init *init, const struct made *made, bool root, struct why *why)
{
	const struct authority authority = {
		.name = made->name,
		.root = root,
		.has_key = true,
		.key_uri = made->key_uri,
		.organizations = init->organization.key,
		.certificate = made->certificate,
	};
	enum outcome o = authority_print(stdout, init->arena, &authority, why);

	(void)putchar('\n');
	return o;
}

static enum outcome
tell(const struct init *init, struct why *why)
{
	const char *literal = database_literal(init->arena, init->issuing.name);
	enum outcome o = made_tell(init, &init->issuing, false, why);

	if (o == OUTCOME_OK && init->options->root == NULL)
		o = made_tell(init, &init->root, true, why);
	if (init->organization.key != NULL)
		(void)printf("next: the web server's device host must trust it: muster-ca show --pem "
			     "--organization %s\n",
		    init->organization.key);
	else
		(void)printf("next: give it to an organization: SELECT muster.set_authority('KEY', %s);\n",
		    literal != NULL ? literal : "'NAME'");
	(void)printf(
	    "muster needs the same passphrase: --passphrase-file %s\n", init->options->passphrase_file);
	if (init->issuing.key_uri != NULL)
		(void)printf("and the token's module and PIN: --pkcs11-module %s --pin-file FILE\n",
		    init->options->pkcs11.module);
	return o;
}

/* --- in this order --- */

static enum outcome
init_steps(struct init *init, struct why *why)
{
	const struct options *options = init->options;
	enum outcome o;

	if ((o = secret_read_file(options->passphrase_file, &init->passphrase, why)) != OUTCOME_OK ||
	    (o = database_open(options->database, &init->conn, why)) != OUTCOME_OK ||
	    (o = organization_find(init, why)) != OUTCOME_OK ||
	    (o = authorities_load(init->conn, init->arena, NULL, &init->there, why)) != OUTCOME_OK ||
	    (o = names_choose(init->arena, &init->there, options->name, init->organization.name,
		 options->root == NULL, &init->names, why)) != OUTCOME_OK ||
	    (o = passphrase_check(init, why)) != OUTCOME_OK || (o = make_all(init, why)) != OUTCOME_OK ||
	    (o = store(init, why)) != OUTCOME_OK)
		return o;
	return tell(init, why);
}

/* A key that nobody recorded is not left in a token; but one that perhaps was recorded is. */
static void
undo(const struct init *init, struct why *why)
{
	const char *uri[] = { init->issuing.key_uri, init->root.key_uri };
	const struct why first = *why;
	struct why reason;

	if (init->conn != NULL && PQstatus(init->conn) != CONNECTION_OK)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(uri); i++)
		if (uri[i] != NULL &&
		    pkcs11_key_delete(&init->options->pkcs11, uri[i], &reason) != OUTCOME_OK)
			(void)refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
			    "%.150s; and a key is left in the token: %.200s", first.text, reason.text);
}

enum outcome
init_run(const struct options *options, struct why *why)
{
	struct init init = { .options = options, .arena = arena_new() };
	enum outcome o = init_steps(&init, why);

	signer_release(&init.signer);
	signer_release(&init.issuing_signer);
	if (!init.stored)
		undo(&init, why);
	pkcs11_close();
	PQfinish(init.conn);
	secret_release(&init.passphrase);
	arena_free(init.arena);
	return o;
}
