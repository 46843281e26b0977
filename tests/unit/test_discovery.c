#include "protocol_test.h"

#include <muster/protocol/discovery.h>

static enum outcome
discover_of(struct arena *arena, const char *body, struct discover *discover, struct why *why)
{
	struct soap soap;
	enum outcome o;

	soap_of(arena, bytes_of(envelope_of(arena, "", body)), &soap);
	o = discover_read(arena, &soap, discover, why);
	soap_release(&soap);
	return o;
}

/* --- samples --- */

static const struct {
	const char *file, *email, *domain, *version, *device_type, *application_version, *os_edition,
	    *os_version;
	unsigned policies;
	bool first_version;
} samples[] = {
	{ "discover-windows11.xml", "Ada@Example.Test", "example.test", "9.0", "CIMClient_Windows",
	    "10.0.26200.9279", "4", "", POLICY_ON_PREMISE | POLICY_FEDERATED, false },
	{ "discover-documentation.xml", "ada@example.test", "example.test", "4.0", "WindowsPhone", "10.0.0.0",
	    "4", "10.0.0.0", POLICY_ON_PREMISE, false },
	{ "discover-certificate.xml", "enrollment@example.test", "example.test", "3.0", "", "10.0.10240.0",
	    "Core", "10.0.10240.0", POLICY_CERTIFICATE, false },
	{ "discover-version1.xml", "ada@example.test", "example.test", "", "", "", "", "", POLICY_FEDERATED,
	    true },
	{ "discover-unprefixed.xml", "EXAMPLE\\ada", "", "newest", "CIMClient_Windows", "", "", "",
	    POLICY_ON_PREMISE | POLICY_FEDERATED, false },
	{ "discover-soap11.xml", "", "", "3", "CIMClient_Windows", "", "", "", POLICY_FEDERATED, false },
};

static void
reads_the_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const char *file = samples[i].file;
		struct arena *arena = arena_new();
		struct discover discover;
		struct soap soap;
		struct why why = { "" };

		soap_of(arena, file_read(arena, "requests", file), &soap);
		row_outcome(file, discover_read(arena, &soap, &discover, &why), OUTCOME_OK, why);
		row_text(file, discover.email, samples[i].email);
		row_text(file, discover.domain, samples[i].domain);
		row_text(file, discover.request_version, samples[i].version);
		row_text(file, discover.device_type, samples[i].device_type);
		row_text(file, discover.application_version, samples[i].application_version);
		row_text(file, discover.os_edition, samples[i].os_edition);
		row_text(file, discover.os_version, samples[i].os_version);
		row_equal(file, discover.policies, samples[i].policies);
		row_equal(file, discover.first_version, samples[i].first_version);
		soap_release(&soap);
		arena_free(arena);
	}
}

/* --- small variants --- */

#define REQUEST(content) "<Discover xmlns=\"" NS_DISCOVERY "\"><request>" content "</request></Discover>"
#define TYPE "<DeviceType>CIMClient_Windows</DeviceType>"
#define BOTH (POLICY_ON_PREMISE | POLICY_FEDERATED)

static const struct {
	const char *name, *body;
	enum outcome outcome;
	const char *domain;
	unsigned policies;
} variants[] = {
	{ "nothing inside request", REQUEST(""), OUTCOME_OK, "", POLICY_FEDERATED },
	{ "no request", "<Discover/>", OUTCOME_MESSAGE_FORMAT, "", 0 },
	{ "two requests", "<Discover><request/><request/></Discover>", OUTCOME_MESSAGE_FORMAT, "", 0 },
	{ "address twice",
	    REQUEST("<EmailAddress>a@a.test</EmailAddress><EmailAddress>b@b.test</EmailAddress>"),
	    OUTCOME_MESSAGE_FORMAT, "", 0 },
	{ "version twice",
	    REQUEST("<RequestVersion>4.0</RequestVersion><RequestVersion>4.0</RequestVersion>"),
	    OUTCOME_MESSAGE_FORMAT, "", 0 },
	{ "policies twice", REQUEST("<AuthPolicies/><AuthPolicies/>"), OUTCOME_MESSAGE_FORMAT, "", 0 },
	{ "unknown field twice", REQUEST("<New/><New/>"), OUTCOME_OK, "", POLICY_FEDERATED },
	{ "upper case", REQUEST("<EmailAddress>ADA@EXAMPLE.TEST</EmailAddress>"), OUTCOME_OK, "example.test",
	    POLICY_FEDERATED },
	{ "two at signs", REQUEST("<EmailAddress>a@b@c.test</EmailAddress>"), OUTCOME_OK, "c.test",
	    POLICY_FEDERATED },
	{ "at sign last", REQUEST("<EmailAddress>a@</EmailAddress>"), OUTCOME_OK, "", POLICY_FEDERATED },
	{ "no ASCII", REQUEST("<EmailAddress>\xc3\xa4@M\xc3\x9cLLER.test</EmailAddress>"), OUTCOME_OK,
	    "m\xc3\x9cller.test", POLICY_FEDERATED },
	{ "markup", REQUEST("<EmailAddress>a@&lt;b&gt;&quot;&amp;</EmailAddress>"), OUTCOME_OK, "<b>\"&",
	    POLICY_FEDERATED },
	{ "empty list", REQUEST(TYPE "<AuthPolicies/>"), OUTCOME_OK, "", BOTH },
	{ "blank list", REQUEST(TYPE "<AuthPolicies> \n <AuthPolicy> </AuthPolicy></AuthPolicies>"),
	    OUTCOME_OK, "", BOTH },
	{ "unknown policy only", REQUEST(TYPE "<AuthPolicies><AuthPolicy>Smell</AuthPolicy></AuthPolicies>"),
	    OUTCOME_OK, "", 0 },
	{ "unknown beside known",
	    REQUEST(TYPE "<AuthPolicies><AuthPolicy>Smell</AuthPolicy><AuthPolicy>CERTIFICATE</AuthPolicy>"
			 "</AuthPolicies>"),
	    OUTCOME_OK, "", POLICY_CERTIFICATE },
	{ "flat list", REQUEST(TYPE "<AuthPolicies>OnPremise, Federated</AuthPolicies>"), OUTCOME_OK, "",
	    BOTH },
	{ "all three",
	    REQUEST("<AuthPolicies><AuthPolicy>OnPremise</AuthPolicy><AuthPolicy>Federated</AuthPolicy>"
		    "<AuthPolicy>Certificate</AuthPolicy></AuthPolicies>"),
	    OUTCOME_OK, "", BOTH | POLICY_CERTIFICATE },
};

static void
reads_variants(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		struct arena *arena = arena_new();
		struct discover discover;
		struct why why = { "" };

		row_outcome(variants[i].name, discover_of(arena, variants[i].body, &discover, &why),
		    variants[i].outcome, why);
		if (variants[i].outcome == OUTCOME_OK) {
			row_text(variants[i].name, discover.domain, variants[i].domain);
			row_equal(variants[i].name, discover.policies, variants[i].policies);
		}
		arena_free(arena);
	}
}

static void
bounds_the_fields(void **state)
{
	struct arena *arena = arena_new();
	struct discover discover;
	struct why why = { "" };
	char local[400];

	(void)state;
	memset(local, 'a', sizeof(local));
	assert_int_equal(
	    discover_of(arena,
		arena_printf(arena, REQUEST("<EmailAddress>%.*s@b.test</EmailAddress>"), 313, local),
		&discover, &why),
	    OUTCOME_OK);
	assert_int_equal(strlen(discover.email), DISCOVER_EMAIL_MAX);
	assert_string_equal(discover.domain, "b.test");
	assert_int_equal(
	    discover_of(arena,
		arena_printf(arena,
		    REQUEST("<EmailAddress>%.*s@b.test</EmailAddress><OSEdition>%.*s</OSEdition>"), 314,
		    local, 400, local),
		&discover, &why),
	    OUTCOME_OK);
	assert_string_equal(discover.email, "");
	assert_string_equal(discover.domain, "");
	assert_int_equal(strlen(discover.os_edition), DISCOVER_FIELD_MAX);
	arena_free(arena);
}

/* --- EnrollmentVersion --- */

static const struct {
	const char *client, *ceiling;
	bool first_version;
	const char *answer; /* NULL: left out */
} versions[] = {
	{ "9.0", "4.0", false, "4.0" },
	{ "4.0", "4.0", false, "4.0" },
	{ "3.0", "4.0", false, "3.0" },
	{ "3", "4.0", false, "3.0" },
	{ " 4.0 ", "4.0", false, "4.0" },
	{ "5.0", "9.0", false, "5.0" },
	{ "10.0", "9.0", false, "9.0" },
	{ "10.0", "11.0", false, "10.0" },
	{ "9.0", "10.0", false, "9.0" },
	{ "3.9", "4.0", false, "3.0" },
	{ "2.0", "4.0", false, "3.0" },
	{ "1.0", "4.0", false, "3.0" },
	{ "0", "4.0", false, "3.0" },
	{ "", "4.0", false, "3.0" },
	{ "newest", "4.0", false, "3.0" },
	{ "-4.0", "4.0", false, "3.0" },
	{ "4.0.0", "4.0", false, "3.0" },
	{ "4,0", "4.0", false, "3.0" },
	{ "0x9", "4.0", false, "3.0" },
	{ "9e9", "4.0", false, "3.0" },
	{ ".", "4.0", false, "3.0" },
	{ "4.", "4.0", false, "4.0" },
	{ "+4.0", "4.0", false, "4.0" },
	{ "99999999999999999999999999999999.0", "4.0", false, "4.0" },
	{ "9.0", "3.0", false, "3.0" },
	{ "9.0", "2.0", false, "3.0" },
	{ "9.0", NULL, false, "4.0" },
	{ "9.0", "", false, "4.0" },
	{ "", "4.0", true, NULL },
	{ "1.0", "4.0", true, NULL },
	{ "2.0", "4.0", true, NULL },
	{ "nil", "4.0", true, NULL },
	{ "4.0", "4.0", true, "4.0" },
};

static void
answers_the_version(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct discover discover = { .request_version = versions[i].client,
			.first_version = versions[i].first_version };
		const char *got = discover_version(arena, &discover, versions[i].ceiling);

		row_text(arena_printf(arena, "%s below %s", versions[i].client,
			     versions[i].ceiling != NULL ? versions[i].ceiling : "(none)"),
		    got != NULL ? got : "(none)", versions[i].answer != NULL ? versions[i].answer : "(none)");
	}
	arena_free(arena);
}

/* --- AuthPolicy --- */

static const struct {
	unsigned offered;
	const char *configured, *answer;
} choices[] = {
	{ BOTH, "OnPremise", "OnPremise" },
	{ BOTH, "OnPremise,Federated", "OnPremise" },
	{ BOTH, "Federated,OnPremise", "Federated" },
	{ BOTH, " federated , onpremise ", "Federated" },
	{ POLICY_FEDERATED, "OnPremise,Federated", "Federated" },
	{ POLICY_FEDERATED, "OnPremise", NULL },
	{ POLICY_CERTIFICATE, "OnPremise,Federated", NULL },
	{ POLICY_CERTIFICATE, "OnPremise,Certificate", "Certificate" },
	{ 0, "OnPremise,Federated,Certificate", NULL },
	{ BOTH, "", NULL },
	{ BOTH, NULL, NULL },
	{ BOTH, "Smell,OnPremise", "OnPremise" },
	{ BOTH, "OnPremisesque", NULL },
};

static void
chooses_the_policy(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		struct discover discover = { .policies = choices[i].offered };
		const char *got = discover_policy(arena, &discover, choices[i].configured);

		row_text(arena_printf(arena, "choice %zu", i), got != NULL ? got : "(none)",
		    choices[i].answer != NULL ? choices[i].answer : "(none)");
	}
	arena_free(arena);
}

/* --- the answer --- */

#define BASE "https://mdm.example.test/EnrollmentServer/example/01938f3e-7d2a-7c41-9a55-0f1e2d3c4b5a/"

static const struct discover_result answer = {
	.auth_policy = "OnPremise",
	.enrollment_version = "4.0",
	.policy_url = BASE "Policy.svc",
	.enrollment_url = BASE "Enrollment.svc",
};

/* Not even the namespace may differ: the client's XPath has no trailing slash. */
static void
client_finds_the_answer(void **state)
{
	struct arena *arena = arena_new();
	struct reply_doc reply;
	struct bytes bytes;

	(void)state;
	assert_true(discover_write(arena, &answer, MESSAGE_ID, TRACE, &bytes));
	reply = reply_parse(bytes);
#define FOUND "//e:DiscoverResponse//e:DiscoverResult//e:"
	xpath_check(arena, &reply, FOUND "AuthPolicy", "OnPremise");
	xpath_check(arena, &reply, FOUND "EnrollmentVersion", "4.0");
	xpath_check(arena, &reply, FOUND "EnrollmentPolicyServiceUrl", BASE "Policy.svc");
	xpath_check(arena, &reply, FOUND "EnrollmentServiceUrl", BASE "Enrollment.svc");
	assert_int_equal(xpath_count(arena, &reply, FOUND "AuthenticationServiceUrl"), 0);
	xpath_check(arena, &reply, "/s:Envelope/s:Header/a:Action", ACTION_DISCOVER_RESPONSE);
	xpath_check(arena, &reply, "/s:Envelope/s:Header/a:RelatesTo", MESSAGE_ID);
	assert_int_equal(
	    xpath_count(arena, &reply, "/s:Envelope/s:Body/e:DiscoverResponse/e:DiscoverResult/*"), 4);
	reply_free(&reply);
	arena_free(arena);
}

static void
leaves_out_what_is_not_there(void **state)
{
	struct discover_result result = answer;
	struct arena *arena = arena_new();
	struct reply_doc reply;
	struct bytes bytes;

	(void)state;
	result.enrollment_version = NULL;
	result.auth_policy = "Federated";
	result.authentication_url = "https://mdm.example.test/EnrollmentServer/Auth?a=1&b=2";
	assert_true(discover_write(arena, &result, NULL, TRACE, &bytes));
	reply = reply_parse(bytes);
	assert_int_equal(xpath_count(arena, &reply, FOUND "EnrollmentVersion"), 0);
	assert_int_equal(xpath_count(arena, &reply, "//a:RelatesTo"), 0);
	xpath_check(arena, &reply, FOUND "AuthenticationServiceUrl", result.authentication_url);
	reply_free(&reply);
	arena_free(arena);
}

static void
markup_comes_back_as_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
		struct discover_result result = { nasty[i], nasty[i], nasty[i], nasty[i], nasty[i] };
		struct arena *arena = arena_new();
		struct reply_doc reply;
		struct bytes bytes;

		assert_true(discover_write(arena, &result, nasty[i], nasty[i], &bytes));
		reply = reply_parse(bytes);
		for (int child = 1; child <= 5; child++)
			xpath_check(
			    arena, &reply, arena_printf(arena, "//e:DiscoverResult/*[%d]", child), nasty[i]);
		xpath_check(arena, &reply, "//d:ActivityId/@CorrelationId", nasty[i]);
		reply_free(&reply);
		arena_free(arena);
	}
}

static void
matches_the_golden_bytes(void **state)
{
	struct arena *arena = arena_new();
	struct bytes bytes;

	(void)state;
	assert_true(discover_write(arena, &answer, MESSAGE_ID, TRACE, &bytes));
	golden_check(arena, "discover-response.xml", bytes);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_samples),
		cmocka_unit_test(reads_variants),
		cmocka_unit_test(bounds_the_fields),
		cmocka_unit_test(answers_the_version),
		cmocka_unit_test(chooses_the_policy),
		cmocka_unit_test(client_finds_the_answer),
		cmocka_unit_test(leaves_out_what_is_not_there),
		cmocka_unit_test(markup_comes_back_as_text),
		cmocka_unit_test(matches_the_golden_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
