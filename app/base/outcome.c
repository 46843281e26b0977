#include <muster/base/outcome.h>

#include <muster/base/text.h>

#include <stdarg.h>

/* Copy text so that it fits and is fit for a log: whole characters, none that controls a terminal. */
static void
copy_clean(struct why *why, const char *text)
{
	size_t left = strlen(text), size = 0;

	while (left > 0) {
		uint32_t character = 0;
		size_t length = text_character(text, left, &character);
		bool clean = length > 0 && !text_is_control(character);

		if (length == 0)
			length = 1;
		if (size + (clean ? length : 1) >= WHY_MAX)
			break;
		if (clean)
			memcpy(why->text + size, text, length);
		else
			why->text[size] = '?';
		size += clean ? length : 1;
		text += length;
		left -= length;
	}
	why->text[size] = '\0';
}

enum outcome
refuse(struct why *why, enum outcome outcome, const char *format, ...)
{
	char text[4 * WHY_MAX] = "";
	va_list values;

	if (why == NULL)
		return outcome;
	va_start(values, format);
	(void)vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	copy_clean(why, text);
	return outcome;
}

const char *
outcome_name(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_OK: return "OK";
	case OUTCOME_MESSAGE_FORMAT: return "MessageFormat";
	case OUTCOME_AUTHENTICATION: return "Authentication";
	case OUTCOME_AUTHORIZATION: return "Authorization";
	case OUTCOME_CERTIFICATE_REQUEST: return "CertificateRequest";
	case OUTCOME_ENROLLMENT_SERVER: return "EnrollmentServer";
	case OUTCOME_INTERNAL_SERVICE_FAULT: return "InternalServiceFault";
	case OUTCOME_INVALID_SECURITY: return "InvalidSecurity";
	case OUTCOME_DEVICE_CAP_REACHED: return "DeviceCapReached";
	case OUTCOME_DEVICE_NOT_SUPPORTED: return "DeviceNotSupported";
	case OUTCOME_NOT_SUPPORTED: return "NotSupported";
	case OUTCOME_NOT_ELIGIBLE_TO_RENEW: return "NotEligibleToRenew";
	case OUTCOME_IN_MAINTENANCE: return "InMaintenance";
	case OUTCOME_USER_LICENSE: return "UserLicense";
	case OUTCOME_INVALID_ENROLLMENT_DATA: return "InvalidEnrollmentData";
	case OUTCOME_CUSTOM_SERVER_ERROR: return "CustomServerError";
	case OUTCOME_FORBIDDEN: return "Forbidden";
	case OUTCOME_NOT_FOUND: return "NotFound";
	case OUTCOME_METHOD_NOT_ALLOWED: return "MethodNotAllowed";
	case OUTCOME_TOO_LARGE: return "TooLarge";
	case OUTCOME_UNSUPPORTED_MEDIA_TYPE: return "UnsupportedMediaType";
	case OUTCOME_UNAVAILABLE: return "Unavailable";
	}
	return "InternalServiceFault";
}

bool
outcome_from_name(const char *name, enum outcome *outcome)
{
	for (int i = 0; name != NULL && i < OUTCOME_COUNT; i++) {
		if (strcmp(name, outcome_name((enum outcome)i)) == 0) {
			*outcome = (enum outcome)i;
			return true;
		}
	}
	return false;
}
