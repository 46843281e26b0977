/* Long options by one table. */
#include "options.h"

#include <getopt.h>

#define YEARS_MAX 100

enum letter {
	OPTION_DATABASE = 1000,
	OPTION_ORGANIZATION,
	OPTION_NAME,
	OPTION_ROOT,
	OPTION_KEY,
	OPTION_PASSPHRASE_FILE,
	OPTION_ROOT_YEARS,
	OPTION_YEARS,
	OPTION_ANOTHER,
	OPTION_PEM,
	OPTION_FILE,
	OPTION_PRINT,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option table[] = {
	{ "database", required_argument, NULL, OPTION_DATABASE },
	{ "organization", required_argument, NULL, OPTION_ORGANIZATION },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "root", required_argument, NULL, OPTION_ROOT },
	{ "key", required_argument, NULL, OPTION_KEY },
	{ "passphrase-file", required_argument, NULL, OPTION_PASSPHRASE_FILE },
	{ "root-years", required_argument, NULL, OPTION_ROOT_YEARS },
	{ "years", required_argument, NULL, OPTION_YEARS },
	{ "another", no_argument, NULL, OPTION_ANOTHER },
	{ "pem", no_argument, NULL, OPTION_PEM },
	{ "file", required_argument, NULL, OPTION_FILE },
	{ "print", no_argument, NULL, OPTION_PRINT },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
    "muster-ca: Muster's certification authorities and its accounts' passwords\n"
    "\n"
    "  muster-ca init --organization KEY --passphrase-file FILE   make a root and an issuing authority\n"
    "  muster-ca init --name NAME --passphrase-file FILE          the same, to be shared by organizations\n"
    "  muster-ca show [--organization KEY] [--pem]                show authorities\n"
    "  muster-ca password UPN                                     set an account's password\n"
    "\n"
    "  --database CONNINFO      of an administrator; else libpq's environment (PGHOST, PGUSER, …)\n"
    "  --organization KEY       whose authority, whose account\n"
    "\n"
    "init\n"
    "  --passphrase-file FILE   what the private keys are encrypted under, the same for all authorities;\n"
    "                           a name without '/' is a systemd credential; else $MUSTER_PASSPHRASE_FILE\n"
    "  --key TYPE               ec-p256 (default), ec-p384, rsa-2048, rsa-3072, rsa-4096\n"
    "  --name NAME              of the authorities: \"NAME root\" and \"NAME issuing\"; else the "
    "organization's\n"
    "  --root NAME              no new root: an issuing authority under this one\n"
    "  --root-years N           life of the root (20)\n"
    "  --years N                life of the issuing authority (10), never beyond its root's\n"
    "  --another                although the organization has an authority: the new one takes over\n"
    "\n"
    "show\n"
    "  --pem                    the certificates, each issuing authority before its root\n"
    "\n"
    "password\n"
    "  --file FILE              its first line is the password; else the terminal is asked twice\n"
    "  --print                  print the statement that stores the hash, for psql, instead of running it\n"
    "\n"
    "Exit status: 0 done; 1 refused, or nothing to show; 64 a mistake in the command line.\n";

void
options_help(void)
{
	(void)fputs(help, stdout);
}

static bool
mistake(struct why *why, const char *what, const char *value, const char *wanted)
{
	(void)refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s \"%s\": %s", what, value, wanted);
	return false;
}

static bool
years_read(const char *option, const char *text, int *years, struct why *why)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || number < 1 || number > YEARS_MAX)
		return mistake(why, option, text, "give years from 1 to 100");
	*years = (int)number;
	return true;
}

static bool
key_read(const char *text, enum key_type *key, struct why *why)
{
	return key_type_from_name(text, key) ||
	    mistake(why, "--key", text, "give ec-p256, ec-p384, rsa-2048, rsa-3072 or rsa-4096");
}

static bool
option_take(struct options *to, int letter, const char *value, struct why *why)
{
	switch (letter) {
	case OPTION_DATABASE: to->database = value; return true;
	case OPTION_ORGANIZATION: to->organization = value; return true;
	case OPTION_NAME: to->name = value; return true;
	case OPTION_ROOT: to->root = value; return true;
	case OPTION_KEY: return key_read(value, &to->key, why);
	case OPTION_PASSPHRASE_FILE: to->passphrase_file = value; return true;
	case OPTION_ROOT_YEARS: return years_read("--root-years", value, &to->root_years, why);
	case OPTION_YEARS: return years_read("--years", value, &to->years, why);
	case OPTION_ANOTHER: to->another = true; return true;
	case OPTION_PEM: to->pem = true; return true;
	case OPTION_FILE: to->file = value; return true;
	case OPTION_PRINT: to->print = true; return true;
	case OPTION_HELP: to->verb = VERB_HELP; return true;
	case OPTION_VERSION: to->verb = VERB_VERSION; return true;
	default: return mistake(why, "the command line", "", "see muster-ca --help");
	}
}

static bool
verb_take(struct options *to, int argc, char **argv, struct why *why)
{
	static const struct {
		const char *name;
		enum verb verb;
	} verbs[] = { { "init", VERB_INIT }, { "show", VERB_SHOW }, { "password", VERB_PASSWORD },
		{ "help", VERB_HELP } };
	const char *word = optind < argc ? argv[optind++] : NULL;

	if (to->verb != VERB_NONE)
		return true;
	for (size_t i = 0; word != NULL && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(word, verbs[i].name) == 0)
			to->verb = verbs[i].verb;
	if (to->verb == VERB_NONE)
		return mistake(why, "verb", word == NULL ? "" : word, "say init, show, password or --help");
	if (to->verb == VERB_PASSWORD && optind < argc)
		to->upn = argv[optind++];
	return optind == argc || mistake(why, "argument", argv[optind], "is too much");
}

/* What each verb cannot do without, and what belongs to another. */
static bool
needs_check(const struct options *to, struct why *why)
{
	if (to->verb == VERB_INIT && to->organization == NULL && to->name == NULL)
		return mistake(
		    why, "init", "", "say for whom: --organization KEY, or --name NAME to share it");
	if (to->verb == VERB_INIT && to->passphrase_file == NULL)
		return mistake(
		    why, "init", "", "--passphrase-file FILE is missing: the keys are encrypted under it");
	if (to->verb == VERB_PASSWORD && to->upn == NULL)
		return mistake(why, "password", "", "name the account: muster-ca password ada@example.test");
	return true;
}

bool
options_parse(int argc, char **argv, struct options *to, struct why *why)
{
	int letter;

	*to = (struct options){
		.key = KEY_EC_P256,
		.root_years = 20,
		.years = 10,
		.passphrase_file = getenv("MUSTER_PASSPHRASE_FILE"),
	};
	opterr = 0;
	while ((letter = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (letter == '?')
			return mistake(why, "option", argv[optind - 1], "is unknown or lacks its value");
		if (!option_take(to, letter, optarg, why))
			return false;
	}
	return verb_take(to, argc, argv, why) && needs_check(to, why);
}
