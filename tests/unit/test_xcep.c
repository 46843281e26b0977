#include "protocol_test.h"

#include <muster/protocol/xcep.h>

static enum outcome
read_text(struct arena *arena, struct bytes text, struct why *why)
{
	struct soap soap;
	enum outcome o;

	soap_of(arena, text, &soap);
	o = xcep_read(&soap, why);
	soap_release(&soap);
	return o;
}

/* --- requests --- */

static void
reads_the_samples(void **state)
{
	static const char *const samples[] = { "policies-windows11.xml", "policies-documentation.xml" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct arena *arena = arena_new();
		struct why why = { "" };

		row_outcome(samples[i], read_text(arena, file_read(arena, "requests", samples[i]), &why),
		    OUTCOME_OK, why);
		arena_free(arena);
	}
}

#define POLICIES(content) "<GetPolicies xmlns=\"" NS_XCEP "\">" content "</GetPolicies>"
#define NIL " xmlns:i=\"" NS_XSI "\" i:nil=\"true\""
#define FILTER(content) "<requestFilter>" content "</requestFilter>"

static const struct {
	const char *name, *body;
	enum outcome outcome;
	const char *why;
} requests[] = {
	{ "all there is",
	    POLICIES(
		"<client><lastUpdate" NIL "/><preferredLanguage" NIL "/></client><requestFilter" NIL "/>"),
	    OUTCOME_OK, "" },
	{ "empty client", POLICIES("<client/>"), OUTCOME_OK, "" },
	{ "client nil", POLICIES("<client" NIL "/>"), OUTCOME_OK, "" },
	{ "no requestFilter", POLICIES("<client><lastUpdate/></client>"), OUTCOME_OK, "" },
	{ "another order", POLICIES("<requestFilter/><client/>"), OUTCOME_OK, "" },
	{ "no namespace", "<GetPolicies><client/></GetPolicies>", OUTCOME_OK, "" },
	{ "prefixes", "<p:GetPolicies xmlns:p=\"" NS_XCEP "\"><p:client/></p:GetPolicies>", OUTCOME_OK, "" },
	{ "what clients add",
	    POLICIES("<client><TPMManufacturer>INTC</TPMManufacturer><New/><New/></client><Other/>"),
	    OUTCOME_OK, "" },
	{ "a filter",
	    POLICIES(
		"<client/>" FILTER("<policyOIDs><oid>1.2.3</oid></policyOIDs><clientVersion>5</clientVersion>"
				   "<serverVersion>0</serverVersion>")),
	    OUTCOME_OK, "" },
	{ "times and languages of any kind",
	    POLICIES(
		"<client><lastUpdate>yesterday</lastUpdate><preferredLanguage>&lt;tlh&gt;</preferredLanguage>"
		"</client>"),
	    OUTCOME_OK, "" },
	{ "a context beside it",
	    POLICIES("<client/>") "<AdditionalContext xmlns=\"" NS_AC "\"><ContextItem Name=\"a\"/>"
				  "</AdditionalContext>",
	    OUTCOME_OK, "" },
	{ "comments and blanks", POLICIES(" <!-- <client/> --> <client> </client>\n"), OUTCOME_OK, "" },
	{ "no client", POLICIES("<requestFilter/>"), OUTCOME_MESSAGE_FORMAT, "no client in GetPolicies" },
	{ "nothing", POLICIES(""), OUTCOME_MESSAGE_FORMAT, "no client in GetPolicies" },
	{ "client in a comment only", POLICIES("<!-- <client/> -->"), OUTCOME_MESSAGE_FORMAT,
	    "no client in GetPolicies" },
	{ "client too deep", POLICIES(FILTER("<client/>")), OUTCOME_MESSAGE_FORMAT,
	    "no client in GetPolicies" },
	{ "client in another case", POLICIES("<Client/>"), OUTCOME_MESSAGE_FORMAT,
	    "no client in GetPolicies" },
	{ "two clients", POLICIES("<client/><client/>"), OUTCOME_MESSAGE_FORMAT,
	    "more than one client in GetPolicies" },
};

static void
reads_variants(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		struct arena *arena = arena_new();
		struct why why = { "" };

		row_outcome(requests[i].name,
		    read_text(arena, bytes_of(envelope_of(arena, "", requests[i].body)), &why),
		    requests[i].outcome, why);
		row_text(requests[i].name, why.text, requests[i].why);
		arena_free(arena);
	}
}

/* --- the answer --- */

#define DAY (24 * 60 * 60)

static const struct enrollment_policy usual = {
	.minimum_key_length = 2048, .validity_seconds = 365 * DAY, .renewal_seconds = 42 * DAY
};

static struct reply_doc
written(struct arena *arena, const struct enrollment_policy *policy, const char *message_id)
{
	struct bytes bytes;

	assert_true(xcep_write(arena, policy, message_id, TRACE, &bytes));
	return reply_parse(bytes);
}

/*
 * The schema is a sequence throughout and Windows's parser of it is strict: every element
 * in its place, those without a value present and nil (MS-XCEP 3.1.4.1.3). One row an
 * element, in document order.
 */
static const struct {
	int depth;
	const char *name;
	const char *text; /* NULL: children follow */
} schema[] = {
	{ 0, "GetPoliciesResponse", NULL },
	{ 1, "response", NULL },
	{ 2, "policyID", "" },
	{ 2, "policyFriendlyName", "nil" },
	{ 2, "nextUpdateHours", "nil" },
	{ 2, "policiesNotChanged", "nil" },
	{ 2, "policies", NULL },
	{ 3, "policy", NULL },
	{ 4, "policyOIDReference", "0" },
	{ 4, "cAs", "nil" },
	{ 4, "attributes", NULL },
	{ 5, "commonName", "MDM device" },
	{ 5, "policySchema", "3" },
	{ 5, "certificateValidity", NULL },
	{ 6, "validityPeriodSeconds", "31536000" },
	{ 6, "renewalPeriodSeconds", "3628800" },
	{ 5, "permission", NULL },
	{ 6, "enroll", "true" },
	{ 6, "autoEnroll", "false" },
	{ 5, "privateKeyAttributes", NULL },
	{ 6, "minimalKeyLength", "2048" },
	{ 6, "keySpec", "nil" },
	{ 6, "keyUsageProperty", "nil" },
	{ 6, "permissions", "nil" },
	{ 6, "algorithmOIDReference", "nil" },
	{ 6, "cryptoProviders", NULL },
	{ 7, "provider", "Microsoft Platform Crypto Provider" },
	{ 7, "provider", "Microsoft Software Key Storage Provider" },
	{ 5, "revision", NULL },
	{ 6, "majorRevision", "101" },
	{ 6, "minorRevision", "0" },
	{ 5, "supersededPolicies", "nil" },
	{ 5, "privateKeyFlags", "nil" },
	{ 5, "subjectNameFlags", "nil" },
	{ 5, "enrollmentFlags", "nil" },
	{ 5, "generalFlags", "nil" },
	{ 5, "hashAlgorithmOIDReference", "0" },
	{ 5, "rARequirements", "nil" },
	{ 5, "keyArchivalAttributes", "nil" },
	{ 5, "extensions", "nil" },
	{ 1, "cAs", "nil" },
	{ 1, "oIDs", NULL },
	{ 2, "oID", NULL },
	{ 3, "value", "2.16.840.1.101.3.4.2.1" },
	{ 3, "group", "4" },
	{ 3, "oIDReferenceID", "0" },
	{ 3, "defaultName", "szOID_NIST_sha256" },
};

static void
element_check(struct arena *arena, const xmlNode *node, int depth, size_t row)
{
	const char *text = schema[row].text;
	char *nil = xml_attribute(arena, node, NS_XSI, "nil");

	row_text(arena_printf(arena, "row %zu", row), (const char *)node->name, schema[row].name);
	row_equal(schema[row].name, depth, schema[row].depth);
	row_text(schema[row].name, (const char *)node->ns->href, NS_XCEP);
	if (text == NULL) {
		row_equal(schema[row].name, xml_first(node) != NULL && nil == NULL, true);
	} else if (strcmp(text, "nil") == 0) {
		row_text(schema[row].name, nil != NULL ? nil : "(not nil)", "true");
		row_equal(schema[row].name, node->children == NULL, true);
	} else {
		row_equal(schema[row].name, nil == NULL && xml_first(node) == NULL, true);
		row_text(schema[row].name, xml_text_raw(arena, node), text);
	}
}

static size_t
elements_check(struct arena *arena, const xmlNode *node, int depth, size_t row)
{
	for (; node != NULL; node = xml_next(node)) {
		if (row == ARRAY_SIZE(schema))
			fail_msg("%s: after the end", (const char *)node->name);
		element_check(arena, node, depth, row++);
		row = elements_check(arena, xml_first(node), depth + 1, row);
	}
	return row;
}

static void
keeps_the_schema_order(void **state)
{
	struct arena *arena = arena_new();
	struct reply_doc reply = written(arena, &usual, MESSAGE_ID);
	const xmlNode *envelope = xmlDocGetRootElement(reply.doc);
	const xmlNode *body = xml_next(xml_first(envelope));

	(void)state;
	assert_true(xml_is(body, NS_SOAP12, "Body"));
	assert_int_equal(elements_check(arena, xml_first(body), 0, 0), ARRAY_SIZE(schema));
	reply_free(&reply);
	arena_free(arena);
}

#define ATTRIBUTES "/s:Envelope/s:Body/x:GetPoliciesResponse/x:response/x:policies/x:policy/x:attributes"

/* What the Windows client takes from it, and that references lead somewhere. */
static void
client_finds_the_policy(void **state)
{
	struct arena *arena = arena_new();
	struct reply_doc reply = written(arena, &usual, MESSAGE_ID);
	const char *hash = xpath_text(arena, &reply, ATTRIBUTES "/x:hashAlgorithmOIDReference");

	(void)state;
	xpath_check(arena, &reply, ATTRIBUTES "/x:privateKeyAttributes/x:minimalKeyLength", "2048");
	xpath_check(arena, &reply, arena_printf(arena, "//x:oIDs/x:oID[x:oIDReferenceID='%s']/x:value", hash),
	    "2.16.840.1.101.3.4.2.1");
	assert_int_equal(xpath_count(arena, &reply, "//x:policies/x:policy"), 1);
	assert_int_equal(
	    xpath_count(arena, &reply, "//x:oIDs/x:oID[x:oIDReferenceID=//x:policyOIDReference]"), 1);
	/* Nobody verifies attestation here: none of what asks for it. */
	assert_int_equal(xpath_count(arena, &reply,
			     "//*[local-name()='attestation' or local-name()='AttestationFailureBehavior' or "
			     "local-name()='OperationTimeout']"),
	    0);
	xpath_check(arena, &reply, "/s:Envelope/s:Header/a:Action", ACTION_POLICIES_RESPONSE);
	xpath_check(arena, &reply, "/s:Envelope/s:Header/a:Action/@s:mustUnderstand", "1");
	xpath_check(arena, &reply, "/s:Envelope/s:Header/a:RelatesTo", MESSAGE_ID);
	assert_int_equal(xpath_count(arena, &reply, "//o:Security"), 0);
	reply_free(&reply);
	arena_free(arena);
}

static const struct {
	const char *name;
	struct enrollment_policy policy;
	const char *key_length, *validity, *renewal;
	int providers;
} policies[] = {
	{ "usual", { .minimum_key_length = 2048, .validity_seconds = 365 * DAY, .renewal_seconds = 42 * DAY },
	    "2048", "31536000", "3628800", 2 },
	/* Many TPMs make no such keys; a list with theirs first would fail there. */
	{ "3072 bits",
	    { .minimum_key_length = 3072, .validity_seconds = 30 * DAY, .renewal_seconds = 10 * DAY }, "3072",
	    "2592000", "864000", 1 },
	{ "4096 bits",
	    { .minimum_key_length = 4096, .validity_seconds = 30 * DAY, .renewal_seconds = 10 * DAY }, "4096",
	    "2592000", "864000", 1 },
	{ "ten years",
	    { .minimum_key_length = 2048, .validity_seconds = 3650LL * DAY, .renewal_seconds = 1000 * DAY },
	    "2048", "315360000", "86400000", 2 },
	{ "beyond 32 bits",
	    { .minimum_key_length = 2048, .validity_seconds = 5000000000, .renewal_seconds = 1 }, "2048",
	    "5000000000", "1", 2 },
	{ "renewal as long as validity",
	    { .minimum_key_length = 2048, .validity_seconds = DAY, .renewal_seconds = DAY }, "2048", "86400",
	    "43200", 2 },
	{ "renewal longer than validity",
	    { .minimum_key_length = 2048, .validity_seconds = DAY, .renewal_seconds = 42 * DAY }, "2048",
	    "86400", "43200", 2 },
	{ "no renewal period", { .minimum_key_length = 2048, .validity_seconds = DAY, .renewal_seconds = 0 },
	    "2048", "86400", "1", 2 },
};

static void
follows_the_organization(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		const char *name = policies[i].name;
		struct arena *arena = arena_new();
		struct reply_doc reply = written(arena, &policies[i].policy, NULL);

		row_text(name, xpath_text(arena, &reply, "//x:minimalKeyLength"), policies[i].key_length);
		row_text(name, xpath_text(arena, &reply, "//x:validityPeriodSeconds"), policies[i].validity);
		row_text(name, xpath_text(arena, &reply, "//x:renewalPeriodSeconds"), policies[i].renewal);
		row_equal(name, xpath_count(arena, &reply, "//x:cryptoProviders/x:provider"),
		    policies[i].providers);
		row_text(name, xpath_text(arena, &reply, "//x:cryptoProviders/x:provider[last()]"),
		    "Microsoft Software Key Storage Provider");
		row_equal(name, xpath_count(arena, &reply, "//a:RelatesTo"), 0);
		reply_free(&reply);
		arena_free(arena);
	}
}

static void
markup_comes_back_as_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
		struct arena *arena = arena_new();
		struct reply_doc reply = written(arena, &usual, nasty[i]);

		xpath_check(arena, &reply, "//a:RelatesTo", nasty[i]);
		reply_free(&reply);
		arena_free(arena);
	}
}

static void
matches_the_golden_bytes(void **state)
{
	struct enrollment_policy long_key = usual;
	struct arena *arena = arena_new();
	struct bytes bytes;

	(void)state;
	long_key.minimum_key_length = 4096;
	assert_true(xcep_write(arena, &usual, MESSAGE_ID, TRACE, &bytes));
	golden_check(arena, "policies-response.xml", bytes);
	assert_true(xcep_write(arena, &long_key, MESSAGE_ID, TRACE, &bytes));
	golden_check(arena, "policies-response-4096.xml", bytes);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_samples),
		cmocka_unit_test(reads_variants),
		cmocka_unit_test(keeps_the_schema_order),
		cmocka_unit_test(client_finds_the_policy),
		cmocka_unit_test(follows_the_organization),
		cmocka_unit_test(markup_comes_back_as_text),
		cmocka_unit_test(matches_the_golden_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
