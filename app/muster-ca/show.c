#include "show.h"

#include <muster/authority/certificate.h>

#include "database.h"

enum { NAME, KIND, ROOT, KEY_TYPE, HAS_KEY, ORGANIZATIONS, CERTIFICATE };

/* Issuing authorities by name, each followed by its root; a root of several comes after the last of them. */
static const char sql[] =
    "SELECT a.name, a.kind, a.root, a.key_type, a.has_key, array_to_string(a.organizations, ', '), "
    "a.certificate"
    "  FROM muster.authorities a"
    "  LEFT JOIN LATERAL (SELECT max(i.name) AS name FROM muster.authorities i"
    "       WHERE i.root = a.name AND ($1::text IS NULL OR $1 = ANY (i.organizations))) last ON true"
    " WHERE $1::text IS NULL OR $1 = ANY (a.organizations) OR last.name IS NOT NULL"
    " ORDER BY CASE a.kind WHEN 'issuing' THEN a.name ELSE coalesce(last.name, a.name) END, a.kind, a.name";

static void
line(const char *label, const char *value)
{
	if (value != NULL && value[0] != '\0')
		(void)printf("  %-14s %s\n", label, value);
}

static enum outcome
show_text(struct arena *arena, const PGresult *result, int row, struct why *why)
{
	struct bytes der = pg_bytes(arena, result, row, CERTIFICATE);
	bool root = strcmp(PQgetvalue(result, row, KIND), "root") == 0;
	struct certificate_view view;
	enum outcome o;

	if ((o = certificate_view(arena, der, &view, why)) != OUTCOME_OK)
		return o;
	(void)printf("%s authority \"%s\"\n", root ? "Root" : "Issuing", PQgetvalue(result, row, NAME));
	line("subject", view.subject);
	line("issuer", view.issuer);
	line("root", root ? NULL : PQgetvalue(result, row, ROOT));
	line("key", view.key);
	line("private key",
	    pg_bool(result, row, HAS_KEY) ? "in the database, encrypted under the passphrase"
					  : "kept elsewhere");
	line("serial", view.serial);
	line("valid from", clock_text(arena, view.not_before * 1000));
	line("valid until", clock_text(arena, view.not_after * 1000));
	line("SHA-1", view.sha1);
	line("SHA-256", view.sha256);
	line("signs for", root ? "issuing authorities only" : PQgetvalue(result, row, ORGANIZATIONS));
	return OUTCOME_OK;
}

static enum outcome
show_pem(struct arena *arena, const PGresult *result, int row, struct why *why)
{
	char *pem = NULL;
	enum outcome o = certificate_to_pem(arena, pg_bytes(arena, result, row, CERTIFICATE), &pem, why);

	if (o == OUTCOME_OK)
		(void)fputs(pem, stdout);
	return o;
}

static enum outcome
nothing(const struct options *options, struct why *why)
{
	if (options->organization == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "there is no authority yet: muster-ca init --organization KEY makes one");
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
	    "organization %s has no authority: muster-ca init --organization %s makes one",
	    options->organization, options->organization);
}

/* The key as the database spells it; an unknown one is an error there. */
static enum outcome
organization_key(PGconn *conn, struct arena *arena, const char *asked, const char **key, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(asked) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*key = NULL;
	if (asked == NULL)
		return OUTCOME_OK;
	if ((o = database_query(conn,
		 "SELECT key FROM muster.organizations WHERE id = muster.organization_id($1)", param,
		 ARRAY_SIZE(param), &result, why)) == OUTCOME_OK)
		*key = pg_text(arena, result, 0, 0);
	return o;
}

static enum outcome
show_all(PGconn *conn, struct arena *arena, const struct options *options, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	struct pg_param param = { 0 };
	enum outcome o;

	if ((o = organization_key(conn, arena, options->organization, &param.text, why)) != OUTCOME_OK ||
	    (o = database_query(conn, sql, &param, 1, &result, why)) != OUTCOME_OK)
		return o;
	if (PQntuples(result) == 0)
		return nothing(options, why);
	for (int row = 0; row < PQntuples(result) && o == OUTCOME_OK; row++) {
		if (row > 0 && !options->pem)
			(void)putchar('\n');
		o = (options->pem ? show_pem : show_text)(arena, result, row, why);
	}
	return o;
}

enum outcome
show_run(PGconn *conn, const struct options *options, struct why *why)
{
	struct arena *arena = arena_new();
	enum outcome o = show_all(conn, arena, options, why);

	arena_free(arena);
	return o;
}
