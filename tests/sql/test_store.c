/*
 * The C side of the SQL interface against a real server: every call of the store, as the
 * programs' own roles, in a database that tests/sql/fixture.sql has filled. The database is
 * named by MUSTER_TEST_CONNINFO, without a user.
 */
#include <muster/base/guid.h>
#include <muster/muster/worker.h>
#include <muster/protocol/fault.h>
#include <muster/stages/tally.h>
#include <muster/store/crl.h>
#include <muster/store/issuer.h>
#include <muster/store/single_sign_on.h>
#include <muster/store/worker.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* One connection of each kind, and the arena of all tests. */
struct fixture {
	struct arena *arena;
	struct pg *admin, *issuer;
	struct store store;
	struct issuer_configuration configuration;
	const char *ada;
};

static struct fixture fixture;

static struct pg *
connection(const char *user)
{
	return pg_new(
	    arena_printf(fixture.arena, "%s user=%s", getenv("MUSTER_TEST_CONNINFO"), user), "test_store");
}

static struct deadline
soon(void)
{
	return deadline_in_ms(5000);
}

/* The claim of somebody with a password. */
#define PASSWORD_OF(user) (&(const struct claim){ (user), "{\"kind\":\"password\"}" })

/* The first value of a statement of the administrator's. */
static const char *
asked(const char *sql)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	struct why why = { "" };

	if (pg_call(fixture.admin, sql, NULL, 0, 1, soon(), &result, NULL, NULL, &why) != OUTCOME_OK)
		fail_msg("%s: %s", sql, why.text);
	assert_int_equal(PQntuples(result), 1);
	return pg_text(fixture.arena, result, 0, 0);
}

static int
set_up(void **state)
{
	struct grant grant;
	struct why why = { "" };

	(void)state;
	if (getenv("MUSTER_TEST_CONNINFO") == NULL)
		return -1;
	fixture.arena = arena_new();
	fixture.admin = connection("postgres");
	fixture.issuer = connection("muster_issuer");
	fixture.store = (struct store){ .pg = connection("muster_worker"), .deadline = soon() };
	if (store_consider(&fixture.store, fixture.arena, "example", PASSWORD_OF("ada"), "{}", "192.0.2.7",
		&grant, &why) != OUTCOME_OK)
		return -1;
	fixture.ada = grant.account.id;
	return store_issuer_configuration(
		   fixture.issuer, fixture.arena, soon(), &fixture.configuration, &why) == OUTCOME_OK
	    ? 0
	    : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	pg_free(fixture.admin);
	pg_free(fixture.issuer);
	pg_free(fixture.store.pg);
	arena_free(fixture.arena);
	return 0;
}

static int
renew_deadline(void **state)
{
	(void)state;
	fixture.store.deadline = soon();
	return 0;
}

static void
outcomes_are_the_table(void **state)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	struct why why = { "" };

	(void)state;
	assert_int_equal(
	    pg_call(fixture.admin, "SELECT name, subcode, error_type FROM muster.outcome ORDER BY position",
		NULL, 0, 3, soon(), &result, NULL, NULL, &why),
	    OUTCOME_OK);
	assert_int_equal(PQntuples(result), OUTCOME_COUNT);
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		struct fault fault = fault_for((enum outcome)i);
		const char *subcode = pg_text(fixture.arena, result, i, 1);
		const char *error_type = pg_text(fixture.arena, result, i, 2);

		assert_string_equal(pg_text(fixture.arena, result, i, 0), outcome_name((enum outcome)i));
		assert_string_equal(
		    subcode == NULL ? "" : subcode, fault.subcode == NULL ? "" : fault.subcode);
		assert_string_equal(
		    error_type == NULL ? "" : error_type, fault.error_type == NULL ? "" : fault.error_type);
	}
}

static void
discover_answers(void **state)
{
	struct directions directions;
	struct why why;

	(void)state;
	assert_int_equal(
	    store_discover(&fixture.store, fixture.arena, "example.test", &directions, &why), OUTCOME_OK);
	assert_int_equal(directions.decision.outcome, OUTCOME_OK);
	assert_null(directions.decision.why);
	assert_string_equal(directions.organization, "example");
	assert_string_equal(directions.enrollment_url, "https://enroll.example.test:8443");
	assert_string_equal(directions.auth_policies, "OnPremise");
	assert_string_equal(directions.enrollment_version, "4.0");
	assert_true(fixture.store.us > 0);

	assert_int_equal(store_discover(&fixture.store, fixture.arena, "", &directions, &why), OUTCOME_OK);
	assert_int_equal(directions.decision.outcome, OUTCOME_AUTHORIZATION);
	assert_null(directions.organization);
	assert_non_null(directions.decision.why);
}

/* The text of a key; "" when there is none. */
static const char *
page_says(const struct presentation *page, const char *key)
{
	for (size_t i = 0; i < page->text_count; i++) {
		if (strcmp(page->texts[i].key, key) == 0)
			return page->texts[i].text;
	}
	return "";
}

static void
page_answers(void **state)
{
	struct presentation page;
	struct why why;

	(void)state;
	(void)asked("SELECT muster.set_page_color('example', '#00695c')");
	(void)asked("SELECT muster.set_page_logo('example', 'GIF89a')");
	assert_int_equal(
	    store_page(&fixture.store, fixture.arena, "example", "xx,de-AT,en", &page, &why), OUTCOME_OK);
	assert_int_equal(page.decision.outcome, OUTCOME_OK);
	assert_string_equal(page.organization, "example");
	assert_string_equal(page.name, "Example Ltd");
	assert_string_equal(page.color, "#00695c");
	assert_string_equal(page.color_on, "#ffffff");
	assert_string_equal(page.logo, "data:image/gif;base64,R0lGODlh");
	assert_string_equal(page.language, "de");
	assert_string_equal(page_says(&page, "sign_in_title"), "Anmelden");
	assert_string_equal(page_says(&page, "password_label"), "Kennwort");

	assert_int_equal(store_page(&fixture.store, fixture.arena, "nowhere", "", &page, &why), OUTCOME_OK);
	assert_int_equal(page.decision.outcome, OUTCOME_NOT_FOUND);
	assert_null(page.name);
	assert_null(page.logo);
	assert_string_equal(page.language, "en");
	assert_string_equal(page_says(&page, "sign_in_title"), "Sign in");
}

static void
policy_answers(void **state)
{
	struct enrollment_policy policy;
	struct why why;

	(void)state;
	assert_int_equal(store_policy(&fixture.store, fixture.arena, NULL, PASSWORD_OF("ADA@example.test"),
			     NULL, &policy, &why),
	    OUTCOME_OK);
	assert_int_equal(policy.decision.outcome, OUTCOME_OK);
	assert_string_equal(policy.account.organization, "example");
	assert_string_equal(policy.account.id, fixture.ada);
	assert_string_equal(policy.account.upn, "ada@example.test");
	assert_memory_equal(policy.account.password_hash, "$y$", 3);
	assert_int_equal(policy.minimum_key_length, 2048);
	assert_int_equal(policy.validity_seconds, 365 * 86400);
	assert_int_equal(policy.renewal_seconds, 42 * 86400);

	assert_int_equal(store_policy(&fixture.store, fixture.arena, "example", PASSWORD_OF("nobody"), NULL,
			     &policy, &why),
	    OUTCOME_OK);
	assert_int_equal(policy.decision.outcome, OUTCOME_AUTHENTICATION);
	assert_null(policy.account.id);
	assert_null(policy.account.password_hash);
	assert_memory_equal(policy.account.decoy, "$y$", 3);
}

static void
consider_answers(void **state)
{
	struct grant grant;
	struct why why;

	(void)state;
	asked("SELECT muster.set_phone_applications('example', '17', 'AAAA',"
	      " '{8a1d2f0e-4b5c-4d6e-8f70-112233445566}', 'https://x.test/hub', 'Hub')");
	asked("SELECT muster.set_poll_schedule('example', 1, 2, 3, 4, 5, 6, false, true)");
	asked("SELECT muster.set_renewal('example', 43, 4, 'https://renew.test/')");
	assert_int_equal(store_consider(&fixture.store, fixture.arena, "example", PASSWORD_OF("ada"), "{}",
			     "192.0.2.7", &grant, &why),
	    OUTCOME_OK);
	assert_int_equal(grant.decision.outcome, OUTCOME_OK);
	assert_string_equal(grant.account.id, fixture.ada);
	assert_int_equal(grant.minimum_key_length, 2048);
	assert_false(grant.allow_sha1);
	assert_string_equal(grant.provisioning.provider_id, "ExampleMDM");
	assert_string_equal(grant.provisioning.provider_name, "Example management");
	assert_string_equal(
	    grant.provisioning.management_url, "https://mdm.example.test/ManagementServer/MDM.svc");
	assert_string_equal(grant.provisioning.renewal_url, "https://renew.test/");
	assert_int_equal(grant.provisioning.renew_period_days, 43);
	assert_int_equal(grant.provisioning.renew_retry_days, 4);
	assert_int_equal(grant.provisioning.first_retries, 1);
	assert_int_equal(grant.provisioning.first_interval, 2);
	assert_int_equal(grant.provisioning.second_retries, 3);
	assert_int_equal(grant.provisioning.second_interval, 4);
	assert_int_equal(grant.provisioning.remaining_retries, 5);
	assert_int_equal(grant.provisioning.remaining_interval, 6);
	assert_false(grant.provisioning.poll_on_login);
	assert_true(grant.provisioning.all_users_poll_on_first_login);
	assert_string_equal(grant.provisioning.application_enterprise_id, "17");
	assert_string_equal(grant.provisioning.application_token, "AAAA");
	assert_string_equal(grant.provisioning.hub_product_id, "{8a1d2f0e-4b5c-4d6e-8f70-112233445566}");
	assert_string_equal(grant.provisioning.hub_uri, "https://x.test/hub");
	assert_string_equal(grant.provisioning.hub_name, "Hub");
}

#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define CLAIM \
	"{\"kind\":\"jwt\",\"tenant\":\"" TENANT "\",\"key\":\"k1\",\"version\":\"2.0\"," \
	"\"subject\":\"0f7c2a11-5c0d-4c39-8f6e-6f0d6a1e2b3c\",\"user\":\"new@example.test\"}"

/* A token of Entra ID: what proves it, and the account that it gets. */
static void
newcomers_are_welcome(void **state)
{
	const struct claim claim = { "new@example.test", CLAIM };
	const struct newcomer newcomer = { .organization = "example",
		.claim = &claim,
		.details = "{\"name\":\"New\"}",
		.trace = "0198f0c2-0000-7000-8000-0000000000aa" };
	struct enrollment_policy policy;
	struct decision decision;
	struct why why;

	(void)state;
	asked("SELECT muster.set_auth_policies('example', '{OnPremise,Federated}')");
	asked("SELECT muster.add_tenant('example', '" TENANT "', ARRAY['app'])");
	asked("SELECT muster.set_tenant_accounts('example', '" TENANT "', true)");
	asked("SELECT change FROM muster_keys.refresh('example', '" TENANT
	      "', jsonb_build_array(jsonb_build_object("
	      "'kid', 'k1', 'algorithm', 'RS256', 'public_key', encode(test.der(90), 'base64'))))");
	assert_int_equal(
	    store_policy(&fixture.store, fixture.arena, "example", &claim, NULL, &policy, &why), OUTCOME_OK);
	assert_int_equal(policy.decision.outcome, OUTCOME_OK);
	assert_null(policy.account.id);
	assert_true(policy.account.welcome);
	assert_non_null(strstr(
	    policy.account.proof, "\"issuer\": \"https://login.microsoftonline.com/" TENANT "/v2.0\""));
	assert_int_equal(
	    store_welcome(&fixture.store, fixture.arena, &newcomer, &decision, &why), OUTCOME_OK);
	assert_int_equal(decision.outcome, OUTCOME_OK);
	assert_int_equal(
	    store_policy(&fixture.store, fixture.arena, "example", &claim, NULL, &policy, &why), OUTCOME_OK);
	assert_int_equal(policy.decision.outcome, OUTCOME_OK);
	assert_string_equal(policy.account.upn, "new@example.test");
	assert_false(policy.account.welcome);
	asked("SELECT muster.remove_tenant('example', '" TENANT "')");
	assert_int_equal(
	    store_welcome(&fixture.store, fixture.arena, &newcomer, &decision, &why), OUTCOME_OK);
	assert_int_equal(decision.outcome, OUTCOME_AUTHENTICATION);
	assert_string_equal(decision.why, "organization example takes no tokens of tenant " TENANT);
	asked("SELECT muster.set_auth_policies('example', '{OnPremise}')");
}

static void
consider_refuses(void **state)
{
	struct grant grant;
	struct why why;

	(void)state;
	assert_int_equal(store_consider(&fixture.store, fixture.arena, "example", PASSWORD_OF("ada"),
			     "{\"EnrollmentType\":\"AppManagement\"}", NULL, &grant, &why),
	    OUTCOME_OK);
	assert_int_equal(grant.decision.outcome, OUTCOME_NOT_SUPPORTED);
	assert_string_equal(
	    grant.decision.why, "enrollment type \"AppManagement\" is not supported, only Full and Device");
	assert_null(grant.decision.text);
	assert_null(grant.decision.language);
	assert_string_equal(grant.decision.details, "{\"rule\": \"enrollment type\"}");
	/* Facts that are no JSON are a mistake of ours: the database's refusal, not a crash. */
	assert_int_equal(store_consider(&fixture.store, fixture.arena, "example", PASSWORD_OF("ada"), "{",
			     NULL, &grant, &why),
	    OUTCOME_ENROLLMENT_SERVER);
}

/* The client's address counts in both. */
static void
address_is_told(void **state)
{
	struct enrollment_policy policy;
	struct grant grant;
	struct why why;

	(void)state;
	asked("SELECT muster.allow_network('example', '192.0.2.0/24')");
	assert_int_equal(store_policy(&fixture.store, fixture.arena, "example", PASSWORD_OF("ada"),
			     "198.51.100.1", &policy, &why),
	    OUTCOME_OK);
	assert_int_equal(policy.decision.outcome, OUTCOME_AUTHORIZATION);
	assert_string_equal(policy.decision.why, "address 198.51.100.1 is in no allowed network");
	assert_string_equal(policy.decision.details, "{\"rule\": \"network\", \"remote\": \"198.51.100.1\"}");
	assert_int_equal(store_consider(&fixture.store, fixture.arena, "example", PASSWORD_OF("ada"), "{}",
			     "198.51.100.1", &grant, &why),
	    OUTCOME_OK);
	assert_int_equal(grant.decision.outcome, OUTCOME_AUTHORIZATION);
	assert_int_equal(store_consider(&fixture.store, fixture.arena, "example", PASSWORD_OF("ada"), "{}",
			     "192.0.2.7", &grant, &why),
	    OUTCOME_OK);
	assert_int_equal(grant.decision.outcome, OUTCOME_OK);
	asked("SELECT muster.disallow_network('example', '192.0.2.0/24')");
}

/* What the database counts it tells with the next question: also of a name that is nobody's. */
static void
passwords_are_counted(void **state)
{
	const struct tried tried = { .organization = "example",
		.user = "guessed",
		.remote = "198.51.100.66",
		.trace = fixture.ada,
		.looked_at = true };
	struct enrollment_policy policy;
	struct grant grant;
	struct why why;

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(store_policy(&fixture.store, fixture.arena, "example",
				     PASSWORD_OF("guessed"), "198.51.100.66", &policy, &why),
		    OUTCOME_OK);
		assert_int_equal(policy.account.suspected, i >= 5);
		assert_null(policy.account.refused);
		assert_int_equal(store_count_password(&fixture.store, &tried, &why), OUTCOME_OK);
	}
	assert_int_equal(store_consider(&fixture.store, fixture.arena, "example", PASSWORD_OF("guessed"),
			     "{}", "198.51.100.67", &grant, &why),
	    OUTCOME_OK);
	assert_true(grant.account.suspected);
	assert_memory_equal(grant.account.refused, "not looked at until ", 20);
	assert_int_equal(store_policy(&fixture.store, fixture.arena, "example", PASSWORD_OF("ada"),
			     "198.51.100.67", &policy, &why),
	    OUTCOME_OK);
	assert_null(policy.account.refused);
	asked("SELECT muster.clear_lockout('guessed@example.test')");
	assert_int_equal(store_policy(&fixture.store, fixture.arena, "example", PASSWORD_OF("guessed"),
			     "198.51.100.67", &policy, &why),
	    OUTCOME_OK);
	assert_null(policy.account.refused);
}

static void
configuration_is_read(void **state)
{
	struct issuer_configuration configuration;
	struct why why;

	(void)state;
	assert_int_equal(
	    store_issuer_configuration(fixture.issuer, fixture.arena, soon(), &configuration, &why),
	    OUTCOME_OK);
	assert_true(configuration.generation > 1);
	assert_int_equal(configuration.sealing_key.size, 32);
	assert_int_equal(configuration.authorities, 1);
	assert_string_equal(configuration.authority[0].name, "Example issuing");
	assert_int_equal(configuration.authority[0].private_key.size, 117);
	assert_int_equal(configuration.authority[0].certificate.size, 206);
	assert_int_equal(configuration.authority[0].root.size, 206);
	assert_false(bytes_equal(configuration.authority[0].root, configuration.authority[0].certificate));
	assert_int_equal(configuration.profiles, 2);
	assert_string_equal(configuration.profile[0].organization, "example");
	assert_string_equal(configuration.profile[0].authority, configuration.authority[0].id);
	assert_int_equal(configuration.profile[0].validity_seconds, 365 * 86400);
	assert_int_equal(configuration.profile[0].backdate_seconds, 600);
	assert_int_equal(configuration.profile[0].minimum_key_length, 2048);
	fixture.configuration = configuration;
}

static struct bytes
sha256(struct bytes of)
{
	uint8_t *digest = arena_alloc(fixture.arena, 32);

	assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA256, of.data, of.size, digest), 0);
	return (struct bytes){ digest, 32 };
}

/* A record that is right in everything; number makes it another. */
static struct record
some_record(uint8_t number)
{
	uint8_t *der = arena_alloc(fixture.arena, 200), *serial = arena_alloc(fixture.arena, 9);

	der[0] = 0x30;
	der[199] = number;
	serial[0] = 1;
	serial[8] = number;
	return (struct record){
		.grant = arena_strdup(fixture.arena, guid_new().text),
		.trace = arena_strdup(fixture.arena, guid_new().text),
		.remote = "192.0.2.7",
		.organization = "example",
		.account = fixture.ada,
		.authority = fixture.configuration.authority[0].id,
		.generation = fixture.configuration.generation,
		.serial = { serial, 9 },
		.sha256 = sha256((struct bytes){ der, 200 }),
		.certificate = { der, 200 },
		.public_key_sha256 = sha256((struct bytes){ serial, 9 }),
		.dm_secrets = { der, 32 },
		.not_before = clock_now_ms() / 1000 - 600,
		.not_after = clock_now_ms() / 1000 + 86400,
		.facts = "{\"DeviceName\":\"it's \\\"PC\\\"\"}",
	};
}

struct answer {
	struct decision decision;
	bool stale;
	struct recorded recorded;
	enum pg_end end;
	int64_t us;
	struct why why;
	enum outcome outcome;
};

static struct answer
recorded(const struct record *record)
{
	struct answer answer = { .us = 0 };

	answer.outcome = store_record(fixture.issuer, fixture.arena, soon(), record, &answer.decision,
	    &answer.stale, &answer.recorded, &answer.end, &answer.us, &answer.why);
	return answer;
}

static void
record_and_device(void **state)
{
	struct record record = some_record(1);
	struct answer answer = recorded(&record);
	struct device_status status;
	struct why why;

	(void)state;
	assert_int_equal(answer.outcome, OUTCOME_OK);
	assert_int_equal(answer.decision.outcome, OUTCOME_OK);
	assert_int_equal(answer.end, PG_DONE);
	assert_false(answer.stale);
	assert_true(answer.us > 0);
	assert_true(bytes_equal(answer.recorded.certificate, record.certificate));
	/* Again: the same. */
	answer = recorded(&record);
	assert_int_equal(answer.decision.outcome, OUTCOME_OK);
	assert_true(bytes_equal(answer.recorded.certificate, record.certificate));

	assert_int_equal(
	    store_device(&fixture.store, fixture.arena, record.sha256, record.trace, &status, &why),
	    OUTCOME_OK);
	assert_int_equal(status.decision.outcome, OUTCOME_OK);
	assert_string_equal(status.device, record.grant);
	assert_string_equal(status.account, "ada@example.test");
	assert_string_equal(status.organization, "example");
	assert_string_equal(status.state, "enrolled");
	assert_string_equal(status.name, "it's \"PC\"");
	assert_int_equal(strlen(status.not_after), strlen("2026-11-23T10:00:00Z"));

	assert_int_equal(store_check_in(&fixture.store, fixture.arena, record.sha256, record.trace, NULL,
			     false, &status, &why),
	    OUTCOME_OK);
	assert_string_equal(status.device, record.grant);
	assert_string_equal(status.state, "enrolled");
	assert_null(status.device_id);
	assert_int_equal(store_check_in(&fixture.store, fixture.arena, record.sha256, record.trace,
			     "192.0.2.7", true, &status, &why),
	    OUTCOME_OK);
	assert_int_equal(status.decision.outcome, OUTCOME_OK);
	assert_string_equal(status.state, "retired");
	assert_int_equal(store_check_in(&fixture.store, fixture.arena, record.sha256, record.trace,
			     "192.0.2.7", false, &status, &why),
	    OUTCOME_OK);
	assert_int_equal(status.decision.outcome, OUTCOME_FORBIDDEN);
	assert_string_equal(status.decision.why, "device is retired: unenrolled by its user");

	assert_int_equal(store_device(&fixture.store, fixture.arena, record.public_key_sha256, record.trace,
			     &status, &why),
	    OUTCOME_OK);
	assert_int_equal(status.decision.outcome, OUTCOME_FORBIDDEN);
	assert_string_equal(status.decision.why, "unknown certificate");
	assert_null(status.device);
}

static void
record_refuses(void **state)
{
	struct record record = some_record(2);
	struct answer answer;

	(void)state;
	record.generation--;
	answer = recorded(&record);
	assert_int_equal(answer.outcome, OUTCOME_OK);
	assert_true(answer.stale);
	assert_int_equal(answer.recorded.certificate.size, 0);

	record = some_record(3);
	record.facts = "{\"EnrollmentType\":\"AppManagement\"}";
	answer = recorded(&record);
	assert_int_equal(answer.outcome, OUTCOME_OK);
	assert_int_equal(answer.decision.outcome, OUTCOME_NOT_SUPPORTED);
	assert_false(answer.stale);

	/* An error of the database's: its message, never a value. */
	record = some_record(1);
	answer = recorded(&record);
	assert_int_equal(answer.outcome, OUTCOME_ENROLLMENT_SERVER);
	assert_int_equal(answer.end, PG_ERROR);
	assert_non_null(strstr(answer.why.text, "certificate_"));
	assert_null(strstr(answer.why.text, "\\x"));
}

/* A custom rule's text comes with its language. */
static void
record_tells_a_rules_text(void **state)
{
	struct record record = some_record(4);
	struct answer answer;

	(void)state;
	asked("SELECT test.make_rule()");
	record.facts = "{\"Locale\":\"de-AT\"}";
	answer = recorded(&record);
	asked("SELECT muster.remove_custom_rule('example', 'none')");
	assert_int_equal(answer.outcome, OUTCOME_OK);
	assert_int_equal(answer.decision.outcome, OUTCOME_CUSTOM_SERVER_ERROR);
	assert_string_equal(answer.decision.why, "rule \"none\": test");
	assert_string_equal(answer.decision.text, "Niemand.");
	assert_string_equal(answer.decision.language, "de");
	assert_non_null(strstr(answer.decision.details, "\"function\": \"ruling.nobody\""));
}

/* Somebody gave the role another isolation level: enrolling works all the same. */
static void
record_keeps_its_isolation(void **state)
{
	struct pg *kept = fixture.issuer;
	struct record record = some_record(5);
	struct answer answer;

	(void)state;
	asked("SELECT test.issuers_are('serializable')");
	fixture.issuer = connection("muster_issuer");
	answer = recorded(&record);
	pg_free(fixture.issuer);
	fixture.issuer = kept;
	asked("SELECT test.issuers_are('read committed')");
	assert_int_equal(answer.outcome, OUTCOME_OK);
	assert_int_equal(answer.decision.outcome, OUTCOME_OK);
	assert_true(bytes_equal(answer.recorded.certificate, record.certificate));
}

static void
refusal_is_recorded(void **state)
{
	const char *trace = arena_strdup(fixture.arena, guid_new().text);
	const struct refusal refusal = {
		.trace = trace,
		.stage = "policy",
		.outcome = OUTCOME_DEVICE_CAP_REACHED,
		.why = "it's a test",
		.organization = "example",
		.user = "x'; --",
		.remote = "::1",
		.facts = "{\"DeviceName\":\"PC\"}",
		.details = "{\"limit\": 5}",
	};
	struct why why;

	(void)state;
	assert_int_equal(store_refuse(&fixture.store, fixture.arena, &refusal, &why), OUTCOME_OK);
	assert_string_equal(asked(arena_printf(fixture.arena,
				"SELECT concat_ws('|', organization, account, stage, outcome, why, remote,"
				" device_name, hresult, details #>> '{decision,limit}') FROM muster.refusals "
				"WHERE trace = '%s'",
				trace)),
	    "example|x'; --|policy|DeviceCapReached|it's a test|::1|PC|0x80180013|5");
	assert_int_equal(
	    store_refuse(&fixture.store, fixture.arena, &(struct refusal){ .stage = "x" }, &why), OUTCOME_OK);
}

static void
housekeeping_answers(void **state)
{
	const char *summary;
	struct why why;
	bool more;

	(void)state;
	assert_int_equal(
	    store_housekeeping(&fixture.store, fixture.arena, &summary, &more, &why), OUTCOME_OK);
	assert_non_null(strstr(summary, "event partitions until"));
	assert_non_null(strstr(summary, " events sealed, head of batch 1: "));
	assert_false(more);
}

static void
administer(const char *sql)
{
	asked(arena_printf(fixture.arena, "SELECT test.dblink_exec(test.connection('postgres'), '%s')", sql));
}

/* Counts that cannot be carried wait, and keep the hour's work from nothing. */
static void
counts_do_not_hold_up_the_hour(void **state)
{
	const char *database =
	    arena_printf(fixture.arena, "%s user=muster_worker", getenv("MUSTER_TEST_CONNINFO"));
	struct tally *tally = tally_new();

	(void)state;
	tally_add(tally, "discovery", "example", "10.0.26200.1");
	administer("REVOKE EXECUTE ON FUNCTION muster_worker.count(jsonb) FROM muster_worker");
	assert_int_equal(worker_housekeeping(database, tally, true), EXIT_SUCCESS);
	assert_int_equal(worker_housekeeping(database, tally, false), EXIT_FAILURE);
	assert_true(tally_waits(tally));
	administer("GRANT EXECUTE ON FUNCTION muster_worker.count(jsonb) TO muster_worker");
	assert_int_equal(worker_housekeeping(database, tally, false), EXIT_SUCCESS);
	assert_false(tally_waits(tally));
}

/* What the web server's module says: asked for, and answered. */
static void
web_server_signs_in(void **state)
{
	struct guid trace = guid_new();
	struct sign_in said = { .organization = "example", .trace = trace.text, .remote = "192.0.2.7" };
	struct sign_in_wanted wanted;
	struct account account;
	struct decision decision;
	struct why why = { "" };

	(void)state;
	assert_int_equal(
	    store_sign_in_variables(&fixture.store, fixture.arena, "example", &wanted, &why), OUTCOME_OK);
	assert_int_equal(wanted.decision.outcome, OUTCOME_NOT_FOUND);
	assert_null(wanted.variables);
	asked("SELECT muster.use_web_server_sign_in('example', 'Negotiate', name_variable => 'GSS_NAME')");
	asked("SELECT muster.set_auth_policies('example', '{OnPremise,Federated}')");
	assert_int_equal(
	    store_sign_in_variables(&fixture.store, fixture.arena, "example", &wanted, &why), OUTCOME_OK);
	assert_int_equal(wanted.decision.outcome, OUTCOME_OK);
	assert_string_equal(wanted.variables, "AUTH_TYPE GSS_NAME REMOTE_USER");
	assert_string_equal(wanted.user, "REMOTE_USER");

	said.variables = "{\"AUTH_TYPE\":\"Negotiate\",\"REMOTE_USER\":\"ADA@example.test\"}";
	assert_int_equal(
	    store_sign_in(&fixture.store, fixture.arena, &said, &account, &decision, &why), OUTCOME_OK);
	assert_int_equal(decision.outcome, OUTCOME_OK);
	assert_string_equal(account.id, fixture.ada);
	assert_string_equal(account.organization, "example");
	assert_string_equal(account.upn, "ada@example.test");
	said.variables = "{}";
	assert_int_equal(
	    store_sign_in(&fixture.store, fixture.arena, &said, &account, &decision, &why), OUTCOME_OK);
	assert_int_equal(decision.outcome, OUTCOME_AUTHENTICATION);
	assert_non_null(strstr(decision.why, "AUTH_TYPE is absent"));
	assert_null(account.id);
	asked("SELECT muster.set_auth_policies('example', '{OnPremise}')");
}

/* Roles reach their own schema only. */
static void
roles_are_apart(void **state)
{
	struct issuer_configuration configuration;
	struct store store = { .pg = fixture.issuer, .deadline = soon() };
	struct directions directions;
	struct why why;

	(void)state;
	assert_int_equal(
	    store_issuer_configuration(fixture.store.pg, fixture.arena, soon(), &configuration, &why),
	    OUTCOME_ENROLLMENT_SERVER);
	assert_non_null(strstr(why.text, "permission denied for schema muster_issuer"));
	assert_int_equal(store_discover(&store, fixture.arena, "example.test", &directions, &why),
	    OUTCOME_ENROLLMENT_SERVER);
	assert_non_null(strstr(why.text, "permission denied for schema muster_worker"));
}

/* A record that waits for a lock ends by its deadline, with its end unknown. */
static void
record_meets_its_deadline(void **state)
{
	struct record record = some_record(9);
	struct answer answer = { .us = 0 };

	(void)state;
	asked("SELECT 1 FROM (SELECT test.dblink_connect('lock', test.connection('postgres'))) c,"
	      " LATERAL (SELECT test.dblink_exec('lock', 'BEGIN')) b,"
	      " LATERAL (SELECT test.dblink_exec('lock', 'LOCK TABLE muster.account')) l");
	answer.outcome = store_record(fixture.issuer, fixture.arena, deadline_in_ms(300), &record,
	    &answer.decision, &answer.stale, &answer.recorded, &answer.end, &answer.us, &answer.why);
	assert_int_equal(answer.outcome, OUTCOME_ENROLLMENT_SERVER);
	assert_int_equal(answer.end, PG_LOST);
	assert_in_range(answer.us, 250 * 1000, 2000 * 1000);
	asked("SELECT test.dblink_disconnect('lock')");
	/* Asked again once the way is free (the lost connection is opened anew after its back-off). */
	for (int i = 0; i < 50 && answer.outcome != OUTCOME_OK; i++) {
		(void)asked("SELECT pg_sleep(0.1)");
		answer = recorded(&record);
	}
	assert_int_equal(answer.outcome, OUTCOME_OK);
	assert_int_equal(answer.decision.outcome, OUTCOME_OK);
	assert_true(bytes_equal(answer.recorded.certificate, record.certificate));
	assert_string_equal(asked(arena_printf(fixture.arena,
				"SELECT count(*) FROM muster.certificate WHERE device = '%s'", record.grant)),
	    "1");
}

#define LIST_SIZE (700 * 1000)

/* A list is begun, filled, stored, and served in pieces; one that is rolled back was never begun. */
static void
list_is_made_and_served(void **state)
{
	struct arena *a = fixture.arena;
	const char *authority[CRL_DUE_MAX];
	const struct crl_entry *entry;
	struct crl_begun begun = { 0 };
	struct served_crl crl;
	uint8_t *der = arena_alloc(a, LIST_SIZE);
	bool found, stored;
	size_t due, entries;
	struct why why = { "" };

	(void)state;
	assert_int_equal(store_crl_due(fixture.issuer, a, soon(), authority, &due, &why), OUTCOME_OK);
	assert_int_equal(due, 1);
	assert_int_equal(store_served_crl(&fixture.store, a, authority[0], &crl, &why), OUTCOME_NOT_FOUND);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(store_begin(fixture.issuer, soon(), &why), OUTCOME_OK);
		assert_int_equal(
		    store_crl_begin(fixture.issuer, soon(), authority[0], &begun, &found, &why), OUTCOME_OK);
		assert_true(found);
		assert_int_equal(begun.number, 1);
		if (round == 0)
			store_rollback(fixture.issuer, soon());
	}
	assert_int_equal(
	    store_crl_entries(fixture.issuer, a, soon(), authority[0], &entry, &entries, &why), OUTCOME_OK);
	begun.entries = entries;
	for (size_t i = 0; i < LIST_SIZE; i++)
		der[i] = (uint8_t)(i * 7 + i / 251);
	assert_int_equal(store_crl(fixture.issuer, a, soon(), authority[0], &begun,
			     (struct bytes){ der, LIST_SIZE }, &stored, &why),
	    OUTCOME_OK);
	assert_true(stored);
	assert_int_equal(store_commit(fixture.issuer, soon(), &why), OUTCOME_OK);

	assert_int_equal(store_served_crl(&fixture.store, a, authority[0], &crl, &why), OUTCOME_OK);
	assert_int_equal(crl.size, LIST_SIZE);
	assert_int_equal(store_served_crl_load(&fixture.store, a, authority[0], &crl, &why), OUTCOME_OK);
	assert_true(bytes_equal(crl.der, (struct bytes){ der, LIST_SIZE }));
	/* Replaced meanwhile. */
	crl.sha256 = (struct bytes){ der, 32 };
	assert_int_equal(
	    store_served_crl_load(&fixture.store, a, authority[0], &crl, &why), OUTCOME_ENROLLMENT_SERVER);
	assert_int_equal(store_crl_due(fixture.issuer, a, soon(), authority, &due, &why), OUTCOME_OK);
	assert_int_equal(due, 0);
}

static void
chain_is_served(void **state)
{
	struct served_chain *chain = arena_alloc(fixture.arena, sizeof(*chain));
	struct why why = { "" };

	(void)state;
	assert_int_equal(
	    store_served_chain(&fixture.store, fixture.arena, "example", chain, &why), OUTCOME_OK);
	assert_int_equal(chain->count, 2);
	assert_true(chain->changed_at > 0);
	assert_int_equal(
	    store_served_chain(&fixture.store, fixture.arena, "nowhere", chain, &why), OUTCOME_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(outcomes_are_the_table, renew_deadline),
		cmocka_unit_test_setup(discover_answers, renew_deadline),
		cmocka_unit_test_setup(page_answers, renew_deadline),
		cmocka_unit_test_setup(policy_answers, renew_deadline),
		cmocka_unit_test_setup(consider_answers, renew_deadline),
		cmocka_unit_test_setup(newcomers_are_welcome, renew_deadline),
		cmocka_unit_test_setup(consider_refuses, renew_deadline),
		cmocka_unit_test_setup(address_is_told, renew_deadline),
		cmocka_unit_test_setup(passwords_are_counted, renew_deadline),
		cmocka_unit_test_setup(configuration_is_read, renew_deadline),
		cmocka_unit_test_setup(record_and_device, renew_deadline),
		cmocka_unit_test_setup(record_refuses, renew_deadline),
		cmocka_unit_test_setup(record_tells_a_rules_text, renew_deadline),
		cmocka_unit_test_setup(record_keeps_its_isolation, renew_deadline),
		cmocka_unit_test_setup(refusal_is_recorded, renew_deadline),
		cmocka_unit_test_setup(housekeeping_answers, renew_deadline),
		cmocka_unit_test_setup(counts_do_not_hold_up_the_hour, renew_deadline),
		cmocka_unit_test_setup(roles_are_apart, renew_deadline),
		cmocka_unit_test_setup(record_meets_its_deadline, renew_deadline),
		cmocka_unit_test_setup(list_is_made_and_served, renew_deadline),
		cmocka_unit_test_setup(chain_is_served, renew_deadline),
		/* The configuration moves: nothing that records comes after it. */
		cmocka_unit_test_setup(web_server_signs_in, renew_deadline),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
