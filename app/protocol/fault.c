#include <muster/protocol/fault.h>

#include <muster/base/text.h>
#include <muster/protocol/namespaces.h>
#include <muster/protocol/soap.h>

#define FAULT(code, type, message) \
	(struct fault) \
	{ \
		.subcode = (code), .error_type = (type), .text = (message) \
	}

/*
 * Subcodes and error types with the prefix letters of MS-MDE2 2.2.10: clients may
 * compare the text instead of resolving the QName. The seven of the first table
 * carry no ErrorType, since a client that does not know it there would not fall
 * back to the subcode.
 */
struct fault
fault_for(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_MESSAGE_FORMAT:
		return FAULT("s:MessageFormat", NULL,
		    "The server could not understand this device's request. Install the latest updates, then "
		    "try "
		    "again. If it keeps failing, give your administrator the trace ID.");
	case OUTCOME_AUTHENTICATION:
		return FAULT("s:Authentication", NULL,
		    "The user name or the password is not right. Check both, then try again.");
	case OUTCOME_AUTHORIZATION:
		return FAULT("s:Authorization", NULL,
		    "This account may not enroll devices. Ask your administrator for permission.");
	case OUTCOME_CERTIFICATE_REQUEST:
		return FAULT("s:CertificateRequest", NULL,
		    "The server could not make a certificate for this device. Try again. If it keeps "
		    "failing, "
		    "give your administrator the trace ID.");
	case OUTCOME_ENROLLMENT_SERVER:
		return FAULT("s:EnrollmentServer", NULL,
		    "The server cannot do its work at the moment. Try again in a few minutes. If it keeps "
		    "failing, "
		    "give your administrator the trace ID.");
	case OUTCOME_INTERNAL_SERVICE_FAULT:
		return FAULT("a:InternalServiceFault", NULL,
		    "Something went wrong on the server. Try again. If it keeps failing, give your "
		    "administrator "
		    "the trace ID.");
	case OUTCOME_INVALID_SECURITY:
		return FAULT("a:InvalidSecurity", NULL,
		    "The server could not use the sign-in information that this device sent. Start again and "
		    "sign "
		    "in as your administrator told you.");
	case OUTCOME_DEVICE_CAP_REACHED:
		return FAULT("s:Authorization", "DeviceCapReached",
		    "You have enrolled as many devices as you may. Remove one that you no longer use, then "
		    "try "
		    "again.");
	case OUTCOME_DEVICE_NOT_SUPPORTED:
		return FAULT("s:Authorization", "DeviceNotSupported",
		    "This kind of device, or its version of Windows, is not accepted here. Trying again will "
		    "not "
		    "help: ask your administrator which devices are.");
	case OUTCOME_NOT_SUPPORTED:
		return FAULT("s:Authorization", "NotSupported",
		    "This way of enrolling a device is not offered here. Ask your administrator how to "
		    "enroll.");
	case OUTCOME_NOT_ELIGIBLE_TO_RENEW:
		return FAULT("s:Authorization", "NotEligibleToRenew",
		    "This device's certificate cannot be renewed. Check the device's date and time. If they "
		    "are "
		    "right, disconnect the device and enroll it again.");
	case OUTCOME_IN_MAINTENANCE:
		return FAULT("s:Authorization", "InMaintenance",
		    "Enrolling is paused while the system is being maintained. Try again later.");
	case OUTCOME_USER_LICENSE:
		return FAULT("s:Authorization", "UserLicense",
		    "There is no valid licence for this user. Ask your administrator to assign one.");
	case OUTCOME_INVALID_ENROLLMENT_DATA:
		return FAULT("s:Authorization", "InvalidEnrollmentData",
		    "The terms of use were not accepted, or too long ago. Start again and accept them.");
	case OUTCOME_CUSTOM_SERVER_ERROR:
		return FAULT("s:Authorization", "CustomServerError",
		    "A rule of your organization does not let this device enroll. Ask your administrator.");
	case OUTCOME_OK:
	case OUTCOME_FORBIDDEN:
	case OUTCOME_NOT_FOUND:
	case OUTCOME_METHOD_NOT_ALLOWED:
	case OUTCOME_TOO_LARGE:
	case OUTCOME_UNSUPPORTED_MEDIA_TYPE:
	case OUTCOME_UNAVAILABLE: break;
	}
	return FAULT(NULL, NULL, NULL);
}

bool
fault_names_code(const char *text)
{
	for (enum outcome o = OUTCOME_MESSAGE_FORMAT; o <= OUTCOME_CUSTOM_SERVER_ERROR; o++) {
		if (text != NULL && strstr(text, outcome_name(o)) != NULL)
			return true;
	}
	return false;
}

static void
detail_write(struct xml_out *out, const char *error_type, const char *text, const char *trace)
{
	xml_start(out, "s", "Detail", NULL);
	xml_start(out, NULL, "DeviceEnrollmentServiceError", NS_WSTEP);
	if (error_type != NULL)
		xml_element(out, "ErrorType", error_type);
	xml_element(out, "Message", text);
	xml_element(out, "TraceId", trace);
	xml_end(out);
	xml_end(out);
}

static void
body_write(struct xml_out *out, const struct fault *fault, const char *trace, const char *language)
{
	xml_start(out, "s", "Fault", NULL);
	xml_start(out, "s", "Code", NULL);
	xml_element(out, "s:Value", "s:Receiver");
	xml_start(out, "s", "Subcode", NULL);
	xml_element(out, "s:Value", fault->subcode);
	xml_end(out);
	xml_end(out);
	xml_start(out, "s", "Reason", NULL);
	xml_start(out, "s", "Text", NULL);
	xml_attr(out, "xml:lang", language);
	xml_chars(out, fault->text);
	xml_end(out);
	xml_end(out);
	detail_write(out, fault->error_type, fault->text, trace);
	xml_end(out);
}

/* White space alone tells a user nothing, and names no language. */
static bool
blank(const char *text)
{
	return text[strspn(text, XML_SPACE)] == '\0';
}

bool
fault_write(struct arena *arena, enum outcome outcome, const char *action, const char *message_id,
    const char *trace, const char *text, const char *language, struct bytes *bytes)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();
	struct fault fault = fault_for(outcome);
	bool own = text == NULL || blank(text) || fault_names_code(text);

	if (fault.subcode == NULL)
		fault = fault_for(OUTCOME_INTERNAL_SERVICE_FAULT);
	if (!own)
		fault.text = text;
	soap_begin(arena, out, action, message_id, trace, false);
	body_write(out, &fault, trace, own || language == NULL || blank(language) ? "en-US" : language);
	soap_end(out);
	return xml_out_finish(out, arena, bytes);
}
