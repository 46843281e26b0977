/* What muster is told: options, and the environment where an option is not given. */
#ifndef MUSTER_MUSTER_OPTIONS_H
#define MUSTER_MUSTER_OPTIONS_H

#include <muster/base/outcome.h>

#include <sys/types.h>

#define PAIRS_MAX 512

struct options {
	const char *listen; /* NULL: an inherited socket */
	unsigned pairs;
	const char *worker_database, *issuer_database; /* conninfo strings without password */
	const char *passphrase_file;
	const char *pkcs11_module, *pin_file;  /* of authorities' keys in a token; NULL: not named */
	const char *secrets_dir;	       /* directories' files, for workers; NULL: there are none */
	const char *worker_user, *issuer_user; /* NULL: not named */
	mode_t socket_mode;
	const char *socket_owner; /* "USER:GROUP"; NULL: as created */
};

/*
 * Read MUSTER_LISTEN, MUSTER_PAIRS, ... and then the options, which win. Ends the process by itself for
 * --help, --version and what argp cannot parse. The strings belong to the arguments and the environment.
 *
 * OUTCOME_INTERNAL_SERVICE_FAULT  something is missing or contradicts; why is one line for the
 *                                 administrator with the next step
 */
enum outcome options_read(int argc, char **argv, struct options *, struct why *);

/* Remove PG*: the database is named by our options only. */
void options_clear_environment(void);

#endif
