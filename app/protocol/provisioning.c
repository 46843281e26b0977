#include <muster/protocol/provisioning.h>

#include <muster/base/text.h>
#include <muster/wire/xml_out.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <ctype.h>

#define SHA1_SIZE 20
#define DEVICE_NAME_MAX 64 /* bytes of EntDeviceName; Windows allows 63 in a host name */

static void
characteristic(struct xml_out *out, const char *type)
{
	xml_start(out, NULL, "characteristic", NULL);
	xml_attr(out, "type", type);
}

/* datatype NULL: none (w7 parameters carry none, DMClient's must); value NULL: a flag. */
static void
parm(struct xml_out *out, const char *name, const char *value, const char *datatype)
{
	xml_start(out, NULL, "parm", NULL);
	xml_attr(out, "name", name);
	if (value != NULL)
		xml_attr(out, "value", value);
	if (datatype != NULL)
		xml_attr(out, "datatype", datatype);
	xml_end(out);
}

static void
parm_string(struct xml_out *out, const char *name, const char *value)
{
	if (value != NULL)
		parm(out, name, value, "string");
}

static void
parm_number(struct arena *arena, struct xml_out *out, const char *name, int value)
{
	parm(out, name, arena_printf(arena, "%d", value), "integer");
}

static void
parm_bool(struct xml_out *out, const char *name, bool value)
{
	parm(out, name, value ? "true" : "false", "boolean");
}

/* <SHA-1 of exactly these bytes>/EncodedCertificate */
static bool
certificate_write(struct arena *arena, struct xml_out *out, struct bytes der)
{
	uint8_t sha1[SHA1_SIZE];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA1, der.data, der.size, sha1) < 0)
		return false;
	characteristic(out, bytes_to_hex(arena, (struct bytes){ sha1, sizeof(sha1) }));
	parm(out, "EncodedCertificate", bytes_to_base64(arena, der), NULL);
	xml_end(out);
	return true;
}

/* A certificate in STORE/System. */
static bool
authority_write(struct arena *arena, struct xml_out *out, const char *store, struct bytes der)
{
	bool ok;

	characteristic(out, store);
	characteristic(out, "System");
	ok = certificate_write(arena, out, der);
	xml_end(out);
	xml_end(out);
	return ok;
}

/* Under My itself, not under User or System (MS-MDE2 2.2.9.2). */
static void
renewal_write(struct arena *arena, struct xml_out *out, const struct provisioning *settings)
{
	characteristic(out, "WSTEP");
	characteristic(out, "Renew");
	parm_bool(out, "ROBOSupport", true);
	parm_number(arena, out, "RenewPeriod", settings->renew_period_days);
	parm_number(arena, out, "RetryInterval", settings->renew_retry_days);
	parm_string(out, "ServerURL", settings->renewal_url);
	xml_end(out);
	xml_end(out);
}

static bool
store_write(struct arena *arena, struct xml_out *out, const struct provisioning *settings,
    const struct issued *issued, bool device_enrollment)
{
	bool ok = true;

	characteristic(out, "CertificateStore");
	if (issued->root.size > 0)
		ok = authority_write(arena, out, "Root", issued->root);
	if (issued->issuing.size > 0)
		ok = authority_write(arena, out, "CA", issued->issuing) && ok;
	characteristic(out, "My");
	characteristic(out, device_enrollment ? "System" : "User");
	ok = certificate_write(arena, out, issued->certificate) && ok;
	characteristic(out, "PrivateKeyContainer");
	xml_end(out);
	xml_end(out);
	renewal_write(arena, out, settings);
	xml_end(out);
	xml_end(out);
	return ok;
}

/*
 * How the two sides of a management session know each other. CLIENT is checked at
 * the client, APPSRV at the server. Without AAUTHDATA Windows fails the enrollment.
 */
static void
authentication_write(
    struct xml_out *out, const char *level, const char *name, const char *secret, const char *nonce)
{
	characteristic(out, "APPAUTH");
	parm(out, "AAUTHLEVEL", level, NULL);
	parm(out, "AAUTHTYPE", "DIGEST", NULL);
	if (name != NULL)
		parm(out, "AAUTHNAME", name, NULL);
	parm(out, "AAUTHSECRET", secret, NULL);
	parm(out, "AAUTHDATA", nonce, NULL);
	xml_end(out);
}

static void
application_write(struct arena *arena, struct xml_out *out, const struct provisioning *settings,
    const struct issued *issued, bool device_enrollment)
{
	const struct dm_secrets *secrets = &issued->secrets;

	characteristic(out, "APPLICATION");
	parm(out, "APPID", "w7", NULL);
	parm(out, "PROVIDER-ID", settings->provider_id, NULL);
	if (settings->provider_name != NULL)
		parm(out, "NAME", settings->provider_name, NULL);
	parm(out, "ADDR", settings->management_url, NULL);
	parm(out, "CONNRETRYFREQ", "6", NULL);
	parm(out, "INITIALBACKOFFTIME", "30000", NULL);
	parm(out, "MAXBACKOFFTIME", "120000", NULL);
	parm(out, "BACKCOMPATRETRYDISABLED", NULL, NULL);
	parm(out, "DEFAULTENCODING", "application/vnd.syncml.dm+xml", NULL);
	parm(out, "SSLCLIENTCERTSEARCHCRITERIA",
	    provisioning_criteria(arena, issued->device, device_enrollment), NULL);
	authentication_write(out, "CLIENT", NULL, secrets->client_secret, secrets->client_nonce);
	authentication_write(
	    out, "APPSRV", secrets->server_name, secrets->server_secret, secrets->server_nonce);
	xml_end(out);
}

static void
poll_write(struct arena *arena, struct xml_out *out, const struct provisioning *configured)
{
	struct provisioning poll = *configured;

	if (poll.first_retries <= 0 && poll.second_retries <= 0 && poll.remaining_retries <= 0) {
		poll.first_retries = 5, poll.first_interval = 15;
		poll.second_retries = 10, poll.second_interval = 60;
		poll.remaining_retries = 0, poll.remaining_interval = 1440;
	}
	characteristic(out, "Poll");
	parm_number(arena, out, "NumberOfFirstRetries", poll.first_retries);
	parm_number(arena, out, "IntervalForFirstSetOfRetries", poll.first_interval);
	parm_number(arena, out, "NumberOfSecondRetries", poll.second_retries);
	parm_number(arena, out, "IntervalForSecondSetOfRetries", poll.second_interval);
	parm_number(arena, out, "NumberOfRemainingScheduledRetries", poll.remaining_retries);
	parm_number(arena, out, "IntervalForRemainingScheduledRetries", poll.remaining_interval);
	parm_bool(out, "PollOnLogin", poll.poll_on_login);
	parm_bool(out, "AllUsersPollOnFirstLogin", poll.all_users_poll_on_first_login);
	xml_end(out);
}

/* A name that people read: one line of text. */
static bool
is_name(const char *text)
{
	return text != NULL && *text != '\0' && text_is_plain(text, strlen(text));
}

static const char *
device_name(struct arena *arena, const struct issued *issued, const struct facts *facts, const char *upn)
{
	const char *name = facts_get(facts, "DeviceName");

	if (!is_name(name))
		name = upn != NULL ? arena_printf(arena, "%.*s_Windows", (int)strcspn(upn, "@"), upn)
				   : issued->device;
	return text_cut(arena, name, DEVICE_NAME_MAX);
}

static void
client_write(struct arena *arena, struct xml_out *out, const struct provisioning *settings,
    const struct issued *issued, const struct facts *facts, const char *upn)
{
	characteristic(out, "DMClient");
	characteristic(out, "Provider");
	characteristic(out, settings->provider_id);
	parm_string(out, "UPN", upn);
	parm_string(out, "EntDeviceName", device_name(arena, issued, facts, upn));
	parm_string(out, "EntDMID", issued->device);
	poll_write(arena, out, settings);
	xml_end(out);
	xml_end(out);
	xml_end(out);
}

/* RFC 2396 unreserved characters stay, without those that only a URI's grammar needs. */
static char *
percent_encode(struct arena *arena, const char *text)
{
	char *encoded = arena_alloc(arena, 3 * strlen(text) + 1), *end = encoded;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (isalnum(c) || strchr("-_.", c) != NULL) {
			*end++ = (char)c;
			continue;
		}
		*end++ = '%';
		*end++ = "0123456789ABCDEF"[c >> 4];
		*end++ = "0123456789ABCDEF"[c & 15];
	}
	return encoded;
}

static char *
subject_encode(struct arena *arena, const char *common_name)
{
	return percent_encode(arena, arena_printf(arena, "CN=%s", common_name));
}

char *
provisioning_criteria(struct arena *arena, const char *common_name, bool device_enrollment)
{
	return arena_printf(arena, "Subject=%s&Stores=%s", subject_encode(arena, common_name),
	    percent_encode(arena, device_enrollment ? "MY\\System" : "MY\\User"));
}

static bool
device_is_phone(const struct facts *facts)
{
	const char *type = facts_get(facts, "DeviceType");

	return type != NULL &&
	    (text_equal_fold(type, "WindowsPhone") || text_equal_fold(type, "WindowsHandheld"));
}

/*
 * EnterpriseAppManagement: the token that lets a phone run the enterprise's own
 * applications, and the first of them, the Company Hub. Desktop Windows would fail.
 */
static void
phone_write(struct arena *arena, struct xml_out *out, const struct provisioning *settings,
    const struct issued *issued)
{
	if (settings->application_enterprise_id == NULL || settings->application_token == NULL)
		return;
	characteristic(out, "EnterpriseAppManagement");
	characteristic(out, settings->application_enterprise_id);
	parm_string(out, "EnrollmentToken", settings->application_token);
	if (settings->hub_product_id != NULL && settings->hub_uri != NULL) {
		parm_string(out, "StoreProductID", settings->hub_product_id);
		parm_string(out, "StoreUri", settings->hub_uri);
		parm_string(out, "StoreName", settings->hub_name);
		parm_string(out, "CertificateSearchCriteria", subject_encode(arena, issued->device));
		parm_string(out, "CRLCheck", "0");
	}
	xml_end(out);
	xml_end(out);
}

bool
provisioning_write(struct arena *arena, const struct provisioning *settings, const struct issued *issued,
    const struct facts *facts, const char *upn, bool device_enrollment, struct bytes *bytes)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();
	bool ok;

	xml_start(out, NULL, "wap-provisioningdoc", NULL);
	xml_attr(out, "version", "1.1");
	ok = store_write(arena, out, settings, issued, device_enrollment);
	application_write(arena, out, settings, issued, device_enrollment);
	client_write(arena, out, settings, issued, facts, upn);
	if (device_is_phone(facts))
		phone_write(arena, out, settings, issued);
	xml_end(out);
	return xml_out_finish(out, arena, bytes) && ok;
}

bool
provisioning_write_renewal(struct arena *arena, const struct provisioning *settings,
    const struct issued *issued, bool device_enrollment, struct bytes *bytes)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();
	bool ok;

	xml_start(out, NULL, "wap-provisioningdoc", NULL);
	xml_attr(out, "version", "1.1");
	ok = store_write(arena, out, settings, issued, device_enrollment);
	characteristic(out, "APPLICATION");
	parm(out, "PROVIDER-ID", settings->provider_id, NULL);
	xml_end(out);
	xml_end(out);
	return xml_out_finish(out, arena, bytes) && ok;
}
