/* From an answer to the HRESULT that Windows would show. */
#include "../../app/muster-device/server_fault.h"

#include <muster/base/arena.h>

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#define SOAP "http://www.w3.org/2003/05/soap-envelope"
#define DETAIL(content) \
	"<s:Detail><DeviceEnrollmentServiceError " \
	"xmlns=\"http://schemas.microsoft.com/windows/pki/2009/01/enrollment\">" content \
	"</DeviceEnrollmentServiceError></s:Detail>"
#define FAULT(subcode, reason, detail) \
	"<s:Envelope xmlns:s=\"" SOAP "\"><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value>" \
	"<s:Subcode><s:Value>" subcode "</s:Value></s:Subcode></s:Code>" \
	"<s:Reason><s:Text xml:lang=\"en-US\">" reason "</s:Text></s:Reason>" detail \
	"</s:Fault></s:Body></s:Envelope>"
#define SPOKEN(language, reason) \
	"<s:Envelope xmlns:s=\"" SOAP "\"><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value>" \
	"<s:Subcode><s:Value>s:Authorization</s:Value></s:Subcode></s:Code>" \
	"<s:Reason><s:Text" language ">" reason \
	"</s:Text></s:Reason>" TYPE("CustomServerError") "</s:Fault></s:Body></s:Envelope>"
#define TYPE(type) DETAIL("<ErrorType>" type "</ErrorType><Message>no</Message><TraceId>T1</TraceId>")
#define PLAIN DETAIL("<Message>no</Message><TraceId>T1</TraceId>")

static const struct {
	const char *label, *body;
	int status;
	unsigned hresult;
	const char *constant, *trace;
} rows[] = {
	{ "subcode", FAULT("s:MessageFormat", "x", PLAIN), 500, 0x80180001,
	    "MENROLL_E_DEVICE_MESSAGE_FORMAT_ERROR", "T1" },
	{ "subcode", FAULT("s:Authentication", "x", PLAIN), 500, 0x80180002,
	    "MENROLL_E_DEVICE_AUTHENTICATION_ERROR", "T1" },
	{ "subcode", FAULT("s:Authorization", "x", PLAIN), 500, 0x80180003,
	    "MENROLL_E_DEVICE_AUTHORIZATION_ERROR", "T1" },
	{ "subcode", FAULT("s:CertificateRequest", "x", PLAIN), 500, 0x80180004,
	    "MENROLL_E_DEVICE_CERTIFICATEREQUEST_ERROR", "T1" },
	{ "subcode", FAULT("s:EnrollmentServer", "x", PLAIN), 500, 0x80180005,
	    "MENROLL_E_DEVICE_CONFIGMGRSERVER_ERROR", "T1" },
	{ "subcode", FAULT("a:InternalServiceFault", "x", PLAIN), 500, 0x80180006,
	    "MENROLL_E_DEVICE_INTERNALSERVICE_ERROR", "T1" },
	{ "subcode", FAULT("a:InvalidSecurity", "x", PLAIN), 500, 0x80180007,
	    "MENROLL_E_DEVICE_INVALIDSECURITY_ERROR", "T1" },
	{ "type", FAULT("s:Authorization", "x", TYPE("DeviceCapReached")), 500, 0x80180013,
	    "MENROLL_E_DEVICECAPREACHED", "T1" },
	{ "type", FAULT("s:Authorization", "x", TYPE("DeviceNotSupported")), 500, 0x80180014,
	    "MENROLL_E_DEVICENOTSUPPORTED", "T1" },
	{ "type", FAULT("s:Authorization", "x", TYPE("NotSupported")), 500, 0x80180015,
	    "MENROLL_E_NOTSUPPORTED", "T1" },
	{ "type", FAULT("s:Authorization", "x", TYPE("NotEligibleToRenew")), 500, 0x80180016,
	    "MENROLL_E_NOTELIGIBLETORENEW", "T1" },
	{ "type", FAULT("s:Authorization", "x", TYPE("InMaintenance")), 500, 0x80180017,
	    "MENROLL_E_INMAINTENANCE", "T1" },
	{ "type", FAULT("s:Authorization", "x", TYPE("UserLicense")), 500, 0x80180018,
	    "MENROLL_E_USERLICENSE", "T1" },
	{ "type", FAULT("s:Authorization", "x", TYPE("InvalidEnrollmentData")), 500, 0x80180019,
	    "MENROLL_E_ENROLLMENTDATAINVALID", "T1" },
	{ "type", FAULT("s:Authorization", "x", TYPE("CustomServerError")), 500, 0x80180032,
	    "MENROLL_E_CUSTOMSERVERERROR", "T1" },
	{ "type wins over subcode", FAULT("s:Authentication", "x", TYPE("UserLicense")), 500, 0x80180018,
	    "MENROLL_E_USERLICENSE", "T1" },
	{ "an empty type falls back", FAULT("s:Authentication", "x", TYPE("")), 500, 0x80180002,
	    "MENROLL_E_DEVICE_AUTHENTICATION_ERROR", "T1" },
	{ "an unknown type does not", FAULT("s:Authentication", "x", TYPE("Weather")), 500, 0x80180008,
	    "MENROLL_E_DEVICE_UNKNOWN_ERROR", "T1" },
	{ "letter case counts", FAULT("s:authentication", "x", PLAIN), 500, 0x80180008,
	    "MENROLL_E_DEVICE_UNKNOWN_ERROR", "T1" },
	{ "the reason can take over", FAULT("s:Authorization", "not NotEligibleToRenew", TYPE("UserLicense")),
	    500, 0x80180016, "MENROLL_E_NOTELIGIBLETORENEW", "T1" },
	{ "other names in the reason do not", FAULT("s:Authorization", "UserLicense", PLAIN), 500, 0x80180003,
	    "MENROLL_E_DEVICE_AUTHORIZATION_ERROR", "T1" },
	{ "without detail", FAULT("s:Authentication", "x", ""), 500, 0x80180002,
	    "MENROLL_E_DEVICE_AUTHENTICATION_ERROR", "" },
	{ "with status 200", FAULT("s:Authentication", "x", PLAIN), 200, 0x80180002,
	    "MENROLL_E_DEVICE_AUTHENTICATION_ERROR", "T1" },
	{ "lower-case elements",
	    "<s:envelope xmlns:s=\"" SOAP "\"><s:body><s:fault><s:code><s:subcode><s:value>s:Authentication"
	    "</s:value></s:subcode></s:code></s:fault></s:body></s:envelope>",
	    500, 0x801901F4, "HTTP_STATUS", "" },
	{ "SOAP 1.1",
	    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault><faultcode>"
	    "s:Authentication</faultcode></s:Fault></s:Body></s:Envelope>",
	    500, 0x801901F4, "HTTP_STATUS", "" },
	{ "no XML", "Service Unavailable", 503, 0x801901F7, "HTTP_STATUS", "" },
	{ "nothing", "", 404, 0x80190194, "HTTP_STATUS", "" },
	{ "nothing usable with 200", "<a/>", 200, 0x801900C8, "HTTP_STATUS", "" },
	{ "HTML", "<html><body>Bad Request</body></html>", 400, 0x80190190, "HTTP_STATUS", "" },
};

static void
test_derivation(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct refusal refusal = { .hresult = 0 };
		struct notes notes = { .count = 0 };

		server_fault_read(bytes_of(rows[i].body), rows[i].status, &refusal, &notes);
		if ((unsigned)refusal.hresult != rows[i].hresult ||
		    strcmp(hresult_constant(refusal.hresult), rows[i].constant) != 0 ||
		    strcmp(refusal.trace, rows[i].trace) != 0 || !refusal.by_server)
			fail_msg("row %zu (%s, 0x%08X): 0x%08X %s, trace \"%s\"", i, rows[i].label,
			    rows[i].hresult, (unsigned)refusal.hresult, hresult_constant(refusal.hresult),
			    refusal.trace);
	}
}

static const struct {
	const char *body;
	int status;
	size_t notes;
} habits[] = {
	{ FAULT("s:Authentication", "wrong password", PLAIN), 500, 0 },
	{ FAULT("s:Authentication", "Authentication failed", PLAIN), 500, 1 },
	{ FAULT("s:Authentication", "wrong password", ""), 500, 1 },
	{ FAULT("s:Authentication", "wrong password", PLAIN), 200, 1 },
	{ FAULT("s:Authentication", "wrong password", DETAIL("<Message>UserLicense</Message>")), 500, 2 },
	{ SPOKEN("", "no"), 500, 1 },
	{ SPOKEN(" lang=\"de\"", "no"), 500, 1 },
	{ SPOKEN(" xml:lang=\"de\"", ""), 500, 1 },
	{ FAULT("s:Authentication", "", PLAIN), 500, 0 },
};

static void
test_notes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(habits); i++) {
		struct refusal refusal = { .hresult = 0 };
		struct notes notes = { .count = 0 };

		server_fault_read(bytes_of(habits[i].body), habits[i].status, &refusal, &notes);
		if (notes.count != habits[i].notes)
			fail_msg("row %zu: %zu notes, first \"%s\"", i, notes.count, notes.text[0]);
	}
}

/* A stranger's control characters do not reach a terminal. */
static void
test_printable(void **state)
{
	struct refusal refusal = { .hresult = 0 };
	struct notes notes = { .count = 0 };

	(void)state;
	server_fault_read(
	    bytes_of(FAULT("s:Authentication", "a&#10;b&#x9;c&#x7f;", PLAIN)), 500, &refusal, &notes);
	assert_string_equal(refusal.reason, "a?b?c?");
	assert_string_equal(refusal.what, "a?b?c?");
}

/* What a server's own rule says, in the device's language, as it was said. */
static void
test_language(void **state)
{
	struct refusal refusal = { .hresult = 0 };
	struct notes notes = { .count = 0 };

	(void)state;
	server_fault_read(
	    bytes_of(SPOKEN(" xml:lang=\"de-DE\"", "Ger\xc3\xa4t &lt;zu alt&gt; &amp; &quot;grau&quot;")),
	    500, &refusal, &notes);
	assert_string_equal(refusal.reason, "Ger\xc3\xa4t <zu alt> & \"grau\"");
	assert_string_equal(refusal.language, "de-DE");
	assert_int_equal(notes.count, 0);
	server_fault_read(bytes_of(SPOKEN(" xml:lang=\"a&#9;b\"", "x")), 500, &refusal, &notes);
	assert_string_equal(refusal.language, "a?b");
	server_fault_read(bytes_of(SPOKEN("", "x")), 500, &refusal, &notes);
	assert_string_equal(refusal.language, "");
}

/* 1000 characters of four bytes come whole. */
static void
test_long_text(void **state)
{
	struct refusal refusal = { .hresult = 0 };
	struct notes notes = { .count = 0 };
	char text[4001] = "", body[6000];

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		memcpy(text + 4 * i, "\xf0\x9f\x90\x8c", 4);
	(void)snprintf(body, sizeof(body), SPOKEN(" xml:lang=\"en\"", "%s"), text);
	server_fault_read(bytes_of(body), 500, &refusal, &notes);
	assert_string_equal(refusal.reason, text);
	assert_int_equal(notes.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_derivation), cmocka_unit_test(test_notes),
		cmocka_unit_test(test_printable), cmocka_unit_test(test_language),
		cmocka_unit_test(test_long_text) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
