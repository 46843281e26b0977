#include "protocol_test.h"

#include <muster/base/clock.h>
#include <muster/protocol/wstep.h>
#include <muster/wire/request.h>

/* The Security header of an RSTRC tells the time: golden bytes need a fixed one. */
#define NOW_MS (1795428000000) /* 2026-11-23T10:00:00Z */

int64_t __wrap_clock_now_ms(void);

int64_t
__wrap_clock_now_ms(void)
{
	return NOW_MS;
}

/* SEQUENCE { SEQUENCE {} } and SEQUENCE { OBJECT IDENTIFIER }: how a PKCS#10 and a PKCS#7 begin. */
#define PKCS10_BASE64 "MAIwAA=="
#define PKCS7_BASE64 "MAIGAA=="

#define TOKEN_TYPE(uri) "<TokenType>" uri "</TokenType>"
#define REQUEST_TYPE(uri) "<RequestType>" uri "</RequestType>"
#define ISSUE TOKEN_TYPE(TOKEN_TYPE_ENROLLMENT) REQUEST_TYPE(REQUEST_TYPE_ISSUE)
#define BST(attributes, base64) "<BinarySecurityToken " attributes ">" base64 "</BinarySecurityToken>"
#define PKCS10 BST("ValueType=\"" VALUE_TYPE_PKCS10 "\"", PKCS10_BASE64)
#define ITEM(name, value) "<ContextItem Name=\"" name "\"><Value>" value "</Value></ContextItem>"
#define CONTEXT(items) "<AdditionalContext xmlns=\"" NS_AC "\">" items "</AdditionalContext>"
#define RST(content) "<RequestSecurityToken xmlns=\"" NS_WST "\">" content "</RequestSecurityToken>"

static enum outcome
read_body(struct arena *arena, const char *body, struct wstep_request *request, struct why *why)
{
	struct soap soap;
	enum outcome o;

	soap_of(arena, bytes_of(envelope_of(arena, "", body)), &soap);
	o = wstep_read(arena, &soap, request, why);
	soap_release(&soap);
	return o;
}

/* --- samples --- */

static const struct {
	const char *file;
	enum outcome outcome;
	bool device_enrollment;
	size_t facts;
	enum request_type type;
} samples[] = {
	{ "rst-windows11.xml", OUTCOME_OK, false, 31, REQUEST_ISSUE },
	{ "rst-documentation.xml", OUTCOME_OK, false, 8, REQUEST_ISSUE },
	{ "rst-minimal.xml", OUTCOME_OK, false, 0, REQUEST_ISSUE },
	{ "rst-device.xml", OUTCOME_OK, true, 4, REQUEST_ISSUE },
	{ "rst-renewal.xml", OUTCOME_OK, false, 2, REQUEST_RENEW },
};

static enum outcome
read_sample(struct arena *arena, const char *file, struct wstep_request *request, struct why *why)
{
	struct soap soap;
	enum outcome o;

	soap_of(arena, file_read(arena, "requests", file), &soap);
	o = wstep_read(arena, &soap, request, why);
	soap_release(&soap);
	return o;
}

static void
reads_the_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const char *file = samples[i].file;
		struct arena *arena = arena_new();
		struct bytes expected = file_read(arena, "requests", "windows.csr"), csr;
		struct wstep_request request;
		struct why why = { "" };

		row_outcome(file, read_sample(arena, file, &request, &why), samples[i].outcome, why);
		row_equal(file, request.facts.count, samples[i].facts);
		row_equal(file, request.device_enrollment, samples[i].device_enrollment);
		row_equal(file, request.type, samples[i].type);
		row_outcome(file, wstep_csr(&request, &csr, &why), OUTCOME_OK, why);
		if (samples[i].type == REQUEST_ISSUE)
			row_equal(file, bytes_equal(csr, expected), true);
		arena_free(arena);
	}
}

/* Known names in their spelling, values trimmed, nothing lost. */
static const struct {
	const char *file;
	size_t position;
	const char *name, *value;
} sample_facts[] = {
	{ "rst-windows11.xml", 0, "UXInitiated", "true" },
	{ "rst-windows11.xml", 1, "HWDevID",
	    "8D3C8D3C8D3C8D3C8D3C8D3C8D3C8D3C8D3C8D3C8D3C8D3C8D3C8D3C8D3C8D3C" },
	{ "rst-windows11.xml", 3, "TargetedUserLoggedIn", "True" },
	{ "rst-windows11.xml", 5, "DeviceName", "DESKTOP-7KQ2M1" },
	{ "rst-windows11.xml", 6, "MAC", "00-15-5D-0A-4B-00" },
	{ "rst-windows11.xml", 18, "MAC", "0C-15-5D-0A-4B-24" },
	{ "rst-windows11.xml", 19, "DeviceID", "8090C8B4D1E24FA2B7C3D5E6F7A8B9C0" },
	{ "rst-windows11.xml", 26, "DeviceModel", "Book & Pad" },
	{ "rst-windows11.xml", 28, "RequestVersion", "9.0" },
	{ "rst-windows11.xml", 29, "AttestationStatus",
	    "Status=AttestationResultNoAttestation;AttestationErrorMsg=No AIK algorithms provided" },
	{ "rst-documentation.xml", 0, "DeviceType", "CIMClient_Windows" },
	{ "rst-documentation.xml", 1, "EnrollmentType", "Lite" },
	{ "rst-documentation.xml", 2, "DeviceID", "{5F1A7C3E-0000-4000-8000-00805F9B34FB}" },
	{ "rst-documentation.xml", 3, "OSEdition", "4" },
	{ "rst-documentation.xml", 4, "OSVersion", "" },
	{ "rst-documentation.xml", 5, "EnrollmentData", "" },
	{ "rst-documentation.xml", 6, "PlugAndForget", "true" },
	{ "rst-documentation.xml", 7, "Unheard-of", "kept <too>" },
	{ "rst-device.xml", 0, "EnrollmentType", "device" },
	{ "rst-renewal.xml", 1, "ApplicationVersion", "10.0.26200.9279" },
};

static void
keeps_the_facts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sample_facts); i++) {
		struct arena *arena = arena_new();
		char *row = arena_printf(arena, "%s %zu", sample_facts[i].file, sample_facts[i].position);
		struct wstep_request request;
		const struct fact *fact;

		(void)read_sample(arena, sample_facts[i].file, &request, NULL);
		fact = &request.facts.item[sample_facts[i].position];
		row_text(row, fact->name, sample_facts[i].name);
		row_text(row, fact->value, sample_facts[i].value);
		arena_free(arena);
	}
}

/* --- what clients vary --- */

#define XMLNS_AC "xmlns:ac=\"" NS_AC "\""
#define WITH(item) RST(ISSUE PKCS10 CONTEXT(item))

static const struct {
	const char *name, *body;
	bool device_enrollment;
	size_t facts;
} variants[] = {
	{ "nothing but what is needed", RST(ISSUE PKCS10), false, 0 },
	{ "another order",
	    RST(CONTEXT(ITEM("EnrollmentType", "Device")) PKCS10 REQUEST_TYPE(REQUEST_TYPE_ISSUE)
		    TOKEN_TYPE(TOKEN_TYPE_ENROLLMENT)),
	    true, 1 },
	{ "no namespaces",
	    "<RequestSecurityToken>" ISSUE PKCS10
	    "<AdditionalContext>" ITEM("DeviceName", "a") "</AdditionalContext></RequestSecurityToken>",
	    false, 1 },
	{ "other prefixes",
	    "<q:RequestSecurityToken xmlns:q=\"" NS_WST "\"><q:TokenType>" TOKEN_TYPE_ENROLLMENT
	    "</q:TokenType><q:RequestType>" REQUEST_TYPE_ISSUE "</q:RequestType>"
	    "<w:BinarySecurityToken xmlns:w=\"" NS_WSSE "\">" PKCS10_BASE64 "</w:BinarySecurityToken>"
	    "<ac:AdditionalContext " XMLNS_AC "><ac:ContextItem Name=\"DeviceName\"><ac:Value>a</ac:Value>"
	    "</ac:ContextItem></ac:AdditionalContext></q:RequestSecurityToken>",
	    false, 1 },
	{ "white space around URIs",
	    RST(TOKEN_TYPE("\r\n\t " TOKEN_TYPE_ENROLLMENT " \n") REQUEST_TYPE("\n" REQUEST_TYPE_ISSUE "\n")
		    PKCS10),
	    false, 0 },
	{ "white space inside URIs",
	    RST(TOKEN_TYPE("http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/ "
			   "DeviceEnrollmentToken") REQUEST_TYPE(NS_WST "/\n   Issue") PKCS10),
	    false, 0 },
	{ "URIs in another case",
	    RST(TOKEN_TYPE("http://schemas.microsoft.com/5.0.0.0/configurationmanager/enrollment/"
			   "DEVICEENROLLMENTTOKEN") REQUEST_TYPE(NS_WST "/issue") PKCS10),
	    false, 0 },
	{ "comments",
	    RST("<!-- a -->" TOKEN_TYPE(TOKEN_TYPE_ENROLLMENT "<!-- new -->")
		    REQUEST_TYPE("<!-- b -->" REQUEST_TYPE_ISSUE) PKCS10),
	    false, 0 },
	{ "RequestID nil", RST(ISSUE PKCS10 "<RequestID xmlns:i=\"" NS_XSI "\" i:nil=\"true\"/>"), false, 0 },
	{ "unknown elements, repeated", RST("<New/><New/>" ISSUE "<Claims><a/></Claims>" PKCS10), false, 0 },
	{ "empty context", RST(ISSUE PKCS10 CONTEXT("")), false, 0 },
	{ "Full", WITH(ITEM("EnrollmentType", "Full")), false, 1 },
	{ "Full in lower case", WITH(ITEM("EnrollmentType", "full")), false, 1 },
	{ "Lite", WITH(ITEM("EnrollmentType", "LITE")), false, 1 },
	{ "Device", WITH(ITEM("EnrollmentType", "Device")), true, 1 },
	{ "Device, name and value in another case", WITH(ITEM("ENROLLMENTTYPE", "DEVICE")), true, 1 },
	{ "Device between blanks", WITH(ITEM(" EnrollmentType ", "\n Device \t")), true, 1 },
	{ "EnrollmentType empty", WITH(ITEM("EnrollmentType", "")), false, 1 },
	{ "EnrollmentType without Value", WITH("<ContextItem Name=\"EnrollmentType\"/>"), false, 1 },
	{ "blanks around the equals sign",
	    WITH("<ContextItem Name = \"DeviceID\"><Value>1</Value></ContextItem>"), false, 1 },
	{ "Name qualified", WITH("<ContextItem xmlns:ac=\"" NS_AC "\" ac:Name=\"DeviceID\"/>"), false, 1 },
	{ "item without Name", WITH("<ContextItem><Value>1</Value></ContextItem>"), false, 0 },
	{ "item with an empty Name", WITH(ITEM("", "1") ITEM(" \t", "1")), false, 0 },
	{ "other elements in the context", WITH("<Other Name=\"a\"/><Value>b</Value>" ITEM("a", "b")), false,
	    1 },
	{ "unknown DeviceType", WITH(ITEM("DeviceType", "WindowsFridge")), false, 1 },
	{ "DeviceID of any form", WITH(ITEM("DeviceID", "my device! #7")), false, 1 },
	{ "any RequestVersion", WITH(ITEM("RequestVersion", "99.x")), false, 1 },
	{ "OSEdition in words", WITH(ITEM("OSEdition", "Core")), false, 1 },
	{ "attestation, which is not asked for", WITH(ITEM("AIKPub", "!") ITEM("AIKAttestationClaim", "!")),
	    false, 2 },
	{ "MAC, IMEI and unknown names repeated",
	    WITH(ITEM("MAC", "1") ITEM("mac", "2") ITEM("IMEI", "3") ITEM("IMEI", "3") ITEM("New", "4")
		    ITEM("NEW", "5")),
	    false, 6 },
};

static void
tolerates_variants(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		struct arena *arena = arena_new();
		struct wstep_request request;
		struct bytes csr;
		struct why why = { "" };

		row_outcome(
		    variants[i].name, read_body(arena, variants[i].body, &request, &why), OUTCOME_OK, why);
		row_outcome(variants[i].name, wstep_csr(&request, &csr, &why), OUTCOME_OK, why);
		row_equal(variants[i].name, csr.size, 4);
		row_equal(variants[i].name, request.device_enrollment, variants[i].device_enrollment);
		row_equal(variants[i].name, request.facts.count, variants[i].facts);
		arena_free(arena);
	}
}

/* --- what is refused, and what the record says of it --- */

#define X509 "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
#define IN " in RequestSecurityToken"
#define EXPECTED ", Full or Device expected"

static const struct {
	const char *name, *body;
	enum outcome outcome;
	const char *why;
} refusals[] = {
	{ "empty", RST(""), OUTCOME_MESSAGE_FORMAT, "no RequestType" IN },
	{ "no RequestType", RST(TOKEN_TYPE(TOKEN_TYPE_ENROLLMENT) PKCS10), OUTCOME_MESSAGE_FORMAT,
	    "no RequestType" IN },
	{ "two RequestTypes", RST(ISSUE REQUEST_TYPE(REQUEST_TYPE_ISSUE) PKCS10), OUTCOME_MESSAGE_FORMAT,
	    "more than one RequestType" IN },
	{ "RequestType empty", RST(TOKEN_TYPE(TOKEN_TYPE_ENROLLMENT) REQUEST_TYPE("") PKCS10),
	    OUTCOME_MESSAGE_FORMAT, "RequestType '' is unknown, Issue or Renew expected" },
	{ "RequestType unknown", RST(TOKEN_TYPE(TOKEN_TYPE_ENROLLMENT) REQUEST_TYPE("urn:&lt;b&gt;") PKCS10),
	    OUTCOME_MESSAGE_FORMAT, "RequestType 'urn:<b>' is unknown, Issue or Renew expected" },
	{ "RequestType KET", RST(TOKEN_TYPE(X509) REQUEST_TYPE(NS_WST "/KET") "<RequestKET/>"),
	    OUTCOME_MESSAGE_FORMAT, "RequestType '" NS_WST "/KET' is unknown, Issue or Renew expected" },
	{ "RequestType of another WS-Trust",
	    RST(TOKEN_TYPE(TOKEN_TYPE_ENROLLMENT)
		    REQUEST_TYPE("http://schemas.xmlsoap.org/ws/2005/02/trust/Issue") PKCS10),
	    OUTCOME_MESSAGE_FORMAT,
	    "RequestType 'http://schemas.xmlsoap.org/ws/2005/02/trust/Issue' is unknown, Issue or Renew "
	    "expected" },
	{ "Recovery", RST(TOKEN_TYPE(TOKEN_TYPE_ENROLLMENT) REQUEST_TYPE(" " REQUEST_TYPE_RECOVERY) PKCS10),
	    OUTCOME_NOT_SUPPORTED, "RequestType '" REQUEST_TYPE_RECOVERY "' is not offered" },
	{ "QueryTokenStatus", RST(TOKEN_TYPE(X509) REQUEST_TYPE(REQUEST_TYPE_STATUS)), OUTCOME_NOT_SUPPORTED,
	    "RequestType '" REQUEST_TYPE_STATUS "' is not offered" },
	{ "no TokenType", RST(REQUEST_TYPE(REQUEST_TYPE_ISSUE) PKCS10), OUTCOME_MESSAGE_FORMAT,
	    "no TokenType" IN },
	{ "two TokenTypes", RST(ISSUE TOKEN_TYPE(TOKEN_TYPE_ENROLLMENT) PKCS10), OUTCOME_MESSAGE_FORMAT,
	    "more than one TokenType" IN },
	{ "TokenType empty", RST("<TokenType/>" REQUEST_TYPE(REQUEST_TYPE_ISSUE) PKCS10),
	    OUTCOME_MESSAGE_FORMAT, "TokenType '' is unknown, DeviceEnrollmentToken expected" },
	{ "TokenType of a generic client", RST(TOKEN_TYPE(X509) REQUEST_TYPE(REQUEST_TYPE_ISSUE) PKCS10),
	    OUTCOME_MESSAGE_FORMAT, "TokenType '" X509 "' is unknown, DeviceEnrollmentToken expected" },
	{ "no token", RST(ISSUE), OUTCOME_MESSAGE_FORMAT, "no BinarySecurityToken" IN },
	{ "two tokens", RST(ISSUE PKCS10 PKCS10), OUTCOME_MESSAGE_FORMAT,
	    "more than one BinarySecurityToken" IN },
	{ "two tokens of different namespaces",
	    RST(ISSUE PKCS10 "<BinarySecurityToken xmlns=\"" NS_WSSE "\"/>"), OUTCOME_MESSAGE_FORMAT,
	    "more than one BinarySecurityToken" IN },
	{ "token too deep", RST(ISSUE "<RequestedSecurityToken>" PKCS10 "</RequestedSecurityToken>"),
	    OUTCOME_MESSAGE_FORMAT, "no BinarySecurityToken" IN },
	{ "two contexts", RST(ISSUE PKCS10 CONTEXT("") CONTEXT("")), OUTCOME_MESSAGE_FORMAT,
	    "more than one AdditionalContext" IN },
	{ "two Values", WITH("<ContextItem Name=\"a\"><Value>1</Value><Value>2</Value></ContextItem>"),
	    OUTCOME_MESSAGE_FORMAT, "more than one Value in ContextItem" },
	{ "EnrollmentType twice", WITH(ITEM("EnrollmentType", "Full") ITEM("enrollmenttype", "Device")),
	    OUTCOME_MESSAGE_FORMAT, "ContextItem 'EnrollmentType' twice" },
	{ "DeviceID twice", WITH(ITEM("DeviceID", "1") ITEM("DeviceID", "1")), OUTCOME_MESSAGE_FORMAT,
	    "ContextItem 'DeviceID' twice" },
	{ "EnrollmentType unknown", WITH(ITEM("EnrollmentType", "AppManagement")), OUTCOME_NOT_SUPPORTED,
	    "EnrollmentType 'AppManagement' is unknown" EXPECTED },
	{ "EnrollmentType nearly known", WITH(ITEM("EnrollmentType", "Devices")), OUTCOME_NOT_SUPPORTED,
	    "EnrollmentType 'Devices' is unknown" EXPECTED },
	{ "EnrollmentType with markup", WITH(ITEM("EnrollmentType", "&lt;a href='x'&gt;&#10;log=1")),
	    OUTCOME_NOT_SUPPORTED, "EnrollmentType '<a href='x'>?log=1' is unknown" EXPECTED },
};

static void
refuses_with_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct arena *arena = arena_new();
		struct wstep_request request;
		struct why why = { "" };

		row_outcome(refusals[i].name, read_body(arena, refusals[i].body, &request, &why),
		    refusals[i].outcome, why);
		row_text(refusals[i].name, why.text, refusals[i].why);
		arena_free(arena);
	}
}

/* --- the certificate request: base64 and ValueType --- */

#define VALUE_TYPE(uri) "ValueType=\"" uri "\""
#define P10 VALUE_TYPE(VALUE_TYPE_PKCS10)
#define NOT_BASE64 "BinarySecurityToken: not base64"
#define NOT_PKCS10 "BinarySecurityToken: not a PKCS#10 request by its ValueType"
#define IS_PKCS7 "BinarySecurityToken: a PKCS#7, which RequestType Renew takes; Issue takes a PKCS#10"
#define NOT_PKCS7 "BinarySecurityToken: a renewal is signed, not a PKCS#7 by its ValueType"

static const struct {
	const char *name, *token;
	const char *der; /* in hexadecimal; NULL: refused */
	const char *why;
} tokens[] = {
	{ "one line", BST(P10, PKCS10_BASE64), "30023000", NULL },
	{ "wrapped with CR LF", BST(P10, "MAIw&#xD;\nAA==&#xD;\n"), "30023000", NULL },
	{ "wrapped with LF", BST(P10, "\nMAIw\nAA==\n"), "30023000", NULL },
	{ "indented", BST(P10, "\n\t\t  MAIw\n\t\t  AA==\n\t"), "30023000", NULL },
	{ "blanks everywhere", BST(P10, "M A\tI w A A = ="), "30023000", NULL },
	{ "comment inside", BST(P10, "MAIw<!-- half -->AA=="), "30023000", NULL },
	{ "CDATA", BST(P10, "<![CDATA[MAIwAA==]]>"), "30023000", NULL },
	{ "Id without and with prefix", BST("Id=\"a\" u:Id=\"\" wsse:Id=\"b\" " P10, PKCS10_BASE64),
	    "30023000", NULL },
	{ "empty", BST(P10, ""), NULL, NOT_BASE64 },
	{ "blank", BST(P10, " \n "), NULL, NOT_BASE64 },
	{ "padding missing", BST(P10, "MAIwAA"), NULL, NOT_BASE64 },
	{ "padding alone", BST(P10, "===="), NULL, NOT_BASE64 },
	{ "padding inside", BST(P10, "MA==MA=="), NULL, NOT_BASE64 },
	{ "the alphabet of URLs", BST(P10, "MAIwAA-_"), NULL, NOT_BASE64 },
	{ "trailing quote", BST(P10, "MAIwAA==\""), NULL, NOT_BASE64 },
	{ "entity as text", BST(P10, "MAIw&amp;#xD;AA=="), NULL, NOT_BASE64 },
	{ "PEM armour",
	    BST(P10, "-----BEGIN CERTIFICATE REQUEST-----\nMAIwAA==\n-----END CERTIFICATE REQUEST-----"),
	    NULL, NOT_BASE64 },
	{ "not ASCII", BST(P10, "MAIw\xc3\xa4\xc3\xa4"), NULL, NOT_BASE64 },
	{ "markup", BST(P10, "&lt;b&gt;&amp;"), NULL, NOT_BASE64 },
	{ "text of an inner element", BST(P10, "<a>MAIwAA==</a>"), NULL, NOT_BASE64 },

	{ "EncodingType", BST(P10 " EncodingType=\"" ENCODING_BASE64 "\"", PKCS10_BASE64), "30023000", NULL },
	{ "EncodingType qualified", BST(P10 " wsse:EncodingType=\"" ENCODING_BASE64 "\"", PKCS10_BASE64),
	    "30023000", NULL },
	{ "EncodingType of the standard",
	    BST(P10 " EncodingType=\"http://docs.oasis-open.org/wss/2004/01/"
		    "oasis-200401-wss-soap-message-security-1.0#Base64Binary\"",
		PKCS10_BASE64),
	    "30023000", NULL },
	{ "EncodingType empty", BST(P10 " EncodingType=\" \"", PKCS10_BASE64), "30023000", NULL },
	{ "EncodingType hexadecimal", BST(P10 " EncodingType=\"" NS_WSSE "#HexBinary\"", "30023000"), NULL,
	    NOT_BASE64 },

	{ "ValueType qualified", BST("wsse:" P10, PKCS10_BASE64), "30023000", NULL },
	{ "ValueType unqualified before qualified",
	    BST(P10 " wsse:ValueType=\"" NS_WSSE "#PKCS7\"", PKCS10_BASE64), "30023000", NULL },
	{ "ValueType among white space", BST(VALUE_TYPE("\n\t " VALUE_TYPE_PKCS10 " "), PKCS10_BASE64),
	    "30023000", NULL },
	{ "ValueType with blanks inside", BST(VALUE_TYPE(NS_WSTEP " #PKCS10"), PKCS10_BASE64), "30023000",
	    NULL },
	{ "ValueType in lower case", BST(VALUE_TYPE(NS_WSTEP "#pkcs10"), PKCS10_BASE64), "30023000", NULL },
	{ "ValueType before content", BST(P10, PKCS7_BASE64), "30020600", NULL },
	{ "PKCS#7, first form", BST(VALUE_TYPE(NS_WSTEP "#PKCS7"), PKCS7_BASE64), NULL, IS_PKCS7 },
	{ "PKCS#7, second form", BST(VALUE_TYPE(NS_WSSE "#PKCS7"), PKCS7_BASE64), NULL, IS_PKCS7 },
	{ "PKCS#7 by its type only", BST(VALUE_TYPE(NS_WSSE "#PKCS7"), PKCS10_BASE64), NULL, IS_PKCS7 },
	{ "PKCS#7 in base64 twice", BST(VALUE_TYPE(NS_WSTEP "#PKCS7"), "TUFJR0FBPT0="), NULL, IS_PKCS7 },
	{ "X.509", BST(VALUE_TYPE(X509), PKCS10_BASE64), NULL, NOT_PKCS10 },
	{ "unknown ValueType", BST(VALUE_TYPE("urn:&lt;x&gt;"), PKCS10_BASE64), NULL, NOT_PKCS10 },

	{ "no ValueType, PKCS#10 inside", BST("", PKCS10_BASE64), "30023000", NULL },
	{ "blank ValueType, PKCS#10 inside", BST("ValueType=\" \"", PKCS10_BASE64), "30023000", NULL },
	{ "no ValueType, long length, PKCS#10 inside", BST("", "MIIAAjAA"), "308200023000", NULL },
	{ "no ValueType, PKCS#7 inside", BST("", PKCS7_BASE64), NULL, IS_PKCS7 },
	{ "no ValueType, base64 twice", BST("", "TUFJd0FBPT0="), NULL, NOT_PKCS10 },
	{ "no ValueType, no sequence", BST("", "AgEAAgEA"), NULL, NOT_PKCS10 },
	{ "no ValueType, one byte", BST("", "MA=="), NULL, NOT_PKCS10 },
	{ "no ValueType, empty sequence", BST("", "MAA="), NULL, NOT_PKCS10 },
	{ "no ValueType, length beyond the end", BST("", "MP//"), NULL, NOT_PKCS10 },
};

static void
takes_the_certificate_request(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
		const char *name = tokens[i].name;
		struct arena *arena = arena_new();
		struct wstep_request request;
		struct bytes csr = { NULL, 0 };
		struct why why = { "" };
		char *body = arena_printf(arena, RST("%s%s"), ISSUE, tokens[i].token);

		row_outcome(name, read_body(arena, body, &request, &why), OUTCOME_OK, why);
		row_outcome(name, wstep_csr(&request, &csr, &why),
		    tokens[i].der != NULL ? OUTCOME_OK : OUTCOME_CERTIFICATE_REQUEST, why);
		row_text(name, bytes_to_hex(arena, csr), tokens[i].der != NULL ? tokens[i].der : "");
		row_text(name, why.text, tokens[i].why != NULL ? tokens[i].why : "");
		arena_free(arena);
	}
}

/* --- the signed request of a renewal: base64 once and twice --- */

#define RENEW TOKEN_TYPE(TOKEN_TYPE_ENROLLMENT) REQUEST_TYPE(REQUEST_TYPE_RENEW)
#define P7A VALUE_TYPE(NS_WSTEP "#PKCS7")
#define P7B VALUE_TYPE(NS_WSSE "#PKCS7")

static const struct {
	const char *name, *token;
	const char *der; /* in hexadecimal; NULL: refused */
	const char *why;
} renewals[] = {
	{ "first form", BST(P7A, PKCS7_BASE64), "30020600", NULL },
	{ "second form", BST(P7B, PKCS7_BASE64), "30020600", NULL },
	{ "ValueType qualified", BST("wsse:" P7B, PKCS7_BASE64), "30020600", NULL },
	{ "ValueType with blanks inside", BST(VALUE_TYPE(NS_WSTEP " #PKCS7"), PKCS7_BASE64), "30020600",
	    NULL },
	{ "no ValueType", BST("", PKCS7_BASE64), "30020600", NULL },
	{ "twice", BST(P7A, "TUFJR0FBPT0="), "30020600", NULL },
	{ "twice, wrapped outside", BST(P7B, "TUFJ&#xD;\nR0FB\nPT0="), "30020600", NULL },
	{ "twice, wrapped inside", BST(P7B, "TUFJRw0KQUE9PQ0K"), "30020600", NULL },
	{ "twice, no ValueType", BST("", "TUFJR0FBPT0="), "30020600", NULL },
	/* What it is then is said by who reads it. */
	{ "three times", BST(P7B, "VFVGSlIwRkJQVDA9"),
	    "4d414947"
	    "41413d3d",
	    NULL },
	{ "once, of something else", BST(P7B, "AgEA"), "020100", NULL },
	{ "twice, a NUL inside", BST(P7B, "TUFJRwBBQT09"),
	    "4d41494700"
	    "41413d3d",
	    NULL },
	{ "empty", BST(P7A, ""), NULL, NOT_BASE64 },
	{ "no base64", BST(P7B, "%%%"), NULL, NOT_BASE64 },
	{ "PKCS#10", BST(P10, PKCS10_BASE64), NULL, NOT_PKCS7 },
	{ "PKCS#10 by its content", BST("", PKCS10_BASE64), NULL, NOT_PKCS7 },
	{ "X.509", BST(VALUE_TYPE(X509), PKCS7_BASE64), NULL, NOT_PKCS7 },
	{ "neither by content", BST("", "AgEA"), NULL, NOT_PKCS7 },
};

static void
takes_the_signed_request(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(renewals); i++) {
		const char *name = renewals[i].name;
		struct arena *arena = arena_new();
		struct wstep_request request;
		struct bytes der = { NULL, 0 }, wanted = { NULL, 0 };
		struct why why = { "" };
		char *body = arena_printf(arena, RST("%s%s"), RENEW, renewals[i].token);

		row_outcome(name, read_body(arena, body, &request, &why), OUTCOME_OK, why);
		row_equal(name, request.type, REQUEST_RENEW);
		row_outcome(name, wstep_csr(&request, &der, &why),
		    renewals[i].der != NULL ? OUTCOME_OK : OUTCOME_CERTIFICATE_REQUEST, why);
		if (renewals[i].der != NULL)
			assert_true(bytes_from_hex(arena, renewals[i].der, &wanted));
		row_text(name, bytes_to_hex(arena, der), bytes_to_hex(arena, wanted));
		row_text(name, why.text, renewals[i].why != NULL ? renewals[i].why : "");
		arena_free(arena);
	}
}

/* What routes a request, and what a renewal does not care for. */
static void
tells_a_renewal(void **state)
{
	static const struct {
		const char *body;
		bool renewal;
	} row[] = {
		{ RST(RENEW PKCS10), true },
		{ RST(TOKEN_TYPE("x") REQUEST_TYPE(" " REQUEST_TYPE_RENEW "\n")), true },
		{ RST(ISSUE PKCS10), false },
		{ RST(RENEW REQUEST_TYPE(REQUEST_TYPE_ISSUE)), false },
		{ RST(REQUEST_TYPE("urn:x")), false },
		{ RST(""), false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct arena *arena = arena_new();
		struct soap soap;

		soap_of(arena, bytes_of(envelope_of(arena, "", row[i].body)), &soap);
		row_equal(row[i].body, wstep_is_renewal(arena, &soap), row[i].renewal);
		soap_release(&soap);
		arena_free(arena);
	}

	struct arena *arena = arena_new();
	struct wstep_request request;

	assert_int_equal(
	    read_body(arena, RST(RENEW PKCS10 CONTEXT(ITEM("EnrollmentType", "Device") ITEM("New", "x"))),
		&request, NULL),
	    OUTCOME_OK);
	assert_false(request.device_enrollment);
	assert_int_equal(
	    read_body(arena, RST(RENEW PKCS10 CONTEXT(ITEM("EnrollmentType", "Other"))), &request, NULL),
	    OUTCOME_OK);
	arena_free(arena);
}

/* --- limits, and values that want to be something else --- */

/* A request with these items, escaped by the writer. */
static char *
body_with(struct arena *arena, const struct fact *item, size_t count)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();
	struct bytes context;

	xml_start(out, NULL, "AdditionalContext", NS_AC);
	for (size_t i = 0; i < count; i++) {
		xml_start(out, NULL, "ContextItem", NULL);
		xml_attr(out, "Name", item[i].name);
		xml_element(out, "Value", item[i].value);
		xml_end(out);
	}
	xml_end(out);
	assert_true(xml_out_finish(out, arena, &context));
	return arena_printf(
	    arena, RST("%s%.*s"), ISSUE PKCS10, (int)context.size, (const char *)context.data);
}

static char *
fill(struct arena *arena, char letter, size_t size)
{
	char *text = arena_alloc(arena, size + 1);

	memset(text, letter, size);
	return text;
}

#define TOO_MUCH(name, number) \
	"ContextItem '" name "': item " number \
	", 128 allowed, or too long: name 64, value 65536 bytes allowed"

static const struct {
	const char *name;
	size_t items, names, name_size, value_size;
	enum outcome outcome;
	const char *why;
} limits[] = {
	{ "128 items of one name", 128, 1, 4, 10, OUTCOME_OK, "" },
	{ "129 items of one name", 129, 1, 4, 10, OUTCOME_MESSAGE_FORMAT, TOO_MUCH("N000", "129") },
	{ "128 items of 64 names", 128, 64, 4, 10, OUTCOME_OK, "" },
	{ "65 names", 65, 65, 4, 10, OUTCOME_MESSAGE_FORMAT,
	    "AdditionalContext: 65 different names, 64 allowed" },
	{ "128 names", 128, 128, 4, 10, OUTCOME_MESSAGE_FORMAT,
	    "AdditionalContext: 128 different names, 64 allowed" },
	{ "name of 64 bytes", 1, 1, 64, 1, OUTCOME_OK, "" },
	{ "name of 65 bytes", 1, 1, 65, 1, OUTCOME_MESSAGE_FORMAT,
	    TOO_MUCH("N000nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", "1") },
	{ "value of 64 KiB", 1, 1, 4, FACT_VALUE_MAX, OUTCOME_OK, "" },
	{ "value of 64 KiB and a byte", 2, 1, 4, FACT_VALUE_MAX + 1, OUTCOME_MESSAGE_FORMAT,
	    TOO_MUCH("N000", "1") },
	{ "512 KiB of values", 7, 7, 4, FACT_VALUE_MAX, OUTCOME_OK, "" },
	{ "512 KiB of items", 128, 64, 64, 3900, OUTCOME_OK, "" },
};

static void
bounds_the_context(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct arena *arena = arena_new();
		struct fact *item = arena_alloc(arena, limits[i].items * sizeof(*item));
		const char *value = fill(arena, 'v', limits[i].value_size);
		struct wstep_request request;
		struct why why = { "" };
		int64_t start = clock_steady_us();
		char *body;

		for (size_t j = 0; j < limits[i].items; j++)
			item[j] = (struct fact){ arena_printf(arena, "N%03zu%s", j % limits[i].names,
						     fill(arena, 'n', limits[i].name_size - 4)),
				value };
		body = body_with(arena, item, limits[i].items);
		assert_true(strlen(body) <= BODY_MAX);
		row_outcome(limits[i].name, read_body(arena, body, &request, &why), limits[i].outcome, why);
		row_text(limits[i].name, why.text, limits[i].why);
		if (limits[i].outcome == OUTCOME_OK)
			row_equal(limits[i].name, request.facts.count, limits[i].items);
		row_equal(limits[i].name, clock_steady_us() - start < 2 * 1000 * 1000, true);
		arena_free(arena);
	}
}

/* A body's worth of base64, and what has no name does not count. */
static void
bears_large_requests(void **state)
{
	struct arena *arena = arena_new();
	const struct fact nameless = { "", "x" };
	struct fact *item = arena_alloc(arena, 1000 * sizeof(*item));
	struct wstep_request request;
	struct bytes csr;
	struct why why = { "" };

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		item[i] = nameless;
	row_outcome(
	    "nameless", read_body(arena, body_with(arena, item, 1000), &request, &why), OUTCOME_OK, why);
	assert_int_equal(request.facts.count, 0);
	row_outcome("500 KB of base64",
	    read_body(arena,
		arena_printf(arena, RST("%s<BinarySecurityToken>%s</BinarySecurityToken>"), ISSUE,
		    fill(arena, 'A', 500000)),
		&request, &why),
	    OUTCOME_OK, why);
	assert_int_equal(wstep_csr(&request, &csr, &why), OUTCOME_CERTIFICATE_REQUEST);
	arena_free(arena);
}

/* Long values of what is quoted do not push the sentence's end away, nor break a character. */
static void
quotes_only_the_beginning(void **state)
{
	struct arena *arena = arena_new();
	struct wstep_request request;
	struct why why = { "" };
	char *body = arena_printf(arena, RST("<RequestType>%s</RequestType>"), fill(arena, 'u', 100000));
	char *umlauts = fill(arena, ' ', 80);

	(void)state;
	assert_int_equal(read_body(arena, body, &request, &why), OUTCOME_MESSAGE_FORMAT);
	assert_string_equal(why.text,
	    arena_printf(
		arena, "RequestType '%s' is unknown, Issue or Renew expected", fill(arena, 'u', 200)));
	for (size_t i = 0; i < 40; i++)
		memcpy(umlauts + 2 * i, "\xc3\xa4", 2);
	body = arena_printf(arena, WITH(ITEM("EnrollmentType", "x%s")), umlauts);
	assert_int_equal(read_body(arena, body, &request, &why), OUTCOME_NOT_SUPPORTED);
	assert_true(strstr(why.text, "' is unknown, Full or Device expected") != NULL);
	arena_free(arena);
}

/* In every field: kept as they came, and again after the way through JSON. */
static void
keeps_hostile_values(void **state)
{
	static const char *const more[] = { "'; DROP TABLE muster.device; --", "{\"a\": [1]}", "\\u0000\\\"",
		"\342\200\256evil", "a\tb\nc", "\xef\xbf\xbd", "$(reboot)`reboot`", "../../etc/passwd" };
	struct arena *arena = arena_new();
	struct fact item[2 * (ARRAY_SIZE(nasty) + ARRAY_SIZE(more))];
	struct wstep_request request;
	struct facts back;
	struct why why = { "" };
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++)
		item[count++] = (struct fact){ nasty[i], nasty[i] };
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		item[count++] = (struct fact){ arena_printf(arena, "New%zu", i), more[i] };
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		item[count++] = (struct fact){ "DeviceName", more[i] };
	row_outcome(
	    "hostile", read_body(arena, body_with(arena, item, count), &request, &why), OUTCOME_OK, why);
	assert_int_equal(request.facts.count, count);
	assert_true(facts_from_json(arena, facts_json(arena, &request.facts), &back));
	assert_int_equal(back.count, count);
	for (size_t i = 0; i < count; i++) {
		row_text(item[i].name, request.facts.item[i].name, item[i].name);
		row_text(item[i].name, request.facts.item[i].value, item[i].value);
		row_text(item[i].name, back.item[i].value, item[i].value);
	}
	arena_free(arena);
}

/* --- the answer --- */

#define DOCUMENT "<wap-provisioningdoc version=\"1.1\"/>"
#define RSTR "/s:Envelope/s:Body/t:RequestSecurityTokenResponseCollection/t:RequestSecurityTokenResponse"

static struct reply_doc
written(struct arena *arena, const char *document, const char *message_id, const char *activity)
{
	struct bytes bytes;

	assert_true(wstep_write(arena, bytes_of(document), message_id, activity, &bytes));
	return reply_parse(bytes);
}

/* The client's own XPath, and what MS-MDE2 wants around it. */
static void
client_finds_the_document(void **state)
{
	struct arena *arena = arena_new();
	struct reply_doc reply = written(arena, DOCUMENT, MESSAGE_ID, TRACE);
	struct bytes document;

	(void)state;
	assert_true(bytes_from_base64(arena,
	    xpath_text(arena, &reply,
		"//t:RequestSecurityTokenResponseCollection//t:RequestSecurityTokenResponse"
		"//t:RequestedSecurityToken//o:BinarySecurityToken"),
	    &document));
	assert_true(bytes_equal(document, bytes_of(DOCUMENT)));
	assert_int_equal(xpath_count(arena, &reply, RSTR), 1);
	assert_int_equal(xpath_count(arena, &reply, RSTR "/*"), 4);
	xpath_check(arena, &reply, "local-name(" RSTR "/*[1])", "TokenType");
	xpath_check(arena, &reply, RSTR "/t:TokenType", TOKEN_TYPE_ENROLLMENT);
	xpath_check(arena, &reply, "local-name(" RSTR "/*[2])", "DispositionMessage");
	xpath_check(arena, &reply, RSTR "/f:DispositionMessage", "");
	assert_int_equal(xpath_count(arena, &reply, RSTR "/f:DispositionMessage"), 1);
	xpath_check(arena, &reply, "local-name(" RSTR "/*[3])", "RequestedSecurityToken");
	assert_int_equal(xpath_count(arena, &reply, RSTR "/*[3]/*"), 1);
	xpath_check(arena, &reply, "local-name(" RSTR "/*[4])", "RequestID");
	xpath_check(arena, &reply, RSTR "/f:RequestID", "0");
	xpath_check(arena, &reply, "//o:BinarySecurityToken/@ValueType", VALUE_TYPE_PROVISIONING);
	xpath_check(arena, &reply, "//o:BinarySecurityToken/@EncodingType", ENCODING_BASE64);
	reply_free(&reply);
	arena_free(arena);
}

static void
header_is_whole(void **state)
{
	struct arena *arena = arena_new();
	struct reply_doc reply = written(arena, DOCUMENT, MESSAGE_ID, TRACE);

	(void)state;
	xpath_check(arena, &reply, "/s:Envelope/s:Header/a:Action", ACTION_RSTRC);
	xpath_check(arena, &reply, "/s:Envelope/s:Header/a:Action/@s:mustUnderstand", "1");
	xpath_check(arena, &reply, "/s:Envelope/s:Header/a:RelatesTo", MESSAGE_ID);
	xpath_check(arena, &reply, "/s:Envelope/s:Header/o:Security/@s:mustUnderstand", "1");
	xpath_check(arena, &reply, "//o:Security/u:Timestamp/@u:Id", "_0");
	xpath_check(arena, &reply, "//u:Timestamp/u:Created", "2026-11-23T10:00:00.000Z");
	xpath_check(arena, &reply, "//u:Timestamp/u:Expires", "2026-11-23T10:05:00.000Z");
	reply_free(&reply);
	reply = written(arena, "", NULL, TRACE);
	assert_int_equal(xpath_count(arena, &reply, "//a:RelatesTo"), 0);
	xpath_check(arena, &reply, "//o:BinarySecurityToken", "");
	reply_free(&reply);
	arena_free(arena);
}

/* Of any length on one line, and whatever is echoed stays text. */
static void
echoes_and_encodes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
		struct arena *arena = arena_new();
		char *document = arena_printf(arena, "%s%s", nasty[i], fill(arena, 'a', 200000));
		struct reply_doc reply = written(arena, document, nasty[i], nasty[i]);
		char *base64 = xpath_text(arena, &reply, "//o:BinarySecurityToken");
		struct bytes decoded;

		assert_null(strpbrk(base64, " \t\r\n"));
		assert_true(bytes_from_base64(arena, base64, &decoded));
		assert_true(bytes_equal(decoded, bytes_of(document)));
		xpath_check(arena, &reply, "//a:RelatesTo", nasty[i]);
		xpath_check(arena, &reply, "//d:ActivityId", nasty[i]);
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
	assert_true(wstep_write(arena, bytes_of(DOCUMENT), MESSAGE_ID, TRACE, &bytes));
	golden_check(arena, "rstrc.xml", bytes);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_samples),
		cmocka_unit_test(keeps_the_facts),
		cmocka_unit_test(tolerates_variants),
		cmocka_unit_test(refuses_with_a_reason),
		cmocka_unit_test(takes_the_certificate_request),
		cmocka_unit_test(takes_the_signed_request),
		cmocka_unit_test(tells_a_renewal),
		cmocka_unit_test(bounds_the_context),
		cmocka_unit_test(bears_large_requests),
		cmocka_unit_test(quotes_only_the_beginning),
		cmocka_unit_test(keeps_hostile_values),
		cmocka_unit_test(client_finds_the_document),
		cmocka_unit_test(header_is_whole),
		cmocka_unit_test(echoes_and_encodes),
		cmocka_unit_test(matches_the_golden_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
