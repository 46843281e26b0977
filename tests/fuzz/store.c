/*
 * The rows of the database's functions: the first byte chooses the function, the second the number of
 * rows, the fields after them are the values; one that begins with byte 1 is NULL.
 */
#include "fuzz.h"

#include <muster/store/issuer.h>
#include <muster/store/worker.h>

static struct arena *arena;
static struct bytes rest;
static int rows;

enum outcome __wrap_pg_call(struct pg *, const char *, const struct pg_param *, int, int, struct deadline,
    PGresult **, enum pg_end *, int64_t *, struct why *);

enum outcome
__wrap_pg_call(struct pg *pg, const char *sql, const struct pg_param *param, int params, int columns,
    struct deadline deadline, PGresult **result, enum pg_end *end, int64_t *us, struct why *why)
{
	PGresAttDesc column[64] = { 0 };

	(void)pg, (void)sql, (void)param, (void)params, (void)deadline, (void)end, (void)us, (void)why;
	for (int i = 0; i < columns; i++)
		column[i].name = (char *)(uintptr_t) "";
	*result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	if (*result == NULL || !PQsetResultAttrs(*result, columns, column))
		abort();
	for (int i = 0; i < rows * columns; i++) {
		char *value = fuzz_field(arena, &rest);
		int length = value[0] == 1 ? -1 : (int)strlen(value);

		if (!PQsetvalue(*result, i / columns, i % columns, value, length))
			abort();
	}
	return OUTCOME_OK;
}

static enum outcome
issuer_call(uint8_t function, struct why *why)
{
	const struct deadline deadline = { 0 };
	struct issuer_configuration configuration;
	struct record record = { 0 };
	struct decision decision;
	struct recorded recorded;
	enum outcome o;
	bool stale;

	if (function == 5)
		return store_issuer_configuration(NULL, arena, deadline, &configuration, why);
	o = store_record(NULL, arena, deadline, &record, &decision, &stale, &recorded, NULL, NULL, why);
	FUZZ_CHECK(o != OUTCOME_OK || decision.outcome != OUTCOME_OK ||
	    (recorded.certificate.size > 0 && recorded.device != NULL));
	return o;
}

static enum outcome
call(uint8_t function, struct why *why)
{
	static const struct tried tried = { .looked_at = true };
	static const struct refusal refusal = { .outcome = OUTCOME_AUTHORIZATION };
	struct store store = { 0 };
	static const struct claim claim = { "", "{}" };
	struct directions directions;
	struct enrollment_policy policy;
	struct grant grant;
	static const struct newcomer newcomer = { .claim = &claim };
	struct device_status status;
	struct decision decision;
	struct presentation presentation;
	const char *summary;
	bool more;

	switch (function) {
	case 0: return store_discover(&store, arena, "", &directions, why);
	case 1: return store_policy(&store, arena, "", &claim, "", &policy, why);
	case 2: return store_consider(&store, arena, "", &claim, "", "", &grant, why);
	case 3: return store_device(&store, arena, (struct bytes){ 0 }, "", &status, why);
	case 4: return store_housekeeping(&store, arena, &summary, &more, why);
	case 5:
	case 6: return issuer_call(function, why);
	case 8: return store_count(&store, "[]", why);
	case 9: return store_welcome(&store, arena, &newcomer, &decision, why);
	case 10: return store_count_password(&store, &tried, why);
	case 11: return store_page(&store, arena, "", "", &presentation, why);
	default: return store_refuse(&store, arena, &refusal, why);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct why why;
	enum outcome o;

	if (size < 2)
		return 0;
	arena = arena_new();
	rest = (struct bytes){ data + 2, size - 2 };
	rows = data[1] & 3;
	o = call(data[0] & 15, &why);
	FUZZ_OUTCOME(o, &why, OUTCOME_ENROLLMENT_SERVER, OUTCOME_INTERNAL_SERVICE_FAULT);
	fuzz_accepted = o == OUTCOME_OK;
	arena_free(arena);
	return 0;
}
