/* What the command line decides; the same for one device and for many. */
#ifndef MUSTER_DEVICE_SETTINGS_H
#define MUSTER_DEVICE_SETTINGS_H

#include <muster/base/secret.h>

#define CONNECT_TO_MAX 16
#define OVERRIDES_MAX 256

/* The Windows generation whose habits are shown. */
enum windows { WINDOWS_10, WINDOWS_11 };

/* How the CSR writes its common name: Windows builds differ (captures). */
enum name_form { NAME_BY_WINDOWS, NAME_PRINTABLE, NAME_PRINTABLE_NUL, NAME_UTF8, NAME_UTF8_NUL };

struct settings {
	const char *user;   /* UPN; the first of --user */
	const char *server; /* HOST[:PORT] or URL of discovery; NULL: from the UPN's domain */
	const char *connect_to[CONNECT_TO_MAX];
	size_t connect_to_count;
	const char *ca_file; /* PEM of roots that this device trusts; NULL: the system's */
	const char *state;   /* directory; NULL: a temporary one */
	const char *device_url;
	const char *version; /* RequestVersion; NULL: the generation's */
	enum windows windows;
	enum name_form name_form;
	const char *override[OVERRIDES_MAX]; /* "Name=Value" of a context item; "Name" leaves it out */
	size_t override_count;
	const char
	    *auth_policy; /* the only AuthPolicy offered; NULL: OnPremise and Federated, as Settings does */
	const char *terms_url; /* opened under the token before it enrolls; NULL: no */
	const char *key_file;  /* PEM of the private key to enroll with; NULL: made */
	unsigned long resend;  /* how often the RequestSecurityToken is sent again, its answer lost */
	long timeout_ms;       /* of one request */
	bool device_type;      /* EnrollmentType Device */
	bool tpm;	       /* the device has a usable Platform Crypto Provider */
	bool spaced;	       /* white space around values, as the published samples have it */
	bool slash;	       /* Discover's namespace with a trailing slash, as the samples have it */
	bool pedantic;	       /* notes refuse, too */
	bool again;	       /* forget an earlier enrollment of this state directory */
	bool new_connections;  /* none is kept */
	bool json;
	bool decline_terms; /* there */
};

#endif
