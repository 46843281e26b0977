#include <muster/store/issuer.h>

#include "row.h"

#define AUTHORITIES_MAX 256
#define PROFILES_MAX 65536

/* One statement without parameters, any number of rows up to max. */
static enum outcome
rows(struct pg *pg, const char *sql, int columns, int max, struct deadline deadline, PGresult **result,
    struct why *why)
{
	enum outcome o;

	if ((o = pg_call(pg, sql, NULL, 0, columns, deadline, result, NULL, NULL, why)) != OUTCOME_OK)
		return o;
	if (PQntuples(*result) > max)
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "%d rows, at most %d are served: %s",
		    PQntuples(*result), max, sql);
	return OUTCOME_OK;
}

static enum outcome
generation_load(struct pg *pg, struct arena *arena, struct deadline deadline,
    struct issuer_configuration *configuration, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if ((o = rows(pg,
		 "SELECT generation, sealing_key, sealing_key_sha256 FROM muster_issuer.generation()", 3, 1,
		 deadline, &result, why)) != OUTCOME_OK ||
	    (o = row_one(result, "generation", why)) != OUTCOME_OK)
		return o;
	configuration->generation = pg_number(result, 0, 0, 0);
	configuration->sealing_key = pg_bytes(arena, result, 0, 1);
	configuration->sealing_key_sha256 = pg_bytes(arena, result, 0, 2);
	return OUTCOME_OK;
}

static enum outcome
authorities_load(struct pg *pg, struct arena *arena, struct deadline deadline,
    struct issuer_configuration *configuration, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if ((o = rows(pg,
		 "SELECT id, name, private_key, certificate, root, key_uri FROM muster_issuer.authorities()",
		 6, AUTHORITIES_MAX, deadline, &result, why)) != OUTCOME_OK)
		return o;
	configuration->authorities = (size_t)PQntuples(result);
	configuration->authority =
	    arena_alloc(arena, configuration->authorities * sizeof(*configuration->authority));
	for (int row = 0; row < PQntuples(result); row++)
		configuration->authority[row] = (struct stored_authority){
			.id = pg_text(arena, result, row, 0),
			.name = pg_text(arena, result, row, 1),
			.private_key = pg_bytes(arena, result, row, 2),
			.certificate = pg_bytes(arena, result, row, 3),
			.root = pg_bytes(arena, result, row, 4),
			.key_uri = pg_text(arena, result, row, 5),
		};
	return OUTCOME_OK;
}

static struct stored_authority *
authority_find(struct issuer_configuration *configuration, const char *id)
{
	for (size_t i = 0; id != NULL && i < configuration->authorities; i++)
		if (strcmp(configuration->authority[i].id, id) == 0)
			return &configuration->authority[i];
	return NULL;
}

static enum outcome
publications_load(struct pg *pg, struct arena *arena, struct deadline deadline,
    struct issuer_configuration *configuration, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if ((o = rows(pg, "SELECT authority, crl_url, ca_url, ocsp_url FROM muster_issuer.publications()", 4,
		 AUTHORITIES_MAX, deadline, &result, why)) != OUTCOME_OK)
		return o;
	for (int row = 0; row < PQntuples(result); row++) {
		struct stored_authority *authority =
		    authority_find(configuration, pg_text(arena, result, row, 0));

		if (authority == NULL)
			continue;
		authority->crl_url = pg_text(arena, result, row, 1);
		authority->ca_url = pg_text(arena, result, row, 2);
		authority->ocsp_url = pg_text(arena, result, row, 3);
	}
	return OUTCOME_OK;
}

static enum outcome
profiles_load(struct pg *pg, struct arena *arena, struct deadline deadline,
    struct issuer_configuration *configuration, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if ((o = rows(pg,
		 "SELECT organization, authority, validity_seconds, backdate_seconds, minimum_key_length"
		 " FROM muster_issuer.profiles()",
		 5, PROFILES_MAX, deadline, &result, why)) != OUTCOME_OK)
		return o;
	configuration->profiles = (size_t)PQntuples(result);
	configuration->profile =
	    arena_alloc(arena, configuration->profiles * sizeof(*configuration->profile));
	for (int row = 0; row < PQntuples(result); row++)
		configuration->profile[row] = (struct stored_profile){
			.organization = pg_text(arena, result, row, 0),
			.authority = pg_text(arena, result, row, 1),
			.validity_seconds = pg_number(result, row, 2, 0),
			.backdate_seconds = pg_number(result, row, 3, 0),
			.minimum_key_length = (int)pg_number(result, row, 4, 0),
		};
	return OUTCOME_OK;
}

enum outcome
store_issuer_configuration(struct pg *pg, struct arena *arena, struct deadline deadline,
    struct issuer_configuration *configuration, struct why *why)
{
	enum outcome o;

	*configuration = (struct issuer_configuration){ 0 };
	/* The generation first: what moves between the calls is then newer than it says, and record() tells.
	 */
	if ((o = generation_load(pg, arena, deadline, configuration, why)) != OUTCOME_OK ||
	    (o = authorities_load(pg, arena, deadline, configuration, why)) != OUTCOME_OK ||
	    (o = publications_load(pg, arena, deadline, configuration, why)) != OUTCOME_OK)
		return o;
	return profiles_load(pg, arena, deadline, configuration, why);
}

enum outcome
store_record(struct pg *pg, struct arena *arena, struct deadline deadline, const struct record *record,
    struct decision *decision, bool *stale, struct recorded *recorded, enum pg_end *end, int64_t *us,
    struct why *why)
{
	/* A procedure's results are places in its call, and the columns of its row. */
	enum {
		RECORD_OUTCOME,
		RECORD_WHY,
		RECORD_TEXT,
		STALE,
		CERTIFICATE,
		LANGUAGE,
		DETAILS,
		DEVICE,
		DM_SECRETS,
		ISSUING,
		ROOT,
		COLUMNS
	};
	static const char sql[] =
	    "CALL muster_issuer.record_read_committed("
	    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
	    " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)";
	static const struct decision_columns columns = { RECORD_OUTCOME, RECORD_WHY, RECORD_TEXT, LANGUAGE,
		DETAILS };
	const struct pg_param param[] = {
		PG_TEXT(record->grant),
		PG_TEXT(record->trace),
		PG_TEXT(record->attempt),
		PG_TEXT(record->remote),
		PG_TEXT(record->organization),
		PG_TEXT(record->account),
		PG_TEXT(record->authority),
		PG_TEXT(arena_printf(arena, "%lld", (long long)record->generation)),
		PG_BYTES(record->serial),
		PG_BYTES(record->sha256),
		PG_BYTES(record->certificate),
		PG_BYTES(record->public_key_sha256),
		PG_BYTES(record->dm_secrets),
		PG_TEXT(arena_printf(arena, "%lld", (long long)record->not_before)),
		PG_TEXT(arena_printf(arena, "%lld", (long long)record->not_after)),
		PG_TEXT(record->facts),
		PG_TEXT(record->claim),
	};
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*decision = (struct decision){ 0 };
	*stale = false;
	*recorded = (struct recorded){ 0 };
	if ((o = pg_call(pg, sql, param, ARRAY_SIZE(param), COLUMNS, deadline, &result, end, us, why)) !=
		OUTCOME_OK ||
	    (o = row_one(result, "record", why)) != OUTCOME_OK ||
	    (o = row_decision(arena, result, columns, decision, why)) != OUTCOME_OK)
		return o;
	*stale = pg_bool(result, 0, STALE);
	recorded->certificate = pg_bytes(arena, result, 0, CERTIFICATE);
	recorded->device = pg_text(arena, result, 0, DEVICE);
	recorded->dm_secrets = pg_bytes(arena, result, 0, DM_SECRETS);
	recorded->issuing = pg_bytes(arena, result, 0, ISSUING);
	recorded->root = pg_bytes(arena, result, 0, ROOT);
	if (decision->outcome == OUTCOME_OK && (recorded->certificate.size == 0 || recorded->device == NULL))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "record: done, but without a certificate");
	return OUTCOME_OK;
}
