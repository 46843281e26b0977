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
	    "       a.key_uri, a.chain[2], extract(epoch FROM a.not_before)::bigint,"
	    "       extract(epoch FROM a.not_after)::bigint"
	    "  FROM muster.authorities a"
	    " WHERE $1::text IS NULL OR EXISTS (SELECT FROM muster.authorities i"
	    "       WHERE i.kind = 'issuing' AND a.id = ANY (i.chain) AND ($1 = ANY (i.organizations)"
	    "             OR EXISTS (SELECT FROM muster.certificate c JOIN muster.organization o ON o.id = "
	    "c.organization"
	    "                         WHERE o.key = $1 AND c.authority = i.id AND c.not_after > now())))"
	    " ORDER BY coalesce(a.root, a.name), array_position(ARRAY['issuing', 'intermediate', 'root'], "
	    "a.kind),"
	    "       CASE a.kind WHEN 'intermediate' THEN cardinality(a.chain) END DESC, a.created_at, a.name";
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
			.intermediate = strcmp(PQgetvalue(result, row, 2), "intermediate") == 0,
			.parent = pg_text(arena, result, row, 7),
			.not_before = pg_number(result, row, 8, 0),
			.not_after = pg_number(result, row, 9, 0),
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

static const char *
kind_name(const struct authority *authority)
{
	return authority->root ? "root" : authority->intermediate ? "intermediate" : "issuing";
}

static const char *
key_place(struct arena *arena, const struct authority *authority)
{
	if (authority->key_uri != NULL)
		return arena_printf(arena, "in a token, %s", authority->key_uri);
	if (authority->has_key)
		return "in the database, encrypted under the passphrase";
	return authority->intermediate ? "its owner's" : "kept elsewhere";
}

static const char *
signs_for(const struct authority *authority)
{
	if (authority->root || authority->intermediate)
		return "issuing authorities only";
	return authority->organizations != NULL ? authority->organizations : "no organization at present";
}

/* Until when, and how long that is. */
static const char *
end_text(struct arena *arena, int64_t not_after)
{
	int64_t left = not_after - clock_now_ms() / 1000;
	const char *end = clock_text(arena, not_after * 1000);

	if (left <= 0)
		return arena_printf(arena, "%s (ended)", end);
	return arena_printf(arena, "%s (%lld days left)", end, (long long)(left / (24 * 3600)));
}

static const char *
path_length_text(struct arena *arena, const struct certificate_view *view)
{
	if (view->path_length < 0)
		return "not limited";
	return arena_printf(
	    arena, view->path_length == 0 ? "%d: signs no further authority" : "%d", view->path_length);
}

enum outcome
authority_print(FILE *out, struct arena *arena, const struct authority *authority, struct why *why)
{
	struct certificate_view view;
	enum outcome o;

	if ((o = certificate_view(arena, authority->certificate, &view, why)) != OUTCOME_OK)
		return refuse(
		    why, o, "authority \"%s\": %s", authority->name, arena_strdup(arena, why->text));
	(void)fprintf(out, "%s authority \"%s\"\n", kind_name(authority), authority->name);
	line(out, "subject", view.subject);
	line(out, "issuer", view.issuer);
	line(out, "key", view.key);
	line(out, "private key", key_place(arena, authority));
	line(out, "serial", view.serial);
	line(out, "valid from", clock_text(arena, view.not_before * 1000));
	line(out, "valid until", end_text(arena, view.not_after));
	line(out, "path length", path_length_text(arena, &view));
	line(out, "key usage", *view.key_usage != '\0' ? view.key_usage : "not said");
	line(out, "signature", view.signature);
	if (view.crl_url != NULL)
		line(out, "CRL", view.crl_url);
	if (view.ca_url != NULL)
		line(out, "issuer at", view.ca_url);
	line(out, "SHA-1", view.sha1);
	line(out, "SHA-256", view.sha256);
	line(out, "signs for", signs_for(authority));
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
