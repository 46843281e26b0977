/* The command line of muster-ca. */
#ifndef MUSTER_CA_OPTIONS_H
#define MUSTER_CA_OPTIONS_H

#include <muster/authority/keystore.h>

#define NETWORKS_MAX 64

enum verb {
	VERB_NONE,
	VERB_INIT,
	VERB_SHOW,
	VERB_PASSWORD,
	VERB_TOKEN,
	VERB_KEYS,
	VERB_TRUST,
	VERB_CRL,
	VERB_DIRECTORY,
	VERB_SECRETS,
	VERB_COUNT,
};

struct options {
	enum verb verb;
	bool help, version;   /* asked for instead; help is of the verb if there is one */
	const char *database; /* conninfo; NULL: what libpq's environment says */
	const char *organization;
	/* init */
	const char *name, *root, *passphrase_file;
	enum key_type key;
	int root_years, years;
	bool another;
	/* show */
	bool pem;
	/* password, token; of directory, the name as typed */
	const char *upn;
	bool print;
	/* password, directory */
	const char *file;
	/* directory */
	const char *secrets_dir;
	/* token */
	const char *token_name, *token_file, *note;
	int days, limit; /* limit 0: none */
	const char *network[NETWORKS_MAX];
	size_t networks;
	/* keys */
	const char *tenant, *url, *jwks, *ca_file;
	/* trust, crl */
	const char *trusted; /* the file */
	const char *account; /* NULL: an authority */
	const char *names_by;
	bool devices;
	/* secrets */
	const char *device;
	bool all;
};

/*
 * Parse; the strings belong to the arguments and the environment (MUSTER_PASSPHRASE_FILE,
 * MUSTER_SECRETS_DIR).
 *
 * OUTCOME_INTERNAL_SERVICE_FAULT  a mistake: something is missing, unknown or another verb's; why is one line
 */
enum outcome options_parse(int argc, char **argv, struct options *, struct why *);

/* What can be said to the verb, or to the program for VERB_NONE. */
void options_help(FILE *, enum verb);

#endif
