/* muster-ca: the authorities' and the issuers' keys, hashes of passwords and tokens, and files that SQL
 * cannot read: certificates that are trusted, lists of revoked ones. Everything else is administered in SQL.
 */
#include <sys/prctl.h>
#include <sys/resource.h>

#include "directory.h"
#include "doctor.h"
#include "import.h"
#include "export.h"
#include "init.h"
#include "keys.h"
#include "move.h"
#include "offline.h"
#include "passphrase.h"
#include "ocsp.h"
#include "password.h"
#include "request.h"
#include "publish.h"
#include "secrets.h"
#include "show.h"
#include "token.h"
#include "trust.h"

enum exit_status { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 64 };

/* Keys, passphrase and passwords are in this memory: no core dump, no debugger of the same user's. */
static void
hide_memory(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

/* Without a database, too. */
static enum outcome
password_only_print(const struct options *options, struct why *why)
{
	char hash[PASSWORD_HASH_MAX];
	enum outcome o = password_make(options, hash, why);

	return o == OUTCOME_OK ? password_print(stdout, options, hash, why) : o;
}

static enum outcome
run(const struct options *options, struct why *why)
{
	switch (options->verb) {
	case VERB_INIT: return init_run(options, why);
	case VERB_SHOW: return show_run(options, why);
	case VERB_PASSWORD:
		return options->print ? password_only_print(options, why) : password_run(options, why);
	case VERB_MOVE: return move_run(options, why);
	case VERB_TOKEN: return token_run(options, why);
	case VERB_DIRECTORY: return directory_run(options, why);
	case VERB_KEYS: return keys_run(options, why);
	case VERB_TRUST: return trust_run(options, why);
	case VERB_CRL: return crl_run(options, why);
	case VERB_REQUEST: return request_run(options, why);
	case VERB_ROOT: return offline_root_run(options, why);
	case VERB_CERTIFY: return offline_certify_run(options, why);
	case VERB_IMPORT: return import_run(options, why);
	case VERB_PASSPHRASE: return passphrase_run(options, why);
	case VERB_DOCTOR: return doctor_run(options, why);
	case VERB_PUBLISH: return publish_run(options, why);
	case VERB_EXPORT: return export_run(options, why);
	case VERB_INDEX: return index_run(options, why);
	case VERB_RESPONDER: return responder_run(options, why);
	case VERB_SECRETS: return secrets_run(options, why);
	case VERB_NONE:
	case VERB_COUNT: break;
	}
	return OUTCOME_OK;
}

/* A token's module ends when all its keys are closed. */
static enum outcome
run_and_close(const struct options *options, struct why *why)
{
	enum outcome o = run(options, why);

	pkcs11_close();
	return o;
}

static enum exit_status
complain(const struct why *why, enum exit_status status)
{
	(void)fprintf(stderr, "muster-ca: %s\n", why->text);
	return status;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct why why = { "" };

	hide_memory();
	if (options_parse(argc, argv, &options, &why) != OUTCOME_OK)
		return complain(&why, EXIT_USAGE);
	if (options.help)
		options_help(stdout, options.verb);
	else if (options.version)
		(void)puts("muster-ca (" PACKAGE_STRING ")");
	else if (run_and_close(&options, &why) != OUTCOME_OK)
		return complain(&why, EXIT_REFUSED);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_DONE;
	(void)refuse(&why, OUTCOME_INTERNAL_SERVICE_FAULT, "what was to be told could not be written");
	return complain(&why, EXIT_REFUSED);
}
