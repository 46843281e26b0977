/* Discover, GetPolicies and RSTRC answers, read as strictly as Windows reads them; context items. */
#include "../../app/muster-device/context.h"
#include "../../app/muster-device/finder.h"
#include "../../app/muster-device/policies.h"
#include "../../app/muster-device/statistics.h"
#include "../../app/muster-device/token.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#define SOAP "http://www.w3.org/2003/05/soap-envelope"
#define ADDRESSING "http://www.w3.org/2005/08/addressing"
#define ID "urn:uuid:1"
#define ENVELOPE(action, security, body) \
	"<s:Envelope xmlns:s=\"" SOAP "\" xmlns:a=\"" ADDRESSING "\"><s:Header><a:Action>" action \
	"</a:Action><a:RelatesTo>" ID "</a:RelatesTo>" security "</s:Header><s:Body>" body \
	"</s:Body></s:Envelope>"

#define DISCOVERY "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
static const char discovery[] = ENVELOPE(DISCOVERY "/IDiscoveryService/DiscoverResponse", "",
    "<DiscoverResponse xmlns=\"" DISCOVERY "\"><DiscoverResult><AuthPolicy>OnPremise</AuthPolicy>"
    "<EnrollmentVersion>4.0</EnrollmentVersion>"
    "<EnrollmentPolicyServiceUrl>https://m.corp.test:8443/P.svc</EnrollmentPolicyServiceUrl>"
    "<EnrollmentServiceUrl>https://m.corp.test:8443/E.svc</EnrollmentServiceUrl>"
    "</DiscoverResult></DiscoverResponse>");

#define XCEP "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
#define NIL(name) "<" name " xsi:nil=\"true\"/>"
static const char policies[] = ENVELOPE(XCEP "/IPolicy/GetPoliciesResponse", "",
    "<GetPoliciesResponse xmlns=\"" XCEP "\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
    "<response><policyID/><policyFriendlyName xsi:nil=\"true\"/><nextUpdateHours xsi:nil=\"true\"/>"
    "<policiesNotChanged xsi:nil=\"true\"/><policies><policy><policyOIDReference>0</policyOIDReference>"
    "<cAs xsi:nil=\"true\"/><attributes><commonName>MDM</commonName><policySchema>3</policySchema>"
    "<certificateValidity><validityPeriodSeconds>31536000</validityPeriodSeconds>"
    "<renewalPeriodSeconds>3628800</renewalPeriodSeconds></certificateValidity><permission><enroll>true"
    "</enroll><autoEnroll>false</autoEnroll></permission><privateKeyAttributes><minimalKeyLength>2048"
    "</minimalKeyLength><keySpec xsi:nil=\"true\"/><keyUsageProperty xsi:nil=\"true\"/>"
    "<permissions xsi:nil=\"true\"/><algorithmOIDReference xsi:nil=\"true\"/><cryptoProviders>"
    "<provider>Microsoft Platform Crypto Provider</provider>"
    "<provider>Microsoft Software Key Storage Provider</provider></cryptoProviders>"
    "</privateKeyAttributes><revision><majorRevision>101</majorRevision><minorRevision>0"
    "</minorRevision></revision><supersededPolicies xsi:nil=\"true\"/>"
    "<privateKeyFlags xsi:nil=\"true\"/><subjectNameFlags xsi:nil=\"true\"/>"
    "<enrollmentFlags xsi:nil=\"true\"/><generalFlags xsi:nil=\"true\"/><hashAlgorithmOIDReference>0"
    "</hashAlgorithmOIDReference><rARequirements xsi:nil=\"true\"/>"
    "<keyArchivalAttributes xsi:nil=\"true\"/><extensions xsi:nil=\"true\"/></attributes></policy>"
    "</policies></response><cAs xsi:nil=\"true\"/><oIDs><oID><value>2.16.840.1.101.3.4.2.1</value>"
    "<group>4</group><oIDReferenceID>0</oIDReferenceID><defaultName>szOID_NIST_sha256</defaultName>"
    "</oID></oIDs></GetPoliciesResponse>");

#define WSTEP "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
#define SECEXT "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define UTILITY "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
static const char token[] = ENVELOPE(WSTEP "/RSTRC/wstep",
    "<o:Security xmlns:o=\"" SECEXT "\"><u:Timestamp xmlns:u=\"" UTILITY "\"><u:Created>x</u:Created>"
    "<u:Expires>y</u:Expires></u:Timestamp></o:Security>",
    "<RequestSecurityTokenResponseCollection xmlns=\"http://docs.oasis-open.org/ws-sx/ws-trust/200512\">"
    "<RequestSecurityTokenResponse><RequestedSecurityToken><BinarySecurityToken xmlns=\"" SECEXT "\" "
    "ValueType=\"http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/"
    "DeviceEnrollmentProvisionDoc\">aGVsbG8=</BinarySecurityToken></RequestedSecurityToken>"
    "</RequestSecurityTokenResponse></RequestSecurityTokenResponseCollection>");

struct change {
	const char *label, *find, *put;
	unsigned hresult;
	unsigned notes; /* when it is taken */
};

static struct arena *arena;
static const struct settings settings = { .windows = WINDOWS_11 };

static char *
replace_first(const char *text, const char *find, const char *put)
{
	const char *at = strstr(text, find);

	if (at == NULL)
		fail_msg("the answer has no %s", find);
	return arena_printf(arena, "%.*s%s%s", (int)(at - text), text, put, at + strlen(find));
}

static bool
read_discovery(struct bytes body, struct refusal *refusal, struct notes *notes)
{
	struct services services;

	return finder_read(arena, &settings, body, ID, &services, refusal, notes);
}

static bool
read_policies(struct bytes body, struct refusal *refusal, struct notes *notes)
{
	struct key_policy policy;

	return policies_read(arena, &settings, body, ID, &policy, refusal, notes);
}

static bool
read_token(struct bytes body, struct refusal *refusal, struct notes *notes)
{
	struct bytes document;

	return token_read(arena, body, ID, &document, refusal, notes);
}

static void
check(const char *good, const struct change *change, size_t count,
    bool (*read)(struct bytes, struct refusal *, struct notes *))
{
	for (size_t i = 0; i < count; i++, change++) {
		struct refusal refusal = { .hresult = 0 };
		struct notes notes = { .count = 0 };
		const char *text =
		    change->find == NULL ? good : replace_first(good, change->find, change->put);
		bool ok = read(bytes_of(text), &refusal, &notes);

		if (ok != (change->hresult == 0) || (unsigned)refusal.hresult != change->hresult ||
		    (ok && notes.count != change->notes))
			fail_msg("%s: 0x%08X \"%s\", %zu notes (%s)", change->label,
			    (unsigned)refusal.hresult, refusal.what, notes.count, notes.text[0]);
	}
}

static void
test_discovery(void **state)
{
	static const struct change changes[] = {
		{ "as it is", NULL, NULL, 0, 0 },
		{ "letter case of the policy", ">OnPremise<", ">onpremise<", 0, 0 },
		{ "white space", ">OnPremise<", "> OnPremise\n<", 0, 0 },
		{ "an unknown child", "<AuthPolicy>", "<New>1</New><AuthPolicy>", 0, 0 },
		{ "trailing slash in the namespace", "<DiscoverResponse xmlns=\"" DISCOVERY,
		    "<DiscoverResponse xmlns=\"" DISCOVERY "/", 0x801900C8, 0 },
		{ "lower-case result", "<DiscoverResponse", "<discoverresponse", 0x801900C8, 0 },
		{ "no AuthPolicy", "<AuthPolicy>OnPremise</AuthPolicy>", "", 0x80180008, 0 },
		{ "unknown AuthPolicy", ">OnPremise<", ">Kerberos<", 0x80180008, 0 },
		{ "Federated", ">OnPremise<", ">Federated<", 0, 0 },
		{ "Certificate", ">OnPremise<", ">Certificate<", 0x80180028, 0 },
		{ "no enrollment service",
		    "<EnrollmentServiceUrl>https://m.corp.test:8443/E.svc</EnrollmentServiceUrl>", "",
		    0x80180008, 0 },
		{ "no policy service",
		    "<EnrollmentPolicyServiceUrl>https://m.corp.test:8443/P.svc</EnrollmentPolicyServiceUrl>",
		    "", 0, 1 },
		{ "http", "https://m.corp.test:8443/E", "http://m.corp.test:8443/E", 0x8018001A, 0 },
		{ "http for policy", "https://m.corp.test:8443/P", "http://m.corp.test:8443/P", 0x8018001A,
		    0 },
		{ "two hosts", "m.corp.test:8443/P", "p.corp.test:8443/P", 0x80180008, 0 },
		{ "one host in two spellings", "m.corp.test:8443/P", "M.CORP.test:8443/P", 0, 0 },
		{ "version above the request's", ">4.0<", ">10.0<", 0, 1 },
		{ "version without fraction", ">4.0<", ">4<", 0, 1 },
		{ "another RelatesTo", ID "</", ID " </", 0, 1 },
		{ "another Action", "/DiscoverResponse</a:Action>", "/Discover</a:Action>", 0, 1 },
		{ "SOAP 1.1", SOAP, "http://schemas.xmlsoap.org/soap/envelope/", 0, 1 },
		{ "a DOCTYPE", "<s:Envelope", "<!DOCTYPE a><s:Envelope", 0x801900C8, 0 },
	};

	(void)state;
	check(discovery, changes, ARRAY_SIZE(changes), read_discovery);
}

static void
test_policies(void **state)
{
	static const struct change changes[] = {
		{ "as it is", NULL, NULL, 0, 0 },
		{ "a missing nil", NIL("keySpec"), "", 0x80180008, 0 },
		{ "nil where a value must be", "<commonName>MDM</commonName>", NIL("commonName"), 0x80180008,
		    0 },
		{ "order of the attributes", NIL("privateKeyFlags") NIL("subjectNameFlags"),
		    NIL("subjectNameFlags") NIL("privateKeyFlags"), 0x80180008, 0 },
		{ "order at the top", NIL("cAs") "<oIDs>", "<oIDs>", 0x80180008, 0 },
		{ "something too much", "<policyID/>", "<policyID/><policyID/>", 0x80180008, 0 },
		{ "another namespace's extension", "</attributes>", "<x xmlns=\"urn:x\"/></attributes>", 0,
		    0 },
		{ "attestation before its place", NIL("extensions"), "<attestation/>" NIL("extensions"),
		    0x80180008, 0 },
		{ "no policy", "<policies>", "<policies xmlns:y=\"urn:y\"><y:policy/>", 0x80180008, 0 },
		{ "policies nil", "<policies>", "<policies xsi:nil=\"true\">", 0x80180008, 0 },
		{ "schema 2", ">3<", ">2<", 0, 1 },
		{ "no right to enroll", "<enroll>true", "<enroll>false", 0x80180003, 0 },
		{ "enroll yes", "<enroll>true", "<enroll>yes", 0x80180008, 0 },
		{ "a key of 512 bits", ">2048<", ">512<", 0x80180027, 0 },
		{ "no number", ">2048<", ">RSA<", 0x80180008, 0 },
		{ "only a TPM", "<provider>Microsoft Software Key Storage Provider</provider>", "",
		    0x80180027, 0 },
		{ "no provider of ours",
		    "<provider>Microsoft Platform Crypto Provider</provider>"
		    "<provider>Microsoft Software Key Storage Provider</provider>",
		    "<provider>Other</provider>", 0x80180027, 0 },
		{ "an empty list",
		    "<provider>Microsoft Platform Crypto Provider</provider>"
		    "<provider>Microsoft Software Key Storage Provider</provider>",
		    "", 0x80180008, 0 },
		{ "a dangling hash", "<hashAlgorithmOIDReference>0<", "<hashAlgorithmOIDReference>7<",
		    0x80180008, 0 },
		{ "a dangling policy", "<policyOIDReference>0<", "<policyOIDReference>7<", 0x80180008, 0 },
		{ "SHA-512", "3.4.2.1<", "3.4.2.3<", 0x80180027, 0 },
		{ "group 10", "<group>4<", "<group>10<", 0x80180008, 0 },
		{ "validity 0", ">31536000<", ">0<", 0x80180008, 0 },
		{ "the wrong root", "<GetPoliciesResponse ", "<getpoliciesresponse ", 0x801900C8, 0 },
	};

	(void)state;
	check(policies, changes, ARRAY_SIZE(changes), read_policies);
}

static void
test_token(void **state)
{
	static const struct change changes[] = {
		{ "as it is", NULL, NULL, 0, 0 },
		{ "base64 in lines", "aGVsbG8=", "aGVs\r\nbG8=", 0, 0 },
		{ "no base64", "aGVsbG8=", "***", 0x80180023, 0 },
		{ "another ValueType", "ProvisionDoc\"", "ProvisionDok\"", 0, 1 },
		{ "no Timestamp", "<u:Expires>y</u:Expires>", "", 0, 1 },
		{ "no collection", "<RequestSecurityTokenResponse>", "<RequestSecurityTokenAnswer>",
		    0x801900C8, 0 },
		{ "token of another namespace", "<BinarySecurityToken xmlns=\"" SECEXT,
		    "<BinarySecurityToken xmlns=\"" UTILITY, 0x801900C8, 0 },
	};

	(void)state;
	check(token, changes, ARRAY_SIZE(changes), read_token);
}

/* A device with a token offers one policy, and takes no other. */
static void
test_offered(void **state)
{
	static const struct {
		const char *offered, *answered;
		unsigned hresult;
	} rows[] = {
		{ "Federated", ">Federated<", 0 },
		{ "Federated", ">federated<", 0 },
		{ "Federated", ">OnPremise<", 0x80180008 },
		{ "Certificate", ">Certificate<", 0 },
		{ "Certificate", ">Federated<", 0x80180008 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct settings own = { .windows = WINDOWS_11, .auth_policy = rows[i].offered };
		struct bytes body = bytes_of(replace_first(discovery, ">OnPremise<", rows[i].answered));
		struct refusal refusal = { .hresult = 0 };
		struct notes notes = { .count = 0 };
		struct services services;
		bool ok = finder_read(arena, &own, body, ID, &services, &refusal, &notes);

		if (ok != (rows[i].hresult == 0) || (unsigned)refusal.hresult != rows[i].hresult)
			fail_msg("%s offered, %s answered: 0x%08X \"%s\"", rows[i].offered, rows[i].answered,
			    (unsigned)refusal.hresult, refusal.what);
	}
}

static const char *
header_of(const struct settings *own, const struct login *login)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();
	struct bytes bytes;
	const char *text;

	(void)envelope_begin(out, arena, own, "urn:action", "https://mdm.test/", login);
	assert_true(envelope_end(out, arena, login, false, &bytes));
	text =
	    strstr(arena_printf(arena, "%.*s", (int)bytes.size, (const char *)bytes.data), "<wsse:Security");
	return text == NULL ? NULL
			    : arena_printf(arena, "%.*s", (int)(strstr(text, "</s:Header>") - text), text);
}

static void
test_security(void **state)
{
	CLEANUP(secret_release) struct secret secret = secret_copy("a&b_-Z", 6);
	struct login login = { .user = "ada@corp.test", .password = &secret };
	struct settings own = { .windows = WINDOWS_11 };

	(void)state;
	assert_null(header_of(&own, NULL));
	assert_string_equal(header_of(&own, &login),
	    "<wsse:Security s:mustUnderstand=\"1\"><wsse:UsernameToken "
	    "u:Id=\"uuid-cc1ccc1f-2fba-4bcf-b063-ffc0cac77917-4\"><wsse:Username>ada@corp.test</"
	    "wsse:Username>"
	    "<wsse:Password wsse:Type=\"http://docs.oasis-open.org/wss/2004/01/"
	    "oasis-200401-wss-username-token-profile-1.0#PasswordText\">a&amp;b_-Z</wsse:Password>"
	    "</wsse:UsernameToken></wsse:Security>");
	login.token = &secret;
	login.token_type = TOKEN_TYPE_OPAQUE;
	assert_string_equal(header_of(&own, &login),
	    "<wsse:Security s:mustUnderstand=\"1\"><wsse:BinarySecurityToken ValueType=\"http://"
	    "schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentUserToken\" "
	    "EncodingType=\"" SECEXT "#base64binary\">YSZiXy1a</wsse:BinarySecurityToken></wsse:Security>");
	own.spaced = true;
	assert_non_null(
	    strstr(header_of(&own, &login), ">\n      YSZiXy1a\n    </wsse:BinarySecurityToken>"));
}

static const char *
item_at(const struct context *context, size_t index)
{
	return context->item[index].name;
}

static void
test_context(void **state)
{
	struct settings own = { .windows = WINDOWS_11 };
	struct identity identity;
	struct context context;

	(void)state;
	identity_new(&identity);
	context_fill(&context, arena, &own, &identity, "4.0");
	assert_string_equal(item_at(&context, 0), "UXInitiated");
	assert_string_equal(item_at(&context, 6), "MAC");
	assert_string_equal(item_at(&context, 18), "MAC");
	assert_string_equal(item_at(&context, 19), "DeviceID");
	assert_string_equal(context_get(&context, "RequestVersion"), "9.0");
	assert_non_null(context_get(&context, "AttestationStatusHResult"));
	assert_false(context_is_device(&context));
	context_fill(&context, arena, &own, &identity, "5.0");
	assert_string_equal(item_at(&context, 0), "AIKPub");
	assert_string_equal(context_get(&context, "RequestVersion"), "5.0");
	own.windows = WINDOWS_10;
	own.device_type = true;
	context_fill(&context, arena, &own, &identity, "4.0");
	assert_null(context_get(&context, "RequestVersion"));
	assert_null(context_get(&context, "Manufacturer"));
	assert_true(context_is_device(&context));
}

static void
test_overrides(void **state)
{
	struct settings own = { .windows = WINDOWS_11 };
	struct identity identity;
	struct context context;
	size_t macs = 0;

	(void)state;
	identity_new(&identity);
	own.override[own.override_count++] = "devicetype=WindowsPhone";
	own.override[own.override_count++] = "MAC=1";
	own.override[own.override_count++] = "MAC=2";
	own.override[own.override_count++] = "HWDevID";
	own.override[own.override_count++] = "IMEI=a=b";
	own.override[own.override_count++] = "OSEdition=";
	context_fill(&context, arena, &own, &identity, NULL);
	for (size_t i = 0; i < context.count; i++)
		macs += strcmp(context.item[i].name, "MAC") == 0;
	assert_int_equal(macs, 2);
	assert_true(context_is_phone(&context));
	assert_null(context_get(&context, "HWDevID"));
	assert_string_equal(context_get(&context, "IMEI"), "a=b");
	assert_string_equal(context_get(&context, "OSEdition"), "");
}

static void
test_candidates(void **state)
{
	static const struct {
		const char *user, *server, *url;
	} rows[] = {
		{ "ada@corp.test", NULL,
		    "https://EnterpriseEnrollment.corp.test/EnrollmentServer/Discovery.svc" },
		{ "ada@corp.test", "mdm.test", "https://mdm.test/EnrollmentServer/Discovery.svc" },
		{ "corp\\ada", "mdm.test:8443", "https://mdm.test:8443/EnrollmentServer/Discovery.svc" },
		{ "ada", "https://mdm.test/x", "https://mdm.test/x" },
		{ "corp\\ada", NULL, NULL },
		{ "ada@", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct settings own = { .user = rows[i].user, .server = rows[i].server };
		struct refusal refusal = { .hresult = 0 };
		const char *urls[2];
		size_t count = finder_candidates(arena, &own, urls, &refusal);

		assert_int_equal(count > 0, rows[i].url != NULL);
		if (count > 0)
			assert_string_equal(urls[0], rows[i].url);
	}
}

static void
test_percentiles(void **state)
{
	int64_t sorted[200];

	(void)state;
	for (int64_t i = 0; i < 200; i++)
		sorted[i] = i + 1;
	assert_int_equal(statistics_percentile(sorted, 200, 50), 100);
	assert_int_equal(statistics_percentile(sorted, 200, 99), 198);
	assert_int_equal(statistics_percentile(sorted, 200, 100), 200);
	assert_int_equal(statistics_percentile(sorted, 1, 50), 1);
	assert_int_equal(statistics_percentile(sorted, 0, 50), 0);
}

static int
arena_make(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
arena_end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_discovery), cmocka_unit_test(test_policies),
		cmocka_unit_test(test_token), cmocka_unit_test(test_offered), cmocka_unit_test(test_security),
		cmocka_unit_test(test_context), cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_candidates), cmocka_unit_test(test_percentiles) };

	return cmocka_run_group_tests(tests, arena_make, arena_end);
}
