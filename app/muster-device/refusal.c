/* The table of constants, and the statement that refuses. */
#include "refusal.h"

#include <muster/base/text.h>

#include <stdarg.h>

static const struct {
	enum hresult hresult;
	const char *constant;
} constants[] = {
	{ HRESULT_MESSAGE_FORMAT, "MENROLL_E_DEVICE_MESSAGE_FORMAT_ERROR" },
	{ HRESULT_AUTHENTICATION, "MENROLL_E_DEVICE_AUTHENTICATION_ERROR" },
	{ HRESULT_AUTHORIZATION, "MENROLL_E_DEVICE_AUTHORIZATION_ERROR" },
	{ HRESULT_CERTIFICATE_REQUEST, "MENROLL_E_DEVICE_CERTIFICATEREQUEST_ERROR" },
	{ HRESULT_ENROLLMENT_SERVER, "MENROLL_E_DEVICE_CONFIGMGRSERVER_ERROR" },
	{ HRESULT_INTERNAL_SERVICE, "MENROLL_E_DEVICE_INTERNALSERVICE_ERROR" },
	{ HRESULT_INVALID_SECURITY, "MENROLL_E_DEVICE_INVALIDSECURITY_ERROR" },
	{ HRESULT_UNKNOWN_ERROR, "MENROLL_E_DEVICE_UNKNOWN_ERROR" },
	{ HRESULT_ALREADY_ENROLLED, "MENROLL_E_DEVICE_ALREADY_ENROLLED" },
	{ HRESULT_NOT_ENROLLED, "MENROLL_E_DEVICE_NOT_ENROLLED" },
	{ HRESULT_CERTIFICATE_DATE, "MENROLL_E_DISCOVERY_SEC_CERT_DATE_INVALID" },
	{ HRESULT_PASSWORD_NEEDED, "MENROLL_E_PASSWORD_NEEDED" },
	{ HRESULT_WEB_SIGN_IN, "MENROLL_E_WAB_ERROR" },
	{ HRESULT_CONNECTIVITY, "MENROLL_E_CONNECTIVITY" },
	{ HRESULT_INVALID_TLS, "MENROLL_E_INVALIDSSLCERT" },
	{ HRESULT_DEVICE_CAP_REACHED, "MENROLL_E_DEVICECAPREACHED" },
	{ HRESULT_DEVICE_NOT_SUPPORTED, "MENROLL_E_DEVICENOTSUPPORTED" },
	{ HRESULT_NOT_SUPPORTED, "MENROLL_E_NOTSUPPORTED" },
	{ HRESULT_NOT_ELIGIBLE_TO_RENEW, "MENROLL_E_NOTELIGIBLETORENEW" },
	{ HRESULT_IN_MAINTENANCE, "MENROLL_E_INMAINTENANCE" },
	{ HRESULT_USER_LICENSE, "MENROLL_E_USERLICENSE" },
	{ HRESULT_ENROLLMENT_DATA, "MENROLL_E_ENROLLMENTDATAINVALID" },
	{ HRESULT_INSECURE_REDIRECT, "MENROLL_E_INSECUREREDIRECT" },
	{ HRESULT_PLATFORM_UNKNOWN, "MENROLL_E_PLATFORM_UNKNOWN_ERROR" },
	{ HRESULT_PROV_CERTIFICATES, "MENROLL_E_PROV_CSP_CERTSTORE" },
	{ HRESULT_PROV_W7, "MENROLL_E_PROV_CSP_W7" },
	{ HRESULT_PROV_DMCLIENT, "MENROLL_E_PROV_CSP_DMCLIENT" },
	{ HRESULT_PROV_MISC, "MENROLL_E_PROV_CSP_MISC" },
	{ HRESULT_PROV_UNKNOWN, "MENROLL_E_PROV_UNKNOWN" },
	{ HRESULT_PROV_NOT_FOUND, "MENROLL_E_PROV_SSLCERTNOTFOUND" },
	{ HRESULT_PROV_APPLICATIONS, "MENROLL_E_PROV_CSP_APPMGMT" },
	{ HRESULT_KEY_CREATION, "MENROLL_E_CERTPOLICY_PRIVATEKEYCREATION_FAILED" },
	{ HRESULT_NO_AUTH_CERTIFICATE, "MENROLL_E_CERTAUTH_FAILED_TO_FIND_CERT" },
	{ HRESULT_EMPTY_MESSAGE, "MENROLL_E_EMPTY_MESSAGE" },
	{ HRESULT_CUSTOM_SERVER_ERROR, "MENROLL_E_CUSTOMSERVERERROR" },
	{ HRESULT_INVALID_ARGUMENT, "E_INVALIDARG" },
	{ HRESULT_HEADER_NOT_FOUND, "ERROR_HTTP_HEADER_NOT_FOUND" },
};

const char *
hresult_constant(enum hresult hresult)
{
	for (size_t i = 0; i < ARRAY_SIZE(constants); i++)
		if (constants[i].hresult == hresult)
			return constants[i].constant;
	return ((unsigned)hresult & 0xFFFF0000u) == (unsigned)HRESULT_HTTP ? "HTTP_STATUS" : "UNNAMED";
}

static void PRINTF_LIKE(4, 0)
    fill(struct refusal *refusal, enum hresult hresult, enum hresult cause, const char *format, va_list args)
{
	refusal->hresult = hresult;
	refusal->cause = cause;
	vsnprintf(refusal->what, sizeof(refusal->what), format, args);
	text_make_clean(refusal->what);
}

bool
deny(struct refusal *refusal, enum hresult hresult, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(refusal, hresult, 0, format, args);
	va_end(args);
	return false;
}

bool
deny_cause(struct refusal *refusal, enum hresult hresult, enum hresult cause, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(refusal, hresult, cause, format, args);
	va_end(args);
	return false;
}

void
note(struct notes *notes, const char *format, ...)
{
	va_list args;

	if (notes->count < NOTES_MAX) {
		va_start(args, format);
		vsnprintf(notes->text[notes->count], sizeof(notes->text[0]), format, args);
		va_end(args);
		text_make_clean(notes->text[notes->count]);
	}
	notes->count++;
}
