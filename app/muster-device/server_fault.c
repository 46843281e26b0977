/* From a fault to an HRESULT, quirks included. */
#include "server_fault.h"

#include "element.h"

#include <muster/base/arena.h>
#include <muster/base/text.h>

/*
 * The order matters: NotEligibleToRenew is looked for first and in the Reason, too, and
 * NotSupported is a part of DeviceNotSupported.
 */
static const struct {
	const char *name;
	enum hresult hresult;
} codes[] = {
	{ "NotEligibleToRenew", HRESULT_NOT_ELIGIBLE_TO_RENEW },
	{ "DeviceCapReached", HRESULT_DEVICE_CAP_REACHED },
	{ "DeviceNotSupported", HRESULT_DEVICE_NOT_SUPPORTED },
	{ "NotSupported", HRESULT_NOT_SUPPORTED },
	{ "InMaintenance", HRESULT_IN_MAINTENANCE },
	{ "UserLicense", HRESULT_USER_LICENSE },
	{ "InvalidEnrollmentData", HRESULT_ENROLLMENT_DATA },
	{ "CustomServerError", HRESULT_CUSTOM_SERVER_ERROR },
	{ "MessageFormat", HRESULT_MESSAGE_FORMAT },
	{ "Authentication", HRESULT_AUTHENTICATION },
	{ "Authorization", HRESULT_AUTHORIZATION },
	{ "CertificateRequest", HRESULT_CERTIFICATE_REQUEST },
	{ "EnrollmentServer", HRESULT_ENROLLMENT_SERVER },
	{ "InternalServiceFault", HRESULT_INTERNAL_SERVICE },
	{ "InvalidSecurity", HRESULT_INVALID_SECURITY },
};

static enum hresult
code_search(const char *code, const char *reason)
{
	if (strstr(reason, codes[0].name) != NULL)
		return codes[0].hresult;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (strstr(code, codes[i].name) != NULL)
			return codes[i].hresult;
	return HRESULT_UNKNOWN_ERROR;
}

static void
note_code_names(struct notes *notes, const char *where, const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (strstr(text, codes[i].name) != NULL) {
			note(notes, "the fault's %s holds the code name \"%s\", which clients search for",
			    where, codes[i].name);
			return;
		}
}

/* Control characters of a stranger never reach the terminal. */
static void
keep(char *to, size_t size, struct arena *arena, const xmlNode *node)
{
	const char *text = node == NULL ? NULL : xml_text(arena, node);

	snprintf(to, size, "%s", text == NULL ? "" : text);
	text_make_clean(to);
}

#define KEEP(field, arena, doc, ...) keep((field), sizeof(field), (arena), ELEMENT_FIND((doc), __VA_ARGS__))
#define FAULT \
	{ \
		URI_SOAP, "Fault" \
	}
#define DETAIL \
	FAULT, { URI_SOAP, "Detail" }, \
	{ \
		URI_ENROLLMENT, "DeviceEnrollmentServiceError" \
	}

/* The text that a user sees, and its language. */
static void
reason_read(struct arena *arena, const xmlDoc *doc, struct refusal *refusal)
{
	const xmlNode *text = ELEMENT_FIND(doc, FAULT, { URI_SOAP, "Reason" }, { URI_SOAP, "Text" });
	xmlChar *language =
	    text == NULL ? NULL : xmlGetNsProp(text, (const xmlChar *)"lang", XML_XML_NAMESPACE);

	keep(refusal->reason, sizeof(refusal->reason), arena, text);
	snprintf(refusal->language, sizeof(refusal->language), "%s",
	    language == NULL ? "" : (const char *)language);
	text_make_clean(refusal->language);
	xmlFree(language);
}

static bool
fault_read(struct arena *arena, struct bytes body, struct refusal *refusal)
{
	CLEANUP(xml_free) xmlDoc *doc = NULL;

	if (xml_read(arena, body, &doc, NULL) != OUTCOME_OK)
		return false;
	KEEP(refusal->error_type, arena, doc, DETAIL, { URI_ENROLLMENT, "ErrorType" });
	KEEP(refusal->message, arena, doc, DETAIL, { URI_ENROLLMENT, "Message" });
	KEEP(refusal->trace, arena, doc, DETAIL, { URI_ENROLLMENT, "TraceId" });
	KEEP(refusal->subcode, arena, doc, FAULT, { URI_SOAP, "Code" }, { URI_SOAP, "Subcode" },
	    { URI_SOAP, "Value" });
	reason_read(arena, doc, refusal);
	return refusal->error_type[0] != '\0' || refusal->subcode[0] != '\0';
}

static void
note_habits(struct notes *notes, const struct refusal *refusal)
{
	note_code_names(notes, "Reason", refusal->reason);
	note_code_names(notes, "Message", refusal->message);
	if (refusal->trace[0] == '\0')
		note(notes, "the fault has no TraceId: support cannot find it");
	if (refusal->reason[0] != '\0' && refusal->language[0] == '\0')
		note(notes, "the fault's Reason does not tell its language (SOAP 1.2 part 1, 5.4.2.1)");
	if (refusal->reason[0] == '\0' && refusal->hresult == HRESULT_CUSTOM_SERVER_ERROR)
		note(notes, "the fault has no Reason, which is what the user is shown for this code");
	if (refusal->status != 500)
		note(notes, "the fault came with HTTP %d instead of 500", refusal->status);
}

void
server_fault_read(struct bytes body, int status, struct refusal *refusal, struct notes *notes)
{
	struct arena *arena = arena_new();

	refusal->by_server = true;
	refusal->status = status;
	if (fault_read(arena, body, refusal)) {
		const char *code = refusal->error_type[0] != '\0' ? refusal->error_type : refusal->subcode;

		(void)deny(refusal, code_search(code, refusal->reason), "%s",
		    refusal->reason[0] != '\0' ? refusal->reason : "the server gives no reason");
		note_habits(notes, refusal);
	} else {
		(void)deny(refusal, (enum hresult)((unsigned)HRESULT_HTTP | (unsigned)(status & 0xFFFF)),
		    "HTTP %d without a fault that Windows can read (%zu bytes)", status, body.size);
	}
	arena_free(arena);
}
