/* The command line of muster-ca. */
#ifndef MUSTER_CA_OPTIONS_H
#define MUSTER_CA_OPTIONS_H

#include <muster/authority/certificate.h>
#include <muster/authority/pkcs11.h>

#define NETWORKS_MAX 64
#define IMPORTS_MAX 32

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
	VERB_MOVE,
	VERB_REQUEST,
	VERB_ROOT,
	VERB_CERTIFY,
	VERB_IMPORT,
	VERB_PASSPHRASE,
	VERB_DOCTOR,
	VERB_PUBLISH,
	VERB_EXPORT,
	VERB_INDEX,
	VERB_RESPONDER,
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
	const char *root_token; /* PKCS#11 URI; NULL: the database */
	/* move, publish, index, responder */
	const char *authority; /* by name or id */
	/* init, move */
	const char *token; /* PKCS#11 URI; NULL: the database */
	struct pkcs11 pkcs11;
	/* init, root: of the root; request: hash; certify: of what is certified */
	struct authority_form form;
	/* request: the file to write; responder: to read */
	const char *request;
	/* root */
	const char *out_dir;
	/* certify */
	const char *certify; /* the request's file */
	const char *root_key, *root_certificate, *out;
	/* import */
	const char *import[IMPORTS_MAX];
	size_t imports;
	/* passphrase */
	const char *new_passphrase_file;
	/* show */
	bool pem;
	/* password, token; of directory, the name as typed */
	const char *upn;
	bool print;
	/* password, directory, index */
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
	/* export */
	const char *directory_path;
	/* publish */
	const char *list_file; /* NULL: the list is made here */
	/* secrets */
	const char *device;
	bool all;
};

/*
 * Parse; the strings belong to the arguments and the environment (MUSTER_PASSPHRASE_FILE,
 * MUSTER_SECRETS_DIR, MUSTER_PKCS11_MODULE, MUSTER_PIN_FILE).
 *
 * OUTCOME_INTERNAL_SERVICE_FAULT  a mistake: something is missing, unknown or another verb's; why is one line
 */
enum outcome options_parse(int argc, char **argv, struct options *, struct why *);

/* What can be said to the verb, or to the program for VERB_NONE. */
void options_help(FILE *, enum verb);

#endif
