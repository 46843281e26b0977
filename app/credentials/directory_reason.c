#include "directory_reason.h"

/* The Win32 error codes that Active Directory sends in hexadecimal. */
static const struct {
	const char *data;
	const char *reason;
} active_directory[] = {
	{ "525", "there is no such account" },
	{ "52e", "wrong password" },
	{ "530", "the account may not be used at this time" },
	{ "531", "the account may not be used from here" },
	{ "532", "the password has expired" },
	{ "533", "the account is disabled" },
	{ "568", "the account is in too many groups" },
	{ "701", "the account has expired" },
	{ "773", "the password must be changed first" },
	{ "775", "the account is locked" },
};

#define DATA "AcceptSecurityContext error, data "

static const char *
active_directory_reason(const char *diagnostic)
{
	const char *data = strstr(diagnostic, DATA);
	size_t size;

	if (data == NULL)
		return NULL;
	data += strlen(DATA);
	size = strspn(data, "0123456789abcdefABCDEF");
	for (size_t i = 0; i < ARRAY_SIZE(active_directory); i++)
		if (strlen(active_directory[i].data) == size &&
		    strncasecmp(active_directory[i].data, data, size) == 0)
			return active_directory[i].reason;
	return NULL;
}

const char *
bind_reason(struct arena *arena, const struct answer *answer)
{
	const char *known = active_directory_reason(answer->diagnostic), *data;

	if (known != NULL) {
		data = strstr(answer->diagnostic, DATA) + strlen(DATA);
		return arena_printf(arena, "%s (Active Directory %.*s)", known,
		    (int)strspn(data, "0123456789abcdefABCDEF"), data);
	}
	if (answer->code == LDAP_INVALID_CREDENTIALS)
		return arena_printf(arena, "wrong password, or nobody has that name (LDAP %d)", answer->code);
	return arena_printf(arena, "%s (LDAP %d)", ldap_err2string(answer->code), answer->code);
}

bool
bind_code_is_misconfigured(int code)
{
	switch (code) {
	case LDAP_PROTOCOL_ERROR:
	case LDAP_AUTH_METHOD_NOT_SUPPORTED:
	case LDAP_STRONG_AUTH_REQUIRED:
	case LDAP_CONFIDENTIALITY_REQUIRED:
	case LDAP_REFERRAL: return true;
	default: return false;
	}
}
