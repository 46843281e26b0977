/* Long options by one table. */
#include "options.h"

#include <getopt.h>

enum letter {
	OPTION_USER = 1000,
	OPTION_PASSWORD_FILE,
	OPTION_TOKEN_FILE,
	OPTION_JWT_FILE,
	OPTION_CERTIFICATE,
	OPTION_CERTIFICATE_KEY,
	OPTION_SIGN_AS,
	OPTION_CLOCK,
	OPTION_SERVER,
	OPTION_CONNECT_TO,
	OPTION_CA_FILE,
	OPTION_STATE,
	OPTION_DEVICE_URL,
	OPTION_TYPE,
	OPTION_WINDOWS,
	OPTION_REQUEST_VERSION,
	OPTION_NAME_FORM,
	OPTION_SET,
	OPTION_UNSET,
	OPTION_TPM,
	OPTION_SPACED,
	OPTION_NO_SLASH,
	OPTION_PEDANTIC,
	OPTION_AGAIN,
	OPTION_KEY_FILE,
	OPTION_RESEND,
	OPTION_TIMEOUT,
	OPTION_JSON,
	OPTION_NEW_CONNECTIONS,
	OPTION_ACCOUNTS,
	OPTION_OUT,
	OPTION_POOL,
	OPTION_FRESH_KEYS,
	OPTION_AT_ONCE,
	OPTION_IF_DUE,
	OPTION_TERMS,
	OPTION_DECLINE_TERMS,
	OPTION_TO,
	OPTION_URL,
	OPTION_CONTENT_TYPE,
	OPTION_METHOD,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option table[] = {
	{ "user", required_argument, NULL, OPTION_USER },
	{ "password-file", required_argument, NULL, OPTION_PASSWORD_FILE },
	{ "token-file", required_argument, NULL, OPTION_TOKEN_FILE },
	{ "jwt-file", required_argument, NULL, OPTION_JWT_FILE },
	{ "terms", required_argument, NULL, OPTION_TERMS },
	{ "decline-terms", no_argument, NULL, OPTION_DECLINE_TERMS },
	{ "certificate", required_argument, NULL, OPTION_CERTIFICATE },
	{ "certificate-key", required_argument, NULL, OPTION_CERTIFICATE_KEY },
	{ "sign-as", required_argument, NULL, OPTION_SIGN_AS },
	{ "clock", required_argument, NULL, OPTION_CLOCK },
	{ "server", required_argument, NULL, OPTION_SERVER },
	{ "connect-to", required_argument, NULL, OPTION_CONNECT_TO },
	{ "ca-file", required_argument, NULL, OPTION_CA_FILE },
	{ "state", required_argument, NULL, OPTION_STATE },
	{ "device-url", required_argument, NULL, OPTION_DEVICE_URL },
	{ "type", required_argument, NULL, OPTION_TYPE },
	{ "windows", required_argument, NULL, OPTION_WINDOWS },
	{ "request-version", required_argument, NULL, OPTION_REQUEST_VERSION },
	{ "name-form", required_argument, NULL, OPTION_NAME_FORM },
	{ "set", required_argument, NULL, OPTION_SET },
	{ "unset", required_argument, NULL, OPTION_UNSET },
	{ "tpm", no_argument, NULL, OPTION_TPM },
	{ "spaced", no_argument, NULL, OPTION_SPACED },
	{ "no-slash", no_argument, NULL, OPTION_NO_SLASH },
	{ "pedantic", no_argument, NULL, OPTION_PEDANTIC },
	{ "again", no_argument, NULL, OPTION_AGAIN },
	{ "key-file", required_argument, NULL, OPTION_KEY_FILE },
	{ "resend", required_argument, NULL, OPTION_RESEND },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "new-connections", no_argument, NULL, OPTION_NEW_CONNECTIONS },
	{ "accounts", required_argument, NULL, OPTION_ACCOUNTS },
	{ "out", required_argument, NULL, OPTION_OUT },
	{ "pool", required_argument, NULL, OPTION_POOL },
	{ "fresh-keys", no_argument, NULL, OPTION_FRESH_KEYS },
	{ "at-once", no_argument, NULL, OPTION_AT_ONCE },
	{ "if-due", no_argument, NULL, OPTION_IF_DUE },
	{ "to", required_argument, NULL, OPTION_TO },
	{ "url", required_argument, NULL, OPTION_URL },
	{ "content-type", required_argument, NULL, OPTION_CONTENT_TYPE },
	{ "method", required_argument, NULL, OPTION_METHOD },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
    "muster-device: a simulated Windows device\n"
    "\n"
    "  muster-device enroll --user UPN [options]           enroll once, show each stage\n"
    "  muster-device status --state DIR [options]          connect again with what was enrolled\n"
    "  muster-device renew --state DIR [options]           renew its certificate when that is due\n"
    "  muster-device checkin --state DIR [options]         a management session with the DM server\n"
    "  muster-device unenroll --state DIR [options]        tell the DM server, and forget the enrollment\n"
    "  muster-device load -n N -c C --user UPN [options]   enroll N devices, C at once\n"
    "  muster-device raw FILE --to STAGE --user UPN        send a file's bytes as they are\n"
    "\n"
    "Where and who\n"
    "  --user UPN               the account; load takes several and shares them out\n"
    "  --password-file FILE     else $MUSTER_PASSWORD, else the terminal\n"
    "  --token-file FILE        enroll with the token in it (AuthPolicy Federated), no password\n"
    "  --jwt-file FILE          enroll with the JWT in it, as a device of Entra ID does\n"
    "  --terms URL              accept the terms of use there first, by that JWT\n"
    "  --decline-terms          or decline them\n"
    "  --certificate PEM        sign with it (AuthPolicy Certificate), no password\n"
    "  --certificate-key PEM    and with this key\n"
    "  --server HOST[:PORT]     or a URL of discovery; else EnterpriseEnrollment.<domain of UPN>\n"
    "  --connect-to H:P:A:Q     for host H and port P go to A, port Q, as in curl (repeatable)\n"
    "  --ca-file PEM            the roots this device trusts; else the system's\n"
    "  --device-url URL         else /muster/device on the host of the DM server\n"
    "  --timeout SECONDS        of one request (60)\n"
    "\n"
    "What device\n"
    "  --state DIR              keeps hardware and enrollment; else a directory that is removed\n"
    "  --again                  forget the enrollment in DIR first\n"
    "  --key-file PEM           enroll with this RSA key instead of one that is made\n"
    "  --windows 10|11          whose habits to show (11)\n"
    "  --type full|device       EnrollmentType (full)\n"
    "  --request-version V      RequestVersion (Windows 11: 9.0, Windows 10: 4.0)\n"
    "  --set NAME=VALUE         replace or add a context item; --unset NAME leaves one out\n"
    "  --tpm                    has a usable Platform Crypto Provider\n"
    "  --name-form FORM         the CSR's name: printable, printable-nul, utf8, utf8-nul\n"
    "  --spaced                 white space around values, as in published samples\n"
    "  --no-slash               Discover's namespace without the samples' trailing slash\n"
    "  --sign-as WORD           as other clients and samples do: exclusive, wsse-id, no-prefix,\n"
    "                           no-transforms, dangling, old-uris, sha1, no-timestamp,\n"
    "                           unsigned-policies, unsigned, changed (repeatable)\n"
    "  --clock [-]SECONDS       its clock is so far ahead (behind) when it signs\n"
    "  --resend N               send RequestSecurityToken N times again, as after lost answers\n"
    "  --pedantic               refuse what is only noted otherwise\n"
    "  --json                   one JSON object instead of the table\n"
    "\n"
    "renew\n"
    "  --if-due                 only when its schedule says so (the default), or\n"
    "  --at-once                now\n"
    "  --url URL                there, instead of where it was told\n"
    "  --sign-as WORD           attributes, base64-twice, value-type-a, same-key, user-token, sha1,\n"
    "                           no-client-certificate (repeatable)\n"
    "\n"
    "load\n"
    "  -n N  -c C               devices, and how many at once\n"
    "  --new-connections        none is kept\n"
    "  --accounts FILE          lines of UPN and, after a blank, its password\n"
    "  --pool N                 RSA keys made before and shared by all devices (8)\n"
    "  --fresh-keys             make one for each device instead\n"
    "  --out FILE               a line for each enrolled device: its GUID, SHA-256 of its certificate\n"
    "\n"
    "raw\n"
    "  --to discovery|policy|enrollment   where discovery says that is; or --url URL\n"
    "  --content-type TYPE  --method METHOD\n"
    "\n"
    "Exit status: 0 enrolled, renewed or not due; 1 the server refused; 2 the device refuses what it "
    "received;\n"
    "64 a mistake in the command line. load: 0 only when every device enrolled, else 1.\n";

void
options_help(void)
{
	fputs(help, stdout);
}

static bool
mistake(const char *option, const char *value, const char *wanted)
{
	fprintf(stderr, "muster-device: %s \"%s\": %s\n", option, value, wanted);
	return false;
}

static bool
number_option(const char *name, const char *text, unsigned long highest, unsigned long *number)
{
	char *end;

	*number = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || *number == 0 || *number > highest)
		return mistake(name, text, "should be a number in its range");
	return true;
}

static bool
form_option(const char *text, enum name_form *form)
{
	static const char *const names[] = { "windows", "printable", "printable-nul", "utf8", "utf8-nul" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*form = (enum name_form)i;
			return true;
		}
	return mistake("--name-form", text, "should be printable, printable-nul, utf8 or utf8-nul");
}

static bool
add_to(const char **list, size_t *count, size_t most, const char *name, const char *value)
{
	if (*count == most)
		return mistake(name, value, "too many of them");
	list[(*count)++] = value;
	return true;
}

static bool
device_option(struct settings *settings, int letter, const char *value)
{
	unsigned long number;

	switch (letter) {
	case OPTION_TYPE:
		settings->device_type = strcmp(value, "device") == 0;
		return settings->device_type || strcmp(value, "full") == 0 ||
		    mistake("--type", value, "should be full or device");
	case OPTION_WINDOWS:
		settings->windows = strcmp(value, "10") == 0 ? WINDOWS_10 : WINDOWS_11;
		return settings->windows == WINDOWS_10 || strcmp(value, "11") == 0 ||
		    mistake("--windows", value, "should be 10 or 11");
	case OPTION_NAME_FORM: return form_option(value, &settings->name_form);
	case OPTION_SET:
		if (strchr(value, '=') == NULL || value[0] == '=')
			return mistake("--set", value, "should be NAME=VALUE");
		return add_to(settings->override, &settings->override_count, OVERRIDES_MAX, "--set", value);
	case OPTION_UNSET:
		if (strchr(value, '=') != NULL)
			return mistake("--unset", value, "should be a name");
		return add_to(settings->override, &settings->override_count, OVERRIDES_MAX, "--unset", value);
	case OPTION_CONNECT_TO:
		return add_to(
		    settings->connect_to, &settings->connect_to_count, CONNECT_TO_MAX, "--connect-to", value);
	case OPTION_TIMEOUT:
		if (!number_option("--timeout", value, 3600, &number))
			return false;
		settings->timeout_ms = (long)number * 1000;
		return true;
	case OPTION_RESEND: return number_option("--resend", value, 100, &settings->resend);
	default: return mistake("option", value, "is unknown");
	}
}

/* Options that only set a word or a switch; false when the letter is none of them. */
static bool
plain_option(struct options *to, int letter, const char *value)
{
	struct settings *settings = &to->settings;

	switch (letter) {
	case OPTION_PASSWORD_FILE: to->password_file = value; return true;
	case OPTION_TOKEN_FILE:
	case OPTION_JWT_FILE:
		to->token_file = value;
		to->token_is_jwt = letter == OPTION_JWT_FILE;
		settings->auth_policy = "Federated";
		return true;
	case OPTION_CERTIFICATE:
		to->certificate_file = value;
		settings->auth_policy = "Certificate";
		return true;
	case OPTION_TERMS: settings->terms_url = value; return true;
	case OPTION_DECLINE_TERMS: settings->decline_terms = true; return true;
	case OPTION_CERTIFICATE_KEY: to->certificate_key_file = value; return true;
	case OPTION_SERVER: settings->server = value; return true;
	case OPTION_CA_FILE: settings->ca_file = value; return true;
	case OPTION_STATE: settings->state = value; return true;
	case OPTION_DEVICE_URL: settings->device_url = value; return true;
	case OPTION_REQUEST_VERSION: settings->version = value; return true;
	case OPTION_TPM: settings->tpm = true; return true;
	case OPTION_SPACED: settings->spaced = true; return true;
	case OPTION_NO_SLASH: settings->slash = false; return true;
	case OPTION_PEDANTIC: settings->pedantic = true; return true;
	case OPTION_AGAIN: settings->again = true; return true;
	case OPTION_KEY_FILE: settings->key_file = value; return true;
	case OPTION_JSON: settings->json = true; return true;
	case OPTION_NEW_CONNECTIONS: settings->new_connections = true; return true;
	case OPTION_ACCOUNTS: to->accounts = value; return true;
	case OPTION_OUT: to->out = value; return true;
	case OPTION_FRESH_KEYS: to->fresh_keys = true; return true;
	case OPTION_AT_ONCE: to->at_once = true; return true;
	case OPTION_IF_DUE: to->at_once = false; return true;
	case OPTION_TO: to->raw_to = value; return true;
	case OPTION_URL: to->raw_url = value; return true;
	case OPTION_CONTENT_TYPE: to->raw_type = value; return true;
	case OPTION_METHOD: to->raw_method = value; return true;
	case OPTION_HELP: to->verb = VERB_HELP; return true;
	case OPTION_VERSION: to->verb = VERB_VERSION; return true;
	default: return false;
	}
}

static bool
habit_take(struct options *to, const char *word)
{
	unsigned habit = signer_habit(word);

	to->habits |= habit;
	return habit != 0 || mistake("--sign-as", word, "no such habit, see --help");
}

static bool
clock_take(struct options *to, const char *value)
{
	to->clock_behind = *value == '-';
	return number_option("--clock", value + to->clock_behind, 1000000000, &to->clock_seconds);
}

static bool
option_take(struct options *to, int letter, const char *value)
{
	switch (letter) {
	case '?': return false; /* getopt has spoken */
	case 'n': return number_option("-n", value, 10000000, &to->devices);
	case 'c': return number_option("-c", value, 512, &to->concurrent);
	case OPTION_SIGN_AS: return habit_take(to, value);
	case OPTION_CLOCK: return clock_take(to, value);
	case OPTION_POOL: return number_option("--pool", value, 256, &to->pool);
	case OPTION_USER: return add_to(to->user, &to->users, USERS_MAX, "--user", value);
	default: return plain_option(to, letter, value) || device_option(&to->settings, letter, value);
	}
}

static bool
verb_take(struct options *to, int argc, char **argv)
{
	static const struct {
		const char *name;
		enum verb verb;
	} verbs[] = { { "enroll", VERB_ENROLL }, { "load", VERB_LOAD }, { "status", VERB_STATUS },
		{ "renew", VERB_RENEW }, { "checkin", VERB_CHECKIN }, { "unenroll", VERB_UNENROLL },
		{ "raw", VERB_RAW }, { "help", VERB_HELP } };

	if (to->verb != VERB_NONE)
		return true;
	for (size_t i = 0; optind < argc && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[optind], verbs[i].name) == 0)
			to->verb = verbs[i].verb;
	if (to->verb == VERB_NONE) {
		fprintf(stderr,
		    "muster-device: say what to do: enroll, status, renew, checkin, unenroll, load, raw or "
		    "--help\n");
		return false;
	}
	if (to->verb == VERB_RAW && optind + 1 < argc)
		to->raw_file = argv[++optind];
	return optind + 1 == argc || mistake("argument", argv[optind + 1], "is too much");
}

/* What each verb cannot do without. */
static bool
needs_check(struct options *to)
{
	to->settings.user = to->users > 0 ? to->user[0] : NULL;
	if ((to->verb == VERB_ENROLL && to->users != 1) ||
	    (to->verb == VERB_LOAD && to->users == 0 && to->accounts == NULL)) {
		fprintf(stderr, "muster-device: --user UPN is needed%s\n",
		    to->verb == VERB_ENROLL ? ", once" : ", or --accounts FILE");
		return false;
	}
	if ((to->certificate_file == NULL) != (to->certificate_key_file == NULL)) {
		fprintf(stderr, "muster-device: --certificate and --certificate-key belong together\n");
		return false;
	}
	if (to->certificate_file != NULL && to->token_file != NULL) {
		fprintf(stderr,
		    "muster-device: a certificate and a token do not go together: give one of them\n");
		return false;
	}
	if (to->settings.terms_url != NULL && (!to->token_is_jwt || to->verb != VERB_ENROLL)) {
		fprintf(stderr, "muster-device: --terms goes with enroll and --jwt-file\n");
		return false;
	}
	if (to->settings.override_count == OVERRIDES_MAX && to->settings.terms_url != NULL)
		return mistake("option --terms", to->settings.terms_url, "is one item too many");
	if ((to->verb == VERB_STATUS || to->verb == VERB_RENEW || to->verb == VERB_CHECKIN ||
		to->verb == VERB_UNENROLL) &&
	    to->settings.state == NULL) {
		fprintf(stderr, "muster-device: --state DIR is needed: where enroll installed\n");
		return false;
	}
	if (to->verb == VERB_RAW && (to->raw_file == NULL || (to->raw_to == NULL && to->raw_url == NULL))) {
		fprintf(stderr, "muster-device: raw needs a FILE and --to STAGE or --url URL\n");
		return false;
	}
	return true;
}

bool
options_parse(int argc, char **argv, struct options *to)
{
	int letter;

	*to = (struct options){ .devices = 100, .concurrent = 4, .pool = 8 };
	to->settings.windows = WINDOWS_11;
	to->settings.slash = true;
	to->settings.timeout_ms = 60000;
	while ((letter = getopt_long(argc, argv, "n:c:", table, NULL)) != -1)
		if (!option_take(to, letter, optarg))
			return false;
	return verb_take(to, argc, argv) && needs_check(to);
}

bool
options_signer(struct arena *arena, const struct options *options, struct signer *signer)
{
	struct refusal refusal;
	long seconds = (long)options->clock_seconds;

	*signer = (struct signer){ .habits = options->habits,
		.clock_seconds = options->clock_behind ? -seconds : seconds };
	if (signer_load(arena, options->certificate_file, options->certificate_key_file, signer, &refusal))
		return true;
	fprintf(stderr, "muster-device: %s\n", refusal.what);
	return false;
}
