/* The simulated device refuses in a provisioning document what Windows refuses, with its HRESULT. */
#include "../../app/muster-device/keypair.h"
#include "../../app/muster-device/provision.h"
#include "make_chain.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#define DEVICE "019a0000-1111-7222-8333-444455556666"

/* A document that every device takes; @NAMES@ are filled in after a case has changed it. */
static const char good[] =
    "<wap-provisioningdoc version=\"1.1\">"
    "<characteristic type=\"CertificateStore\">"
    "<characteristic type=\"Root\"><characteristic type=\"System\">"
    "<characteristic type=\"@ROOT_NAME@\"><parm name=\"EncodedCertificate\" "
    "value=\"@ROOT@\"/></characteristic>"
    "</characteristic></characteristic>"
    "<characteristic type=\"CA\"><characteristic type=\"System\">"
    "<characteristic type=\"@CA_NAME@\"><parm name=\"EncodedCertificate\" value=\"@CA@\"/></characteristic>"
    "</characteristic></characteristic>"
    "<characteristic type=\"My\"><characteristic type=\"User\">"
    "<characteristic type=\"@LEAF_NAME@\"><parm name=\"EncodedCertificate\" "
    "value=\"@LEAF@\"/></characteristic>"
    "<characteristic type=\"PrivateKeyContainer\"/></characteristic>"
    "<characteristic type=\"WSTEP\"><characteristic type=\"Renew\">"
    "<parm name=\"ROBOSupport\" value=\"true\" datatype=\"boolean\"/>"
    "<parm name=\"RenewPeriod\" value=\"45\" datatype=\"integer\"/>"
    "<parm name=\"RetryInterval\" value=\"4\" datatype=\"integer\"/>"
    "</characteristic></characteristic></characteristic></characteristic>"
    "<characteristic type=\"APPLICATION\">"
    "<parm name=\"APPID\" value=\"w7\"/>"
    "<parm name=\"PROVIDER-ID\" value=\"CorpMDM\"/>"
    "<parm name=\"NAME\" value=\"Corp\"/>"
    "<parm name=\"ADDR\" value=\"https://mdm.corp.test/ManagementServer/MDM.svc\"/>"
    "<parm name=\"CONNRETRYFREQ\" value=\"6\"/>"
    "<parm name=\"BACKCOMPATRETRYDISABLED\"/>"
    "<parm name=\"DEFAULTENCODING\" value=\"application/vnd.syncml.dm+xml\"/>"
    "<parm name=\"SSLCLIENTCERTSEARCHCRITERIA\" value=\"Subject=CN%3D" DEVICE "&amp;Stores=MY%5CUser\"/>"
    "<characteristic type=\"APPAUTH\"><parm name=\"AAUTHLEVEL\" value=\"CLIENT\"/>"
    "<parm name=\"AAUTHTYPE\" value=\"DIGEST\"/><parm name=\"AAUTHSECRET\" value=\"s1\"/>"
    "<parm name=\"AAUTHDATA\" value=\"bm9uY2Ux\"/></characteristic>"
    "<characteristic type=\"APPAUTH\"><parm name=\"AAUTHLEVEL\" value=\"APPSRV\"/>"
    "<parm name=\"AAUTHTYPE\" value=\"DIGEST\"/><parm name=\"AAUTHNAME\" value=\"n\"/>"
    "<parm name=\"AAUTHSECRET\" value=\"s2\"/><parm name=\"AAUTHDATA\" value=\"bm9uY2Uy\"/></characteristic>"
    "</characteristic>"
    "<characteristic type=\"DMClient\"><characteristic type=\"Provider\"><characteristic type=\"CorpMDM\">"
    "<parm name=\"UPN\" value=\"anna@corp.test\" datatype=\"string\"/>"
    "<parm name=\"EntDMID\" value=\"" DEVICE "\" datatype=\"string\"/>"
    "<characteristic type=\"Poll\">"
    "<parm name=\"NumberOfFirstRetries\" value=\"5\" datatype=\"integer\"/>"
    "<parm name=\"IntervalForFirstSetOfRetries\" value=\"15\" datatype=\"integer\"/>"
    "<parm name=\"NumberOfSecondRetries\" value=\"10\" datatype=\"integer\"/>"
    "<parm name=\"IntervalForSecondSetOfRetries\" value=\"60\" datatype=\"integer\"/>"
    "<parm name=\"NumberOfRemainingScheduledRetries\" value=\"0\" datatype=\"integer\"/>"
    "<parm name=\"IntervalForRemainingScheduledRetries\" value=\"1440\" datatype=\"integer\"/>"
    "<parm name=\"PollOnLogin\" value=\"true\" datatype=\"boolean\"/>"
    "</characteristic></characteristic></characteristic></characteristic>"
    "</wap-provisioningdoc>";

struct change {
	const char *label;
	const char *find, *put; /* the first occurrence; find NULL: nothing is changed */
	enum hresult hresult, cause;
	unsigned notes; /* expected when it is taken */
};

#define CERTIFICATES HRESULT_PROV_CERTIFICATES
#define W7 HRESULT_PROV_W7
#define DMCLIENT HRESULT_PROV_DMCLIENT

static const struct change changes[] = {
	{ "as it is", NULL, NULL, 0, 0, 0 },
	/* The document. */
	{ "version 1.0", "version=\"1.1\"", "version=\"1.0\"", HRESULT_PROV_UNKNOWN, 0, 0 },
	{ "no version", " version=\"1.1\"", "", HRESULT_PROV_UNKNOWN, 0, 0 },
	{ "a namespace", " version=\"1.1\"", " version=\"1.1\" xmlns=\"urn:x\"", HRESULT_PROV_UNKNOWN, 0, 0 },
	{ "a DOCTYPE", "<wap-", "<!DOCTYPE wap-provisioningdoc><wap-", HRESULT_PROV_UNKNOWN, 0, 0 },
	{ "cut off", "</wap-provisioningdoc>", "", HRESULT_PROV_UNKNOWN, 0, 0 },
	{ "text inside", "<characteristic type=\"Root\">", "hello<characteristic type=\"Root\">",
	    HRESULT_PROV_UNKNOWN, 0, 0 },
	{ "unknown element", "<characteristic type=\"Root\">", "<node/><characteristic type=\"Root\">",
	    HRESULT_PROV_UNKNOWN, 0, 0 },
	{ "unknown attribute", "<parm name=\"APPID\"", "<parm x=\"\" name=\"APPID\"", HRESULT_PROV_UNKNOWN, 0,
	    0 },
	{ "parm without name", "<parm name=\"APPID\"", "<parm", HRESULT_PROV_UNKNOWN, 0, 0 },
	{ "parm at the top", "</wap-", "<parm name=\"a\"/></wap-", HRESULT_PROV_UNKNOWN, 0, 0 },
	{ "RootCATrustedCertificates", "</wap-", "<characteristic type=\"RootCATrustedCertificates\"/></wap-",
	    HRESULT_PROV_MISC, HRESULT_UNKNOWN_BLOCK, 0 },
	{ "EnterpriseAppManagement on a desktop", "</wap-",
	    "<characteristic type=\"EnterpriseAppManagement\"/></wap-", HRESULT_PROV_MISC,
	    HRESULT_UNKNOWN_BLOCK, 0 },
	{ "a block in lower case", "\"DMClient\"", "\"dmclient\"", HRESULT_PROV_MISC, HRESULT_UNKNOWN_BLOCK,
	    0 },
	/* CertificateStore. */
	{ "root under another name", "@ROOT_NAME@", "@LEAF_NAME@", CERTIFICATES, 0, 0 },
	{ "a name that is no hash", "@ROOT_NAME@", "MyRoot", CERTIFICATES, 0, 0 },
	{ "a name with colons", "@CA_NAME@", "AA:BB:CC", CERTIFICATES, 0, 0 },
	{ "a lower-case name", "@LEAF_NAME@", "@LEAF_LOWER@", 0, 0, 1 },
	{ "a line break", "value=\"@CA@\"", "value=\"@CA@\n\"", CERTIFICATES, 0, 0 },
	{ "not base64", "value=\"@CA@\"", "value=\"MII*\"", CERTIFICATES, 0, 0 },
	{ "no EncodedCertificate", "<parm name=\"EncodedCertificate\" value=\"@CA@\"/>", "", CERTIFICATES, 0,
	    0 },
	{ "system in lower case", "\"System\"", "\"system\"", CERTIFICATES, 0, 0 },
	{ "user in lower case", "\"User\"", "\"user\"", CERTIFICATES, 0, 0 },
	{ "MY in upper case", "\"My\"", "\"MY\"", CERTIFICATES, 0, 0 },
	{ "two roots", "<characteristic type=\"@ROOT_NAME@\">",
	    "<characteristic type=\"@ROOT2_NAME@\"><parm name=\"EncodedCertificate\" value=\"@ROOT2@\"/>"
	    "</characteristic><characteristic type=\"@ROOT_NAME@\">",
	    CERTIFICATES, 0, 0 },
	{ "two intermediates", "<characteristic type=\"@CA_NAME@\">",
	    "<characteristic type=\"@CA2_NAME@\"><parm name=\"EncodedCertificate\" value=\"@CA2@\"/>"
	    "</characteristic><characteristic type=\"@CA_NAME@\">",
	    CERTIFICATES, 0, 0 },
	{ "two client certificates", "<characteristic type=\"@LEAF_NAME@\">",
	    "<characteristic type=\"@OTHER_NAME@\"><parm name=\"EncodedCertificate\" value=\"@OTHER@\"/>"
	    "</characteristic><characteristic type=\"@LEAF_NAME@\">",
	    CERTIFICATES, 0, 0 },
	{ "no PrivateKeyContainer", "<characteristic type=\"PrivateKeyContainer\"/>", "", CERTIFICATES, 0,
	    0 },
	{ "PrivateKeyContainer inside",
	    "</characteristic><characteristic type=\"PrivateKeyContainer\"/></characteristic>",
	    "<characteristic type=\"PrivateKeyContainer\"><parm name=\"KeySpec\" "
	    "value=\"2\"/></characteristic>"
	    "</characteristic></characteristic>",
	    0, 0, 0 },
	{ "for My/System", "\"User\"", "\"System\"", CERTIFICATES, 0, 0 },
	{ "the intermediate as root",
	    "type=\"@ROOT_NAME@\"><parm name=\"EncodedCertificate\" value=\"@ROOT@\"",
	    "type=\"@CA2_NAME@\"><parm name=\"EncodedCertificate\" value=\"@CA2@\"", CERTIFICATES, 0, 0 },
	{ "a foreign root", "type=\"@ROOT_NAME@\"><parm name=\"EncodedCertificate\" value=\"@ROOT@\"",
	    "type=\"@ROOT2_NAME@\"><parm name=\"EncodedCertificate\" value=\"@ROOT2@\"", CERTIFICATES, 0, 0 },
	{ "another key", "type=\"@LEAF_NAME@\"><parm name=\"EncodedCertificate\" value=\"@LEAF@\"",
	    "type=\"@OTHER_NAME@\"><parm name=\"EncodedCertificate\" value=\"@OTHER@\"", CERTIFICATES, 0, 0 },
	{ "expired", "type=\"@LEAF_NAME@\"><parm name=\"EncodedCertificate\" value=\"@LEAF@\"",
	    "type=\"@OLD_NAME@\"><parm name=\"EncodedCertificate\" value=\"@OLD@\"", CERTIFICATES, 0, 0 },
	{ "not yet valid", "type=\"@LEAF_NAME@\"><parm name=\"EncodedCertificate\" value=\"@LEAF@\"",
	    "type=\"@YOUNG_NAME@\"><parm name=\"EncodedCertificate\" value=\"@YOUNG@\"", CERTIFICATES, 0, 0 },
	{ "for servers", "type=\"@LEAF_NAME@\"><parm name=\"EncodedCertificate\" value=\"@LEAF@\"",
	    "type=\"@SERVER_NAME@\"><parm name=\"EncodedCertificate\" value=\"@SERVER@\"", CERTIFICATES, 0,
	    0 },
	{ "RenewPeriod 0", "\"45\"", "\"0\"", CERTIFICATES, 0, 0 },
	{ "RenewPeriod 1001", "\"45\"", "\"1001\"", CERTIFICATES, 0, 0 },
	{ "RenewPeriod 1000", "\"45\"", "\"1000\"", 0, 0, 0 },
	{ "RetryInterval above RenewPeriod", "value=\"4\"", "value=\"46\"", CERTIFICATES, 0, 0 },
	{ "RenewPeriod without datatype", "value=\"45\" datatype=\"integer\"", "value=\"45\"", CERTIFICATES,
	    0, 0 },
	{ "RenewPeriod as string", "value=\"45\" datatype=\"integer\"", "value=\"45\" datatype=\"string\"",
	    CERTIFICATES, 0, 0 },
	{ "ROBOSupport 1", "\"ROBOSupport\" value=\"true\"", "\"ROBOSupport\" value=\"1\"", CERTIFICATES, 0,
	    0 },
	{ "RenewalPeriod", "\"RenewPeriod\"", "\"RenewalPeriod\"", CERTIFICATES, 0, 0 },
	{ "ServerURL by http", "<parm name=\"RetryInterval\"",
	    "<parm name=\"ServerURL\" value=\"http://x/\"/><parm name=\"RetryInterval\"", CERTIFICATES, 0,
	    0 },
	/* APPLICATION. */
	{ "APPID w5", "\"w7\"", "\"w5\"", W7, 0, 0 },
	{ "appid in lower case", "\"APPID\"", "\"appid\"", W7, 0, 0 },
	{ "INIT", "<parm name=\"NAME\"", "<parm name=\"INIT\" value=\"1\"/><parm name=\"NAME\"", W7, 0, 0 },
	{ "ROLE", "<parm name=\"NAME\"", "<parm name=\"ROLE\" value=\"32\"/><parm name=\"NAME\"", W7, 0, 0 },
	{ "INITIALBACKOFTIME", "\"CONNRETRYFREQ\"", "\"INITIALBACKOFTIME\"", W7, 0, 0 },
	{ "CONNRETRYFREQ six", "\"6\"", "\"six\"", W7, 0, 0 },
	{ "NAME twice", "<parm name=\"NAME\"", "<parm name=\"NAME\" value=\"a\"/><parm name=\"NAME\"", W7, 0,
	    0 },
	{ "ADDR by http", "https://mdm", "http://mdm", W7, 0, 0 },
	{ "no ADDR", "<parm name=\"ADDR\" value=\"https://mdm.corp.test/ManagementServer/MDM.svc\"/>", "", W7,
	    0, 0 },
	{ "no PROVIDER-ID", "<parm name=\"PROVIDER-ID\" value=\"CorpMDM\"/>", "", W7, 0, 0 },
	{ "a PROVIDER-ID with slash", "\"PROVIDER-ID\" value=\"CorpMDM\"",
	    "\"PROVIDER-ID\" value=\"Corp/MDM\"", W7, 0, 0 },
	{ "unknown encoding", "dm+xml", "dm+json", W7, 0, 0 },
	{ "BACKCOMPATRETRYDISABLED empty", "\"BACKCOMPATRETRYDISABLED\"",
	    "\"BACKCOMPATRETRYDISABLED\" value=\"\"", 0, 0, 0 },
	{ "BACKCOMPATRETRYDISABLED 1", "\"BACKCOMPATRETRYDISABLED\"",
	    "\"BACKCOMPATRETRYDISABLED\" value=\"1\"", W7, 0, 0 },
	{ "no nonce for CLIENT", "<parm name=\"AAUTHDATA\" value=\"bm9uY2Ux\"/>", "", HRESULT_PROV_UNKNOWN,
	    HRESULT_INVALID_ARGUMENT, 0 },
	{ "no nonce for APPSRV", "<parm name=\"AAUTHDATA\" value=\"bm9uY2Uy\"/>", "", HRESULT_PROV_UNKNOWN,
	    HRESULT_INVALID_ARGUMENT, 0 },
	{ "a nonce that is not base64", "bm9uY2Ux", "dummy!", HRESULT_PROV_UNKNOWN, HRESULT_INVALID_ARGUMENT,
	    0 },
	{ "CLIENT by BASIC", "\"AAUTHTYPE\" value=\"DIGEST\"", "\"AAUTHTYPE\" value=\"BASIC\"", W7, 0, 0 },
	{ "no AAUTHNAME for APPSRV", "<parm name=\"AAUTHNAME\" value=\"n\"/>", "", W7, 0, 0 },
	{ "no AAUTHSECRET", "<parm name=\"AAUTHSECRET\" value=\"s1\"/>", "", W7, 0, 0 },
	{ "two for CLIENT", "\"APPSRV\"", "\"CLIENT\"", W7, 0, 0 },
	{ "AAUTHLEVEL SERVER", "\"APPSRV\"", "\"SERVER\"", W7, 0, 0 },
	/* The search criteria. */
	{ "no criteria",
	    "<parm name=\"SSLCLIENTCERTSEARCHCRITERIA\" value=\"Subject=CN%3D" DEVICE
	    "&amp;Stores=MY%5CUser\"/>",
	    "", HRESULT_PROV_NOT_FOUND, 0, 0 },
	{ "escaped twice in XML", "&amp;Stores", "&amp;amp;Stores", HRESULT_PROV_NOT_FOUND, 0, 0 },
	{ "escaped twice in the URI", "CN%3D", "CN%253D", HRESULT_PROV_NOT_FOUND, 0, 0 },
	{ "not escaped", "CN%3D", "CN=", HRESULT_PROV_NOT_FOUND, 0, 0 },
	{ "another name", "CN%3D0", "CN%3D1", HRESULT_PROV_NOT_FOUND, 0, 0 },
	{ "another store", "MY%5CUser", "MY%5CSystem", HRESULT_PROV_NOT_FOUND, 0, 0 },
	{ "lower-case escapes", "MY%5CUser", "My%5cUser", 0, 0, 0 },
	/* DMClient. */
	{ "another provider", "<characteristic type=\"CorpMDM\">", "<characteristic type=\"Corp\">", DMCLIENT,
	    0, 0 },
	{ "no EntDMID", "<parm name=\"EntDMID\" value=\"" DEVICE "\" datatype=\"string\"/>", "", DMCLIENT, 0,
	    0 },
	{ "EntDMID empty", "\"EntDMID\" value=\"" DEVICE "\"", "\"EntDMID\" value=\"\"", DMCLIENT, 0, 0 },
	{ "unknown node", "\"UPN\"", "\"Upn\"", DMCLIENT, 0, 0 },
	{ "Push", "<characteristic type=\"Poll\">",
	    "<characteristic type=\"Push\"><parm name=\"PFN\" value=\"x\"/></characteristic>"
	    "<characteristic type=\"Poll\">",
	    DMCLIENT, 0, 0 },
	{ "Unenroll", "\"UPN\"", "\"Unenroll\"", DMCLIENT, 0, 0 },
	{ "PollOnLogin True", "\"PollOnLogin\" value=\"true\"", "\"PollOnLogin\" value=\"True\"", DMCLIENT, 0,
	    0 },
	{ "an interval without datatype", "value=\"15\" datatype=\"integer\"", "value=\"15\"", DMCLIENT, 0,
	    0 },
	{ "first schedule for ever", "\"NumberOfFirstRetries\" value=\"5\"",
	    "\"NumberOfFirstRetries\" value=\"0\"", 0, 0, 1 },
	{ "Poll without counts",
	    "value=\"5\" datatype=\"integer\"/>"
	    "<parm name=\"IntervalForFirstSetOfRetries\" value=\"15\" datatype=\"integer\"/>"
	    "<parm name=\"NumberOfSecondRetries\" value=\"10\"",
	    "value=\"0\" datatype=\"integer\"/>"
	    "<parm name=\"IntervalForFirstSetOfRetries\" value=\"15\" datatype=\"integer\"/>"
	    "<parm name=\"NumberOfSecondRetries\" value=\"0\"",
	    DMCLIENT, 0, 0 },
	{ "two blocks DMClient", "</wap-", "<characteristic type=\"DMClient\"/></wap-", DMCLIENT, 0, 0 },
};

/* Names in a document and what stands for them. */
#define FILLS_MAX 64
static struct {
	const char *name, *value;
} fills[FILLS_MAX];
static size_t fill_count;

static struct arena *arena;
static struct bytes public_key;
/* What a device has that renews. */
static struct bytes root_der, ca_der, ended;

static void
fill_add(const char *name, struct bytes der)
{
	char *hash = certificate_sha1(arena, der), *lower = arena_strdup(arena, hash);

	for (char *c = lower; *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'F' ? (char)(*c - 'A' + 'a') : *c;
	fills[fill_count].name = arena_printf(arena, "@%s@", name);
	fills[fill_count++].value = bytes_to_base64(arena, der);
	fills[fill_count].name = arena_printf(arena, "@%s_NAME@", name);
	fills[fill_count++].value = hash;
	fills[fill_count].name = arena_printf(arena, "@%s_LOWER@", name);
	fills[fill_count++].value = lower;
	assert_true(fill_count < FILLS_MAX);
}

static char *
replace_first(struct arena *to, const char *text, const char *find, const char *put)
{
	const char *at = strstr(text, find);

	if (at == NULL)
		fail_msg("the document has no %s", find);
	return arena_printf(to, "%.*s%s%s", (int)(at - text), text, put, at + strlen(find));
}

static char *
filled(struct arena *to, const char *text)
{
	char *out = arena_strdup(to, text);

	for (size_t i = 0; i < fill_count; i++)
		while (strstr(out, fills[i].name) != NULL)
			out = replace_first(to, out, fills[i].name, fills[i].value);
	return out;
}

static struct bytes
made(const char *name, const struct made_wish *wish, const struct made_certificate *issuer)
{
	struct made_certificate one = make_certificate(arena, wish, issuer);

	fill_add(name, one.der);
	free_certificate(&one, wish->key == NULL);
	return one.der;
}

static int
chain_make(void **state)
{
	struct made_wish root_wish = { "Test Root", true, false, -3600, 86400, NULL };
	struct made_wish ca_wish = { "Test Issuing", true, false, -3600, 86400, NULL };
	struct made_certificate root, ca, key, policy, deep;

	(void)state;
	arena = arena_new();
	root = make_certificate(arena, &root_wish, NULL);
	ca = make_certificate(arena, &ca_wish, &root);
	fill_add("ROOT", root.der);
	fill_add("CA", ca.der);
	made("ROOT2", &(struct made_wish){ "Test Root", true, false, -3600, 86400, NULL }, NULL);
	made("CA2", &(struct made_wish){ "Other Issuing", true, false, -3600, 86400, NULL }, &root);
	key = make_certificate(arena, &(struct made_wish){ DEVICE, false, false, -3600, 86400, NULL }, &ca);
	fill_add("LEAF", key.der);
	made("OTHER", &(struct made_wish){ DEVICE, false, false, -3600, 86400, NULL }, &ca);
	made("OLD", &(struct made_wish){ DEVICE, false, false, -7200, -3600, key.key }, &ca);
	made("YOUNG", &(struct made_wish){ DEVICE, false, false, 3600, 7200, key.key }, &ca);
	made("SERVER", &(struct made_wish){ DEVICE, false, true, -3600, 86400, key.key }, &ca);
	policy =
	    make_certificate(arena, &(struct made_wish){ "Policy", true, false, -3600, 86400, NULL }, &root);
	deep =
	    make_certificate(arena, &(struct made_wish){ "Deep", true, false, -3600, 86400, NULL }, &policy);
	fill_add("DEEP", deep.der);
	made("DEEP_LEAF", &(struct made_wish){ DEVICE, false, false, -3600, 86400, key.key }, &deep);
	free_certificate(&deep, true);
	free_certificate(&policy, true);
	made("NAMED", &(struct made_wish){ "somebody", false, false, -3600, 86400, key.key }, &ca);
	ended = made("ENDED", &(struct made_wish){ DEVICE, false, false, -7200, 60, NULL }, &ca);
	root_der = root.der;
	ca_der = ca.der;
	public_key = keypair_public(arena, key.key);
	free_certificate(&key, true);
	free_certificate(&ca, true);
	free_certificate(&root, true);
	return 0;
}

static int
chain_free(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void
read_document(struct arena *to, const char *text, bool system, bool phone, struct provision *provision,
    struct refusal *refusal, struct notes *notes)
{
	struct provision_expected expected = {
		.system_store = system, .phone = phone, .public_key = public_key
	};

	*refusal = (struct refusal){ .hresult = 0 };
	*notes = (struct notes){ .count = 0 };
	(void)provision_read(to, bytes_of(filled(to, text)), &expected, provision, refusal, notes);
}

static void
test_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		const struct change *change = &changes[i];
		struct arena *own = arena_new();
		struct provision provision;
		struct refusal refusal;
		struct notes notes;
		const char *text = good;

		if (change->find != NULL)
			text = replace_first(own, good, change->find, change->put);
		read_document(own, text, false, false, &provision, &refusal, &notes);
		if (refusal.hresult != change->hresult || refusal.cause != change->cause ||
		    (refusal.hresult == 0 && notes.count != change->notes))
			fail_msg("%s: 0x%08X/0x%08X \"%s\", %zu notes (%s); expected 0x%08X/0x%08X, %u",
			    change->label, (unsigned)refusal.hresult, (unsigned)refusal.cause, refusal.what,
			    notes.count, notes.text[0], (unsigned)change->hresult, (unsigned)change->cause,
			    change->notes);
		arena_free(own);
	}
}

static void
test_values(void **state)
{
	struct provision provision;
	struct refusal refusal;
	struct notes notes;

	(void)state;
	read_document(arena, good, false, false, &provision, &refusal, &notes);
	assert_int_equal(refusal.hresult, 0);
	assert_string_equal(provision.provider_id, "CorpMDM");
	assert_string_equal(provision.address, "https://mdm.corp.test/ManagementServer/MDM.svc");
	assert_string_equal(provision.device_id, DEVICE);
	assert_string_equal(provision.upn, "anna@corp.test");
	assert_int_equal(provision.renew_period, 45);
	assert_int_equal(provision.renew_retry, 4);
	assert_null(provision.renew_url);
	assert_false(provision.system_store);
}

/*
 * An authority two levels below the root: what is between is not in the document, which is noted; that the
 * client certificate is from what is in CA/System is looked at all the same.
 */
static void
test_levels(void **state)
{
	struct provision provision;
	struct refusal refusal;
	struct notes notes;
	char *text = replace_first(arena, good, "@CA_NAME@", "@DEEP_NAME@");

	(void)state;
	text = replace_first(arena, text, "@CA@", "@DEEP@");
	read_document(arena, text, false, false, &provision, &refusal, &notes);
	assert_int_equal(refusal.hresult, CERTIFICATES);
	text = replace_first(arena, text, "@LEAF_NAME@", "@DEEP_LEAF_NAME@");
	text = replace_first(arena, text, "@LEAF@", "@DEEP_LEAF@");
	read_document(arena, text, false, false, &provision, &refusal, &notes);
	assert_int_equal(refusal.hresult, 0);
	assert_int_equal(notes.count, 1);
	assert_non_null(strstr(notes.text[0], "is not certified by Root/System"));
}

/* EnrollmentType Device: all three places say System. */
static void
test_device_type(void **state)
{
	struct provision provision;
	struct refusal refusal;
	struct notes notes;
	char *text = replace_first(arena, good, "\"User\"", "\"System\"");

	(void)state;
	read_document(arena, text, true, false, &provision, &refusal, &notes);
	assert_int_equal(refusal.hresult, HRESULT_PROV_NOT_FOUND);
	text = replace_first(arena, text, "MY%5CUser", "MY%5CSystem");
	read_document(arena, text, true, false, &provision, &refusal, &notes);
	assert_int_equal(refusal.hresult, 0);
	assert_true(provision.system_store);
	read_document(arena, good, true, false, &provision, &refusal, &notes);
	assert_int_equal(refusal.hresult, CERTIFICATES);
}

/* Phones take the enterprise token, but not just anything as one. */
static void
test_phone(void **state)
{
	static const struct {
		const char *block;
		enum hresult hresult;
	} cases[] = {
		{ "<characteristic type=\"LC01\"><parm name=\"EnrollmentToken\" value=\"dG9rZW4=\"/>"
		  "<parm name=\"StoreProductID\" value=\"{1}\"/></characteristic>",
		    0 },
		{ "<characteristic type=\"LC01\"><parm name=\"EnrollmentToken\" "
		  "value=\"***\"/></characteristic>",
		    HRESULT_PROV_APPLICATIONS },
		{ "<characteristic type=\"LC01\"/>", HRESULT_PROV_APPLICATIONS },
		{ "", HRESULT_PROV_APPLICATIONS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct provision provision;
		struct refusal refusal;
		struct notes notes;
		char *block = arena_printf(arena,
		    "<characteristic type=\"EnterpriseAppManagement\">%s</characteristic></wap-",
		    cases[i].block);

		read_document(arena, replace_first(arena, good, "</wap-", block), false, true, &provision,
		    &refusal, &notes);
		assert_int_equal(refusal.hresult, cases[i].hresult);
	}
}

/* --- the document of a renewal --- */

static const char renewed[] =
    "<wap-provisioningdoc version=\"1.1\"><characteristic type=\"CertificateStore\">"
    "<characteristic type=\"My\"><characteristic type=\"User\">"
    "<characteristic type=\"@LEAF_NAME@\"><parm name=\"EncodedCertificate\" "
    "value=\"@LEAF@\"/></characteristic>"
    "<characteristic type=\"PrivateKeyContainer\"/></characteristic></characteristic></characteristic>"
    "<characteristic type=\"APPLICATION\"><parm name=\"PROVIDER-ID\" value=\"CorpMDM\"/></characteristic>"
    "</wap-provisioningdoc>";

#define CERTIFICATE(store, name) \
	"<characteristic type=\"" store "\"><characteristic type=\"System\"><characteristic type=\"@" name \
	"_NAME@\"><parm name=\"EncodedCertificate\" value=\"@" name \
	"@\"/></characteristic></characteristic>" \
	"</characteristic>"
#define BEFORE_MY "<characteristic type=\"My\">"

static const struct change renewals[] = {
	{ "as it is", NULL, NULL, 0, 0, 0 },
	{ "with the schedule", "</characteristic></characteristic></characteristic><char",
	    "</characteristic><characteristic type=\"WSTEP\"><characteristic type=\"Renew\">"
	    "<parm name=\"RenewPeriod\" value=\"50\" datatype=\"integer\"/>"
	    "<parm name=\"RetryInterval\" value=\"4\" "
	    "datatype=\"integer\"/></characteristic></characteristic>"
	    "</characteristic></characteristic><char",
	    0, 0, 0 },
	{ "with the authorities again", BEFORE_MY,
	    CERTIFICATE("Root", "ROOT") CERTIFICATE("CA", "CA") BEFORE_MY, 0, 0, 0 },
	{ "an issuing CA that did not sign", BEFORE_MY, CERTIFICATE("CA", "CA2") BEFORE_MY, CERTIFICATES, 0,
	    0 },
	{ "a root that did not", BEFORE_MY, CERTIFICATE("Root", "ROOT2") BEFORE_MY, CERTIFICATES, 0, 0 },
	{ "the key container inside the certificate",
	    "</characteristic><characteristic type=\"PrivateKeyContainer\"/></characteristic>",
	    "<characteristic type=\"PrivateKeyContainer\"/></characteristic></characteristic>", 0, 0, 0 },
	{ "no key container", "<characteristic type=\"PrivateKeyContainer\"/>", "", CERTIFICATES, 0, 0 },
	{ "the other store", "\"User\"", "\"System\"", CERTIFICATES, 0, 0 },
	{ "the old certificate", "@LEAF_NAME@\"><parm name=\"EncodedCertificate\" value=\"@LEAF@",
	    "@ENDED_NAME@\"><parm name=\"EncodedCertificate\" value=\"@ENDED@", CERTIFICATES, 0, 0 },
	{ "another key's", "@LEAF_NAME@\"><parm name=\"EncodedCertificate\" value=\"@LEAF@",
	    "@OTHER_NAME@\"><parm name=\"EncodedCertificate\" value=\"@OTHER@", CERTIFICATES, 0, 0 },
	{ "another subject", "@LEAF_NAME@\"><parm name=\"EncodedCertificate\" value=\"@LEAF@",
	    "@NAMED_NAME@\"><parm name=\"EncodedCertificate\" value=\"@NAMED@", HRESULT_PROV_NOT_FOUND, 0,
	    0 },
	{ "under another name", "@LEAF_NAME@", "@ROOT_NAME@", CERTIFICATES, 0, 0 },
	{ "no certificate", "<characteristic type=\"My\"><characteristic type=\"User\">",
	    "<characteristic type=\"My\"><characteristic type=\"Other\">", CERTIFICATES, 0, 0 },
	{ "another account", "CorpMDM", "OtherMDM", W7, 0, 0 },
	{ "no account", "<parm name=\"PROVIDER-ID\" value=\"CorpMDM\"/>", "", W7, 0, 0 },
	{ "no APPLICATION", "\"APPLICATION\"", "\"DMClient\"", W7, 0, 0 },
	{ "more of the account", "<parm name=\"PROVIDER-ID\"",
	    "<parm name=\"APPID\" value=\"w7\"/>"
	    "<parm name=\"PROVIDER-ID\"",
	    0, 0, 1 },
	{ "a DMClient", "</wap-", "<characteristic type=\"DMClient\"/></wap-", 0, 0, 1 },
	{ "another block", "</wap-", "<characteristic type=\"Policy\"/></wap-", HRESULT_PROV_MISC,
	    HRESULT_UNKNOWN_BLOCK, 0 },
};

static void
test_renewals(void **state)
{
	const struct provision_expected expected = { .public_key = public_key,
		.renews = ended,
		.root = root_der,
		.issuing = ca_der,
		.provider_id = "CorpMDM" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(renewals); i++) {
		const struct change *change = &renewals[i];
		struct arena *own = arena_new();
		struct provision provision;
		struct refusal refusal = { .hresult = 0 };
		struct notes notes = { .count = 0 };
		const char *text = renewed;

		if (change->find != NULL)
			text = replace_first(own, renewed, change->find, change->put);
		(void)provision_read_renewal(
		    own, bytes_of(filled(own, text)), &expected, &provision, &refusal, &notes);
		if (refusal.hresult != change->hresult || refusal.cause != change->cause ||
		    (refusal.hresult == 0 && notes.count != change->notes))
			fail_msg("%s: 0x%08X/0x%08X \"%s\", %zu notes (%s); expected 0x%08X/0x%08X, %u",
			    change->label, (unsigned)refusal.hresult, (unsigned)refusal.cause, refusal.what,
			    notes.count, notes.text[0], (unsigned)change->hresult, (unsigned)change->cause,
			    change->notes);
		arena_free(own);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_changes), cmocka_unit_test(test_values),
		cmocka_unit_test(test_levels), cmocka_unit_test(test_device_type),
		cmocka_unit_test(test_phone), cmocka_unit_test(test_renewals) };

	return cmocka_run_group_tests(tests, chain_make, chain_free);
}
