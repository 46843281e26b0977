#include <muster/store/renewal.h>

#include "row.h"

enum outcome
store_consider_renewal(struct store *store, struct arena *arena, const char *organization,
    struct bytes serial, const char *claim, const char *remote, struct renewal *renewal, struct why *why)
{
	enum {
		CONSIDER_OUTCOME,
		CONSIDER_WHY,
		CONSIDER_TEXT,
		LANGUAGE,
		DETAILS,
		ORGANIZATION,
		ACCOUNT,
		UPN,
		DEVICE,
		SHA256,
		CERTIFICATE,
		MINIMUM_KEY_LENGTH,
		ALLOW_SHA1,
		PROVIDER_ID,
		RENEWAL_URL,
		RENEW_PERIOD_DAYS,
		RENEW_RETRY_DAYS,
		DEVICE_ENROLLMENT,
		COLUMNS
	};
	static const char sql[] =
	    "SELECT outcome, why, text, language, details, organization, account, upn, device, sha256,"
	    " certificate, minimum_key_length, allow_sha1, provider_id, renewal_url, renew_period_days,"
	    " renew_retry_days, device_enrollment FROM muster_worker.consider_renewal($1, $2, $3, $4)";
	static const struct decision_columns columns = { CONSIDER_OUTCOME, CONSIDER_WHY, CONSIDER_TEXT,
		LANGUAGE, DETAILS };
	const struct pg_param param[] = { PG_TEXT(organization), PG_BYTES(serial), PG_TEXT(claim),
		PG_TEXT(remote) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*renewal = (struct renewal){ 0 };
	if ((o = row_call(store, "consider_renewal", sql, param, ARRAY_SIZE(param), COLUMNS, &result, why)) !=
	    OUTCOME_OK)
		return o;
	renewal->organization = pg_text(arena, result, 0, ORGANIZATION);
	renewal->account = pg_text(arena, result, 0, ACCOUNT);
	renewal->upn = pg_text(arena, result, 0, UPN);
	renewal->device = pg_text(arena, result, 0, DEVICE);
	renewal->sha256 = pg_bytes(arena, result, 0, SHA256);
	renewal->certificate = pg_bytes(arena, result, 0, CERTIFICATE);
	renewal->minimum_key_length = (int)pg_number(result, 0, MINIMUM_KEY_LENGTH, 0);
	renewal->allow_sha1 = pg_bool(result, 0, ALLOW_SHA1);
	renewal->provisioning.provider_id = pg_text(arena, result, 0, PROVIDER_ID);
	renewal->provisioning.renewal_url = pg_text(arena, result, 0, RENEWAL_URL);
	renewal->provisioning.renew_period_days = (int)pg_number(result, 0, RENEW_PERIOD_DAYS, 0);
	renewal->provisioning.renew_retry_days = (int)pg_number(result, 0, RENEW_RETRY_DAYS, 0);
	renewal->device_enrollment = pg_bool(result, 0, DEVICE_ENROLLMENT);
	return row_decision(arena, result, columns, &renewal->decision, why);
}

enum outcome
store_renew(struct pg *pg, struct arena *arena, struct deadline deadline, const struct record *record,
    struct bytes renews, struct decision *decision, bool *stale, struct recorded *recorded, enum pg_end *end,
    int64_t *us, struct why *why)
{
	/* A procedure's results are places in its call, and the columns of its row. */
	enum {
		RENEW_OUTCOME,
		RENEW_WHY,
		RENEW_TEXT,
		STALE,
		CERTIFICATE,
		LANGUAGE,
		DETAILS,
		DEVICE,
		ISSUING,
		ROOT,
		COLUMNS
	};
	static const char sql[] = "CALL muster_issuer.renew_read_committed("
				  "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
				  " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)";
	static const struct decision_columns columns = { RENEW_OUTCOME, RENEW_WHY, RENEW_TEXT, LANGUAGE,
		DETAILS };
	const struct pg_param param[] = {
		PG_TEXT(record->grant),
		PG_BYTES(renews),
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
		PG_TEXT(arena_printf(arena, "%lld", (long long)record->not_before)),
		PG_TEXT(arena_printf(arena, "%lld", (long long)record->not_after)),
		PG_TEXT(record->claim),
	};
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*decision = (struct decision){ 0 };
	*stale = false;
	*recorded = (struct recorded){ 0 };
	if ((o = pg_call(pg, sql, param, ARRAY_SIZE(param), COLUMNS, deadline, &result, end, us, why)) !=
		OUTCOME_OK ||
	    (o = row_one(result, "renew", why)) != OUTCOME_OK ||
	    (o = row_decision(arena, result, columns, decision, why)) != OUTCOME_OK)
		return o;
	*stale = pg_bool(result, 0, STALE);
	recorded->certificate = pg_bytes(arena, result, 0, CERTIFICATE);
	recorded->device = pg_text(arena, result, 0, DEVICE);
	recorded->issuing = pg_bytes(arena, result, 0, ISSUING);
	recorded->root = pg_bytes(arena, result, 0, ROOT);
	if (decision->outcome == OUTCOME_OK && (recorded->certificate.size == 0 || recorded->device == NULL))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "renew: done, but without a certificate");
	return OUTCOME_OK;
}
