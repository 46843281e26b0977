/* The command line of muster-ca. */
#ifndef MUSTER_CA_OPTIONS_H
#define MUSTER_CA_OPTIONS_H

#include <muster/authority/keystore.h>

enum verb { VERB_NONE, VERB_INIT, VERB_SHOW, VERB_PASSWORD, VERB_HELP, VERB_VERSION };

struct options {
	enum verb verb;
	const char *database; /* conninfo; NULL: what libpq's environment says */
	const char *organization;
	/* init */
	const char *name, *root, *passphrase_file;
	enum key_type key;
	int root_years, years;
	bool another;
	/* show */
	bool pem;
	/* password */
	const char *upn, *file;
	bool print;
};

/* Parse; false with the mistake in why. */
bool options_parse(int argc, char **argv, struct options *, struct why *);

/* The help text to stdout. */
void options_help(void);

#endif
