#include "protocol_test.h"

#include <muster/protocol/provisioning.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <ctype.h>

#define DEVICE "01938f3e-7d2a-7c41-9a55-0f1e2d3c4b5a"

/* Nothing looks into the certificates: any bytes will do. */
#define BYTES(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const struct issued with_issuing = {
	.device = DEVICE,
	.certificate = BYTES("the device's certificate"),
	.issuing =
	    BYTES("the issuing authority's certificate, a longer one, for base64 to be wrapped if it were"),
	.root = BYTES("the root's certificate"),
	.secrets = { .client_secret = "Y2xpZW50LXNlY3JldC1jbGllbnQtc2Vj",
	    .client_nonce = "Y2xpZW50LW5vbmNlLWNsaWVudC1ub25j",
	    .server_name = DEVICE,
	    .server_secret = "c2VydmVyLXNlY3JldC1zZXJ2ZXItc2Vj",
	    .server_nonce = "c2VydmVyLW5vbmNlLXNlcnZlci1ub25j" },
};

static const struct provisioning everything = {
	.provider_id = "ExampleMDM",
	.provider_name = "Example & Co management",
	.management_url = "https://mdm.example.test/ManagementServer/MDM.svc?a=1&b=2",
	.renewal_url = "https://renew.example.test/EnrollmentServer/Enrollment.svc",
	.renew_period_days = 42,
	.renew_retry_days = 5,
	.first_retries = 5,
	.first_interval = 15,
	.second_retries = 10,
	.second_interval = 60,
	.remaining_retries = 0,
	.remaining_interval = 1440,
	.poll_on_login = true,
	.application_enterprise_id = "4000000001",
	.application_token = "VGhlIHRva2Vu",
	.hub_product_id = "{8a1d2f0e-4b5c-4d6e-8f70-112233445566}",
	.hub_uri = "https://example.test/hub.xap?v=1&w=2",
	.hub_name = "Example Hub",
};

/* One document to write, and what the tests of it expect. */
struct wish {
	const char *device_type; /* NULL: the device does not say */
	const char *device_name;
	const char *upn;
	bool device_enrollment, root_only, phone;
	bool no_name, no_renewal_url, no_hub, no_token;
};

static struct provisioning
settings_of(const struct wish *wish)
{
	struct provisioning settings = everything;

	if (wish->no_name)
		settings.provider_name = NULL;
	if (wish->no_renewal_url)
		settings.renewal_url = NULL;
	if (wish->no_hub || wish->no_token)
		settings.hub_product_id = settings.hub_uri = settings.hub_name = NULL;
	if (wish->no_token)
		settings.application_enterprise_id = settings.application_token = NULL;
	return settings;
}

static struct issued
issued_of(const struct wish *wish)
{
	struct issued issued = with_issuing;

	if (wish->root_only)
		issued.issuing = (struct bytes){ NULL, 0 };
	return issued;
}

static struct facts
facts_of(const struct wish *wish)
{
	struct facts facts = { .count = 0 };

	if (wish->device_type != NULL)
		facts_add(&facts, "DeviceType", wish->device_type);
	if (wish->device_name != NULL)
		facts_add(&facts, "DeviceName", wish->device_name);
	return facts;
}

static struct bytes
document_of(struct arena *arena, const struct wish *wish)
{
	const struct provisioning settings = settings_of(wish);
	const struct issued issued = issued_of(wish);
	const struct facts facts = facts_of(wish);
	struct bytes bytes;

	assert_true(provisioning_write(
	    arena, &settings, &issued, &facts, wish->upn, wish->device_enrollment, &bytes));
	return bytes;
}

/* --- the rules, one by one --- */

#define STORE "/wap-provisioningdoc/characteristic[@type='CertificateStore']"
#define MY STORE "/characteristic[@type='My']"
#define RENEW MY "/characteristic[@type='WSTEP']/characteristic[@type='Renew']"
#define APPLICATION "/wap-provisioningdoc/characteristic[@type='APPLICATION']"
#define APPAUTH(level) \
	APPLICATION "/characteristic[@type='APPAUTH'][parm[@name='AAUTHLEVEL']/@value='" level "']"
#define PROVIDER \
	"/wap-provisioningdoc/characteristic[@type='DMClient']/characteristic[@type='Provider']/" \
	"characteristic"
#define POLL PROVIDER "/characteristic[@type='Poll']"
#define PHONE "/wap-provisioningdoc/characteristic[@type='EnterpriseAppManagement']"
#define PARM(name) "/parm[@name='" name "']"

static bool
among(const char *name, const char *const list[])
{
	while (*list != NULL && strcmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

/* Elements have no namespace and no text; what is not in the vocabulary is not understood. */
static void
vocabulary_check(struct arena *arena, const xmlNode *node)
{
	static const char *const characteristic[] = { "type", NULL };
	static const char *const parm[] = { "name", "value", "datatype", NULL };
	static const char *const datatypes[] = { "string", "integer", "boolean", NULL };
	const char *name = (const char *)node->name;
	bool is_parm = strcmp(name, "parm") == 0;
	const char *datatype = xml_attribute(arena, node, NULL, "datatype");

	if (node->type != XML_ELEMENT_NODE || node->ns != NULL || node->nsDef != NULL)
		fail_msg("%s: no plain element", name);
	if (!is_parm && strcmp(name, "characteristic") != 0)
		fail_msg("%s: not in the vocabulary", name);
	for (const xmlAttr *attribute = node->properties; attribute != NULL; attribute = attribute->next)
		row_equal((const char *)attribute->name,
		    among((const char *)attribute->name, is_parm ? parm : characteristic), true);
	if (datatype != NULL)
		row_equal(datatype, among(datatype, datatypes), true);
	if (is_parm)
		row_equal(name, node->children == NULL, true);
	for (const xmlNode *child = node->children; child != NULL; child = child->next)
		vocabulary_check(arena, child);
}

/* The three blocks in the samples' order; anything else fails the enrollment, but for a phone's. */
static void
blocks_check(struct arena *arena, const struct reply_doc *reply, const struct wish *wish)
{
	bool applications = wish->phone && !wish->no_token;

	assert_int_equal(xpath_count(arena, reply, "/wap-provisioningdoc/*"), applications ? 4 : 3);
	xpath_check(arena, reply, "/wap-provisioningdoc/*[1]/@type", "CertificateStore");
	xpath_check(arena, reply, "/wap-provisioningdoc/*[2]/@type", "APPLICATION");
	xpath_check(arena, reply, "/wap-provisioningdoc/*[3]/@type", "DMClient");
	xpath_check(
	    arena, reply, "/wap-provisioningdoc/*[4]/@type", applications ? "EnterpriseAppManagement" : "");
}

/* Named by the SHA-1 of the very bytes, upper case, and one line of base64. */
static void
certificate_check(
    struct arena *arena, const struct reply_doc *reply, const char *store, struct bytes expected)
{
	char *entry = arena_printf(arena, "%s/characteristic[parm]", store);
	char *base64 =
	    xpath_text(arena, reply, arena_printf(arena, "%s" PARM("EncodedCertificate") "/@value", entry));
	const char *name;
	uint8_t sha1[20];
	struct bytes der;

	row_equal(store, xpath_count(arena, reply, entry), 1);
	row_equal(store, xpath_count(arena, reply, arena_printf(arena, "%s/*", entry)), 1);
	row_equal(store, strpbrk(base64, " \t\r\n-") == NULL, true);
	row_equal(store, bytes_from_base64(arena, base64, &der), true);
	row_equal(store, bytes_equal(der, expected), true);
	assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA1, der.data, der.size, sha1), 0);
	name = xpath_text(arena, reply, arena_printf(arena, "%s/@type", entry));
	row_equal(store, strlen(name) == 40 && strspn(name, "0123456789ABCDEF") == 40, true);
	row_text(store, name, bytes_to_hex(arena, (struct bytes){ sha1, sizeof(sha1) }));
}

/* One root, one intermediate at most, both of the machine; the device's own where EnrollmentType says. */
static void
store_check(struct arena *arena, const struct reply_doc *reply, const struct wish *wish)
{
	const char *own = wish->device_enrollment ? "System" : "User";
	char *my = arena_printf(arena, MY "/characteristic[@type='%s']", own);

	assert_int_equal(xpath_count(arena, reply, STORE "/*"), wish->root_only ? 2 : 3);
	assert_int_equal(xpath_count(arena, reply, MY "/*"), 2);
	certificate_check(arena, reply, STORE "/characteristic[@type='Root']/characteristic[@type='System']",
	    with_issuing.root);
	if (!wish->root_only)
		certificate_check(arena, reply,
		    STORE "/characteristic[@type='CA']/characteristic[@type='System']", with_issuing.issuing);
	certificate_check(arena, reply, my, with_issuing.certificate);
	assert_int_equal(
	    xpath_count(arena, reply,
		arena_printf(arena, "%s/characteristic[@type='PrivateKeyContainer'][not(*)]", my)),
	    1);
	assert_int_equal(xpath_count(arena, reply, arena_printf(arena, "%s/*", my)), 2);
}

static int
number_at(struct arena *arena, const struct reply_doc *reply, const char *parm)
{
	const char *value = xpath_text(arena, reply, arena_printf(arena, "%s/@value", parm));

	row_equal(parm, *value != '\0' && strspn(value, "0123456789") == strlen(value), true);
	row_text(parm, xpath_text(arena, reply, arena_printf(arena, "%s/@datatype", parm)), "integer");
	return (int)strtol(value, NULL, 10);
}

static void
parm_check(struct arena *arena, const struct reply_doc *reply, const char *parm, const char *value,
    const char *datatype)
{
	row_equal(parm, xpath_count(arena, reply, parm), value != NULL);
	row_text(parm, xpath_text(arena, reply, arena_printf(arena, "%s/@value", parm)),
	    value != NULL ? value : "");
	row_text(parm, xpath_text(arena, reply, arena_printf(arena, "%s/@datatype", parm)),
	    value != NULL ? datatype : "");
}

static void
renewal_check(struct arena *arena, const struct reply_doc *reply, const struct wish *wish)
{
	int period = number_at(arena, reply, RENEW PARM("RenewPeriod"));
	int retry = number_at(arena, reply, RENEW PARM("RetryInterval"));

	assert_in_range(period, 1, 1000);
	assert_in_range(retry, 1, period);
	parm_check(arena, reply, RENEW PARM("ROBOSupport"), "true", "boolean");
	parm_check(arena, reply, RENEW PARM("ServerURL"),
	    wish->no_renewal_url ? NULL : everything.renewal_url, "string");
	assert_int_equal(xpath_count(arena, reply, RENEW "/*"), wish->no_renewal_url ? 3 : 4);
}

/* In both directions a digest with a secret, and a nonce without which Windows gives up. */
static void
authentication_check(struct arena *arena, const struct reply_doc *reply)
{
	static const char *const nonces[] = { APPAUTH("CLIENT") PARM("AAUTHDATA") "/@value",
		APPAUTH("APPSRV") PARM("AAUTHDATA") "/@value" };
	struct bytes nonce;

	assert_int_equal(xpath_count(arena, reply, APPLICATION "/characteristic"), 2);
	xpath_check(arena, reply, APPAUTH("CLIENT") PARM("AAUTHTYPE") "/@value", "DIGEST");
	xpath_check(arena, reply, APPAUTH("APPSRV") PARM("AAUTHTYPE") "/@value", "DIGEST");
	xpath_check(arena, reply, APPAUTH("CLIENT") PARM("AAUTHSECRET") "/@value",
	    with_issuing.secrets.client_secret);
	xpath_check(arena, reply, APPAUTH("APPSRV") PARM("AAUTHSECRET") "/@value",
	    with_issuing.secrets.server_secret);
	xpath_check(arena, reply, APPAUTH("APPSRV") PARM("AAUTHNAME") "/@value", DEVICE);
	assert_int_equal(xpath_count(arena, reply, APPAUTH("CLIENT") "/parm"), 4);
	assert_int_equal(xpath_count(arena, reply, APPAUTH("APPSRV") "/parm"), 5);
	xpath_check(
	    arena, reply, APPAUTH("CLIENT") PARM("AAUTHDATA") "/@value", with_issuing.secrets.client_nonce);
	for (size_t i = 0; i < ARRAY_SIZE(nonces); i++) {
		assert_true(bytes_from_base64(arena, xpath_text(arena, reply, nonces[i]), &nonce));
		assert_true(nonce.size >= 16);
	}
}

/* Names in capitals, no datatypes, and none of the names that fail an enrollment. */
static void
application_check(struct arena *arena, const struct reply_doc *reply, const struct wish *wish)
{
	static const char *const forbidden[] = { "INIT", "ROLE", "SSPHYPERLINK", "SSPHyperlink", "USEHWDEVID",
		"PROTOVER", "CRLCHECK", "TO-NAPID", "ServerList", "INITIALBACKOFTIME", "MAXBACKOFTIME" };

	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
		row_equal(forbidden[i],
		    xpath_count(arena, reply, arena_printf(arena, "//parm[@name='%s']", forbidden[i])), 0);
	assert_int_equal(xpath_count(arena, reply, APPLICATION "//parm[@datatype]"), 0);
	assert_int_equal(
	    xpath_count(arena, reply,
		APPLICATION "//parm[translate(@name, 'abcdefghijklmnopqrstuvwxyz', '') != @name]"),
	    0);
	assert_int_equal(xpath_count(arena, reply, APPLICATION "/parm"), wish->no_name ? 9 : 10);
	parm_check(arena, reply, APPLICATION PARM("APPID"), "w7", "");
	parm_check(arena, reply, APPLICATION PARM("PROVIDER-ID"), everything.provider_id, "");
	parm_check(
	    arena, reply, APPLICATION PARM("NAME"), wish->no_name ? NULL : everything.provider_name, "");
	parm_check(arena, reply, APPLICATION PARM("ADDR"), everything.management_url, "");
	parm_check(arena, reply, APPLICATION PARM("CONNRETRYFREQ"), "6", "");
	parm_check(arena, reply, APPLICATION PARM("INITIALBACKOFFTIME"), "30000", "");
	parm_check(arena, reply, APPLICATION PARM("MAXBACKOFFTIME"), "120000", "");
	parm_check(arena, reply, APPLICATION PARM("DEFAULTENCODING"), "application/vnd.syncml.dm+xml", "");
	parm_check(arena, reply, APPLICATION PARM("SSLCLIENTCERTSEARCHCRITERIA"),
	    wish->device_enrollment ? "Subject=CN%3D" DEVICE "&Stores=MY%5CSystem"
				    : "Subject=CN%3D" DEVICE "&Stores=MY%5CUser",
	    "");
	assert_int_equal(
	    xpath_count(arena, reply, APPLICATION PARM("BACKCOMPATRETRYDISABLED") "[not(@value)]"), 1);
}

/* Never all counts zero, and one endless schedule at most: counts of zero with an interval. */
static void
poll_check(struct arena *arena, const struct reply_doc *reply)
{
	const int count[] = { number_at(arena, reply, POLL PARM("NumberOfFirstRetries")),
		number_at(arena, reply, POLL PARM("NumberOfSecondRetries")),
		number_at(arena, reply, POLL PARM("NumberOfRemainingScheduledRetries")) };
	const int interval[] = { number_at(arena, reply, POLL PARM("IntervalForFirstSetOfRetries")),
		number_at(arena, reply, POLL PARM("IntervalForSecondSetOfRetries")),
		number_at(arena, reply, POLL PARM("IntervalForRemainingScheduledRetries")) };
	int endless = 0;

	assert_true(count[0] + count[1] + count[2] > 0);
	for (size_t i = 0; i < ARRAY_SIZE(count); i++)
		endless += count[i] == 0 && interval[i] > 0;
	assert_true(endless <= 1);
	assert_int_equal(xpath_count(arena, reply, POLL "/*"), 8);
	parm_check(arena, reply, POLL PARM("PollOnLogin"), "true", "boolean");
	parm_check(arena, reply, POLL PARM("AllUsersPollOnFirstLogin"), "false", "boolean");
}

/* The account's name is the same in both places; every value says what it is. */
static void
client_check(struct arena *arena, const struct reply_doc *reply, const struct wish *wish)
{
	assert_int_equal(xpath_count(arena, reply, PROVIDER), 1);
	xpath_check(arena, reply, PROVIDER "/@type",
	    xpath_text(arena, reply, APPLICATION PARM("PROVIDER-ID") "/@value"));
	assert_int_equal(xpath_count(arena, reply, PROVIDER "//parm[not(@datatype) or not(@value)]"), 0);
	parm_check(arena, reply, PROVIDER PARM("UPN"), wish->upn, "string");
	parm_check(arena, reply, PROVIDER PARM("EntDMID"), DEVICE, "string");
	assert_int_equal(xpath_count(arena, reply, PROVIDER PARM("EntDeviceName") "[@datatype='string']"), 1);
	assert_int_equal(xpath_count(arena, reply, PROVIDER "/parm"), wish->upn != NULL ? 3 : 2);
	assert_int_equal(xpath_count(arena, reply, PROVIDER "/characteristic"), 1);
}

static void
phone_check(struct arena *arena, const struct reply_doc *reply, const struct wish *wish)
{
	bool hub = !wish->no_hub;

	if (!wish->phone || wish->no_token) {
		assert_int_equal(xpath_count(arena, reply, PHONE), 0);
		return;
	}
	xpath_check(arena, reply, PHONE "/characteristic/@type", everything.application_enterprise_id);
	parm_check(arena, reply, PHONE "/*" PARM("EnrollmentToken"), everything.application_token, "string");
	parm_check(arena, reply, PHONE "/*" PARM("StoreProductID"), hub ? everything.hub_product_id : NULL,
	    "string");
	parm_check(arena, reply, PHONE "/*" PARM("StoreUri"), hub ? everything.hub_uri : NULL, "string");
	parm_check(arena, reply, PHONE "/*" PARM("StoreName"), hub ? everything.hub_name : NULL, "string");
	parm_check(arena, reply, PHONE "/*" PARM("CertificateSearchCriteria"), hub ? "CN%3D" DEVICE : NULL,
	    "string");
	parm_check(arena, reply, PHONE "/*" PARM("CRLCheck"), hub ? "0" : NULL, "string");
}

/* As bytes: no declaration, nothing beside elements, and one level of escaping. */
static void
bytes_check(struct arena *arena, struct bytes bytes)
{
	const char *text = arena_strndup(arena, (const char *)bytes.data, bytes.size);
	const char *criteria = strstr(text, "SSLCLIENTCERTSEARCHCRITERIA");

	assert_int_equal(strlen(text), bytes.size);
	assert_true(strncmp(text, "<wap-provisioningdoc version=\"1.1\">", 35) == 0);
	assert_null(strstr(text, "<?"));
	assert_null(strstr(text, "<!"));
	assert_null(strpbrk(text, "\r\n\t"));
	assert_null(strstr(text, "&amp;amp;"));
	assert_non_null(criteria);
	assert_true(strncmp(criteria,
			"SSLCLIENTCERTSEARCHCRITERIA\" value=\"Subject=CN%3D" DEVICE "&amp;Stores=MY%5C",
			strlen("SSLCLIENTCERTSEARCHCRITERIA\" value=\"Subject=CN%3D" DEVICE
			       "&amp;Stores=MY%5C")) == 0);
}

static void
document_check(struct arena *arena, const struct wish *wish)
{
	struct bytes bytes = document_of(arena, wish);
	struct reply_doc reply = reply_parse(bytes);
	const xmlNode *root = xmlDocGetRootElement(reply.doc);

	bytes_check(arena, bytes);
	for (const xmlNode *node = root->children; node != NULL; node = node->next)
		vocabulary_check(arena, node);
	blocks_check(arena, &reply, wish);
	store_check(arena, &reply, wish);
	renewal_check(arena, &reply, wish);
	application_check(arena, &reply, wish);
	authentication_check(arena, &reply);
	client_check(arena, &reply, wish);
	poll_check(arena, &reply);
	phone_check(arena, &reply, wish);
	reply_free(&reply);
}

static const struct {
	const char *type;
	bool phone;
} device_types[] = {
	{ "CIMClient_Windows", false },
	{ "WindowsPhone", true },
	{ "windowsphone", true },
	{ "WindowsHandheld", true },
	{ "WindowsPhone8", false },
	{ "", false },
	{ NULL, false },
};

/* Every device type with every combination of what may be there or not. */
static void
every_document_keeps_the_rules(void **state)
{
	(void)state;
	for (size_t type = 0; type < ARRAY_SIZE(device_types); type++) {
		for (unsigned bits = 0; bits < 1u << 7; bits++) {
			struct arena *arena = arena_new();
			const struct wish wish = { .device_type = device_types[type].type,
				.phone = device_types[type].phone,
				.device_name = "PC-1",
				.upn = (bits & 1) != 0 ? "ada@example.test" : NULL,
				.device_enrollment = (bits & 2) != 0,
				.root_only = (bits & 4) != 0,
				.no_name = (bits & 8) != 0,
				.no_renewal_url = (bits & 16) != 0,
				.no_hub = (bits & 32) != 0,
				.no_token = (bits & 64) != 0 };

			document_check(arena, &wish);
			arena_free(arena);
		}
	}
}

/* --- golden bytes --- */

static const struct {
	const char *file;
	struct wish wish;
} golden[] = {
	{ "provisioning-user.xml",
	    { .device_type = "CIMClient_Windows",
		.device_name = "DESKTOP-7KQ2M1",
		.upn = "ada@example.test" } },
	{ "provisioning-device.xml",
	    { .device_type = "CIMClient_Windows",
		.device_name = "KIOSK-1",
		.upn = "ada@example.test",
		.device_enrollment = true } },
	{ "provisioning-root-only.xml",
	    { .device_type = "CIMClient_Windows",
		.device_name = "PC-1",
		.upn = "ada@example.test",
		.root_only = true,
		.no_name = true,
		.no_renewal_url = true } },
	{ "provisioning-phone.xml",
	    { .device_type = "WindowsPhone",
		.phone = true,
		.device_name = "Ada's phone",
		.upn = "ada@example.test" } },
	{ "provisioning-phone-token.xml",
	    { .device_type = "WindowsHandheld", .phone = true, .upn = "ada@example.test", .no_hub = true } },
	{ "provisioning-least.xml",
	    { .root_only = true, .no_name = true, .no_renewal_url = true, .no_token = true } },
};

static void
matches_the_golden_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(golden); i++) {
		struct arena *arena = arena_new();

		document_check(arena, &golden[i].wish);
		golden_check(arena, golden[i].file, document_of(arena, &golden[i].wish));
		arena_free(arena);
	}
}

/* --- the document of a renewal --- */

/* Only what has changed: two blocks, no secret, no server, no schedule. */
static const struct {
	const char *file;
	bool device_enrollment, other_issuing, other_root;
	const char *my;
} renewals[] = {
	{ "provisioning-renewal.xml", false, false, false, "User" },
	{ "provisioning-renewal-device.xml", true, false, false, "System" },
	{ "provisioning-renewal-moved.xml", false, true, false, "User" },
	{ "provisioning-renewal-other-root.xml", false, true, true, "User" },
};

static void
renews_the_certificate_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(renewals); i++) {
		struct arena *arena = arena_new();
		const struct issued issued = { .device = DEVICE,
			.certificate = with_issuing.certificate,
			.issuing =
			    renewals[i].other_issuing ? with_issuing.issuing : (struct bytes){ NULL, 0 },
			.root = renewals[i].other_root ? with_issuing.root : (struct bytes){ NULL, 0 } };
		struct bytes bytes;
		struct reply_doc reply;

		assert_true(provisioning_write_renewal(
		    arena, &everything, &issued, renewals[i].device_enrollment, &bytes));
		golden_check(arena, renewals[i].file, bytes);
		reply = reply_parse(bytes);
		assert_int_equal(xpath_count(arena, &reply, "/wap-provisioningdoc/*"), 2);
		assert_int_equal(xpath_count(arena, &reply, STORE "/characteristic[@type='Root']"),
		    renewals[i].other_root);
		assert_int_equal(xpath_count(arena, &reply, STORE "/characteristic[@type='CA']"),
		    renewals[i].other_issuing);
		certificate_check(arena, &reply,
		    arena_printf(arena, MY "/characteristic[@type='%s']", renewals[i].my),
		    issued.certificate);
		renewal_check(arena, &reply, &(struct wish){ 0 });
		assert_int_equal(xpath_count(arena, &reply, APPLICATION "/*"), 1);
		parm_check(arena, &reply, APPLICATION PARM("PROVIDER-ID"), everything.provider_id, "");
		for (const xmlNode *node = xmlDocGetRootElement(reply.doc)->children; node != NULL;
		     node = node->next)
			vocabulary_check(arena, node);
		reply_free(&reply);
		arena_free(arena);
	}
}

/* --- single values --- */

/* Windows fails an enrollment whose three counts are zero; what else was configured is sent. */
static const struct {
	const char *name;
	int first[2], second[2], remaining[2]; /* count, minutes */
	int sent[6];
} polls[] = {
	{ "recommended", { 5, 15 }, { 10, 60 }, { 0, 1440 }, { 5, 15, 10, 60, 0, 1440 } },
	{ "as the sample has it", { 8, 15 }, { 5, 3 }, { 0, 1560 }, { 8, 15, 5, 3, 0, 1560 } },
	{ "nothing endless", { 1, 1 }, { 0, 0 }, { 0, 0 }, { 1, 1, 0, 0, 0, 0 } },
	{ "the second endless", { 3, 10 }, { 0, 30 }, { 0, 0 }, { 3, 10, 0, 30, 0, 0 } },
	{ "six zeros", { 0, 0 }, { 0, 0 }, { 0, 0 }, { 5, 15, 10, 60, 0, 1440 } },
	{ "three counts of zero", { 0, 15 }, { 0, 60 }, { 0, 1440 }, { 5, 15, 10, 60, 0, 1440 } },
	{ "negative counts", { -1, 15 }, { -1, 60 }, { 0, 1440 }, { 5, 15, 10, 60, 0, 1440 } },
};

static void
sends_a_schedule_that_works(void **state)
{
	static const char *const parms[] = { "NumberOfFirstRetries", "IntervalForFirstSetOfRetries",
		"NumberOfSecondRetries", "IntervalForSecondSetOfRetries", "NumberOfRemainingScheduledRetries",
		"IntervalForRemainingScheduledRetries" };
	const struct facts none = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(polls); i++) {
		struct provisioning settings = everything;
		struct arena *arena = arena_new();
		struct reply_doc reply;
		struct bytes bytes;

		settings.first_retries = polls[i].first[0], settings.first_interval = polls[i].first[1];
		settings.second_retries = polls[i].second[0], settings.second_interval = polls[i].second[1];
		settings.remaining_retries = polls[i].remaining[0];
		settings.remaining_interval = polls[i].remaining[1];
		assert_true(provisioning_write(arena, &settings, &with_issuing, &none, NULL, false, &bytes));
		reply = reply_parse(bytes);
		poll_check(arena, &reply);
		for (size_t j = 0; j < ARRAY_SIZE(parms); j++)
			row_equal(polls[i].name,
			    number_at(arena, &reply, arena_printf(arena, POLL "/parm[@name='%s']", parms[j])),
			    polls[i].sent[j]);
		reply_free(&reply);
		arena_free(arena);
	}
}

static void
flags_follow_the_organization(void **state)
{
	const struct facts none = { .count = 0 };

	(void)state;
	for (int login = 0; login < 2; login++) {
		struct provisioning settings = everything;
		struct arena *arena = arena_new();
		struct reply_doc reply;
		struct bytes bytes;

		settings.poll_on_login = login == 0;
		settings.all_users_poll_on_first_login = login == 1;
		settings.renew_period_days = 60 - login;
		settings.renew_retry_days = 4 + login;
		assert_true(provisioning_write(arena, &settings, &with_issuing, &none, NULL, false, &bytes));
		reply = reply_parse(bytes);
		xpath_check(arena, &reply, POLL PARM("PollOnLogin") "/@value", login == 0 ? "true" : "false");
		xpath_check(arena, &reply, POLL PARM("AllUsersPollOnFirstLogin") "/@value",
		    login == 1 ? "true" : "false");
		assert_int_equal(number_at(arena, &reply, RENEW PARM("RenewPeriod")), 60 - login);
		assert_int_equal(number_at(arena, &reply, RENEW PARM("RetryInterval")), 4 + login);
		reply_free(&reply);
		arena_free(arena);
	}
}

#define LONG "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *given, *upn, *sent;
} names[] = {
	{ "DESKTOP-7KQ2M1", "ada@example.test", "DESKTOP-7KQ2M1" },
	{ "DESKTOP-7KQ2M1", NULL, "DESKTOP-7KQ2M1" },
	{ "  Ada's \"PC\" <1>  ", NULL, "  Ada's \"PC\" <1>  " },
	{ NULL, "ada@example.test", "ada_Windows" },
	{ "", "ada@example.test", "ada_Windows" },
	{ NULL, "ada", "ada_Windows" },
	{ NULL, NULL, DEVICE },
	{ "", NULL, DEVICE },
	{ LONG, NULL, LONG },
	{ LONG "4", NULL, LONG },
	{ "012345678901234567890123456789012345678901234567890123456789012\xc3\xa4", NULL,
	    "012345678901234567890123456789012345678901234567890123456789012" },
	/* A name of more than a line is none. */
	{ "PC\n1", "ada@example.test", "ada_Windows" },
	{ "PC\t1", "ada@example.test", "ada_Windows" },
	{ "PC\r\n", NULL, DEVICE },
	{ "PC\x7f", NULL, DEVICE },
	{ "PC\xc2\x85"
	  "1",
	    NULL, DEVICE },
	{ NULL, LONG LONG "@example.test", LONG },
};

static void
names_the_device(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct arena *arena = arena_new();
		const struct wish wish = { .device_name = names[i].given, .upn = names[i].upn };
		struct reply_doc reply = reply_parse(document_of(arena, &wish));

		row_text(arena_printf(arena, "name %zu", i),
		    xpath_text(arena, &reply, PROVIDER PARM("EntDeviceName") "/@value"), names[i].sent);
		reply_free(&reply);
		arena_free(arena);
	}
}

static const struct {
	const char *common_name;
	bool device_enrollment;
	const char *criteria;
} criteria[] = {
	{ DEVICE, false, "Subject=CN%3D" DEVICE "&Stores=MY%5CUser" },
	{ DEVICE, true, "Subject=CN%3D" DEVICE "&Stores=MY%5CSystem" },
	{ "AZaz09-_.", false, "Subject=CN%3DAZaz09-_.&Stores=MY%5CUser" },
	{ "a b", false, "Subject=CN%3Da%20b&Stores=MY%5CUser" },
	{ "a,O=b+c", false, "Subject=CN%3Da%2CO%3Db%2Bc&Stores=MY%5CUser" },
	{ "a&Stores=ROOT", false, "Subject=CN%3Da%26Stores%3DROOT&Stores=MY%5CUser" },
	{ "100%", false, "Subject=CN%3D100%25&Stores=MY%5CUser" },
	{ "a\\b/c?d#e", false, "Subject=CN%3Da%5Cb%2Fc%3Fd%23e&Stores=MY%5CUser" },
	{ "<\"'>~!*()", false, "Subject=CN%3D%3C%22%27%3E%7E%21%2A%28%29&Stores=MY%5CUser" },
	{ "\xc3\xa4\xef\x80\x80", false, "Subject=CN%3D%C3%A4%EF%80%80&Stores=MY%5CUser" },
	{ "\x01\x7f", false, "Subject=CN%3D%01%7F&Stores=MY%5CUser" },
	{ "", false, "Subject=CN%3D&Stores=MY%5CUser" },
};

static void
escapes_the_criteria(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(criteria); i++) {
		struct arena *arena = arena_new();

		row_text(criteria[i].common_name,
		    provisioning_criteria(arena, criteria[i].common_name, criteria[i].device_enrollment),
		    criteria[i].criteria);
		arena_free(arena);
	}
}

/* In every field that is stored or told: text it was, text it is. */
static void
markup_comes_back_as_text(void **state)
{
	static const char *const places[] = { APPLICATION PARM("PROVIDER-ID"), APPLICATION PARM("NAME"),
		APPLICATION PARM("ADDR"), RENEW PARM("ServerURL"), APPAUTH("CLIENT") PARM("AAUTHSECRET"),
		APPAUTH("CLIENT") PARM("AAUTHDATA"), APPAUTH("APPSRV") PARM("AAUTHNAME"),
		APPAUTH("APPSRV") PARM("AAUTHSECRET"), APPAUTH("APPSRV") PARM("AAUTHDATA"),
		PROVIDER PARM("UPN"), PROVIDER PARM("EntDeviceName"), PROVIDER PARM("EntDMID"),
		PHONE "/*" PARM("EnrollmentToken"), PHONE "/*" PARM("StoreProductID"),
		PHONE "/*" PARM("StoreUri"), PHONE "/*" PARM("StoreName") };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
		const char *bad = nasty[i];
		struct arena *arena = arena_new();
		struct provisioning settings = everything;
		const struct wish wish = { .device_type = "WindowsPhone", .device_name = bad };
		const struct facts facts = facts_of(&wish);
		struct issued issued = with_issuing;
		struct reply_doc reply;
		struct bytes bytes;

		settings.provider_id = settings.provider_name = settings.management_url = bad;
		settings.renewal_url = settings.application_enterprise_id = settings.application_token = bad;
		settings.hub_product_id = settings.hub_uri = settings.hub_name = bad;
		issued.device = bad;
		issued.secrets = (struct dm_secrets){ bad, bad, bad, bad, bad };
		assert_true(provisioning_write(arena, &settings, &issued, &facts, bad, false, &bytes));
		reply = reply_parse(bytes);
		for (size_t j = 0; j < ARRAY_SIZE(places); j++)
			xpath_check(arena, &reply, arena_printf(arena, "%s/@value", places[j]), bad);
		xpath_check(arena, &reply, PROVIDER "/@type", bad);
		xpath_check(arena, &reply, PHONE "/*/@type", bad);
		xpath_check(arena, &reply, APPLICATION PARM("SSLCLIENTCERTSEARCHCRITERIA") "/@value",
		    provisioning_criteria(arena, bad, false));
		assert_int_equal(xpath_count(arena, &reply, "/wap-provisioningdoc/*"), 4);
		reply_free(&reply);
		arena_free(arena);
	}
}

/* As large as authorities and tokens may be. */
static void
bears_large_values(void **state)
{
	struct arena *arena = arena_new();
	struct provisioning settings = everything;
	const struct wish wish = { .device_type = "WindowsPhone" };
	const struct facts facts = facts_of(&wish);
	struct issued issued = with_issuing;
	char *token = arena_alloc(arena, 65536 + 1);
	struct reply_doc reply;
	struct bytes bytes;

	(void)state;
	memset(token, 'A', 65536);
	settings.application_token = token;
	issued.root = issued.issuing = issued.certificate = bytes_of(token);
	assert_true(provisioning_write(arena, &settings, &issued, &facts, NULL, false, &bytes));
	reply = reply_parse(bytes);
	certificate_check(arena, &reply, STORE "/characteristic[@type='Root']/characteristic[@type='System']",
	    bytes_of(token));
	certificate_check(arena, &reply, MY "/characteristic[@type='User']", bytes_of(token));
	xpath_check(arena, &reply, PHONE "/*" PARM("EnrollmentToken") "/@value", token);
	reply_free(&reply);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_document_keeps_the_rules),
		cmocka_unit_test(matches_the_golden_bytes),
		cmocka_unit_test(renews_the_certificate_alone),
		cmocka_unit_test(sends_a_schedule_that_works),
		cmocka_unit_test(flags_follow_the_organization),
		cmocka_unit_test(names_the_device),
		cmocka_unit_test(escapes_the_criteria),
		cmocka_unit_test(markup_comes_back_as_text),
		cmocka_unit_test(bears_large_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
