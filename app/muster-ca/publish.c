#include "publish.h"

#include <muster/authority/crl.h>
#include <muster/base/clock.h>

#include "authorities.h"
#include "database.h"
#include "opening.h"
#include "whole.h"

/* As many as muster.crl_entries gives at once. */
#define PAGE 10000

/* A list from a file: 400,000 entries of 40 bytes, in PEM. */
#define LIST_MAX (32 * 1024 * 1024)

struct entries {
	struct crl_entry *list;
	size_t count;
};

/* --- what stands in it --- */

static struct crl_entry *
entries_grow(struct arena *arena, struct entries *entries, size_t by)
{
	struct crl_entry *longer = arena_alloc(arena, (entries->count + by) * sizeof(*longer));

	if (entries->count > 0)
		memcpy(longer, entries->list, entries->count * sizeof(*longer));
	entries->list = longer;
	return longer + entries->count;
}

static enum outcome
devices_load(
    PGconn *conn, struct arena *arena, const char *authority, struct entries *entries, struct why *why)
{
	struct bytes after = { NULL, 0 };
	enum outcome o = OUTCOME_OK;
	int rows = PAGE;

	while (o == OUTCOME_OK && rows == PAGE) {
		const struct pg_param param[] = { PG_TEXT(authority), PG_BYTES(after) };
		CLEANUP(pg_result_free) PGresult *result = NULL;
		struct crl_entry *to;

		if ((o = database_query(conn, "SELECT serial, revoked_at FROM muster.crl_entries($1, $2)",
			 param, ARRAY_SIZE(param), &result, why)) != OUTCOME_OK)
			break;
		rows = PQntuples(result);
		to = entries_grow(arena, entries, (size_t)rows);
		for (int row = 0; row < rows; row++)
			to[row] = (struct crl_entry){ pg_bytes(arena, result, row, 0),
				pg_number(result, row, 1, 0) };
		entries->count += (size_t)rows;
		after = rows > 0 ? to[rows - 1].serial : after;
	}
	return o;
}

static enum outcome
authority_add(struct arena *arena, const PGresult *result, int row, struct crl_entry *to, struct why *why)
{
	struct certificate_view view;
	enum outcome o = certificate_view(arena, pg_bytes(arena, result, row, 0), &view, why);

	if (o != OUTCOME_OK || !bytes_from_hex(arena, view.serial, &to->serial))
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "a revoked authority's certificate is unreadable");
	to->revoked_at = pg_number(result, row, 1, 0);
	return OUTCOME_OK;
}

/* The authorities below it; one that has ended leaves as a device's certificate does. */
static enum outcome
authorities_below_load(
    PGconn *conn, struct arena *arena, const char *authority, struct entries *entries, struct why *why)
{
	static const char sql[] =
	    "SELECT c.certificate, floor(extract(epoch FROM c.revoked_at)) FROM muster.authority c"
	    " LEFT JOIN muster.crl l ON l.authority = c.parent WHERE c.parent = $1 AND c.revoked_at IS NOT "
	    "NULL"
	    " AND (l.authority IS NULL OR c.not_after >= l.this_update OR c.revoked_at > l.made_at)"
	    " ORDER BY c.id";
	const struct pg_param param[] = { PG_TEXT(authority) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(conn, sql, param, ARRAY_SIZE(param), &result, why);
	struct crl_entry *to;

	if (o != OUTCOME_OK)
		return o;
	to = entries_grow(arena, entries, (size_t)PQntuples(result));
	for (int row = 0; o == OUTCOME_OK && row < PQntuples(result); row++)
		o = authority_add(arena, result, row, to + row, why);
	entries->count += (size_t)PQntuples(result);
	return o;
}

/* --- storing it --- */

static enum outcome
list_store(PGconn *conn, struct arena *arena, const char *authority, const struct crl_view *list,
    struct bytes der, struct why *why)
{
	const struct pg_param param[] = {
		PG_TEXT(authority),
		PG_TEXT(arena_printf(arena, "%lld", (long long)list->number)),
		PG_TEXT(arena_printf(arena, "%lld", (long long)list->this_update)),
		PG_TEXT(arena_printf(arena, "%lld", (long long)list->next_update)),
		PG_TEXT(arena_printf(arena, "%zu", list->entries)),
		PG_BYTES(der),
	};
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = database_query(
	    conn, "SELECT muster.store_crl($1, $2, $3, $4, $5, $6)", param, ARRAY_SIZE(param), &result, why);

	if (o != OUTCOME_OK)
		return o;
	if (!pg_bool(result, 0, 0))
		return refuse(why, OUTCOME_ENROLLMENT_SERVER,
		    "the list's number %lld is not beyond that of the one there is", (long long)list->number);
	return OUTCOME_OK;
}

static enum outcome
list_begin(PGconn *conn, const char *authority, struct crl_view *list, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(authority) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o =
	    database_query(conn, "SELECT number, this_update, next_update FROM muster.begin_crl($1)", param,
		ARRAY_SIZE(param), &result, why);

	if (o != OUTCOME_OK)
		return o;
	if (PQntuples(result) != 1)
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "there is no authority %s", authority);
	list->number = pg_number(result, 0, 0, 0);
	list->this_update = pg_number(result, 0, 1, 0);
	list->next_update = pg_number(result, 0, 2, 0);
	return OUTCOME_OK;
}

enum outcome
publish_list(PGconn *conn, struct arena *arena, const char *authority, const struct signer *signer,
    struct published_list *published, struct why *why)
{
	struct entries entries = { NULL, 0 };
	struct crl_view list = { 0 };
	struct bytes der;
	enum outcome o;

	if ((o = list_begin(conn, authority, &list, why)) != OUTCOME_OK ||
	    (o = devices_load(conn, arena, authority, &entries, why)) != OUTCOME_OK ||
	    (o = authorities_below_load(conn, arena, authority, &entries, why)) != OUTCOME_OK)
		return o;
	list.entries = entries.count;

	const struct crl_request request = { list.number, list.this_update, list.next_update, entries.list,
		entries.count };

	if ((o = crl_sign(arena, signer, &request, &der, why)) != OUTCOME_OK ||
	    (o = list_store(conn, arena, authority, &list, der, why)) != OUTCOME_OK)
		return o;
	*published = (struct published_list){ list.number, list.next_update, list.entries };
	return OUTCOME_OK;
}

/* --- the verb --- */

static enum outcome
signed_here(PGconn *conn, struct arena *arena, const struct options *options,
    const struct authority *authority, struct published_list *published, struct why *why)
{
	CLEANUP(signer_release) struct signer signer = { NULL, NULL };
	enum outcome o;

	if (!authority->has_key)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the key of \"%s\" is not in the database: make the list where it is, and bring it with "
		    "--import "
		    "FILE",
		    authority->name);
	if ((o = opening_signer(conn, arena, authority, options, &signer, why)) != OUTCOME_OK)
		return o;
	return publish_list(conn, arena, authority->id, &signer, published, why);
}

/* A list that whoever has the key made, of an authority whose lists are not made here. */
static enum outcome
signed_elsewhere(PGconn *conn, struct arena *arena, const struct options *options,
    const struct authority *authority, struct published_list *published, struct why *why)
{
	struct bytes file, der;
	struct crl_view list;
	enum outcome o;

	if (authority->has_key)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the key of \"%s\" is here: muster-ca publish without --import makes its list",
		    authority->name);
	if ((o = whole_load(arena, options->list_file, LIST_MAX, &file, why)) != OUTCOME_OK ||
	    (o = crl_read(arena, file, authority->certificate, &der, &list, why)) != OUTCOME_OK)
		return o;
	if (list.number < 1)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s: the list has no number (RFC 5280 section 5.2.3)", options->list_file);
	if (list.next_update <= clock_now_ms() / 1000)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s: the list has ended: have a new one made", options->list_file);
	*published = (struct published_list){ list.number, list.next_update, list.entries };
	return list_store(conn, arena, authority->id, &list, der, why);
}

static enum outcome
publish(PGconn *conn, struct arena *arena, const struct options *options, struct why *why)
{
	struct authorities all;
	const struct authority *authority;
	struct published_list published;
	enum outcome o;

	if ((o = authorities_load(conn, arena, NULL, &all, why)) != OUTCOME_OK)
		return o;
	if ((authority = authorities_find(&all, options->authority)) == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "there is no authority \"%s\": muster-ca show lists them", options->authority);
	if ((o = database_begin(conn, why)) != OUTCOME_OK ||
	    (o = (options->list_file != NULL ? signed_elsewhere : signed_here)(
		 conn, arena, options, authority, &published, why)) != OUTCOME_OK ||
	    (o = database_commit(conn, why)) != OUTCOME_OK)
		return o;
	(void)printf("authority \"%s\": list of revoked certificates %lld with %zu %s, good until %s\n",
	    authority->name, (long long)published.number, published.entries,
	    published.entries == 1 ? "entry" : "entries", clock_text(arena, published.next_update * 1000));
	return OUTCOME_OK;
}

enum outcome
publish_run(const struct options *options, struct why *why)
{
	struct arena *arena = arena_new();
	PGconn *conn = NULL;
	enum outcome o = database_open(options->database, &conn, why);

	if (o == OUTCOME_OK)
		o = publish(conn, arena, options, why);
	PQfinish(conn);
	arena_free(arena);
	return o;
}
