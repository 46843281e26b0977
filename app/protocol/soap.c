#include <muster/protocol/soap.h>

#include <muster/base/clock.h>
#include <muster/base/text.h>
#include <muster/protocol/namespaces.h>

#define MESSAGE_ID_MAX 1024	   /* bytes */
#define TIMESTAMP_LIFE_MS (300000) /* of the Security header that an RSTRC carries */

/* By local name only: see enum operation. */
static enum operation
operation_of(const xmlNode *node)
{
	if (xml_is(node, NULL, "Discover"))
		return OPERATION_DISCOVER;
	if (xml_is(node, NULL, "GetPolicies"))
		return OPERATION_POLICIES;
	if (xml_is(node, NULL, "RequestSecurityToken"))
		return OPERATION_RST;
	return OPERATION_NONE;
}

static enum operation
operation_named(const char *action)
{
	if (text_ends_fold(action, "/IDiscoveryService/Discover"))
		return OPERATION_DISCOVER;
	if (text_equal_fold(action, ACTION_POLICIES))
		return OPERATION_POLICIES;
	if (text_equal_fold(action, ACTION_RST))
		return OPERATION_RST;
	return OPERATION_NONE;
}

/* The child in its namespace, else one of that local name in any; at most one. */
static enum outcome
header_child(const xmlNode *header, const char *ns, const char *name, xmlNode **child, struct why *why)
{
	enum outcome o = xml_child(header, ns, name, child, why);

	if (o == OUTCOME_OK && *child == NULL)
		o = xml_child(header, NULL, name, child, why);
	return o;
}

/* MessageID is opaque: blanks inside and around it come back as they were sent. */
static enum outcome
message_id_read(struct arena *arena, const xmlNode *header, struct soap *soap, struct why *why)
{
	xmlNode *node = NULL;
	enum outcome o;

	if ((o = header_child(header, NS_ADDRESSING, "MessageID", &node, why)) != OUTCOME_OK || node == NULL)
		return o;

	const char *text = xml_text_raw(arena, node);

	if (strlen(text) > MESSAGE_ID_MAX)
		return refuse(why, OUTCOME_MESSAGE_FORMAT, "MessageID: longer than %d bytes", MESSAGE_ID_MAX);
	soap->message_id = *text_trim(arena, text) != '\0' ? text : NULL;
	return OUTCOME_OK;
}

static enum outcome
action_read(struct arena *arena, const xmlNode *header, struct soap *soap, struct why *why)
{
	xmlNode *node = NULL;
	enum outcome o;

	if ((o = header_child(header, NS_ADDRESSING, "Action", &node, why)) != OUTCOME_OK || node == NULL)
		return o;

	const char *text = xml_text(arena, node);

	soap->action = *text != '\0' ? text : NULL;
	return OUTCOME_OK;
}

static enum outcome
header_read(struct arena *arena, const xmlNode *header, struct soap *soap, struct why *why)
{
	enum outcome o;

	security_read(arena, header, &soap->credential);
	if (header == NULL)
		return OUTCOME_OK;
	if ((o = message_id_read(arena, header, soap, why)) != OUTCOME_OK)
		return o;
	return action_read(arena, header, soap, why);
}

static enum outcome
body_read(const xmlNode *body, struct soap *soap, struct why *why)
{
	for (const xmlNode *node = xml_first(body); node != NULL; node = xml_next(node)) {
		enum operation operation = operation_of(node);

		if (operation == OPERATION_NONE)
			continue;
		if (soap->operation != OPERATION_NONE)
			return refuse(why, OUTCOME_MESSAGE_FORMAT,
			    "Body: %s beside %s, one operation expected", (const char *)node->name,
			    (const char *)soap->body->name);
		soap->operation = operation;
		soap->body = node;
	}
	if (soap->operation == OPERATION_NONE)
		return refuse(why, OUTCOME_MESSAGE_FORMAT,
		    "Body: no Discover, GetPolicies or RequestSecurityToken inside");
	return OUTCOME_OK;
}

/*
 * An Action may not name another operation than the Body's: who relies on it (a
 * filter in front of us) would be deceived. Discovery alone puts up with an unknown
 * one, as it must be reachable for clients that we do not know yet.
 */
static enum outcome
action_check(const struct soap *soap, struct why *why)
{
	enum operation named;

	if (soap->action == NULL || (named = operation_named(soap->action)) == soap->operation)
		return OUTCOME_OK;
	if (named == OPERATION_NONE && soap->operation == OPERATION_DISCOVER)
		return OUTCOME_OK;
	return refuse(why, OUTCOME_MESSAGE_FORMAT, "Action '%.200s' does not fit the Body's %s", soap->action,
	    (const char *)soap->body->name);
}

static enum outcome
envelope_read(struct arena *arena, struct soap *soap, struct why *why)
{
	const xmlNode *root = xmlDocGetRootElement(soap->doc);
	xmlNode *header = NULL, *body = NULL;
	enum outcome o;

	if (root == NULL || (!xml_is(root, NS_SOAP12, "Envelope") && !xml_is(root, NS_SOAP11, "Envelope")))
		return refuse(why, OUTCOME_MESSAGE_FORMAT,
		    "root element is '%.60s' in namespace '%.200s', a SOAP 1.2 Envelope expected",
		    root != NULL ? (const char *)root->name : "",
		    root != NULL && root->ns != NULL ? (const char *)root->ns->href : "");

	const char *ns = (const char *)root->ns->href;

	if ((o = xml_child(root, ns, "Header", &header, why)) != OUTCOME_OK ||
	    (o = header_read(arena, header, soap, why)) != OUTCOME_OK ||
	    (o = xml_need(root, ns, "Body", &body, why)) != OUTCOME_OK ||
	    (o = body_read(body, soap, why)) != OUTCOME_OK)
		return o;
	return action_check(soap, why);
}

enum outcome
soap_read(struct arena *arena, struct bytes bytes, struct soap *soap, struct why *why)
{
	enum outcome o;

	*soap = (struct soap){ .operation = OPERATION_NONE };
	if ((o = xml_read(arena, bytes, &soap->doc, why)) != OUTCOME_OK)
		return o;
	o = envelope_read(arena, soap, why);
	security_wipe(xmlDocGetRootElement(soap->doc), soap->credential.kind == CREDENTIAL_CERTIFICATE);
	return o;
}

void
soap_release(struct soap *soap)
{
	xml_free(&soap->doc);
	soap->body = NULL;
	credential_release(&soap->credential);
}

enum outcome
soap_credential(const struct soap *soap, const struct credential **credential, struct why *why)
{
	const struct credential *sent = &soap->credential;

	if (sent->problem != NULL)
		return refuse(why, sent->refusal, "%s", sent->problem);
	if (sent->kind == CREDENTIAL_NONE)
		return refuse(why, OUTCOME_INVALID_SECURITY,
		    "no credential: UsernameToken or BinarySecurityToken expected");
	*credential = sent;
	return OUTCOME_OK;
}

static void
timestamp_write(struct arena *arena, struct xml_out *out)
{
	int64_t now = clock_now_ms();

	xml_start(out, "o", "Security", NS_WSSE);
	xml_attr(out, "s:mustUnderstand", "1");
	xml_start(out, "u", "Timestamp", NS_WSU);
	xml_attr(out, "u:Id", "_0");
	xml_element(out, "u:Created", clock_text(arena, now));
	xml_element(out, "u:Expires", clock_text(arena, now + TIMESTAMP_LIFE_MS));
	xml_end(out);
	xml_end(out);
}

void
soap_begin(struct arena *arena, struct xml_out *out, const char *action, const char *message_id,
    const char *activity, bool security)
{
	xml_start(out, "s", "Envelope", NS_SOAP12);
	xml_attr(out, "xmlns:a", NS_ADDRESSING);
	xml_start(out, "s", "Header", NULL);
	xml_start(out, "a", "Action", NULL);
	xml_attr(out, "s:mustUnderstand", "1");
	xml_chars(out, action);
	xml_end(out);
	xml_start(out, NULL, "ActivityId", NS_DIAGNOSTICS);
	xml_attr(out, "CorrelationId", activity);
	xml_chars(out, activity);
	xml_end(out);
	if (message_id != NULL)
		xml_element(out, "a:RelatesTo", message_id);
	if (security)
		timestamp_write(arena, out);
	xml_end(out);
	xml_start(out, "s", "Body", NULL);
}

void
soap_end(struct xml_out *out)
{
	xml_end(out);
	xml_end(out);
}
