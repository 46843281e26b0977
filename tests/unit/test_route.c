/* Which path is which service, and what may be asked of it. */
#include <muster/stages/route.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define GUID "018f3c5e-7b2a-7c11-9d0e-0123456789ab"
#define GUID_UPPER "018F3C5E-7B2A-7C11-9D0E-0123456789AB"

static bool
same(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

/* Paths as the web server hands them over, and what they ask for. */
static const struct {
	const char *path;
	enum service service;
	const char *organization, *attempt;
} known[] = {
	{ "/EnrollmentServer/Discovery.svc", SERVICE_DISCOVERY, NULL, NULL },
	{ "/enrollmentserver/discovery.svc", SERVICE_DISCOVERY, NULL, NULL },
	{ "/ENROLLMENTSERVER/DISCOVERY.SVC", SERVICE_DISCOVERY, NULL, NULL },
	{ "/EnrollmentServer/Policy.svc", SERVICE_POLICY, NULL, NULL },
	{ "/EnrollmentServer/Enrollment.svc", SERVICE_ENROLLMENT, NULL, NULL },
	{ "/EnrollmentServer/acme/Policy.svc", SERVICE_POLICY, "acme", NULL },
	{ "/EnrollmentServer/ACME-2/ENROLLMENT.SVC", SERVICE_ENROLLMENT, "acme-2", NULL },
	{ "/EnrollmentServer/acme/" GUID "/Policy.svc", SERVICE_POLICY, "acme", GUID },
	{ "/EnrollmentServer/acme/" GUID_UPPER "/Enrollment.svc", SERVICE_ENROLLMENT, "acme", GUID },
	{ "/EnrollmentServer/acme/Renewal.svc", SERVICE_RENEWAL, "acme", NULL },
	{ "/ENROLLMENTSERVER/ACME/RENEWAL.SVC", SERVICE_RENEWAL, "acme", NULL },
	{ "/EnrollmentServer/Renewal.svc", SERVICE_RENEWAL, NULL, NULL },
	{ "/EnrollmentServer/acme/" GUID "/Renewal.svc", SERVICE_RENEWAL, "acme", GUID },
	{ "/muster/device", SERVICE_DEVICE, NULL, NULL },
	{ "/Muster/Device", SERVICE_DEVICE, NULL, NULL },
	{ "/muster/health", SERVICE_HEALTH, NULL, NULL },
	{ "/muster/Ready", SERVICE_READY, NULL, NULL },
	{ "/muster/metrics", SERVICE_METRICS, NULL, NULL },
	{ "/muster/metrics/", SERVICE_NONE, NULL, NULL },
	{ "/muster/other", SERVICE_NONE, NULL, NULL },
	{ "/ManagementServer/MDM.svc", SERVICE_CHECK_IN, NULL, NULL },
	{ "/MANAGEMENTSERVER/MDM.SVC", SERVICE_CHECK_IN, NULL, NULL },
	{ "/ManagementServer/MDM.svc/x", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/MDM.svc", SERVICE_NONE, NULL, NULL },
	{ "", SERVICE_NONE, NULL, NULL },
	{ "/", SERVICE_NONE, NULL, NULL },
	{ "EnrollmentServer/Discovery.svc", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/Discovery.svc/", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer//Policy.svc", SERVICE_NONE, NULL, NULL },
	{ "//EnrollmentServer/Policy.svc", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/acme/Discovery.svc", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/a_b/Policy.svc", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/a%20b/Policy.svc", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/../Policy.svc", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/acme/nonsense/Policy.svc", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/acme/" GUID "0/Policy.svc", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/acme/" GUID "/x/Policy.svc", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/acme/" GUID "/SignIn", SERVICE_SIGN_IN, "acme", GUID },
	{ "/ENROLLMENTSERVER/ACME/" GUID_UPPER "/SIGNIN/10.0.26200.1/4/CIMClient_Windows", SERVICE_SIGN_IN,
	    "acme", GUID },
	{ "/EnrollmentServer/acme/" GUID "/SignIn/-/-/-", SERVICE_SIGN_IN, "acme", GUID },
	{ "/EnrollmentServer/acme/" GUID "/SignIn/", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/acme/" GUID "/SignIn/a/b/c/d", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/acme/" GUID "/SignIn/a<b", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/acme/SignIn", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/acme/Terms", SERVICE_TERMS, "acme", NULL },
	{ "/EnrollmentServer/Terms", SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/acme/" GUID "/Terms", SERVICE_NONE, NULL, NULL },
	{ "/muster/sso/acme/" GUID, SERVICE_SINGLE_SIGN_ON, "acme", GUID },
	{ "/muster/sso/acme/" GUID "/10.0.26200.1/4/CIMClient_Windows", SERVICE_SINGLE_SIGN_ON, "acme",
	    GUID },
	{ "/Muster/sso/acme/" GUID, SERVICE_NONE, NULL, NULL },
	{ "/muster/SSO/acme/" GUID, SERVICE_NONE, NULL, NULL },
	{ "/muster/sso/Acme/" GUID, SERVICE_NONE, NULL, NULL },
	{ "/muster/sso/acme", SERVICE_NONE, NULL, NULL },
	{ "/muster//sso/acme/" GUID, SERVICE_NONE, NULL, NULL },
	{ "/EnrollmentServer/1234567890123456789012345678901234567890/Policy.svc", SERVICE_POLICY,
	    "1234567890123456789012345678901234567890", NULL },
	{ "/EnrollmentServer/12345678901234567890123456789012345678901/Policy.svc", SERVICE_NONE, NULL,
	    NULL },
	{ "/muster/device/x", SERVICE_NONE, NULL, NULL },
	{ "/muster/crl/" GUID ".crl", SERVICE_CRL, NULL, NULL },
	{ "/MUSTER/CRL/" GUID_UPPER ".CRL", SERVICE_CRL, NULL, NULL },
	{ "/muster/crl/" GUID, SERVICE_NONE, NULL, NULL },
	{ "/muster/crl/" GUID ".der", SERVICE_NONE, NULL, NULL },
	{ "/muster/crl/" GUID ".crl/", SERVICE_NONE, NULL, NULL },
	{ "/muster/crl/" GUID "/root.crl", SERVICE_NONE, NULL, NULL },
	{ "/muster/crl/acme.crl", SERVICE_NONE, NULL, NULL },
	{ "/muster/crl/.crl", SERVICE_NONE, NULL, NULL },
	{ "/muster/crl", SERVICE_NONE, NULL, NULL },
	{ "/muster/crl/", SERVICE_NONE, NULL, NULL },
	{ "/muster/ca/acme.der", SERVICE_AUTHORITY, NULL, NULL },
	{ "/muster/ca/acme.pem", SERVICE_AUTHORITY, NULL, NULL },
	{ "/Muster/CA/Acme.P7C", SERVICE_AUTHORITY, NULL, NULL },
	{ "/muster/ca/" GUID ".der", SERVICE_AUTHORITY, NULL, NULL },
	{ "/muster/ca/acme/root.pem", SERVICE_AUTHORITY, NULL, NULL },
	{ "/muster/ca/acme/leaf.pem", SERVICE_NONE, NULL, NULL },
	{ "/muster/ca/acme/root.pem/x", SERVICE_NONE, NULL, NULL },
	{ "/muster/ca/acme", SERVICE_NONE, NULL, NULL },
	{ "/muster/ca/acme.exe", SERVICE_NONE, NULL, NULL },
	{ "/muster/ca/acme.der.pem", SERVICE_NONE, NULL, NULL },
	{ "/muster/ca/../acme.der", SERVICE_NONE, NULL, NULL },
	{ "/muster/ca/.der", SERVICE_NONE, NULL, NULL },
	{ "/muster/ca/root.der", SERVICE_AUTHORITY, NULL, NULL },
	{ "/other/ca/acme.der", SERVICE_NONE, NULL, NULL },
	{ "/muster", SERVICE_NONE, NULL, NULL },
	{ "/other/Discovery.svc", SERVICE_NONE, NULL, NULL },
};

static void
paths(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct route route = route_of(arena, known[i].path);

		if (route.service != known[i].service ||
		    (route.service != SERVICE_NONE &&
			(!same(route.organization, known[i].organization) ||
			    !same(route.attempt, known[i].attempt))))
			fail_msg("'%s': service %d, organization %s, attempt %s", known[i].path,
			    (int)route.service, route.organization != NULL ? route.organization : "none",
			    route.attempt != NULL ? route.attempt : "none");
	}
	arena_free(arena);
}

static void
methods(void **state)
{
	static const struct {
		enum service service;
		const char *allowed, *refused;
	} row[] = {
		{ SERVICE_DISCOVERY, "GET HEAD POST", "PUT DELETE OPTIONS get post TRACE" },
		{ SERVICE_POLICY, "POST", "GET HEAD PUT OPTIONS post" },
		{ SERVICE_ENROLLMENT, "POST", "GET HEAD PUT OPTIONS post" },
		{ SERVICE_DEVICE, "GET HEAD", "POST PUT OPTIONS get" },
		{ SERVICE_NONE, "", "GET HEAD POST" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		for (int side = 0; side < 2; side++) {
			char text[64], *rest = text, *method;

			(void)snprintf(text, sizeof(text), "%s", side == 0 ? row[i].allowed : row[i].refused);
			while ((method = strsep(&rest, " ")) != NULL)
				if (*method != '\0' && route_allows(row[i].service, method) != (side == 0))
					fail_msg("service %d: %s", (int)row[i].service, method);
		}
	assert_false(route_allows(SERVICE_DISCOVERY, ""));
	assert_string_equal(route_allow(SERVICE_DISCOVERY), "GET, HEAD, POST");
	assert_string_equal(route_allow(SERVICE_POLICY), "POST");
}

static void
content_types(void **state)
{
	static const struct {
		const char *type;
		bool accepted;
	} row[] = {
		{ "", true },
		{ "  ", true },
		{ "application/soap+xml", true },
		{ "application/soap+xml; charset=utf-8", true },
		{ "application/soap+xml;charset=utf-8;action=\"x\"", true },
		{ "Application/SOAP+XML", true },
		{ "text/xml", true },
		{ "text/xml; charset=utf-8", true },
		{ "application/xml", true },
		{ "application/json", false },
		{ "application/x-www-form-urlencoded", false },
		{ "multipart/form-data; boundary=x", false },
		{ "text/plain", false },
		{ "text/html", false },
		{ "application/soap+xmlx", false },
		{ "application/xml-dtd", false },
		{ "unknown/unknown", false },
		{ "application/octet-stream", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		if (route_accepts(row[i].type) != row[i].accepted)
			fail_msg("'%s'", row[i].type);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(methods),
		cmocka_unit_test(content_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
