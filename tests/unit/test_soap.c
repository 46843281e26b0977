#include "protocol_test.h"

#include <muster/base/text.h>

#define DISCOVER "<Discover xmlns=\"" NS_DISCOVERY "/\"><request/></Discover>"
#define POLICIES "<GetPolicies xmlns=\"" NS_XCEP "\"><client/></GetPolicies>"
#define RST "<t:RequestSecurityToken xmlns:t=\"" NS_WST "\"/>"
#define ACTION(uri) "<a:Action s:mustUnderstand=\"1\">" uri "</a:Action>"
#define PROFILE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"

/* --- whole samples --- */

static const struct {
	const char *file;
	enum operation operation;
	const char *message_id, *user, *password;
	enum credential_kind kind;
} samples[] = {
	{ "discover-windows11.xml", OPERATION_DISCOVER, "urn:uuid:748132ec-a575-4329-b01b-6171a9cf8478", NULL,
	    NULL, CREDENTIAL_NONE },
	{ "discover-documentation.xml", OPERATION_DISCOVER, MESSAGE_ID, NULL, NULL, CREDENTIAL_NONE },
	{ "discover-certificate.xml", OPERATION_DISCOVER, "urn:uuid:72048B64-0F19-448F-8C2E-B4C661860AA0",
	    NULL, NULL, CREDENTIAL_NONE },
	{ "discover-version1.xml", OPERATION_DISCOVER, NULL, NULL, NULL, CREDENTIAL_NONE },
	{ "discover-unprefixed.xml", OPERATION_DISCOVER, "\n urn:uuid:1 ", NULL, NULL, CREDENTIAL_NONE },
	{ "discover-soap11.xml", OPERATION_DISCOVER, "urn:uuid:11", NULL, NULL, CREDENTIAL_NONE },
	{ "policies-windows11.xml", OPERATION_POLICIES, "urn:uuid:72048B64-0F19-448F-8C2E-B4C661860AA0",
	    "ada@example.test", "correct <horse> & staple", CREDENTIAL_PASSWORD },
	{ "policies-documentation.xml", OPERATION_POLICIES, "urn:uuid:72048B64-0F19-448F-8C2E-B4C661860AA0",
	    "ada@example.test", "pass & word", CREDENTIAL_PASSWORD },
	{ "rst-windows11.xml", OPERATION_RST, "urn:uuid:0d5a1441-5891-453b-becf-a2e5f6ea3749",
	    "ada@example.test", "Pa$$w0rd 1", CREDENTIAL_PASSWORD },
	{ "rst-documentation.xml", OPERATION_RST, "urn:uuid: 0d5a1441-5891-453b-becf-a2e5f6ea3749",
	    "ada@example.test", "Pa$$w0rd 1", CREDENTIAL_PASSWORD },
	{ "rst-renewal.xml", OPERATION_RST, "urn:uuid:61a17f2c-42e9-4a45-9c85-f15c1c8baee8",
	    "ada@example.test", NULL, CREDENTIAL_PASSWORD },
};

static void
reads_the_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct arena *arena = arena_new();
		struct soap soap;

		soap_of(arena, file_read(arena, "requests", samples[i].file), &soap);
		row_equal(samples[i].file, soap.operation, samples[i].operation);
		row_equal(samples[i].file, soap.credential.kind, samples[i].kind);
		row_text(samples[i].file, soap.message_id != NULL ? soap.message_id : "(none)",
		    samples[i].message_id != NULL ? samples[i].message_id : "(none)");
		row_text(samples[i].file, soap.credential.user != NULL ? soap.credential.user : "(none)",
		    samples[i].user != NULL ? samples[i].user : "(none)");
		row_text(samples[i].file,
		    soap.credential.password.data != NULL ? soap.credential.password.data : "(none)",
		    samples[i].password != NULL ? samples[i].password : "(none)");
		soap_release(&soap);
		arena_free(arena);
	}
}

/* --- operation and Action --- */

static const struct {
	const char *name, *header, *body;
	enum outcome outcome;
	enum operation operation;
} operations[] = {
	{ "Discover", ACTION(ACTION_DISCOVER), DISCOVER, OUTCOME_OK, OPERATION_DISCOVER },
	{ "GetPolicies", ACTION(ACTION_POLICIES), POLICIES, OUTCOME_OK, OPERATION_POLICIES },
	{ "RST", ACTION(ACTION_RST), RST, OUTCOME_OK, OPERATION_RST },
	{ "no Action", "", RST, OUTCOME_OK, OPERATION_RST },
	{ "blank Action", ACTION(" \n "), RST, OUTCOME_OK, OPERATION_RST },
	{ "white space around Action", ACTION("\r\n\t" ACTION_RST "\n"), RST, OUTCOME_OK, OPERATION_RST },
	{ "Action in lower case",
	    ACTION("http://schemas.microsoft.com/windows/pki/2009/01/enrollment/rst/WSTEP"), RST, OUTCOME_OK,
	    OPERATION_RST },
	{ "Action unqualified", "<Action>" ACTION_RST "</Action>", RST, OUTCOME_OK, OPERATION_RST },
	{ "Discover's Action with a slash more", ACTION(NS_DISCOVERY "//IDiscoveryService/Discover"),
	    DISCOVER, OUTCOME_OK, OPERATION_DISCOVER },
	{ "unknown Action with Discover", ACTION("urn:unknown"), DISCOVER, OUTCOME_OK, OPERATION_DISCOVER },
	{ "unknown Action with GetPolicies", ACTION("urn:unknown"), POLICIES, OUTCOME_MESSAGE_FORMAT,
	    OPERATION_POLICIES },
	{ "unknown Action with RST", ACTION("urn:unknown"), RST, OUTCOME_MESSAGE_FORMAT, OPERATION_RST },
	{ "KET's Action with RST", ACTION(NS_WST "/RST/KET"), RST, OUTCOME_MESSAGE_FORMAT, OPERATION_RST },
	{ "RST's Action with Discover", ACTION(ACTION_RST), DISCOVER, OUTCOME_MESSAGE_FORMAT,
	    OPERATION_DISCOVER },
	{ "Discover's Action with RST", ACTION(ACTION_DISCOVER), RST, OUTCOME_MESSAGE_FORMAT, OPERATION_RST },
	{ "RST's Action with GetPolicies", ACTION(ACTION_RST), POLICIES, OUTCOME_MESSAGE_FORMAT,
	    OPERATION_POLICIES },
	{ "two Actions", ACTION(ACTION_RST) ACTION(ACTION_RST), RST, OUTCOME_MESSAGE_FORMAT, OPERATION_NONE },
	{ "two MessageIDs", "<a:MessageID>1</a:MessageID><a:MessageID>2</a:MessageID>", RST,
	    OUTCOME_MESSAGE_FORMAT, OPERATION_NONE },
	{ "unknown headers", "<x:Odd xmlns:x=\"urn:x\" s:mustUnderstand=\"1\"><x:y/></x:Odd>", RST,
	    OUTCOME_OK, OPERATION_RST },
	{ "extra siblings", "", "<a/>" POLICIES "<AdditionalContext/>", OUTCOME_OK, OPERATION_POLICIES },
	{ "no namespace", "", "<RequestSecurityToken/>", OUTCOME_OK, OPERATION_RST },
	{ "two operations", "", DISCOVER RST, OUTCOME_MESSAGE_FORMAT, OPERATION_DISCOVER },
	{ "the same twice", "", RST RST, OUTCOME_MESSAGE_FORMAT, OPERATION_RST },
	{ "unknown operation", "", "<Destroy/>", OUTCOME_MESSAGE_FORMAT, OPERATION_NONE },
	{ "text only", "", "RequestSecurityToken", OUTCOME_MESSAGE_FORMAT, OPERATION_NONE },
	{ "operation too deep", "", "<x>" RST "</x>", OUTCOME_MESSAGE_FORMAT, OPERATION_NONE },
	{ "empty Body", "", "", OUTCOME_MESSAGE_FORMAT, OPERATION_NONE },
};

static void
finds_the_operation(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		struct arena *arena = arena_new();
		struct soap soap;
		struct why why = { "" };
		enum outcome o = soap_read(arena,
		    bytes_of(envelope_of(arena, operations[i].header, operations[i].body)), &soap, &why);

		row_outcome(operations[i].name, o, operations[i].outcome, why);
		row_equal(operations[i].name, soap.operation, operations[i].operation);
		soap_release(&soap);
		arena_free(arena);
	}
}

/* --- what is not an envelope --- */

#define OPEN12 "<s:Envelope xmlns:s=\"" NS_SOAP12 "\">"
#define BODY "<s:Body>" DISCOVER "</s:Body>"
#define CLOSE "</s:Envelope>"

static const struct {
	const char *name, *document;
} broken[] = {
	{ "empty", "" },
	{ "blank", " \n\t" },
	{ "not XML", "{\"Discover\": {}}" },
	{ "truncated", OPEN12 "<s:Body><Discover" },
	{ "no Body", OPEN12 "<s:Header/>" CLOSE },
	{ "two Bodies", OPEN12 BODY BODY CLOSE },
	{ "two Headers", OPEN12 "<s:Header/><s:Header/>" BODY CLOSE },
	{ "no namespace", "<Envelope><Body>" DISCOVER "</Body></Envelope>" },
	{ "other namespace", "<s:Envelope xmlns:s=\"urn:s\">" BODY CLOSE },
	{ "other root", "<s:Letter xmlns:s=\"" NS_SOAP12 "\">" BODY "</s:Letter>" },
	{ "Body of the other SOAP", OPEN12 "<o:Body xmlns:o=\"" NS_SOAP11 "\">" DISCOVER "</o:Body>" CLOSE },
	{ "bare operation", DISCOVER },
	{ "doctype", "<!DOCTYPE s>" OPEN12 BODY CLOSE },
	{ "external entity",
	    "<!DOCTYPE s [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>" OPEN12 "<s:Body>&x;</s:Body>" CLOSE },
	{ "entity bomb",
	    "<!DOCTYPE s [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>" OPEN12 "<s:Body>&b;</s:Body>" CLOSE },
	{ "undeclared entity", OPEN12 "<s:Body>&nbsp;" DISCOVER "</s:Body>" CLOSE },
	{ "invalid UTF-8", OPEN12 "<s:Body>\xff\xfe" DISCOVER "</s:Body>" CLOSE },
	{ "overlong UTF-8", OPEN12 "<s:Body>\xc0\xaf" DISCOVER "</s:Body>" CLOSE },
	{ "control character", OPEN12 "<s:Body>\x01" DISCOVER "</s:Body>" CLOSE },
	{ "two documents", OPEN12 BODY CLOSE OPEN12 BODY CLOSE },
};

static void
refuses_what_is_no_envelope(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct arena *arena = arena_new();
		struct soap soap;
		struct why why = { "" };

		row_outcome(broken[i].name, soap_read(arena, bytes_of(broken[i].document), &soap, &why),
		    OUTCOME_MESSAGE_FORMAT, why);
		assert_true(*why.text != '\0');
		soap_release(&soap);
		arena_free(arena);
	}
}

static void
refuses_nul(void **state)
{
	static const char document[] = OPEN12 "<s:Body>\0" DISCOVER "</s:Body>" CLOSE;
	struct arena *arena = arena_new();
	struct soap soap;
	struct why why = { "" };

	(void)state;
	assert_int_equal(
	    soap_read(arena, (struct bytes){ (const uint8_t *)document, sizeof(document) - 1 }, &soap, &why),
	    OUTCOME_MESSAGE_FORMAT);
	soap_release(&soap);
	arena_free(arena);
}

static char *
repeat(struct arena *arena, const char *text, size_t times)
{
	size_t size = strlen(text);
	char *all = arena_alloc(arena, times * size + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(all + i * size, text, size);
	return all;
}

static void
refuses_depth_and_attributes(void **state)
{
	struct arena *arena = arena_new();
	char *attributes = arena_alloc(arena, 100000 * 12 + 1), *end = attributes;
	struct soap soap;
	struct why why = { "" };

	(void)state;
	assert_int_equal(
	    soap_read(arena, bytes_of(arena_printf(arena, OPEN12 "<s:Body>%s", repeat(arena, "<x>", 10000))),
		&soap, &why),
	    OUTCOME_MESSAGE_FORMAT);
	soap_release(&soap);
	for (int i = 0; i < 100000; i++)
		end += snprintf(end, 13, " a%06d='1'", i);
	assert_int_equal(
	    soap_read(arena,
		bytes_of(arena_printf(arena, OPEN12 "<s:Body><x%s/></s:Body>" CLOSE, attributes)), &soap,
		&why),
	    OUTCOME_MESSAGE_FORMAT);
	soap_release(&soap);
	arena_free(arena);
}

/* --- MessageID --- */

static void
keeps_message_id_for_the_fault(void **state)
{
	struct arena *arena = arena_new();
	struct soap soap;
	struct why why = { "" };

	(void)state;
	assert_int_equal(
	    soap_read(arena,
		bytes_of(envelope_of(arena, "<a:MessageID>" MESSAGE_ID "</a:MessageID>", "<Odd/>")), &soap,
		&why),
	    OUTCOME_MESSAGE_FORMAT);
	assert_string_equal(soap.message_id, MESSAGE_ID);
	soap_release(&soap);
	assert_string_equal(soap.message_id, MESSAGE_ID);
	arena_free(arena);
}

static void
bounds_message_id(void **state)
{
	struct arena *arena = arena_new();
	struct soap soap;
	struct why why = { "" };

	(void)state;
	soap_of(arena,
	    bytes_of(envelope_of(
		arena, arena_printf(arena, "<a:MessageID>%s</a:MessageID>", repeat(arena, "x", 1024)), RST)),
	    &soap);
	assert_int_equal(strlen(soap.message_id), 1024);
	soap_release(&soap);
	assert_int_equal(
	    soap_read(arena,
		bytes_of(envelope_of(arena,
		    arena_printf(arena, "<a:MessageID>%s</a:MessageID>", repeat(arena, "x", 1025)), RST)),
		&soap, &why),
	    OUTCOME_MESSAGE_FORMAT);
	assert_null(soap.message_id);
	soap_release(&soap);
	arena_free(arena);
}

static void
blank_message_id_is_none(void **state)
{
	struct arena *arena = arena_new();
	struct soap soap;

	(void)state;
	soap_of(arena, bytes_of(envelope_of(arena, "<a:MessageID> \n</a:MessageID>", RST)), &soap);
	assert_null(soap.message_id);
	soap_release(&soap);
	arena_free(arena);
}

/* --- the Security header --- */

#define SECURITY(content) "<wsse:Security s:mustUnderstand=\"1\">" content "</wsse:Security>"
#define USER(name) "<wsse:Username>" name "</wsse:Username>"
#define PASSWORD(attributes, text) "<wsse:Password " attributes ">" text "</wsse:Password>"
#define TOKEN(content) "<wsse:UsernameToken u:Id=\"uuid-1\">" content "</wsse:UsernameToken>"
#define GOOD TOKEN(USER("ada") PASSWORD("", "secret"))
#define BST_OF(attributes, text) \
	"<wsse:BinarySecurityToken " attributes ">" text "</wsse:BinarySecurityToken>"
#define BST BST_OF("", "QUJD")
#define SIGNATURE "<ds:Signature xmlns:ds=\"" NS_DS "\"><ds:SignedInfo/></ds:Signature>"

static const struct {
	const char *name, *header;
	enum outcome outcome;
	enum credential_kind kind;
	const char *user, *password;
} credentials[] = {
	{ "good", SECURITY(GOOD), OUTCOME_OK, CREDENTIAL_PASSWORD, "ada", "secret" },
	{ "none", "", OUTCOME_INVALID_SECURITY, CREDENTIAL_NONE, NULL, NULL },
	{ "empty", SECURITY(""), OUTCOME_INVALID_SECURITY, CREDENTIAL_NONE, NULL, NULL },
	{ "timestamp only", SECURITY("<u:Timestamp/>"), OUTCOME_INVALID_SECURITY, CREDENTIAL_NONE, NULL,
	    NULL },
	{ "with timestamp", SECURITY("<u:Timestamp/>" GOOD), OUTCOME_OK, CREDENTIAL_PASSWORD, "ada",
	    "secret" },
	{ "Type prefixed",
	    SECURITY(TOKEN(USER("ada") PASSWORD("wsse:Type=\"" PROFILE "#PasswordText\"", "secret"))),
	    OUTCOME_OK, CREDENTIAL_PASSWORD, "ada", "secret" },
	{ "Type unprefixed",
	    SECURITY(TOKEN(USER("ada") PASSWORD("Type=\" " PROFILE "#PasswordText\n\"", "secret"))),
	    OUTCOME_OK, CREDENTIAL_PASSWORD, "ada", "secret" },
	{ "Type digest",
	    SECURITY(TOKEN(USER("ada") PASSWORD("Type=\"" PROFILE "#PasswordDigest\"", "c2VjcmV0"))),
	    OUTCOME_AUTHENTICATION, CREDENTIAL_PASSWORD, "ada", NULL },
	{ "Type unknown", SECURITY(TOKEN(USER("ada") PASSWORD("Type=\"#Smell\"", "x"))),
	    OUTCOME_INVALID_SECURITY, CREDENTIAL_PASSWORD, "ada", NULL },
	{ "nonce and created",
	    SECURITY(TOKEN(USER("ada") PASSWORD("", "secret") "<wsse:Nonce/><u:Created/>")), OUTCOME_OK,
	    CREDENTIAL_PASSWORD, "ada", "secret" },
	{ "name trimmed, password not", SECURITY(TOKEN(USER("\n ada \t") PASSWORD("", " se cret\n"))),
	    OUTCOME_OK, CREDENTIAL_PASSWORD, "ada", " se cret\n" },
	{ "password in pieces",
	    SECURITY(TOKEN(USER("ada") PASSWORD("", "a<!-- x -->&amp;<![CDATA[<b>]]>&#x20AC;"))), OUTCOME_OK,
	    CREDENTIAL_PASSWORD, "ada", "a&<b>\xe2\x82\xac" },
	{ "no prefixes",
	    "<Security xmlns=\"" NS_WSSE "\"><UsernameToken><Username>ada</Username><Password>secret</"
	    "Password></UsernameToken></Security>",
	    OUTCOME_OK, CREDENTIAL_PASSWORD, "ada", "secret" },
	{ "no namespace",
	    "<Security><UsernameToken><Username>ada</Username><Password>secret</Password></UsernameToken>"
	    "</Security>",
	    OUTCOME_OK, CREDENTIAL_PASSWORD, "ada", "secret" },
	{ "two Security headers", SECURITY(GOOD) SECURITY(GOOD), OUTCOME_INVALID_SECURITY, CREDENTIAL_NONE,
	    NULL, NULL },
	{ "a second, empty Security header", SECURITY(GOOD) SECURITY(""), OUTCOME_INVALID_SECURITY,
	    CREDENTIAL_NONE, NULL, NULL },
	{ "two UsernameTokens", SECURITY(GOOD GOOD), OUTCOME_INVALID_SECURITY, CREDENTIAL_NONE, NULL, NULL },
	{ "two BinarySecurityTokens", SECURITY(BST BST), OUTCOME_INVALID_SECURITY, CREDENTIAL_NONE, NULL,
	    NULL },
	{ "UsernameToken and BinarySecurityToken", SECURITY(GOOD BST), OUTCOME_INVALID_SECURITY,
	    CREDENTIAL_NONE, NULL, NULL },
	{ "UsernameToken and Signature", SECURITY(SIGNATURE GOOD), OUTCOME_INVALID_SECURITY, CREDENTIAL_NONE,
	    NULL, NULL },
	{ "two Signatures", SECURITY(BST SIGNATURE SIGNATURE), OUTCOME_INVALID_SECURITY, CREDENTIAL_NONE,
	    NULL, NULL },
	{ "BinarySecurityToken", SECURITY(BST), OUTCOME_OK, CREDENTIAL_TOKEN, NULL, NULL },
	{ "a JWT by its looks", SECURITY(BST_OF("", "ZXlKaC5iLmM=")), OUTCOME_OK, CREDENTIAL_JWT, NULL,
	    NULL },
	{ "a JWT by its ValueType", SECURITY(BST_OF("ValueType=\"" TOKEN_TYPE_JWT "\"", "QUJD")), OUTCOME_OK,
	    CREDENTIAL_JWT, NULL, NULL },
	{ "a certificate", SECURITY(BST_OF("", "MIIBCg==")), OUTCOME_OK, CREDENTIAL_CERTIFICATE, NULL, NULL },
	{ "a certificate and a Signature", SECURITY(BST_OF("", "MIIBCg==") SIGNATURE), OUTCOME_OK,
	    CREDENTIAL_CERTIFICATE, NULL, NULL },
	{ "a token and a Signature", SECURITY(BST SIGNATURE), OUTCOME_INVALID_SECURITY, CREDENTIAL_TOKEN,
	    NULL, NULL },
	{ "only a Signature", SECURITY(SIGNATURE), OUTCOME_INVALID_SECURITY, CREDENTIAL_NONE, NULL, NULL },
	{ "an empty token", SECURITY(BST_OF("", " ")), OUTCOME_INVALID_SECURITY, CREDENTIAL_NONE, NULL,
	    NULL },
	{ "a token that is not base64", SECURITY(BST_OF("", "QU;D")), OUTCOME_INVALID_SECURITY,
	    CREDENTIAL_NONE, NULL, NULL },
	{ "a token that is not text", SECURITY(BST_OF("", "/////w==")), OUTCOME_INVALID_SECURITY,
	    CREDENTIAL_TOKEN, NULL, NULL },
	{ "a token with a NUL", SECURITY(BST_OF("", "QQBB")), OUTCOME_INVALID_SECURITY, CREDENTIAL_TOKEN,
	    NULL, NULL },
	{ "no Username", SECURITY(TOKEN(PASSWORD("", "secret"))), OUTCOME_INVALID_SECURITY,
	    CREDENTIAL_PASSWORD, NULL, NULL },
	{ "no Password", SECURITY(TOKEN(USER("ada"))), OUTCOME_INVALID_SECURITY, CREDENTIAL_PASSWORD, NULL,
	    NULL },
	{ "two Usernames", SECURITY(TOKEN(USER("ada") USER("bob") PASSWORD("", "secret"))),
	    OUTCOME_INVALID_SECURITY, CREDENTIAL_PASSWORD, NULL, NULL },
	{ "two Passwords", SECURITY(TOKEN(USER("ada") PASSWORD("", "a") PASSWORD("", "b"))),
	    OUTCOME_INVALID_SECURITY, CREDENTIAL_PASSWORD, NULL, NULL },
	{ "empty Username", SECURITY(TOKEN(USER(" ") PASSWORD("", "secret"))), OUTCOME_AUTHENTICATION,
	    CREDENTIAL_PASSWORD, "", NULL },
	{ "empty Password", SECURITY(TOKEN(USER("ada") PASSWORD("", ""))), OUTCOME_AUTHENTICATION,
	    CREDENTIAL_PASSWORD, "ada", NULL },
	{ "markup in the name", SECURITY(TOKEN(USER("a&lt;b&gt;&quot;&amp;'") PASSWORD("", "secret"))),
	    OUTCOME_OK, CREDENTIAL_PASSWORD, "a<b>\"&'", "secret" },
};

static void
reads_the_credential(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(credentials); i++) {
		const char *name = credentials[i].name;
		struct arena *arena = arena_new();
		const struct credential *credential = NULL;
		struct soap soap;
		struct why why = { "" };

		soap_of(arena, bytes_of(envelope_of(arena, credentials[i].header, RST)), &soap);
		row_outcome(name, soap_credential(&soap, &credential, &why), credentials[i].outcome, why);
		row_equal(name, soap.credential.kind, credentials[i].kind);
		row_equal(name, credential != NULL, credentials[i].outcome == OUTCOME_OK);
		row_text(name, soap.credential.user != NULL ? soap.credential.user : "(none)",
		    credentials[i].user != NULL ? credentials[i].user : "(none)");
		row_text(name,
		    soap.credential.password.data != NULL ? soap.credential.password.data : "(none)",
		    credentials[i].password != NULL ? credentials[i].password : "(none)");
		if (strstr(why.text, "secret") != NULL)
			fail_msg("%s: the reason holds the password", name);
		soap_release(&soap);
		arena_free(arena);
	}
}

static void
bounds_name_and_password(void **state)
{
	static const struct {
		size_t name, password;
		enum outcome outcome;
	} rows[] = {
		{ 320, 1024, OUTCOME_OK },
		{ 321, 1, OUTCOME_INVALID_SECURITY },
		{ 1, 1025, OUTCOME_INVALID_SECURITY },
		{ 1, 100000, OUTCOME_INVALID_SECURITY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct arena *arena = arena_new();
		const struct credential *credential = NULL;
		struct soap soap;
		struct why why = { "" };
		char *header = arena_printf(arena, SECURITY(TOKEN(USER("%s") PASSWORD("", "%s"))),
		    repeat(arena, "n", rows[i].name), repeat(arena, "p", rows[i].password));

		soap_of(arena, bytes_of(envelope_of(arena, header, RST)), &soap);
		row_outcome("length", soap_credential(&soap, &credential, &why), rows[i].outcome, why);
		if (rows[i].outcome == OUTCOME_OK)
			assert_int_equal(credential->password.size, rows[i].password);
		else
			assert_null(soap.credential.password.data);
		soap_release(&soap);
		arena_free(arena);
	}
}

/* --- nothing of the password stays in the tree --- */

static bool
tree_holds(const xmlNode *node, const char *text)
{
	for (; node != NULL; node = node->next) {
		if (node->type == XML_ELEMENT_NODE) {
			if (tree_holds(node->children, text))
				return true;
		} else if (node->content != NULL && strstr((const char *)node->content, text) != NULL) {
			return true;
		}
	}
	return false;
}

static void
wipes_the_tree(void **state)
{
	static const char *const headers[] = {
		SECURITY(GOOD),
		SECURITY(TOKEN(USER("ada") PASSWORD("", "secret<!-- -->secret<![CDATA[secret]]>"))),
		SECURITY(GOOD) SECURITY(GOOD),
		SECURITY(GOOD GOOD),
		SECURITY(
		    TOKEN(USER("ada") PASSWORD("", "secret secret secret secret") PASSWORD("", "secret"))),
		"<Password>secret</Password>",
		"<a:MessageID>1</a:MessageID><a:MessageID>2</a:MessageID>" SECURITY(GOOD),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		struct arena *arena = arena_new();
		struct soap soap;

		(void)soap_read(arena, bytes_of(envelope_of(arena, headers[i], RST)), &soap, NULL);
		assert_non_null(soap.doc);
		if (tree_holds(soap.doc->children, "secret"))
			fail_msg("row %zu: the tree still holds the password", i);
		soap_release(&soap);
		assert_null(soap.doc);
		assert_null(soap.body);
		assert_null(soap.credential.password.data);
		arena_free(arena);
	}
}

/* Short texts are shared between nodes by libxml2: wiping one must not touch others. */
static void
wiping_leaves_other_texts(void **state)
{
	struct arena *arena = arena_new();
	struct soap soap;

	(void)state;
	soap_of(arena,
	    bytes_of(envelope_of(arena, SECURITY(TOKEN(USER("48") PASSWORD("", "48"))),
		"<RequestSecurityToken><x>48</x></RequestSecurityToken>")),
	    &soap);
	assert_string_equal(xml_text(arena, xml_first(soap.body)), "48");
	assert_string_equal(soap.credential.user, "48");
	soap_release(&soap);
	arena_free(arena);
}

/* --- the header of a reply --- */

static void
echoes_any_message_id(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
		struct arena *arena = arena_new();
		CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();
		struct bytes bytes;
		struct reply_doc reply;

		soap_begin(arena, out, ACTION_DISCOVER_RESPONSE, nasty[i], TRACE, false);
		soap_end(out);
		assert_true(xml_out_finish(out, arena, &bytes));
		reply = reply_parse(bytes);
		xpath_check(arena, &reply, "/s:Envelope/s:Header/a:RelatesTo", nasty[i]);
		xpath_check(arena, &reply, "/s:Envelope/s:Header/a:Action", ACTION_DISCOVER_RESPONSE);
		xpath_check(arena, &reply, "/s:Envelope/s:Header/a:Action/@s:mustUnderstand", "1");
		xpath_check(arena, &reply, "/s:Envelope/s:Header/d:ActivityId", TRACE);
		xpath_check(arena, &reply, "/s:Envelope/s:Header/d:ActivityId/@CorrelationId", TRACE);
		assert_int_equal(xpath_count(arena, &reply, "/s:Envelope/s:Body"), 1);
		assert_int_equal(xpath_count(arena, &reply, "//o:Security"), 0);
		reply_free(&reply);
		arena_free(arena);
	}
}

static void
writes_no_relates_to_without_message_id(void **state)
{
	struct arena *arena = arena_new();
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();
	struct bytes bytes;
	struct reply_doc reply;

	(void)state;
	soap_begin(arena, out, ACTION_RSTRC, NULL, TRACE, true);
	soap_end(out);
	assert_true(xml_out_finish(out, arena, &bytes));
	reply = reply_parse(bytes);
	assert_int_equal(xpath_count(arena, &reply, "//a:RelatesTo"), 0);
	xpath_check(arena, &reply, "/s:Envelope/s:Header/o:Security/@s:mustUnderstand", "1");
	xpath_check(arena, &reply, "//o:Security/u:Timestamp/@u:Id", "_0");
	reply_free(&reply);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_samples),
		cmocka_unit_test(finds_the_operation),
		cmocka_unit_test(refuses_what_is_no_envelope),
		cmocka_unit_test(refuses_nul),
		cmocka_unit_test(refuses_depth_and_attributes),
		cmocka_unit_test(keeps_message_id_for_the_fault),
		cmocka_unit_test(bounds_message_id),
		cmocka_unit_test(blank_message_id_is_none),
		cmocka_unit_test(reads_the_credential),
		cmocka_unit_test(bounds_name_and_password),
		cmocka_unit_test(wipes_the_tree),
		cmocka_unit_test(wiping_leaves_other_texts),
		cmocka_unit_test(echoes_any_message_id),
		cmocka_unit_test(writes_no_relates_to_without_message_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
