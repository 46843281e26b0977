#include "authorities.h"

#include <muster/authority/certificate.h>
#include <muster/base/text.h>

#include "database.h"

enum outcome
authorities_load(
    PGconn *conn, struct arena *arena, const char *organization, struct authorities *all, struct why *why)
{
	static const char sql[] =
	    "SELECT a.id, a.name, a.kind, a.has_key, array_to_string(a.organizations, ', '), a.certificate,"
	    "       a.key_uri"
	    "  FROM muster.authorities a"
	    " WHERE $1::text IS NULL OR EXISTS (SELECT FROM muster.authorities i"
	    "       WHERE i.kind = 'issuing' AND a.name IN (i.name, i.root) AND ($1 = ANY (i.organizations)"
	    "             OR EXISTS (SELECT FROM muster.certificate c JOIN muster.organization o ON o.id = "
	    "c.organization"
	    "                         WHERE o.key = $1 AND c.authority = i.id AND c.not_after > now())))"
	    " ORDER BY coalesce(a.root, a.name), a.kind, a.created_at, a.name";
	const struct pg_param param[] = { PG_TEXT(organization) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	struct authority *list;
	enum outcome o;

	if ((o = database_query(conn, sql, param, ARRAY_SIZE(param), &result, why)) != OUTCOME_OK)
		return o;
	list = arena_alloc(arena, (size_t)PQntuples(result) * sizeof(*list));
	for (int row = 0; row < PQntuples(result); row++)
		list[row] = (struct authority){
			.id = pg_text(arena, result, row, 0),
			.name = pg_text(arena, result, row, 1),
			.root = strcmp(PQgetvalue(result, row, 2), "root") == 0,
			.has_key = pg_bool(result, row, 3),
			.organizations = pg_text(arena, result, row, 4),
			.certificate = pg_bytes(arena, result, row, 5),
			.key_uri = pg_text(arena, result, row, 6),
		};
	*all = (struct authorities){ list, (size_t)PQntuples(result) };
	return OUTCOME_OK;
}

const struct authority *
authorities_find(const struct authorities *all, const char *name)
{
	for (size_t i = 0; i < all->count; i++)
		if (text_equal_fold(all->list[i].name, name) || text_equal_fold(all->list[i].id, name))
			return &all->list[i];
	return NULL;
}

enum outcome
authority_key_read(PGconn *conn, struct arena *arena, const struct authority *authority, struct bytes *pkcs8,
    struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(authority->id) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if ((o = database_query(conn, "SELECT muster.authority_key($1)", param, ARRAY_SIZE(param), &result,
		 why)) == OUTCOME_OK)
		*pkcs8 = pg_bytes(arena, result, 0, 0);
	return o;
}

static void
line(FILE *out, const char *label, const char *value)
{
	(void)fprintf(out, "  %-12s %s\n", label, value);
}

enum outcome
authority_print(FILE *out, struct arena *arena, const struct authority *authority, struct why *why)
{
	struct certificate_view view;
	enum outcome o;

	if ((o = certificate_view(arena, authority->certificate, &view, why)) != OUTCOME_OK)
		return refuse(
		    why, o, "authority \"%s\": %s", authority->name, arena_strdup(arena, why->text));
	(void)fprintf(out, "%s authority \"%s\"\n", authority->root ? "root" : "issuing", authority->name);
	line(out, "subject", view.subject);
	line(out, "issuer", view.issuer);
	line(out, "key", view.key);
	line(out, "private key",
	    authority->key_uri != NULL ? arena_printf(arena, "in a token, %s", authority->key_uri)
		: authority->has_key   ? "in the database, encrypted under the passphrase"
				       : "kept elsewhere");
	line(out, "serial", view.serial);
	line(out, "valid from", clock_text(arena, view.not_before * 1000));
	line(out, "valid until", clock_text(arena, view.not_after * 1000));
	line(out, "SHA-1", view.sha1);
	line(out, "SHA-256", view.sha256);
	line(out, "signs for",
	    authority->root			   ? "issuing authorities only"
		: authority->organizations != NULL ? authority->organizations
						   : "no organization at present");
	return OUTCOME_OK;
}

enum outcome
organization_load(
    PGconn *conn, struct arena *arena, const char *key, struct organization *organization, struct why *why)
{
	static const char sql[] = "SELECT key, name, authority FROM muster.organizations"
				  " WHERE id = muster.organization_id($1)";
	const struct pg_param param[] = { PG_TEXT(key) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if ((o = database_query(conn, sql, param, ARRAY_SIZE(param), &result, why)) != OUTCOME_OK)
		return o;
	/* None where the database hides it from this administrator. */
	if (PQntuples(result) != 1)
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "there is no organization \"%s\"", key);
	*organization = (struct organization){
		.key = pg_text(arena, result, 0, 0),
		.name = pg_text(arena, result, 0, 1),
		.authority = pg_text(arena, result, 0, 2),
	};
	return OUTCOME_OK;
}
