#include "import.h"

#include <muster/authority/path.h>
#include <muster/base/text.h>

#include "database.h"
#include "files.h"
#include "record.h"
#include "show.h"

/* Characters that a name in the database may have, less a number behind it. */
#define NAME_BYTES_MAX 120

struct importing {
	PGconn *conn;
	const struct options *options;
	struct arena *arena;
	struct organization organization; /* key NULL: for nobody yet */
	struct authorities there;
	struct pile pile;
	const char *request, *name; /* the one that waited: id, what the authority is called */
	struct certification_path path;
	struct authority level[CERTIFICATION_PATH_MAX]; /* as they are, or will be, in the database */
};

/* --- what came, and what is there --- */

static enum outcome
files_load(struct importing *in, struct why *why)
{
	const struct options *options = in->options;
	struct bytes file;
	struct why reason;
	enum outcome o;

	for (size_t i = 0; i < options->imports; i++) {
		if ((o = file_load(in->arena, options->import[i], &file, why)) != OUTCOME_OK)
			return o;
		if ((o = pile_add(in->arena, &in->pile, file, &reason)) != OUTCOME_OK)
			return refuse(why, o, "%s: %s", options->import[i], reason.text);
	}
	return OUTCOME_OK;
}

/* Roots and levels that are there already need not come again. */
static enum outcome
there_add(struct importing *in, struct why *why)
{
	enum outcome o = OUTCOME_OK;

	for (size_t i = 0; i < in->there.count && o == OUTCOME_OK; i++)
		if (in->there.list[i].root || in->there.list[i].intermediate)
			o = pile_add(in->arena, &in->pile, in->there.list[i].certificate, why);
	return o;
}

static enum outcome
organization_find(struct importing *in, struct why *why)
{
	const struct options *options = in->options;
	enum outcome o;

	if (options->organization == NULL)
		return OUTCOME_OK;
	if ((o = organization_load(in->conn, in->arena, options->organization, &in->organization, why)) !=
	    OUTCOME_OK)
		return o;
	if (in->organization.authority != NULL && !options->another)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "organization %s has the authority \"%s\" already: --another lets this one take over",
		    in->organization.key, in->organization.authority);
	return OUTCOME_OK;
}

/* Which of those that wait: its key is in one of the certificates. */
static enum outcome
request_find(struct importing *in, struct bytes *public_key_sha256, struct why *why)
{
	static const char sql[] = "SELECT id, name, decode(public_key_sha256, 'hex') FROM "
				  "muster.authority_requests ORDER BY made_at";
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(in->conn, sql, NULL, 0, &result, why);
	int found = 0;

	if (o != OUTCOME_OK)
		return o;
	for (int row = 0; row < PQntuples(result); row++) {
		struct bytes sha256 = pg_bytes(in->arena, result, row, 2);

		if (!pile_has_key(&in->pile, sha256))
			continue;
		in->request = pg_text(in->arena, result, row, 0);
		in->name = pg_text(in->arena, result, row, 1);
		*public_key_sha256 = sha256;
		found++;
	}
	if (found == 1)
		return OUTCOME_OK;
	if (PQntuples(result) == 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "no key waits for its certificate: muster-ca request makes one, and what it asks for");
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
	    found == 0
		? "none of the %zu certificates is of a key that waits: SELECT * FROM "
		  "muster.authority_requests"
		: "the %zu certificates are of several keys that wait: import one chain after the other",
	    in->pile.count);
}

/* --- names --- */

static bool
name_taken(const struct importing *in, size_t levels, const char *name)
{
	if (authorities_find(&in->there, name) != NULL || text_equal_fold(in->name, name))
		return true;
	for (size_t i = in->path.count - levels; i < in->path.count; i++)
		if (text_equal_fold(in->level[i].name, name))
			return true;
	return false;
}

/* By its common name, with a number behind it where that is taken. */
static const char *
name_choose(const struct importing *in, size_t levels, const char *common_name)
{
	const char *base = text_trim(in->arena, text_cut(in->arena, common_name, NAME_BYTES_MAX));
	const char *name = *base != '\0' ? base : "authority";

	for (unsigned n = 2; name_taken(in, levels, name); n++)
		name = arena_printf(in->arena, "%s %u", base, n);
	return name;
}

static const struct authority *
stored_find(const struct authorities *there, struct bytes certificate)
{
	for (size_t i = 0; i < there->count; i++)
		if (bytes_equal(there->list[i].certificate, certificate))
			return &there->list[i];
	return NULL;
}

/* From the root down: each is there, or gets a name. */
static enum outcome
levels_name(struct importing *in, struct why *why)
{
	struct certificate_view view;
	size_t named = 0;
	enum outcome o;

	for (size_t i = in->path.count; i-- > 0; named++) {
		const struct authority *stored = stored_find(&in->there, in->path.certificate[i]);

		if (stored != NULL) {
			in->level[i] = *stored;
			continue;
		}
		if ((o = certificate_view(in->arena, in->path.certificate[i], &view, why)) != OUTCOME_OK)
			return o;
		in->level[i] = (struct authority){
			.name = i == 0 ? in->name : name_choose(in, named, view.common_name),
			.root = i + 1 == in->path.count,
			.intermediate = i > 0 && i + 1 < in->path.count,
			.has_key = i == 0,
			.organizations = i == 0 ? in->organization.key : NULL,
			.certificate = in->path.certificate[i],
		};
	}
	return OUTCOME_OK;
}

/* --- storing --- */

static enum outcome
level_store(struct importing *in, size_t i, const char *parent, const char **id, struct why *why)
{
	struct authority *level = &in->level[i];
	struct certificate_view view;
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if ((o = certificate_view(in->arena, level->certificate, &view, why)) != OUTCOME_OK)
		return o;

	const char *from = clock_text(in->arena, view.not_before * 1000);
	const char *until = clock_text(in->arena, view.not_after * 1000);
	const struct pg_param above[] = { PG_TEXT(level->root ? "root" : "intermediate"),
		PG_TEXT(level->name), PG_TEXT(parent), PG_BYTES(level->certificate), PG_TEXT(from),
		PG_TEXT(until) };
	const struct pg_param issuing[] = { PG_TEXT(in->request), PG_TEXT(parent),
		PG_BYTES(level->certificate), PG_TEXT(from), PG_TEXT(until) };

	o = i == 0 ? database_query(in->conn, "SELECT muster.complete_authority_request($1, $2, $3, $4, $5)",
			 issuing, ARRAY_SIZE(issuing), &result, why)
		   : database_query(in->conn, "SELECT muster.add_authority($1, $2, $3, NULL, $4, $5, $6)",
			 above, ARRAY_SIZE(above), &result, why);
	if (o == OUTCOME_OK)
		*id = pg_text(in->arena, result, 0, 0);
	return o;
}

static enum outcome
store(struct importing *in, struct why *why)
{
	const char *id = NULL;
	enum outcome o;

	if ((o = database_begin(in->conn, why)) != OUTCOME_OK ||
	    (o = record_lock(in->conn, why)) != OUTCOME_OK)
		return o;
	for (size_t i = in->path.count; i-- > 0;) {
		if (in->level[i].id != NULL)
			id = in->level[i].id;
		else if ((o = level_store(in, i, id, &id, why)) != OUTCOME_OK)
			return o;
	}
	if ((o = record_authority_given(in->conn, in->organization.key, id, why)) != OUTCOME_OK)
		return o;
	return database_commit(in->conn, why);
}

/* --- in this order --- */

static enum outcome
tell(const struct importing *in, struct why *why)
{
	const struct authorities all = { in->level, in->path.count };
	const char *literal = database_literal(in->arena, in->name);
	enum outcome o = show_list(stdout, in->arena, &all, false, why);

	if (in->organization.key != NULL)
		(void)printf("\nnext: the web server's device host must trust it: muster-ca show --pem "
			     "--organization %s\n",
		    in->organization.key);
	else
		(void)printf("\nnext: give it to an organization: SELECT muster.set_authority('KEY', %s);\n",
		    literal != NULL ? literal : "'NAME'");
	return o;
}

static enum outcome
import_steps(struct importing *in, struct why *why)
{
	struct bytes public_key_sha256 = { NULL, 0 };
	enum outcome o;

	if ((o = files_load(in, why)) != OUTCOME_OK ||
	    (o = database_open(in->options->database, &in->conn, why)) != OUTCOME_OK ||
	    (o = organization_find(in, why)) != OUTCOME_OK ||
	    (o = authorities_load(in->conn, in->arena, NULL, &in->there, why)) != OUTCOME_OK ||
	    (o = request_find(in, &public_key_sha256, why)) != OUTCOME_OK ||
	    (o = there_add(in, why)) != OUTCOME_OK ||
	    (o = certification_path_find(&in->pile, public_key_sha256, &in->path, why)) != OUTCOME_OK ||
	    (o = certification_path_verify(in->arena, &in->path, clock_now_ms() / 1000, why)) != OUTCOME_OK ||
	    (o = levels_name(in, why)) != OUTCOME_OK || (o = store(in, why)) != OUTCOME_OK)
		return o;
	return tell(in, why);
}

enum outcome
import_run(const struct options *options, struct why *why)
{
	struct arena *arena = arena_new();
	struct importing *in = arena_alloc(arena, sizeof(*in));
	enum outcome o;

	*in = (struct importing){ .options = options, .arena = arena };
	o = import_steps(in, why);
	PQfinish(in->conn);
	arena_free(arena);
	return o;
}
