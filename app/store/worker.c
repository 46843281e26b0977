#include <muster/store/worker.h>

#include "row.h"

/* The columns of a function that refuses without details. */
static const struct decision_columns plain = { 0, 1, -1, -1, -1 };

/* The columns that policy() and consider() begin with. */
enum { OUTCOME, WHY, TEXT, ORGANIZATION, ACCOUNT, UPN, PASSWORD_HASH, MINIMUM_KEY_LENGTH, CLAIM_COLUMNS };

/* Those that they end with, in this order. */
enum {
	CLAIM_LANGUAGE,
	CLAIM_DETAILS,
	CLAIM_PROOF,
	CLAIM_WELCOME,
	CLAIM_SUSPECTED,
	CLAIM_REFUSED,
	CLAIM_DECOY,
	CLAIM_LAST
};

static enum outcome
claim_read(struct arena *arena, const PGresult *result, struct account *account, struct decision *decision,
    struct why *why)
{
	int last = PQnfields(result) - CLAIM_LAST;
	const struct decision_columns columns = { OUTCOME, WHY, TEXT, last + CLAIM_LANGUAGE,
		last + CLAIM_DETAILS };

	*account = (struct account){
		.organization = pg_text(arena, result, 0, ORGANIZATION),
		.id = pg_text(arena, result, 0, ACCOUNT),
		.upn = pg_text(arena, result, 0, UPN),
		.password_hash = pg_text(arena, result, 0, PASSWORD_HASH),
		.proof = pg_text(arena, result, 0, last + CLAIM_PROOF),
		.welcome = pg_bool(result, 0, last + CLAIM_WELCOME),
		.suspected = pg_bool(result, 0, last + CLAIM_SUSPECTED),
		.refused = pg_text(arena, result, 0, last + CLAIM_REFUSED),
		.decoy = pg_text(arena, result, 0, last + CLAIM_DECOY),
	};
	return row_decision(arena, result, columns, decision, why);
}

enum outcome
store_discover(struct store *store, struct arena *arena, const char *domain, struct directions *directions,
    struct why *why)
{
	static const char sql[] = "SELECT outcome, why, organization, enrollment_url, auth_policies,"
				  " enrollment_version, sign_in FROM muster_worker.discover($1)";
	const struct pg_param param[] = { PG_TEXT(domain) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*directions = (struct directions){ 0 };
	if ((o = row_call(store, "discover", sql, param, ARRAY_SIZE(param), 7, &result, why)) != OUTCOME_OK)
		return o;

	const char *sign_in = pg_text(arena, result, 0, 6);

	directions->organization = pg_text(arena, result, 0, 2);
	directions->enrollment_url = pg_text(arena, result, 0, 3);
	directions->auth_policies = pg_text(arena, result, 0, 4);
	directions->enrollment_version = pg_text(arena, result, 0, 5);
	directions->web_server_signs_in = sign_in != NULL && strcmp(sign_in, "web server") == 0;
	return row_decision(arena, result, plain, &directions->decision, why);
}

enum outcome
store_policy(struct store *store, struct arena *arena, const char *organization, const struct claim *claim,
    const char *remote, struct enrollment_policy *policy, struct why *why)
{
	enum { VALIDITY = CLAIM_COLUMNS, RENEWAL, LAST, COLUMNS = LAST + CLAIM_LAST };
	static const char sql[] =
	    "SELECT outcome, why, text, organization, account, upn, password_hash,"
	    " minimum_key_length, validity_seconds, renewal_seconds, language, details,"
	    " proof, welcome, suspected, refused, decoy FROM muster_worker.policy($1, $2, $3, $4)";
	const struct pg_param param[] = { PG_TEXT(organization), PG_TEXT(claim->user), PG_TEXT(remote),
		PG_TEXT(claim->json) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*policy = (struct enrollment_policy){ 0 };
	if ((o = row_call(store, "policy", sql, param, ARRAY_SIZE(param), COLUMNS, &result, why)) !=
	    OUTCOME_OK)
		return o;
	policy->minimum_key_length = (int)pg_number(result, 0, MINIMUM_KEY_LENGTH, 0);
	policy->validity_seconds = pg_number(result, 0, VALIDITY, 0);
	policy->renewal_seconds = pg_number(result, 0, RENEWAL, 0);
	return claim_read(arena, result, &policy->account, &policy->decision, why);
}

/* The columns of consider() after the claim, in its order. */
enum {
	ALLOW_SHA1 = CLAIM_COLUMNS,
	PROVIDER_ID,
	PROVIDER_NAME,
	MANAGEMENT_URL,
	RENEWAL_URL,
	RENEW_PERIOD_DAYS,
	RENEW_RETRY_DAYS,
	FIRST_RETRIES,
	FIRST_INTERVAL,
	SECOND_RETRIES,
	SECOND_INTERVAL,
	REMAINING_RETRIES,
	REMAINING_INTERVAL,
	POLL_ON_LOGIN,
	ALL_USERS_POLL_ON_FIRST_LOGIN,
	APPLICATION_ENTERPRISE_ID,
	APPLICATION_TOKEN,
	HUB_PRODUCT_ID,
	HUB_URI,
	HUB_NAME,
	CONSIDER_LAST,
	CONSIDER_COLUMNS = CONSIDER_LAST + CLAIM_LAST
};

static const char consider_sql[] =
    "SELECT outcome, why, text, organization, account, upn, password_hash, minimum_key_length, allow_sha1,"
    " provider_id, provider_name, management_url, renewal_url, renew_period_days, renew_retry_days,"
    " first_retries, first_interval, second_retries, second_interval, remaining_retries, remaining_interval,"
    " poll_on_login, all_users_poll_on_first_login,"
    " application_enterprise_id, application_token, hub_product_id, hub_uri, hub_name, language, details,"
    " proof, welcome, suspected, refused, decoy FROM muster_worker.consider($1, $2, $3, $4, $5)";

static struct provisioning
provisioning_read(struct arena *arena, const PGresult *result)
{
	return (struct provisioning){
		.provider_id = pg_text(arena, result, 0, PROVIDER_ID),
		.provider_name = pg_text(arena, result, 0, PROVIDER_NAME),
		.management_url = pg_text(arena, result, 0, MANAGEMENT_URL),
		.renewal_url = pg_text(arena, result, 0, RENEWAL_URL),
		.renew_period_days = (int)pg_number(result, 0, RENEW_PERIOD_DAYS, 0),
		.renew_retry_days = (int)pg_number(result, 0, RENEW_RETRY_DAYS, 0),
		.first_retries = (int)pg_number(result, 0, FIRST_RETRIES, 0),
		.first_interval = (int)pg_number(result, 0, FIRST_INTERVAL, 0),
		.second_retries = (int)pg_number(result, 0, SECOND_RETRIES, 0),
		.second_interval = (int)pg_number(result, 0, SECOND_INTERVAL, 0),
		.remaining_retries = (int)pg_number(result, 0, REMAINING_RETRIES, 0),
		.remaining_interval = (int)pg_number(result, 0, REMAINING_INTERVAL, 0),
		.poll_on_login = pg_bool(result, 0, POLL_ON_LOGIN),
		.all_users_poll_on_first_login = pg_bool(result, 0, ALL_USERS_POLL_ON_FIRST_LOGIN),
		.application_enterprise_id = pg_text(arena, result, 0, APPLICATION_ENTERPRISE_ID),
		.application_token = pg_text(arena, result, 0, APPLICATION_TOKEN),
		.hub_product_id = pg_text(arena, result, 0, HUB_PRODUCT_ID),
		.hub_uri = pg_text(arena, result, 0, HUB_URI),
		.hub_name = pg_text(arena, result, 0, HUB_NAME),
	};
}

enum outcome
store_consider(struct store *store, struct arena *arena, const char *organization, const struct claim *claim,
    const char *facts, const char *remote, struct grant *grant, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(organization), PG_TEXT(claim->user), PG_TEXT(facts),
		PG_TEXT(remote), PG_TEXT(claim->json) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*grant = (struct grant){ 0 };
	if ((o = row_call(store, "consider", consider_sql, param, ARRAY_SIZE(param), CONSIDER_COLUMNS,
		 &result, why)) != OUTCOME_OK)
		return o;
	grant->minimum_key_length = (int)pg_number(result, 0, MINIMUM_KEY_LENGTH, 0);
	grant->allow_sha1 = pg_bool(result, 0, ALLOW_SHA1);
	grant->provisioning = provisioning_read(arena, result);
	return claim_read(arena, result, &grant->account, &grant->decision, why);
}

enum outcome
store_make_token(struct store *store, struct arena *arena, const struct new_token *token,
    struct decision *decision, struct why *why)
{
	static const char sql[] =
	    "SELECT outcome, why FROM muster_worker.make_token($1, $2, $3, $4, $5, $6, $7)";
	const struct pg_param param[] = { PG_TEXT(token->organization), PG_TEXT(token->account),
		PG_BYTES(token->sha256), PG_TEXT(token->how), PG_TEXT(token->trace), PG_TEXT(token->attempt),
		PG_TEXT(token->remote) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*decision = (struct decision){ 0 };
	if ((o = row_call(store, "make_token", sql, param, ARRAY_SIZE(param), 2, &result, why)) != OUTCOME_OK)
		return o;
	return row_decision(arena, result, plain, decision, why);
}

enum outcome
store_welcome(struct store *store, struct arena *arena, const struct newcomer *newcomer,
    struct decision *decision, struct why *why)
{
	static const char sql[] = "SELECT outcome, why FROM muster_worker.welcome($1, $2, $3, $4, $5, $6)";
	const struct pg_param param[] = { PG_TEXT(newcomer->organization), PG_TEXT(newcomer->claim->user),
		PG_TEXT(newcomer->claim->json), PG_TEXT(newcomer->details), PG_TEXT(newcomer->trace),
		PG_TEXT(newcomer->remote) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*decision = (struct decision){ 0 };
	if ((o = row_call(store, "welcome", sql, param, ARRAY_SIZE(param), 2, &result, why)) != OUTCOME_OK)
		return o;
	return row_decision(arena, result, plain, decision, why);
}

enum outcome
store_count_password(struct store *store, const struct tried *tried, struct why *why)
{
	static const char sql[] = "SELECT counted FROM muster_worker.count_password($1, $2, $3, $4, $5, $6)";
	const struct pg_param param[] = { PG_TEXT(tried->organization), PG_TEXT(tried->user),
		PG_TEXT(tried->account), PG_TEXT(tried->remote), PG_TEXT(tried->looked_at ? "t" : "f"),
		PG_TEXT(tried->trace) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if ((o = row_call(store, "count_password", sql, param, ARRAY_SIZE(param), 1, &result, why)) !=
	    OUTCOME_OK)
		return o;
	if (!pg_bool(result, 0, 0))
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "not counted: the database is read-only");
	return OUTCOME_OK;
}

enum outcome
store_refuse(struct store *store, struct arena *arena, const struct refusal *refusal, struct why *why)
{
	static const char sql[] =
	    "SELECT recorded FROM muster_worker.refuse($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
	const struct pg_param param[] = {
		PG_TEXT(refusal->trace),
		PG_TEXT(refusal->attempt),
		PG_TEXT(refusal->stage),
		PG_TEXT(outcome_name(refusal->outcome)),
		PG_TEXT(refusal->why),
		PG_TEXT(refusal->organization),
		PG_TEXT(refusal->user),
		PG_TEXT(refusal->account),
		PG_TEXT(refusal->remote),
		PG_TEXT(refusal->facts),
		PG_TEXT(refusal->details),
		PG_TEXT(refusal->device),
	};
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	(void)arena;
	if ((o = row_call(store, "refuse", sql, param, ARRAY_SIZE(param), 1, &result, why)) != OUTCOME_OK)
		return o;
	if (!pg_bool(result, 0, 0))
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "not recorded: the database is read-only");
	return OUTCOME_OK;
}

/* The columns that device() and check_in() share. */
static enum outcome
status_read(struct arena *arena, const PGresult *result, struct device_status *status, struct why *why)
{
	status->device = pg_text(arena, result, 0, 2);
	status->account = pg_text(arena, result, 0, 3);
	status->organization = pg_text(arena, result, 0, 4);
	status->state = pg_text(arena, result, 0, 5);
	status->name = pg_text(arena, result, 0, 6);
	status->not_after = pg_text(arena, result, 0, 7);
	return row_decision(arena, result, plain, &status->decision, why);
}

enum outcome
store_device(struct store *store, struct arena *arena, struct bytes sha256, const char *trace,
    struct device_status *status, struct why *why)
{
	static const char sql[] = "SELECT outcome, why, device, account, organization, state, name, not_after"
				  " FROM muster_worker.device($1, $2)";
	const struct pg_param param[] = { PG_BYTES(sha256), PG_TEXT(trace) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*status = (struct device_status){ 0 };
	if ((o = row_call(store, "device", sql, param, ARRAY_SIZE(param), 8, &result, why)) != OUTCOME_OK)
		return o;
	return status_read(arena, result, status, why);
}

enum outcome
store_check_in(struct store *store, struct arena *arena, struct bytes sha256, const char *trace,
    const char *remote, bool unenroll, struct device_status *status, struct why *why)
{
	static const char sql[] =
	    "SELECT outcome, why, device, account, organization, state, name, not_after, device_id"
	    " FROM muster_worker.check_in($1, $2, $3, $4)";
	const struct pg_param param[] = { PG_BYTES(sha256), PG_TEXT(trace), PG_TEXT(remote),
		PG_TEXT(unenroll ? "t" : "f") };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*status = (struct device_status){ 0 };
	if ((o = row_call(store, "check_in", sql, param, ARRAY_SIZE(param), 9, &result, why)) != OUTCOME_OK)
		return o;
	status->device_id = pg_text(arena, result, 0, 8);
	return status_read(arena, result, status, why);
}

enum outcome
store_count(struct store *store, const char *counts, struct why *why)
{
	const struct pg_param param[] = { PG_TEXT(counts) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	if ((o = row_call(store, "count", "SELECT counted FROM muster_worker.count($1)", param,
		 ARRAY_SIZE(param), 1, &result, why)) != OUTCOME_OK)
		return o;
	if (!pg_bool(result, 0, 0))
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "not counted: the database is read-only");
	return OUTCOME_OK;
}

enum outcome
store_housekeeping(
    struct store *store, struct arena *arena, const char **summary, bool *more, struct why *why)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*summary = NULL;
	*more = false;
	if ((o = row_call(store, "housekeeping", "SELECT summary, more FROM muster_worker.housekeeping()",
		 NULL, 0, 2, &result, why)) != OUTCOME_OK)
		return o;
	*summary = pg_text(arena, result, 0, 0);
	*more = pg_bool(result, 0, 1);
	return OUTCOME_OK;
}
