/* Probe and Discover. */
#include "finder.h"

#include "element.h"
#include "envelope.h"
#include "identity.h"
#include "server_fault.h"

#include <muster/base/text.h>

#define DISCOVERY_PATH "/EnrollmentServer/Discovery.svc"
#define ACTION URI_DISCOVERY "/IDiscoveryService/Discover"

size_t
finder_candidates(
    struct arena *arena, const struct settings *settings, const char *urls[2], struct refusal *refusal)
{
	const char *at = settings->user == NULL ? NULL : strrchr(settings->user, '@');
	const char *server = settings->server;

	if (server != NULL && strstr(server, "://") != NULL) {
		urls[0] = server;
		return 1;
	}
	if (server != NULL) {
		urls[0] = arena_printf(arena, "https://%s%s", server, DISCOVERY_PATH);
		return 1;
	}
	if (at != NULL && at[1] != '\0') {
		urls[0] = arena_printf(arena, "https://EnterpriseEnrollment.%s%s", at + 1, DISCOVERY_PATH);
		return 1;
	}
	(void)deny(refusal, HRESULT_CONNECTIVITY,
	    "\"%s\" names no domain: give the server with --server HOST", settings->user);
	return 0;
}

bool
finder_probe(struct http *http, struct arena *arena, const char *url, struct refusal *refusal)
{
	struct http_request request = { .method = "GET", .url = url, .follow = true };
	struct http_reply reply;

	if (!http_send(http, arena, &request, &reply, refusal))
		return false;
	refusal->status = reply.status;
	if (reply.status != 200)
		return deny(refusal, (enum hresult)((unsigned)HRESULT_HTTP | (unsigned)reply.status),
		    "the probe GET %s was answered with HTTP %d", url, reply.status);
	if (reply.chunked || !reply.has_length)
		return deny(refusal, HRESULT_HEADER_NOT_FOUND,
		    "the probe's answer has no Content-Length or is sent in chunks");
	if (reply.body.size != 0)
		return deny(refusal, HRESULT_CONNECTIVITY,
		    "the probe's answer should be empty, it has %zu bytes", reply.body.size);
	return true;
}

static bool
discover_write(struct arena *arena, const struct settings *settings, const char *user, const char *url,
    const char **message_id, struct bytes *envelope)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();

	*message_id = envelope_begin(out, arena, settings, ACTION, url, NULL);
	xml_start(out, NULL, "Discover", settings->slash ? URI_DISCOVERY "/" : URI_DISCOVERY);
	xml_start(out, NULL, "request", NULL);
	xml_attr(out, "xmlns:i", URI_INSTANCE);
	envelope_value(out, settings, "EmailAddress", user);
	envelope_value(out, settings, "RequestVersion", identity_request_version(settings));
	envelope_value(out, settings, "DeviceType", "CIMClient_Windows");
	envelope_value(out, settings, "ApplicationVersion", identity_client_version(settings->windows));
	envelope_value(out, settings, "OSEdition", settings->windows == WINDOWS_11 ? "48" : "4");
	xml_start(out, NULL, "AuthPolicies", NULL);
	if (settings->auth_policy != NULL) {
		envelope_value(out, settings, "AuthPolicy", settings->auth_policy);
	} else {
		envelope_value(out, settings, "AuthPolicy", "OnPremise");
		envelope_value(out, settings, "AuthPolicy", "Federated");
	}
	xml_end(out);
	xml_end(out);
	xml_end(out);
	return envelope_end(out, arena, NULL, false, envelope);
}

void
finder_check_relation(
    struct arena *arena, const xmlDoc *doc, const char *message_id, const char *action, struct notes *notes)
{
	const xmlNode *header = xml_first(xmlDocGetRootElement(doc));
	const xmlNode *relates = ELEMENT_FIND(doc, { URI_SOAP, "Header" }, { URI_ADDRESSING, "RelatesTo" });
	const xmlNode *node = ELEMENT_FIND(doc, { URI_SOAP, "Header" }, { URI_ADDRESSING, "Action" });
	const char *text;

	if (!xml_is(xmlDocGetRootElement(doc), URI_SOAP, "Envelope") || !xml_is(header, URI_SOAP, "Header")) {
		note(notes, "the answer is not a SOAP 1.2 envelope with a Header");
		return;
	}
	text = relates == NULL ? NULL : xml_text_raw(arena, relates);
	if (text == NULL || strcmp(text, message_id) != 0)
		note(notes, "RelatesTo is \"%s\" instead of the MessageID \"%s\"", text == NULL ? "" : text,
		    message_id);
	text = node == NULL ? NULL : xml_text(arena, node);
	if (text == NULL || strcmp(text, action) != 0)
		note(notes, "Action is \"%s\" instead of \"%s\"", text == NULL ? "" : text, action);
}

/* The trimmed text of //DiscoverResponse//DiscoverResult//name; NULL when absent, nil or empty. */
static const char *
result_text(struct arena *arena, const xmlDoc *doc, const char *name)
{
	const xmlNode *node = ELEMENT_FIND(doc, { URI_DISCOVERY, "DiscoverResponse" },
	    { URI_DISCOVERY, "DiscoverResult" }, { URI_DISCOVERY, name });
	const char *text = node == NULL ? NULL : xml_text(arena, node);

	return text == NULL || text[0] == '\0' ? NULL : text;
}

/* One digit, a point, one digit; not above what was asked for. */
static void
version_check(const struct settings *settings, const char *version, struct notes *notes)
{
	char *end;
	double value;

	if (version == NULL)
		return;
	value = strtod(version, &end);
	if (*end != '\0' || strchr(version, '.') == NULL)
		note(notes, "EnrollmentVersion \"%s\" is not a decimal with one fraction digit", version);
	else if (value > strtod(identity_request_version(settings), NULL))
		note(notes, "EnrollmentVersion %s is above the RequestVersion %s", version,
		    identity_request_version(settings));
}

static bool
urls_check(struct arena *arena, const struct services *services, struct refusal *refusal)
{
	const char *policy, *enrollment;

	if (services->enrollment_url == NULL)
		return deny(refusal, HRESULT_UNKNOWN_ERROR, "Discover answered no EnrollmentServiceUrl");
	if ((enrollment = http_host(arena, services->enrollment_url)) == NULL)
		return deny(refusal, HRESULT_INSECURE_REDIRECT,
		    "EnrollmentServiceUrl \"%s\" is not an https URL", services->enrollment_url);
	if (services->policy_url == NULL)
		return true;
	if ((policy = http_host(arena, services->policy_url)) == NULL)
		return deny(refusal, HRESULT_INSECURE_REDIRECT,
		    "EnrollmentPolicyServiceUrl \"%s\" is not an https URL", services->policy_url);
	if (strcmp(policy, enrollment) != 0)
		return deny(refusal, HRESULT_UNKNOWN_ERROR,
		    "policy service (%s) and enrollment service (%s) are on different hosts", policy,
		    enrollment);
	return true;
}

static bool
policy_check(const struct settings *settings, const struct services *services, struct refusal *refusal)
{
	if (services->auth_policy == NULL)
		return deny(refusal, HRESULT_UNKNOWN_ERROR, "Discover answered no AuthPolicy");
	if (settings->auth_policy != NULL) {
		if (text_equal_fold(services->auth_policy, settings->auth_policy))
			return true;
		return deny(refusal, HRESULT_UNKNOWN_ERROR,
		    "AuthPolicy \"%s\" was answered, only %s was offered", services->auth_policy,
		    settings->auth_policy);
	}
	if (text_equal_fold(services->auth_policy, "OnPremise") ||
	    text_equal_fold(services->auth_policy, "Federated"))
		return true;
	if (text_equal_fold(services->auth_policy, "Certificate"))
		return deny(refusal, HRESULT_NO_AUTH_CERTIFICATE,
		    "the server wants a certificate, which was not offered");
	return deny(refusal, HRESULT_UNKNOWN_ERROR, "AuthPolicy \"%s\" is unknown", services->auth_policy);
}

bool
finder_read(struct arena *arena, const struct settings *settings, struct bytes body, const char *message_id,
    struct services *services, struct refusal *refusal, struct notes *notes)
{
	CLEANUP(xml_free) xmlDoc *doc = NULL;

	if (xml_read(arena, body, &doc, NULL) != OUTCOME_OK ||
	    ELEMENT_FIND(doc, { URI_DISCOVERY, "DiscoverResponse" }, { URI_DISCOVERY, "DiscoverResult" }) ==
		NULL) {
		server_fault_read(body, 200, refusal, notes);
		return false;
	}
	services->auth_policy = result_text(arena, doc, "AuthPolicy");
	services->version = result_text(arena, doc, "EnrollmentVersion");
	services->policy_url = result_text(arena, doc, "EnrollmentPolicyServiceUrl");
	services->enrollment_url = result_text(arena, doc, "EnrollmentServiceUrl");
	services->authentication_url = result_text(arena, doc, "AuthenticationServiceUrl");
	finder_check_relation(arena, doc, message_id, ACTION "Response", notes);
	version_check(settings, services->version, notes);
	if (services->policy_url == NULL)
		note(notes, "no EnrollmentPolicyServiceUrl: the client falls back to RSA 2048 and SHA-1");
	return urls_check(arena, services, refusal) && policy_check(settings, services, refusal);
}

bool
finder_discover(struct http *http, struct arena *arena, const struct settings *settings, const char *user,
    const char *url, struct services *services, struct refusal *refusal, struct notes *notes)
{
	struct http_reply reply;
	struct bytes envelope;
	const char *message_id;

	*services = (struct services){ .discovery_url = url };
	if (!discover_write(arena, settings, user, url, &message_id, &envelope))
		return deny(refusal, HRESULT_PLATFORM_UNKNOWN, "cannot write the Discover request");
	if (!http_post_soap(http, arena, url, envelope, true, &reply, refusal, notes))
		return false;
	return finder_read(arena, settings, reply.body, message_id, services, refusal, notes);
}
