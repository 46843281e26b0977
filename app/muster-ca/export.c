#include "export.h"

#include <muster/authority/crl.h>
#include <muster/base/clock.h>

#include "authorities.h"
#include "database.h"
#include "whole.h"

struct export
{
	PGconn *conn;
	struct arena *arena;
	struct authorities all;
	char *ca, *crl; /* PEM */
};

/* --- what is published --- */

/* A web server that misses one of them refuses everybody. */
static enum outcome
list_add(struct export *export, const struct authority *authority, struct why *why)
{
	static const char sql[] =
	    "SELECT l.der, l.next_update <= now() FROM muster.crl l WHERE l.authority = $1";
	const struct pg_param param[] = { PG_TEXT(authority->id) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	char *pem;
	enum outcome o = database_query(export->conn, sql, param, ARRAY_SIZE(param), &result, why);

	if (o != OUTCOME_OK)
		return o;
	if (PQntuples(result) != 1 || pg_bool(result, 0, 1))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the list of revoked certificates of \"%s\" %s: the files are left as they are "
		    "(muster-ca publish)",
		    authority->name, PQntuples(result) != 1 ? "is missing" : "has ended");
	if ((o = crl_to_pem(export->arena, pg_bytes(export->arena, result, 0, 0), &pem, why)) == OUTCOME_OK)
		export->crl = arena_printf(export->arena, "%s%s", export->crl, pem);
	return o;
}

/* One that has ended has signed nothing that is good. */
static enum outcome
authority_add(struct export *export, const struct authority *authority, struct why *why)
{
	struct certificate_view view;
	char *pem;
	enum outcome o;

	if ((o = certificate_view(export->arena, authority->certificate, &view, why)) != OUTCOME_OK ||
	    view.not_after <= clock_now_ms() / 1000)
		return o;
	if ((o = list_add(export, authority, why)) != OUTCOME_OK ||
	    (o = certificate_to_pem(export->arena, authority->certificate, &pem, why)) != OUTCOME_OK)
		return o;
	export->ca = arena_printf(export->arena, "%s%s", export->ca, pem);
	return OUTCOME_OK;
}

static enum outcome
collect(struct export *export, const struct options *options, struct why *why)
{
	struct organization organization = { NULL, NULL, NULL };
	enum outcome o;

	if ((options->organization != NULL &&
		(o = organization_load(export->conn, export->arena, options->organization, &organization,
		     why)) != OUTCOME_OK) ||
	    (o = authorities_load(export->conn, export->arena, organization.key, &export->all, why)) !=
		OUTCOME_OK)
		return o;
	export->ca = export->crl = arena_strdup(export->arena, "");
	for (size_t i = 0; i < export->all.count; i++)
		if ((o = authority_add(export, &export->all.list[i], why)) != OUTCOME_OK)
			return o;
	if (*export->ca == '\0')
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "there is no authority to trust: the files are left as they are (muster-ca show)");
	return OUTCOME_OK;
}

/* --- the files --- */

static enum outcome
file_write(struct export *export, const char *directory, const char *name, const char *pem, struct why *why)
{
	bool changed;
	enum outcome o = whole_replace(export->arena, arena_printf(export->arena, "%s/%s", directory, name),
	    bytes_of(pem), &changed, why);

	if (o == OUTCOME_OK && changed)
		(void)printf("%s\n", name);
	return o;
}

/* While there is still time. */
static enum outcome
warn(struct export *export, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(export->conn,
	    "SELECT finding, next_step FROM muster.check_crls() WHERE severity <> 'note'", NULL, 0, &result,
	    why);

	for (int row = 0; o == OUTCOME_OK && row < PQntuples(result); row++)
		(void)fprintf(stderr, "muster-ca: warning: %s (%s)\n", PQgetvalue(result, row, 0),
		    PQgetvalue(result, row, 1));
	return o;
}

static enum outcome
export_steps(struct export *export, const struct options *options, struct why *why)
{
	enum outcome o;

	/* The lists first: a list too many does no harm, one too few shuts an authority's devices out. */
	if ((o = collect(export, options, why)) != OUTCOME_OK ||
	    (o = file_write(export, options->directory_path, "crl.pem", export->crl, why)) != OUTCOME_OK ||
	    (o = file_write(export, options->directory_path, "ca.pem", export->ca, why)) != OUTCOME_OK)
		return o;
	return warn(export, why);
}

enum outcome
export_run(const struct options *options, struct why *why)
{
	struct export export = { .arena = arena_new() };
	enum outcome o = database_open(options->database, &export.conn, why);

	if (o == OUTCOME_OK)
		o = export_steps(&export, options, why);
	PQfinish(export.conn);
	arena_free(export.arena);
	return o;
}
