/* The command line of muster-device. */
#ifndef MUSTER_DEVICE_OPTIONS_H
#define MUSTER_DEVICE_OPTIONS_H

#include "settings.h"
#include "signer.h"

#define USERS_MAX 1024

enum verb {
	VERB_NONE,
	VERB_ENROLL,
	VERB_LOAD,
	VERB_STATUS,
	VERB_RENEW,
	VERB_CHECKIN,
	VERB_UNENROLL,
	VERB_RAW,
	VERB_HELP,
	VERB_VERSION
};

struct options {
	enum verb verb;
	struct settings settings;
	const char *user[USERS_MAX];
	size_t users;
	const char *password_file;
	const char *certificate_file, *certificate_key_file; /* of the signer; NULL: none */
	unsigned habits;				     /* of the signer, enum signer_habit */
	unsigned long clock_seconds;			     /* how far its clock is ahead, or behind */
	bool clock_behind;
	const char *token_file; /* NULL: a password proves who enrolls */
	bool token_is_jwt;	/* Entra ID's, not an opaque one */
	bool at_once;		/* renew: whether it is due or not */
	/* load */
	const char *accounts; /* a file of "UPN password" lines */
	const char *out;
	unsigned long devices, concurrent, pool;
	bool fresh_keys;
	/* raw; its URL renew's, too */
	const char *raw_file, *raw_to, *raw_url, *raw_type, *raw_method;
};

/* Parse; on a mistake a sentence goes to stderr and false comes back. */
bool options_parse(int argc, char **argv, struct options *);

/* The signer of --certificate; on a mistake a sentence goes to stderr and false comes back. */
bool options_signer(struct arena *, const struct options *, struct signer *);

/* The help text to stdout. */
void options_help(void);

#endif
