/*
 * What the device concludes when an enrollment fails: an HRESULT and its constant as
 * Windows shows them, who refused, and what exactly was wrong.
 */
#ifndef MUSTER_DEVICE_REFUSAL_H
#define MUSTER_DEVICE_REFUSAL_H

#include <muster/base/base.h>

/* MENROLL_E_… (Microsoft's MDM registration constants) that a server or a client comes to. */
enum hresult {
	HRESULT_MESSAGE_FORMAT = (int)0x80180001,
	HRESULT_AUTHENTICATION = (int)0x80180002,
	HRESULT_AUTHORIZATION = (int)0x80180003,
	HRESULT_CERTIFICATE_REQUEST = (int)0x80180004,
	HRESULT_ENROLLMENT_SERVER = (int)0x80180005,
	HRESULT_INTERNAL_SERVICE = (int)0x80180006,
	HRESULT_INVALID_SECURITY = (int)0x80180007,
	HRESULT_UNKNOWN_ERROR = (int)0x80180008,
	HRESULT_ALREADY_ENROLLED = (int)0x8018000A,
	HRESULT_NOT_ENROLLED = (int)0x8018000B,
	HRESULT_CERTIFICATE_DATE = (int)0x8018000D,
	HRESULT_PASSWORD_NEEDED = (int)0x8018000E,
	HRESULT_WEB_SIGN_IN = (int)0x8018000F,
	HRESULT_CONNECTIVITY = (int)0x80180010,
	HRESULT_INVALID_TLS = (int)0x80180012,
	HRESULT_DEVICE_CAP_REACHED = (int)0x80180013,
	HRESULT_DEVICE_NOT_SUPPORTED = (int)0x80180014,
	HRESULT_NOT_SUPPORTED = (int)0x80180015,
	HRESULT_NOT_ELIGIBLE_TO_RENEW = (int)0x80180016,
	HRESULT_IN_MAINTENANCE = (int)0x80180017,
	HRESULT_USER_LICENSE = (int)0x80180018,
	HRESULT_ENROLLMENT_DATA = (int)0x80180019,
	HRESULT_INSECURE_REDIRECT = (int)0x8018001A,
	HRESULT_PLATFORM_UNKNOWN = (int)0x8018001D,
	HRESULT_PROV_CERTIFICATES = (int)0x8018001E,
	HRESULT_PROV_W7 = (int)0x8018001F,
	HRESULT_PROV_DMCLIENT = (int)0x80180020,
	HRESULT_PROV_MISC = (int)0x80180022,
	HRESULT_PROV_UNKNOWN = (int)0x80180023,
	HRESULT_PROV_NOT_FOUND = (int)0x80180024,
	HRESULT_PROV_APPLICATIONS = (int)0x80180025,
	HRESULT_KEY_CREATION = (int)0x80180027,
	HRESULT_NO_AUTH_CERTIFICATE = (int)0x80180028,
	HRESULT_EMPTY_MESSAGE = (int)0x80180029,
	HRESULT_CUSTOM_SERVER_ERROR = (int)0x80180032,
	/* Not of the enrollment facility. */
	HRESULT_INVALID_ARGUMENT = (int)0x80070057, /* E_INVALIDARG */
	HRESULT_UNKNOWN_BLOCK = (int)0x83750005,    /* seen for an unexpected top-level block */
	HRESULT_HEADER_NOT_FOUND = (int)0x80192F76, /* WinInet: a header is missing */
	HRESULT_HTTP = (int)0x80190000,		    /* or-ed with an HTTP status */
};

/* "MENROLL_E_DEVICECAPREACHED", …; "HTTP_STATUS" for 0x8019xxxx, "UNNAMED" for others; never NULL. */
const char *hresult_constant(enum hresult);

/* Room for a fault's text: 1000 characters, which is what a server's own rule may say, and their bytes. */
#define FAULT_TEXT_MAX 4096

struct refusal {
	enum hresult hresult; /* 0: nothing was refused */
	enum hresult cause;   /* the inner code Windows logs beside it; 0 if none */
	bool by_server;	      /* the server answered so; else the device refuses its answer */
	const char *stage;    /* literal; "enroll" */
	int status;	      /* HTTP, 0 when there was none */
	/* Of the fault; language: xml:lang of the reason. */
	char subcode[80], error_type[80], language[40], trace[80];
	char reason[FAULT_TEXT_MAX], message[FAULT_TEXT_MAX];
	char what[512]; /* one sentence */
};

/*
 * The device refuses: fill in and return false, so that a refusal is one statement.
 * Control characters in the text, and bytes that are not UTF-8, become '?'.
 */
bool deny(struct refusal *, enum hresult, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same with the inner code that Windows logs. */
bool deny_cause(struct refusal *, enum hresult, enum hresult cause, const char *format, ...)
    PRINTF_LIKE(4, 5);

/*
 * What Windows is not proven to refuse but no good server does: collected and shown.
 */
#define NOTES_MAX 16

struct notes {
	size_t count; /* may exceed NOTES_MAX: the rest was only counted */
	char text[NOTES_MAX][256];
};

void note(struct notes *, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
