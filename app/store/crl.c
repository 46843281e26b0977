#include <muster/store/crl.h>

#include "row.h"

/* As muster_issuer.crl_entries gives them at most, and how many pieces are borne. */
#define PAGE 10000
#define PAGES_MAX 1000

/* Bytes of a list that are asked for at once: libpq's buffer never shrinks. */
#define PIECE (256 * 1024)

/* As long as a list may be in the database. */
#define CRL_MAX (64 * 1024 * 1024)

/* --- making --- */

enum outcome
store_crl_due(struct pg *pg, struct arena *arena, struct deadline deadline,
    const char *authority[CRL_DUE_MAX], size_t *due, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = pg_call(pg, "SELECT authority FROM muster_issuer.crl_due()", NULL, 0, 1, deadline,
	    &result, NULL, NULL, why);

	*due = 0;
	for (int row = 0; o == OUTCOME_OK && row < PQntuples(result) && row < CRL_DUE_MAX; row++)
		authority[(*due)++] = pg_text(arena, result, row, 0);
	return o;
}

static enum outcome
command(struct pg *pg, const char *sql, struct deadline deadline, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;

	return pg_call(pg, sql, NULL, 0, 0, deadline, &result, NULL, NULL, why);
}

enum outcome
store_begin(struct pg *pg, struct deadline deadline, struct why *why)
{
	/* What was committed while a lock was waited for must be seen, whatever the role's default is. */
	return command(pg, "BEGIN ISOLATION LEVEL READ COMMITTED", deadline, why);
}

enum outcome
store_commit(struct pg *pg, struct deadline deadline, struct why *why)
{
	return command(pg, "COMMIT", deadline, why);
}

void
store_rollback(struct pg *pg, struct deadline deadline)
{
	(void)command(pg, "ROLLBACK", deadline, NULL);
}

enum outcome
store_crl_begin(struct pg *pg, struct deadline deadline, const char *authority, struct crl_begun *begun,
    bool *found, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(authority) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o =
	    pg_call(pg, "SELECT number, this_update, next_update FROM muster_issuer.begin_crl($1)", param,
		ARRAY_SIZE(param), 3, deadline, &result, NULL, NULL, why);

	*found = o == OUTCOME_OK && PQntuples(result) == 1;
	if (*found)
		*begun = (struct crl_begun){
			.number = pg_number(result, 0, 0, 0),
			.this_update = pg_number(result, 0, 1, 0),
			.next_update = pg_number(result, 0, 2, 0),
		};
	return o;
}

/* One page after the last of list; *got is how many there were. */
static enum outcome
page_load(struct pg *pg, struct arena *arena, struct deadline deadline, const char *authority,
    struct crl_entry *list, size_t count, size_t *got, struct why *why)
{
	const struct bytes none = { NULL, 0 };
	const struct pg_param param[] = { PG_TEXT(authority),
		PG_BYTES(count > 0 ? list[count - 1].serial : none) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = pg_call(pg, "SELECT serial, revoked_at FROM muster_issuer.crl_entries($1, $2)",
	    param, ARRAY_SIZE(param), 2, deadline, &result, NULL, NULL, why);

	*got = 0;
	if (o != OUTCOME_OK)
		return o;
	if (PQntuples(result) > PAGE)
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "crl_entries: %d rows, at most %d are taken",
		    PQntuples(result), PAGE);
	for (int row = 0; row < PQntuples(result); row++)
		list[count + (*got)++] =
		    (struct crl_entry){ pg_bytes(arena, result, row, 0), pg_number(result, row, 1, 0) };
	return OUTCOME_OK;
}

enum outcome
store_crl_entries(struct pg *pg, struct arena *arena, struct deadline deadline, const char *authority,
    const struct crl_entry **entry, size_t *entries, struct why *why)
{
	struct crl_entry *list = NULL;
	size_t got = 0;
	enum outcome o;

	*entries = 0;
	for (int page = 0; page < PAGES_MAX; page++) {
		struct crl_entry *longer = arena_alloc(arena, (*entries + PAGE) * sizeof(*longer));

		if (*entries > 0)
			memcpy(longer, list, *entries * sizeof(*longer));
		*entry = list = longer;
		if ((o = page_load(pg, arena, deadline, authority, list, *entries, &got, why)) != OUTCOME_OK)
			return o;
		*entries += got;
		if (got < PAGE)
			return OUTCOME_OK;
	}
	return refuse(why, OUTCOME_ENROLLMENT_SERVER, "crl_entries: more than %d pages", PAGES_MAX);
}

enum outcome
store_crl(struct pg *pg, struct arena *arena, struct deadline deadline, const char *authority,
    const struct crl_begun *begun, struct bytes der, bool *stored, struct why *why)
{
	const struct pg_param param[] = {
		PG_TEXT(authority),
		PG_TEXT(arena_printf(arena, "%lld", (long long)begun->number)),
		PG_TEXT(arena_printf(arena, "%lld", (long long)begun->this_update)),
		PG_TEXT(arena_printf(arena, "%lld", (long long)begun->next_update)),
		PG_TEXT(arena_printf(arena, "%zu", begun->entries)),
		PG_BYTES(der),
	};
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*stored = false;
	if ((o = pg_call(pg, "SELECT stored FROM muster_issuer.store_crl($1, $2, $3, $4, $5, $6)", param,
		 ARRAY_SIZE(param), 1, deadline, &result, NULL, NULL, why)) != OUTCOME_OK ||
	    (o = row_one(result, "store_crl", why)) != OUTCOME_OK)
		return o;
	*stored = pg_bool(result, 0, 0);
	return OUTCOME_OK;
}

/* --- serving --- */

static enum outcome
rows(struct store *store, const char *sql, const struct pg_param *param, int params, int columns,
    PGresult **result, struct why *why)
{
	return pg_call(
	    store->pg, sql, param, params, columns, store->deadline, result, NULL, &store->us, why);
}

enum outcome
store_served_crl(
    struct store *store, struct arena *arena, const char *authority, struct served_crl *crl, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(authority) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*crl = (struct served_crl){ 0 };
	if ((o = rows(store, "SELECT sha256, size, made_at, max_age FROM muster_worker.crl($1)", param,
		 ARRAY_SIZE(param), 4, &result, why)) != OUTCOME_OK)
		return o;
	if (PQntuples(result) != 1)
		return refuse(
		    why, OUTCOME_NOT_FOUND, "authority %s has no list of revoked certificates", authority);
	crl->sha256 = pg_bytes(arena, result, 0, 0);
	crl->size = pg_number(result, 0, 1, 0);
	crl->made_at = pg_number(result, 0, 2, 0);
	crl->max_age = pg_number(result, 0, 3, 0);
	return OUTCOME_OK;
}

static enum outcome
piece_load(struct store *store, struct arena *arena, const char *authority, const struct served_crl *crl,
    size_t from, struct bytes *piece, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(authority), PG_BYTES(crl->sha256),
		PG_TEXT(arena_printf(arena, "%zu", from)), PG_TEXT(arena_printf(arena, "%d", PIECE)) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o = rows(store, "SELECT piece FROM muster_worker.crl_piece($1, $2, $3, $4)", param,
	    ARRAY_SIZE(param), 1, &result, why);

	if (o != OUTCOME_OK)
		return o;
	if (PQntuples(result) != 1)
		return refuse(why, OUTCOME_ENROLLMENT_SERVER,
		    "the list of revoked certificates was replaced while it was read");
	*piece = pg_bytes(arena, result, 0, 0);
	if (piece->size == 0 || piece->size > (size_t)crl->size - from)
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "crl_piece: %zu bytes", piece->size);
	return OUTCOME_OK;
}

enum outcome
store_served_crl_load(
    struct store *store, struct arena *arena, const char *authority, struct served_crl *crl, struct why *why)
{
	size_t size = (size_t)crl->size, have = 0;
	uint8_t *der;
	enum outcome o;

	if (crl->size < 1 || crl->size > CRL_MAX)
		return refuse(
		    why, OUTCOME_ENROLLMENT_SERVER, "crl: a list of %lld bytes", (long long)crl->size);
	der = arena_alloc(arena, size);
	while (have < size) {
		struct arena *passing = arena_new();
		struct bytes piece = { NULL, 0 };

		if ((o = piece_load(store, passing, authority, crl, have, &piece, why)) == OUTCOME_OK)
			memcpy(der + have, piece.data, piece.size);
		have += piece.size;
		arena_free(passing);
		if (o != OUTCOME_OK)
			return o;
	}
	crl->der = (struct bytes){ der, size };
	return OUTCOME_OK;
}

enum outcome
store_served_chain(
    struct store *store, struct arena *arena, const char *key, struct served_chain *chain, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(key) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*chain = (struct served_chain){ .count = 0 };
	if ((o = rows(store, "SELECT certificate, changed_at FROM muster_worker.chain($1)", param,
		 ARRAY_SIZE(param), 2, &result, why)) != OUTCOME_OK)
		return o;
	if (PQntuples(result) < 1 || PQntuples(result) > CHAIN_MAX)
		return refuse(why, OUTCOME_NOT_FOUND, "there is no authority \"%s\"", key);
	chain->changed_at = pg_number(result, 0, 1, 0);
	for (int row = 0; row < PQntuples(result); row++)
		chain->certificate[chain->count++] = pg_bytes(arena, result, row, 0);
	return OUTCOME_OK;
}
