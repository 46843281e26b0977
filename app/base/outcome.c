#include <muster/base/outcome.h>
#include <muster/base/text.h>

#include <stdarg.h>

static const char *const names[OUTCOME_COUNT] = {
	[OUTCOME_OK] = "OK",
	[OUTCOME_MESSAGE_FORMAT] = "MessageFormat",
	[OUTCOME_AUTHENTICATION] = "Authentication",
	[OUTCOME_AUTHORIZATION] = "Authorization",
	[OUTCOME_CERTIFICATE_REQUEST] = "CertificateRequest",
	[OUTCOME_ENROLLMENT_SERVER] = "EnrollmentServer",
	[OUTCOME_INTERNAL_SERVICE_FAULT] = "InternalServiceFault",
	[OUTCOME_INVALID_SECURITY] = "InvalidSecurity",
	[OUTCOME_DEVICE_CAP_REACHED] = "DeviceCapReached",
	[OUTCOME_DEVICE_NOT_SUPPORTED] = "DeviceNotSupported",
	[OUTCOME_NOT_SUPPORTED] = "NotSupported",
	[OUTCOME_NOT_ELIGIBLE_TO_RENEW] = "NotEligibleToRenew",
	[OUTCOME_IN_MAINTENANCE] = "InMaintenance",
	[OUTCOME_USER_LICENSE] = "UserLicense",
	[OUTCOME_INVALID_ENROLLMENT_DATA] = "InvalidEnrollmentData",
	[OUTCOME_CUSTOM_SERVER_ERROR] = "CustomServerError",
	[OUTCOME_FORBIDDEN] = "Forbidden",
	[OUTCOME_NOT_FOUND] = "NotFound",
	[OUTCOME_METHOD_NOT_ALLOWED] = "MethodNotAllowed",
	[OUTCOME_TOO_LARGE] = "TooLarge",
	[OUTCOME_UNSUPPORTED_MEDIA_TYPE] = "UnsupportedMediaType",
	[OUTCOME_UNAVAILABLE] = "Unavailable",
};

/* Quoted values come from strangers: whatever is not printable UTF-8 becomes '?'. */
static void
make_printable(char *text)
{
	bool utf8 = text_is_utf8(text, strlen(text));

	for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++)
		if (*c < 0x20 || *c == 0x7f || (!utf8 && *c >= 0x80))
			*c = '?';
}

enum outcome
refuse(struct why *why, enum outcome outcome, const char *format, ...)
{
	va_list list;
	int size;

	if (why == NULL)
		return outcome;
	va_start(list, format);
	size = vsnprintf(why->text, sizeof(why->text), format, list);
	va_end(list);
	if (size >= (int)sizeof(why->text)) {
		size_t end = sizeof(why->text) - 1;

		/* The byte that was cut off may belong to the last character: drop that one whole. */
		while (end > 0 && ((unsigned char)why->text[end - 1] & 0xc0) == 0x80)
			end--;
		if (end > 0 && ((unsigned char)why->text[end - 1] & 0xc0) == 0xc0)
			end--;
		why->text[end] = '\0';
	}
	make_printable(why->text);
	return outcome;
}

const char *
outcome_name(enum outcome outcome)
{
	return (unsigned)outcome < OUTCOME_COUNT ? names[outcome] : "InternalServiceFault";
}

bool
outcome_from_name(const char *name, enum outcome *outcome)
{
	for (unsigned i = 0; name != NULL && i < OUTCOME_COUNT; i++)
		if (strcmp(names[i], name) == 0) {
			*outcome = (enum outcome)i;
			return true;
		}
	return false;
}
