#include <muster/muster/options.h>
#include <muster/wire/pg.h>

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum key {
	KEY_LISTEN = 'l',
	KEY_PAIRS = 'n',
	KEY_WORKER_DATABASE = 0x100,
	KEY_ISSUER_DATABASE,
	KEY_PASSPHRASE_FILE,
	KEY_PKCS11_MODULE,
	KEY_PIN_FILE,
	KEY_SECRETS_DIR,
	KEY_WORKER_USER,
	KEY_ISSUER_USER,
	KEY_SOCKET_MODE,
	KEY_SOCKET_OWNER,
};

static const struct argp_option argp_options[] = {
	{ "listen", KEY_LISTEN, "ADDRESS", 0,
	    "Listen for FastCGI on /PATH, unix:/PATH or HOST:PORT; without it the socket is inherited "
	    "(LISTEN_FDS, or descriptor 0)",
	    0 },
	{ "pairs", KEY_PAIRS, "N", 0, "Pairs of worker and issuer (default: two for each processor)", 0 },
	{ "worker-database", KEY_WORKER_DATABASE, "CONNINFO", 0,
	    "Database of the workers, as role muster_worker", 1 },
	{ "issuer-database", KEY_ISSUER_DATABASE, "CONNINFO", 0,
	    "Database of the issuers, as role muster_issuer", 1 },
	{ "passphrase-file", KEY_PASSPHRASE_FILE, "FILE", 0,
	    "Passphrase of the authorities' keys; a name without '/' is a systemd credential", 1 },
	{ "pkcs11-module", KEY_PKCS11_MODULE, "FILE", 0,
	    "PKCS#11 module of the token (HSM) that holds authorities' keys; issuers load it", 1 },
	{ "pin-file", KEY_PIN_FILE, "FILE", 0,
	    "PIN of that token; a name without '/' is a systemd credential", 1 },
	{ "secrets-dir", KEY_SECRETS_DIR, "DIR", 0,
	    "Files that directories (LDAP) need, in a folder for each organization: passwords of service "
	    "accounts, CA certificates; workers read them",
	    1 },
	{ "worker-user", KEY_WORKER_USER, "USER", 0,
	    "User that workers become (as root; default muster-worker)", 2 },
	{ "issuer-user", KEY_ISSUER_USER, "USER", 0,
	    "User that issuers become (as root; default muster-issuer)", 2 },
	{ "socket-mode", KEY_SOCKET_MODE, "MODE", 0, "Mode of the socket's path (default 0660)", 3 },
	{ "socket-owner", KEY_SOCKET_OWNER, "USER:GROUP", 0,
	    "Owner of the socket's path: the web server must be able to write to it", 3 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char description[] =
    "Serve Windows MDM enrollment to a web server over FastCGI.\v"
    "Each option can also be given in the environment: MUSTER_LISTEN, MUSTER_PAIRS, "
    "MUSTER_WORKER_DATABASE, MUSTER_ISSUER_DATABASE, MUSTER_PASSPHRASE_FILE, MUSTER_PKCS11_MODULE, "
    "MUSTER_PIN_FILE, MUSTER_SECRETS_DIR, "
    "MUSTER_WORKER_USER, MUSTER_ISSUER_USER, MUSTER_SOCKET_MODE, MUSTER_SOCKET_OWNER. SIGTERM ends, SIGHUP "
    "replaces all "
    "processes one pair after the other.";

/* What is being filled, and the first thing that was wrong. */
struct reading {
	struct options *options;
	struct why *why;
	enum outcome outcome;
};

static bool
number_read(const char *text, int base, unsigned long max, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(text, &end, base);
	return errno == 0 && end != text && *end == '\0' && text[0] != '-' && *number <= max;
}

static enum outcome
pairs_read(const char *text, unsigned *pairs, struct why *why)
{
	unsigned long number;

	if (!number_read(text, 10, PAIRS_MAX, &number) || number == 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "--pairs '%s': give a number from 1 to %d",
		    text, PAIRS_MAX);
	*pairs = (unsigned)number;
	return OUTCOME_OK;
}

static enum outcome
mode_read(const char *text, mode_t *mode, struct why *why)
{
	unsigned long number;

	if (!number_read(text, 8, 0777, &number))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--socket-mode '%s': give an octal mode such as 0660", text);
	*mode = (mode_t)number;
	return OUTCOME_OK;
}

/* One option, from whichever side it comes. */
static enum outcome
option_set(struct options *options, int key, const char *value, struct why *why)
{
	switch (key) {
	case KEY_LISTEN: options->listen = value; break;
	case KEY_PAIRS: return pairs_read(value, &options->pairs, why);
	case KEY_WORKER_DATABASE: options->worker_database = value; break;
	case KEY_ISSUER_DATABASE: options->issuer_database = value; break;
	case KEY_PASSPHRASE_FILE: options->passphrase_file = value; break;
	case KEY_PKCS11_MODULE: options->pkcs11_module = value; break;
	case KEY_PIN_FILE: options->pin_file = value; break;
	case KEY_SECRETS_DIR: options->secrets_dir = value; break;
	case KEY_WORKER_USER: options->worker_user = value; break;
	case KEY_ISSUER_USER: options->issuer_user = value; break;
	case KEY_SOCKET_MODE: return mode_read(value, &options->socket_mode, why);
	case KEY_SOCKET_OWNER: options->socket_owner = value; break;
	default: break;
	}
	return OUTCOME_OK;
}

static enum outcome
environment_read(struct options *options, struct why *why)
{
	enum outcome o = OUTCOME_OK;

	for (const struct argp_option *option = argp_options; option->name != NULL && o == OUTCOME_OK;
	     option++) {
		char name[64];
		const char *value;

		(void)snprintf(name, sizeof(name), "MUSTER_%s", option->name);
		for (char *c = name; *c != '\0'; c++)
			*c = *c == '-' ? '_' : *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
		if ((value = getenv(name)) != NULL && value[0] != '\0')
			o = option_set(options, option->key, value, why);
	}
	return o;
}

static error_t
argument_read(int key, char *value, struct argp_state *state)
{
	struct reading *reading = state->input;

	if (key == ARGP_KEY_ARG)
		argp_error(state, "unexpected argument '%s'", value);
	if (value == NULL)
		return ARGP_ERR_UNKNOWN;
	if (reading->outcome == OUTCOME_OK)
		reading->outcome = option_set(reading->options, key, value, reading->why);
	return 0;
}

/* Both kinds of process need a database of their own to be named. */
static enum outcome
check_database(const char *option, const char *conninfo, struct why *why)
{
	if (conninfo == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s is missing: give a conninfo such as 'host=/run/postgresql dbname=muster "
		    "user=muster_…'",
		    option);
	return pg_conninfo_check(option, conninfo, why);
}

static const char *
passfile_of(PQconninfoOption *parsed)
{
	for (PQconninfoOption *p = parsed; p != NULL && p->keyword != NULL; p++)
		if (strcmp(p->keyword, "passfile") == 0)
			return p->val;
	return NULL;
}

/* A passfile for both would hand the issuers' database credential to the workers. */
static enum outcome
check_passfiles(const struct options *options, struct why *why)
{
	PQconninfoOption *worker = PQconninfoParse(options->worker_database, NULL);
	PQconninfoOption *issuer = PQconninfoParse(options->issuer_database, NULL);
	const char *one = passfile_of(worker), *other = passfile_of(issuer);
	enum outcome o = OUTCOME_OK;

	if (one != NULL && other != NULL && strcmp(one, other) == 0)
		o = refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "workers and issuers share the passfile %s: give each its own, readable by its user only",
		    one);
	PQconninfoFree(worker);
	PQconninfoFree(issuer);
	return o;
}

static bool
lies_in(const char *file, const char *dir)
{
	char path[PATH_MAX];
	size_t length = strlen(dir);

	return file != NULL && realpath(file, path) != NULL && strncmp(path, dir, length) == 0 &&
	    path[length] == '/';
}

/* What workers may read cannot hold what only issuers may. */
static enum outcome
check_secrets_dir(const struct options *options, struct why *why)
{
	char dir[PATH_MAX];
	struct stat status;
	bool passphrase;

	if (options->secrets_dir == NULL)
		return OUTCOME_OK;
	if (options->secrets_dir[0] != '/' || stat(options->secrets_dir, &status) != 0 ||
	    !S_ISDIR(status.st_mode) || realpath(options->secrets_dir, dir) == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--secrets-dir '%s': give the whole path of a directory that exists",
		    options->secrets_dir);
	passphrase = lies_in(options->passphrase_file, dir);
	if (passphrase || lies_in(options->pin_file, dir))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the %s file lies in --secrets-dir '%s', which workers read: keep it elsewhere",
		    passphrase ? "passphrase" : "PIN", options->secrets_dir);
	return OUTCOME_OK;
}

/* The dynamic linker would look for a bare name where others may write. */
static enum outcome
check_module(const struct options *options, struct why *why)
{
	const char *module = options->pkcs11_module;

	if (module != NULL && (module[0] != '/' || access(module, R_OK) != 0))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--pkcs11-module '%s': give the whole path of a library that exists", module);
	if (module == NULL && options->pin_file != NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--pin-file without --pkcs11-module: name the module of the token that it opens");
	return OUTCOME_OK;
}

static enum outcome
options_check(struct options *options, struct why *why)
{
	enum outcome o;

	if ((o = check_database("--worker-database", options->worker_database, why)) != OUTCOME_OK ||
	    (o = check_database("--issuer-database", options->issuer_database, why)) != OUTCOME_OK ||
	    (o = check_passfiles(options, why)) != OUTCOME_OK)
		return o;
	if (options->passphrase_file == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--passphrase-file is missing: name the file that 'muster-ca init' was given");
	if ((o = check_module(options, why)) != OUTCOME_OK)
		return o;
	return check_secrets_dir(options, why);
}

enum outcome
options_read(int argc, char **argv, struct options *options, struct why *why)
{
	const struct argp argp = { argp_options, argument_read, NULL, description, NULL, NULL, NULL };
	struct reading reading = { options, why, OUTCOME_OK };
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	enum outcome o;

	*options = (struct options){ .socket_mode = 0660 };
	options->pairs = cores < 1 ? 2 : cores > PAIRS_MAX / 2 ? PAIRS_MAX : (unsigned)cores * 2;
	if ((o = environment_read(options, why)) != OUTCOME_OK)
		return o;
	if (argp_parse(&argp, argc, argv, 0, NULL, &reading) != 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "cannot read the options");
	return reading.outcome != OUTCOME_OK ? reading.outcome : options_check(options, why);
}

void
options_clear_environment(void)
{
	for (char **entry = environ; entry != NULL && *entry != NULL;) {
		char name[128];
		size_t size = strcspn(*entry, "=");

		if (strncmp(*entry, "PG", 2) == 0 && size < sizeof(name)) {
			(void)snprintf(name, sizeof(name), "%.*s", (int)size, *entry);
			(void)unsetenv(name);
			entry = environ;
		} else
			entry++;
	}
}
