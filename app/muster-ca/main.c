/* muster-ca: the authorities' keys, and hashes of passwords. Everything else is administered in SQL. */
#include <muster/base/secret.h>

#include <sys/prctl.h>
#include <sys/resource.h>

#include "database.h"
#include "init.h"
#include "options.h"
#include "password.h"
#include "show.h"

enum exit_status { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 64 };

/* Keys, passphrase and passwords are in this memory: no core dump, no debugger of the same user. */
static void
hide_memory(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

static enum outcome
with_database(const struct options *options, const char *hash, struct why *why)
{
	PGconn *conn = NULL;
	enum outcome o = database_open(options->database, &conn, why);

	if (o == OUTCOME_OK && options->verb == VERB_INIT)
		o = init_run(conn, options, why);
	else if (o == OUTCOME_OK && options->verb == VERB_SHOW)
		o = show_run(conn, options, why);
	else if (o == OUTCOME_OK)
		o = password_store(conn, options, hash, why);
	PQfinish(conn);
	return o;
}

static enum outcome
run(const struct options *options, struct why *why)
{
	char hash[PASSWORD_HASH_MAX] = "";
	enum outcome o;

	if (options->verb != VERB_PASSWORD)
		return with_database(options, NULL, why);
	if ((o = password_make(options, hash, why)) != OUTCOME_OK)
		return o;
	return options->print ? password_print(options, hash, why) : with_database(options, hash, why);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct why why = { "" };

	hide_memory();
	if (!options_parse(argc, argv, &options, &why)) {
		(void)fprintf(stderr, "muster-ca: %s\n", why.text);
		return EXIT_USAGE;
	}
	if (options.verb == VERB_HELP) {
		options_help();
		return EXIT_DONE;
	}
	if (options.verb == VERB_VERSION) {
		(void)puts("muster-ca (" PACKAGE_STRING ")");
		return EXIT_DONE;
	}
	if (run(&options, &why) != OUTCOME_OK) {
		(void)fprintf(stderr, "muster-ca: %s\n", why.text);
		return EXIT_REFUSED;
	}
	if (fflush(stdout) != 0) {
		(void)fprintf(stderr, "muster-ca: the output could not be written\n");
		return EXIT_REFUSED;
	}
	return EXIT_DONE;
}
