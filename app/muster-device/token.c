/* The last request of an enrollment. */
#include "token.h"

#include "element.h"
#include "finder.h"
#include "pkcs10.h"
#include "server_fault.h"

#define TOKEN_TYPE \
	"http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken"
#define DOCUMENT_TYPE \
	"http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentProvisionDoc"

static void
context_write(struct xml_out *out, const struct settings *settings, const struct context *context)
{
	xml_start(out, NULL, "ac:AdditionalContext", NULL);
	for (size_t i = 0; i < context->count; i++) {
		xml_start(out, NULL, "ac:ContextItem", NULL);
		xml_attr(out, "Name", context->item[i].name);
		envelope_value(out, settings, "ac:Value", context->item[i].value);
		xml_end(out);
	}
	xml_end(out);
}

static bool
token_write(struct arena *arena, const struct settings *settings, const struct login *login, const char *url,
    const struct token_request *request, const char **message_id, struct bytes *envelope)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();

	*message_id = envelope_begin(out, arena, settings, URI_ENROLLMENT "/RST/wstep", url, login);
	xml_start(out, NULL, "wst:RequestSecurityToken", NULL);
	envelope_value(out, settings, "wst:TokenType", TOKEN_TYPE);
	envelope_value(out, settings, "wst:RequestType", request->type);
	xml_start(out, NULL, "wsse:BinarySecurityToken", NULL);
	xml_attr(out, "ValueType", request->value_type);
	xml_attr(out, "EncodingType", URI_SECEXT "#base64binary");
	xml_chars(out, request->text);
	xml_end(out);
	context_write(out, settings, request->context);
	xml_end(out);
	return envelope_end(out, arena, login, false, envelope);
}

static void
habits_note(struct arena *arena, const xmlDoc *doc, const xmlNode *token, struct notes *notes)
{
	const char *type = xml_attribute(arena, token, NULL, "ValueType");
	const xmlNode *stamp = ELEMENT_FIND(doc, { URI_SOAP, "Header" }, { URI_SECEXT, "Security" },
	    { URI_UTILITY, "Timestamp" }, { URI_UTILITY, "Expires" });

	if (type == NULL || strcmp(type, DOCUMENT_TYPE) != 0)
		note(notes, "the token's ValueType is \"%s\" instead of …#DeviceEnrollmentProvisionDoc",
		    type == NULL ? "" : type);
	if (stamp == NULL)
		note(notes, "the answer's header has no Security with a Timestamp");
}

bool
token_read(struct arena *arena, struct bytes body, const char *message_id, struct bytes *document,
    struct refusal *refusal, struct notes *notes)
{
	CLEANUP(xml_free) xmlDoc *doc = NULL;
	const xmlNode *token = NULL;

	if (xml_read(arena, body, &doc, NULL) == OUTCOME_OK)
		token = ELEMENT_FIND(doc, { URI_TRUST, "RequestSecurityTokenResponseCollection" },
		    { URI_TRUST, "RequestSecurityTokenResponse" }, { URI_TRUST, "RequestedSecurityToken" },
		    { URI_SECEXT, "BinarySecurityToken" });
	if (token == NULL) {
		server_fault_read(body, 200, refusal, notes);
		return false;
	}
	finder_check_relation(arena, doc, message_id, URI_ENROLLMENT "/RSTRC/wstep", notes);
	habits_note(arena, doc, token, notes);
	if (!bytes_from_base64(arena, xml_text_raw(arena, token), document))
		return deny(refusal, HRESULT_PROV_UNKNOWN, "the provisioning document is not base64");
	return true;
}

bool
token_send(struct http *http, struct arena *arena, const struct settings *settings, const struct login *login,
    const char *url, const struct token_request *request, struct bytes *document, unsigned *others,
    struct refusal *refusal, struct notes *notes)
{
	struct bytes envelope, before = { NULL, 0 };
	struct http_reply reply;
	const char *message_id;

	*others = 0;
	if (!token_write(arena, settings, login, url, request, &message_id, &envelope))
		return deny(refusal, HRESULT_PLATFORM_UNKNOWN, "cannot write the RequestSecurityToken");
	for (unsigned long i = 0; i <= settings->resend; i++) {
		if (!http_post_soap(http, arena, url, envelope, false, &reply, refusal, notes) ||
		    !token_read(arena, reply.body, message_id, document, refusal, notes))
			return false;
		if (i > 0 && !bytes_equal(before, *document))
			(*others)++;
		before = *document;
	}
	return true;
}

bool
token_ask(struct http *http, struct arena *arena, const struct settings *settings, const struct login *login,
    const char *url, struct bytes csr, const struct context *context, struct bytes *document,
    unsigned *others, struct refusal *refusal, struct notes *notes)
{
	const struct token_request request = { .type = URI_TRUST "/Issue",
		.value_type = URI_ENROLLMENT "#PKCS10",
		.text = base64_wrapped(arena, csr),
		.context = context };

	return token_send(http, arena, settings, login, url, &request, document, others, refusal, notes);
}
