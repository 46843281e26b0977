/* One table of options: what getopt takes, which verb each belongs to, and what help says of it. */
#include "options.h"

#include <muster/base/guid.h>

#include <getopt.h>

#define YEARS_MAX 100
#define DAYS_MAX 3650
#define LIMIT_MAX 10000000
#define RESPONDER_DAYS 90
#define VERBS_LIST_SIZE 512

enum option_name {
	OPTION_DATABASE,
	OPTION_ORGANIZATION,
	OPTION_NAME,
	OPTION_ROOT,
	OPTION_KEY,
	OPTION_PASSPHRASE_FILE,
	OPTION_VALIDITY_YEARS,
	OPTION_ROOT_VALIDITY_YEARS,
	OPTION_ANOTHER,
	OPTION_PEM,
	OPTION_FILE,
	OPTION_TOKEN_FILE,
	OPTION_DAYS,
	OPTION_LIMIT,
	OPTION_NETWORK,
	OPTION_NOTE,
	OPTION_PRINT,
	OPTION_SECRETS_DIR,
	OPTION_TENANT,
	OPTION_URL,
	OPTION_JWKS,
	OPTION_CA_FILE,
	OPTION_ACCOUNT,
	OPTION_NAMES_BY,
	OPTION_DEVICES,
	OPTION_PKCS11,
	OPTION_ROOT_PKCS11,
	OPTION_PKCS11_MODULE,
	OPTION_PIN_FILE,
	OPTION_PATH_LENGTH,
	OPTION_HASH,
	OPTION_REQUEST,
	OPTION_OUT_DIR,
	OPTION_OUT,
	OPTION_ROOT_KEY,
	OPTION_ROOT_CERTIFICATE,
	OPTION_CRL_URL,
	OPTION_CA_URL,
	OPTION_NEW_PASSPHRASE_FILE,
	OPTION_IMPORT,
	OPTION_ALL,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_COUNT,
};

#define OF(verb) (UINT64_C(1) << (verb))
#define OF_ALL (OF(VERB_COUNT) - 1)

_Static_assert(VERB_COUNT < 64 && OPTION_COUNT <= 64, "verbs and options are bits of a uint64_t");

/* What getopt_long() returns for the first; 0 to 255 are its own. */
#define FIRST 0x100

static const struct {
	const char *name, *value;
	uint64_t verbs;
	const char *help;
} table[OPTION_COUNT] = {
	[OPTION_DATABASE] = { "database", "CONNINFO", OF_ALL,
	    "the database, as an administrator (keys: muster_keys will do;\nsecrets: a DM server's login); "
	    "else libpq's environment "
	    "(PGHOST, PGDATABASE, PGUSER, "
	    "PGPASSFILE, …)" },
	[OPTION_ORGANIZATION] = { "organization", "KEY", OF_ALL & ~OF(VERB_NONE) & ~OF(VERB_SECRETS),
	    "whose authority, account, tenants or directory" },
	[OPTION_NAME] = { "name", "NAME", OF(VERB_INIT) | OF(VERB_REQUEST) | OF(VERB_ROOT) | OF(VERB_TRUST),
	    "init, request, root: the authorities are called \"NAME root\" and \"NAME issuing\";\nelse after "
	    "the "
	    "organization; "
	    "trust: what it is called,\nelse by its subject" },
	[OPTION_ROOT] = { "root", "NAME", OF(VERB_INIT),
	    "make no root but only an issuing authority, under this root" },
	[OPTION_KEY] = { "key", "TYPE", OF(VERB_INIT) | OF(VERB_REQUEST) | OF(VERB_ROOT),
	    "ec-p256 (default), ec-p384, rsa-2048, rsa-3072, rsa-4096" },
	[OPTION_PASSPHRASE_FILE] = { "passphrase-file", "FILE",
	    OF(VERB_INIT) | OF(VERB_MOVE) | OF(VERB_REQUEST) | OF(VERB_ROOT) | OF(VERB_CERTIFY) |
		OF(VERB_PASSPHRASE) | OF(VERB_DOCTOR) | OF(VERB_PUBLISH) | OF(VERB_RESPONDER) |
		OF(VERB_SECRETS),
	    "its first line encrypts the private keys, the same for all;\na name without '/' is a systemd "
	    "credential;\nelse $MUSTER_PASSPHRASE_FILE; root, certify: else the terminal is asked" },
	[OPTION_VALIDITY_YEARS] = { "validity-years", "N", OF(VERB_INIT) | OF(VERB_CERTIFY),
	    "of the issuing authority (10), not beyond its root's" },
	[OPTION_ROOT_VALIDITY_YEARS] = { "root-validity-years", "N", OF(VERB_INIT) | OF(VERB_ROOT),
	    "of a new root (20)" },
	[OPTION_ANOTHER] = { "another", NULL, OF(VERB_INIT) | OF(VERB_IMPORT),
	    "though the organization has an authority: this one takes over" },
	[OPTION_PEM] = { "pem", NULL, OF(VERB_SHOW),
	    "the certificates for a web server to trust:\nissuing authorities, each before its root" },
	[OPTION_FILE] = { "file", "FILE", OF(VERB_PASSWORD) | OF(VERB_DIRECTORY) | OF(VERB_INDEX),
	    "its first line is the password; else the terminal is asked;\nindex: where it is written" },
	[OPTION_TOKEN_FILE] = { "token-file", "FILE", OF(VERB_TOKEN),
	    "a new file that the token is written to; else the terminal\nshows it, once" },
	[OPTION_DAYS] = { "days", "N", OF(VERB_TOKEN) | OF(VERB_RESPONDER),
	    "how long it is good (180); a responder: 90" },
	[OPTION_LIMIT] = { "limit", "N", OF(VERB_TOKEN), "how many devices may come by it (any number)" },
	[OPTION_NETWORK] = { "network", "CIDR", OF(VERB_TOKEN),
	    "that it is good from, such as 192.0.2.0/24 (any);\nup to 64 times" },
	[OPTION_NOTE] = { "note", "TEXT", OF(VERB_TOKEN) | OF(VERB_TRUST), "what it is for" },
	[OPTION_PRINT] = { "print", NULL, OF(VERB_PASSWORD) | OF(VERB_TOKEN),
	    "print the statement that stores the hash, for psql" },
	[OPTION_SECRETS_DIR] = { "secrets-dir", "DIR", OF(VERB_DIRECTORY),
	    "as muster has it: the files that directories need;\nelse $MUSTER_SECRETS_DIR" },
	[OPTION_TENANT] = { "tenant", "ID", OF(VERB_KEYS), "only the keys of this tenant, by id or name" },
	[OPTION_URL] = { "url", "URL", OF(VERB_KEYS),
	    "fetch the JWK Set, or an openid-configuration, there;\nelse where the tenant's row says" },
	[OPTION_JWKS] = { "jwks", "FILE", OF(VERB_KEYS), "take the JWK Set from a file: nothing is fetched" },
	[OPTION_CA_FILE] = { "ca-file", "PEM", OF(VERB_KEYS), "the roots to trust there; else the system's" },
	[OPTION_ACCOUNT] = { "account", "UPN", OF(VERB_TRUST),
	    "the file has the certificate that signs for this account,\nas a provisioning package's; not an "
	    "authority's" },
	[OPTION_NAMES_BY] = { "names-by", "LIST", OF(VERB_TRUST),
	    "which names in its certificates are accounts' names:\nupn, email, \"common name\", the first "
	    "that "
	    "there is;\nelse only listed certificates name an account" },
	[OPTION_DEVICES] = { "devices", NULL, OF(VERB_TRUST),
	    "it is an authority of our own: living devices sign for\ntheir accounts" },
	[OPTION_PKCS11] = { "pkcs11", "URI", OF(VERB_INIT) | OF(VERB_MOVE),
	    "init: make the issuing authority's key in this token (HSM), such as\npkcs11:token=NAME; move: "
	    "put "
	    "the key there, or, where the URI\nnames a key, take that one" },
	[OPTION_ROOT_PKCS11] = { "root-pkcs11", "URI", OF(VERB_INIT), "make the root's key in this token" },
	[OPTION_PKCS11_MODULE] = { "pkcs11-module", "FILE",
	    OF(VERB_INIT) | OF(VERB_MOVE) | OF(VERB_PUBLISH) | OF(VERB_RESPONDER),
	    "the library that reaches the token;\nelse $MUSTER_PKCS11_MODULE" },
	[OPTION_PIN_FILE] = { "pin-file", "FILE",
	    OF(VERB_INIT) | OF(VERB_MOVE) | OF(VERB_PUBLISH) | OF(VERB_RESPONDER),
	    "its first line is the token's PIN;\na name without '/' is a systemd credential;\nelse "
	    "$MUSTER_PIN_FILE" },
	[OPTION_PATH_LENGTH] = { "path-length", "N", OF(VERB_INIT) | OF(VERB_ROOT) | OF(VERB_CERTIFY),
	    "how many levels of authorities may be below: a root (any\nnumber), what certify signs (0)" },
	[OPTION_HASH] = { "hash", "NAME", OF(VERB_INIT) | OF(VERB_REQUEST) | OF(VERB_ROOT) | OF(VERB_CERTIFY),
	    "sha256, sha384 or sha512, of the signature; else what suits\nthe key" },
	[OPTION_REQUEST] = { "request", "FILE", OF(VERB_REQUEST) | OF(VERB_RESPONDER),
	    "request: a new file that the request is written to; responder:\nits request (PKCS#10), PEM or "
	    "DER" },
	[OPTION_OUT_DIR] = { "out-dir", "DIR", OF(VERB_ROOT),
	    "gets root.key, encrypted, and root.pem; made if it is not there" },
	[OPTION_OUT] = { "out", "FILE", OF(VERB_CERTIFY),
	    "a new file for the certificate and, behind it, its root" },
	[OPTION_ROOT_KEY] = { "root-key", "FILE", OF(VERB_CERTIFY), "the root's key (PKCS#8, encrypted)" },
	[OPTION_ROOT_CERTIFICATE] = { "root-certificate", "FILE", OF(VERB_CERTIFY),
	    "the root's certificate" },
	[OPTION_CRL_URL] = { "crl-url", "URL", OF(VERB_CERTIFY),
	    "where the root's list of revoked certificates is" },
	[OPTION_CA_URL] = { "ca-url", "URL", OF(VERB_CERTIFY), "where the root's certificate is" },
	[OPTION_NEW_PASSPHRASE_FILE] = { "new-passphrase-file", "FILE", OF(VERB_PASSPHRASE),
	    "its first line is the new passphrase" },
	[OPTION_IMPORT] = { "import", "FILE", OF(VERB_PUBLISH),
	    "the list, made where the authority's key is, PEM or DER" },
	[OPTION_ALL] = { "all", NULL, OF(VERB_SECRETS), "those of all living devices" },
	[OPTION_HELP] = { "help", NULL, OF_ALL, "this; of a verb: muster-ca VERB --help" },
	[OPTION_VERSION] = { "version", NULL, OF_ALL, "the version" },
};

static const struct {
	const char *name, *usage, *help;
} verbs[VERB_COUNT] = {
	[VERB_NONE] = { "", "VERB …",
	    "Muster's certification authorities, accounts' passwords and bulk tokens, tenants' keys" },
	[VERB_INIT] = { "init", "init --organization KEY | --name NAME",
	    "make a root and an issuing authority for an organization, or to share" },
	[VERB_SHOW] = { "show", "show [--organization KEY] [--pem]",
	    "show authorities, certificates and whom they sign for" },
	[VERB_PASSWORD] = { "password", "password UPN [--file FILE] [--print]",
	    "set an account's password: its hash goes to the database" },
	[VERB_TOKEN] = { "token", "token UPN NAME [--token-file FILE]",
	    "make a bulk token: its hash goes to the database" },
	[VERB_KEYS] = { "keys", "keys [--organization KEY [--tenant ID]]",
	    "fetch the keys that tenants of Entra ID sign tokens with" },
	[VERB_TRUST] = { "trust", "trust FILE --organization KEY [--account UPN]",
	    "let an authority's certificates, or one certificate, sign requests to enroll" },
	[VERB_CRL] = { "crl", "crl FILE --organization KEY",
	    "load a trusted authority's list of revoked certificates" },
	[VERB_REQUEST] = { "request", "request --organization KEY | --name NAME --request FILE",
	    "make an issuing authority's key, and ask for its certificate" },
	[VERB_ROOT] = { "root", "root --name NAME --out-dir DIR",
	    "make a root on a machine without a database, as files" },
	[VERB_CERTIFY] = { "certify", "certify REQUEST --root-key FILE --root-certificate FILE --out FILE",
	    "certify an authority's request, without a database" },
	[VERB_IMPORT] = { "import", "import FILE… [--organization KEY]",
	    "verify and store the certificate that a request has got, and its chain" },
	[VERB_PASSPHRASE] = { "passphrase", "passphrase --new-passphrase-file FILE",
	    "put all keys under another passphrase" },
	[VERB_DOCTOR] = { "doctor", "doctor --passphrase-file FILE",
	    "find what will go wrong with authorities, keys and certificates" },
	[VERB_PUBLISH] = { "publish", "publish AUTHORITY [--import FILE]",
	    "make, or bring, an authority's list of revoked certificates" },
	[VERB_EXPORT] = { "export", "export DIR [--organization KEY]",
	    "write the authorities to trust and their lists for a web server" },
	[VERB_INDEX] = { "index", "index AUTHORITY --file FILE",
	    "write OpenSSL's index of an authority's certificates, for OCSP" },
	[VERB_RESPONDER] = { "responder", "responder AUTHORITY --request FILE",
	    "sign the certificate of an OCSP responder" },
	[VERB_DIRECTORY] = { "directory", "directory NAME --organization KEY",
	    "try whether a directory (LDAP) proves a password, step by step" },
	[VERB_MOVE] = { "move", "move AUTHORITY --pkcs11 URI",
	    "move an authority's key out of the database into a PKCS#11 token (HSM)" },
	[VERB_SECRETS] = { "secrets", "secrets DEVICE | --all",
	    "give a DM server the secrets of devices' DM accounts, as JSON" },
};

/* --- help --- */

/* Lines of text, the second and later ones below the first. */
static void
print_column(FILE *out, const char *text, int indent)
{
	for (; *text != '\0'; text++) {
		(void)fputc(*text, out);
		if (*text == '\n')
			(void)fprintf(out, "%*s", indent, "");
	}
	(void)fputc('\n', out);
}

void
options_help(FILE *out, enum verb verb)
{
	(void)fprintf(out, "Usage: muster-ca %s [OPTION…]\n%s\n\n", verbs[verb].usage, verbs[verb].help);
	for (int v = VERB_NONE + 1; verb == VERB_NONE && v < VERB_COUNT; v++)
		(void)fprintf(
		    out, "  %-38s %s%s", verbs[v].usage, verbs[v].help, v + 1 < VERB_COUNT ? "\n" : "\n\n");
	for (int i = 0; i < OPTION_COUNT; i++) {
		char option[64];

		if ((table[i].verbs & OF(verb)) == 0)
			continue;
		(void)snprintf(option, sizeof(option), "--%s%s%s", table[i].name,
		    table[i].value != NULL ? " " : "", table[i].value != NULL ? table[i].value : "");
		(void)fprintf(out, "  %-26s ", option);
		print_column(out, table[i].help, 29);
	}
	(void)fputs(
	    "\nExit status: 0 done; 1 refused, or nothing to show; 64 a mistake in the command line.\n", out);
}

/* --- parsing --- */

/* "give init, show … or secrets"; returns the buffer. */
static const char *
verbs_list(char list[VERBS_LIST_SIZE])
{
	size_t length = (size_t)snprintf(list, VERBS_LIST_SIZE, "give");

	for (int v = VERB_NONE + 1; v < VERB_COUNT && length < VERBS_LIST_SIZE; v++)
		length += (size_t)snprintf(list + length, VERBS_LIST_SIZE - length, "%s %s%s",
		    v + 1 < VERB_COUNT ? "" : " or", verbs[v].name, v + 2 < VERB_COUNT ? "," : "");
	return list;
}

static enum outcome
mistake(struct why *why, const char *what, const char *value, const char *step)
{
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s '%s': %s", what, value, step);
}

static enum outcome
number_read(const char *option, const char *text, int most, int *to, struct why *why)
{
	char step[64], *end;
	unsigned long number = strtoul(text, &end, 10);

	(void)snprintf(step, sizeof(step), "give a number from 1 to %d", most);
	if (*text < '0' || *text > '9' || *end != '\0' || number < 1 || number > (unsigned)most)
		return mistake(why, option, text, step);
	*to = (int)number;
	return OUTCOME_OK;
}

static enum outcome
network_add(struct options *to, const char *network, struct why *why)
{
	if (to->networks == NETWORKS_MAX)
		return mistake(why, "--network", network, "is one too many, 64 can be given");
	to->network[to->networks++] = network;
	return OUTCOME_OK;
}

static enum outcome
key_read(const char *text, enum key_type *key, struct why *why)
{
	if (!key_type_from_name(text, key))
		return mistake(why, "--key", text, "give ec-p256, ec-p384, rsa-2048, rsa-3072 or rsa-4096");
	return OUTCOME_OK;
}

static enum outcome
hash_read(const char *text, gnutls_digest_algorithm_t *hash, struct why *why)
{
	static const struct {
		const char *name;
		gnutls_digest_algorithm_t hash;
	} names[] = { { "sha256", GNUTLS_DIG_SHA256 }, { "sha384", GNUTLS_DIG_SHA384 },
		{ "sha512", GNUTLS_DIG_SHA512 } };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(text, names[i].name) == 0) {
			*hash = names[i].hash;
			return OUTCOME_OK;
		}
	return mistake(why, "--hash", text, "give sha256, sha384 or sha512");
}

static enum outcome
path_length_read(const char *text, int *length, struct why *why)
{
	if (strlen(text) != 1 || *text < '0' || *text > '7')
		return mistake(why, "--path-length", text, "give a number from 0 to 7");
	*length = *text - '0';
	return OUTCOME_OK;
}

static enum outcome
url_read(const char *option, const char *text, const char **to, struct why *why)
{
	if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
		return mistake(why, option, text, "give a URL that begins with http://");
	*to = text;
	return OUTCOME_OK;
}

static enum outcome
option_take(struct options *to, enum option_name option, const char *value, struct why *why)
{
	switch (option) {
	case OPTION_DATABASE: to->database = value; break;
	case OPTION_ORGANIZATION: to->organization = value; break;
	case OPTION_NAME: to->name = value; break;
	case OPTION_ROOT: to->root = value; break;
	case OPTION_KEY: return key_read(value, &to->key, why);
	case OPTION_PASSPHRASE_FILE: to->passphrase_file = value; break;
	case OPTION_VALIDITY_YEARS: return number_read("--validity-years", value, YEARS_MAX, &to->years, why);
	case OPTION_ROOT_VALIDITY_YEARS:
		return number_read("--root-validity-years", value, YEARS_MAX, &to->root_years, why);
	case OPTION_ANOTHER: to->another = true; break;
	case OPTION_PEM: to->pem = true; break;
	case OPTION_FILE: to->file = value; break;
	case OPTION_TOKEN_FILE: to->token_file = value; break;
	case OPTION_DAYS: return number_read("--days", value, DAYS_MAX, &to->days, why);
	case OPTION_LIMIT: return number_read("--limit", value, LIMIT_MAX, &to->limit, why);
	case OPTION_NETWORK: return network_add(to, value, why);
	case OPTION_NOTE: to->note = value; break;
	case OPTION_PRINT: to->print = true; break;
	case OPTION_SECRETS_DIR: to->secrets_dir = value; break;
	case OPTION_TENANT: to->tenant = value; break;
	case OPTION_URL: to->url = value; break;
	case OPTION_JWKS: to->jwks = value; break;
	case OPTION_CA_FILE: to->ca_file = value; break;
	case OPTION_ACCOUNT: to->account = value; break;
	case OPTION_NAMES_BY: to->names_by = value; break;
	case OPTION_DEVICES: to->devices = true; break;
	case OPTION_PKCS11: to->token = value; break;
	case OPTION_ROOT_PKCS11: to->root_token = value; break;
	case OPTION_PKCS11_MODULE: to->pkcs11.module = value; break;
	case OPTION_PIN_FILE: to->pkcs11.pin_file = value; break;
	case OPTION_PATH_LENGTH: return path_length_read(value, &to->form.path_length, why);
	case OPTION_HASH: return hash_read(value, &to->form.hash, why);
	case OPTION_REQUEST: to->request = value; break;
	case OPTION_OUT_DIR: to->out_dir = value; break;
	case OPTION_OUT: to->out = value; break;
	case OPTION_ROOT_KEY: to->root_key = value; break;
	case OPTION_ROOT_CERTIFICATE: to->root_certificate = value; break;
	case OPTION_CRL_URL: return url_read("--crl-url", value, &to->form.crl_url, why);
	case OPTION_CA_URL: return url_read("--ca-url", value, &to->form.ca_url, why);
	case OPTION_NEW_PASSPHRASE_FILE: to->new_passphrase_file = value; break;
	case OPTION_IMPORT: to->list_file = value; break;
	case OPTION_ALL: to->all = true; break;
	case OPTION_HELP: to->help = true; break;
	case OPTION_VERSION: to->version = true; break;
	case OPTION_COUNT: break;
	}
	return OUTCOME_OK;
}

/* getopt_long() names the word only of a long option; optopt is the letter, or one of ours with a value. */
static enum outcome
unknown(const char *word, int option, struct why *why)
{
	char letter[] = { '-', (char)option, '\0' };

	if (option >= FIRST)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "option '--%s': takes no value",
		    table[option - FIRST].name);
	if (option > 0)
		return mistake(why, "option", letter, "is unknown: options begin with --");
	return mistake(why, "option", word, "is unknown: see muster-ca --help");
}

/* All options, whatever verb they belong to; seen has a bit for each. */
static enum outcome
options_take(int argc, char **argv, struct options *to, uint64_t *seen, struct why *why)
{
	struct option known[OPTION_COUNT + 1] = { { NULL, 0, NULL, 0 } };
	enum outcome o = OUTCOME_OK;
	int letter;

	for (int i = 0; i < OPTION_COUNT; i++)
		known[i] = (struct option){ table[i].name,
			table[i].value != NULL ? required_argument : no_argument, NULL, FIRST + i };
	*seen = 0;
	opterr = 0;
	optind = 0; /* from the start, also a second time */
	while (o == OUTCOME_OK && (optopt = 0, letter = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		if (letter == ':')
			return mistake(why, "option", argv[optind - 1], "its value is missing");
		if (letter < FIRST)
			return unknown(argv[optind - 1], optopt, why);
		*seen |= UINT64_C(1) << (letter - FIRST);
		o = option_take(to, (enum option_name)(letter - FIRST), optarg, why);
	}
	return o;
}

static enum outcome
words_take(struct options *to, int argc, char **argv, struct why *why)
{
	int word = optind;
	char list[VERBS_LIST_SIZE];

	if (word == argc)
		return OUTCOME_OK;
	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++)
		if (strcmp(argv[word], verbs[v].name) == 0)
			to->verb = (enum verb)v;
	if (to->verb == VERB_NONE)
		return mistake(why, "verb", argv[word], verbs_list(list));
	word++;
	if ((to->verb == VERB_PASSWORD || to->verb == VERB_TOKEN || to->verb == VERB_DIRECTORY) &&
	    word < argc)
		to->upn = argv[word++];
	if (to->verb == VERB_TOKEN && word < argc)
		to->token_name = argv[word++];
	if ((to->verb == VERB_TRUST || to->verb == VERB_CRL) && word < argc)
		to->trusted = argv[word++];
	if (to->verb == VERB_CERTIFY && word < argc)
		to->certify = argv[word++];
	while (to->verb == VERB_IMPORT && word < argc && to->imports < IMPORTS_MAX)
		to->import[to->imports++] = argv[word++];
	if ((to->verb == VERB_MOVE || to->verb == VERB_PUBLISH || to->verb == VERB_INDEX ||
		to->verb == VERB_RESPONDER) &&
	    word < argc)
		to->authority = argv[word++];
	if (to->verb == VERB_EXPORT && word < argc)
		to->directory_path = argv[word++];
	if (to->verb == VERB_SECRETS && word < argc)
		to->device = argv[word++];
	return word == argc ? OUTCOME_OK : mistake(why, "argument", argv[word], "is one too many");
}

static enum outcome
missing(struct why *why, const char *what)
{
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s", what);
}

static enum outcome
keys_needs_check(const struct options *to, struct why *why)
{
	if (to->organization == NULL && (to->tenant != NULL || to->url != NULL || to->jwks != NULL))
		return missing(why, "whose tenant? name its organization with --organization KEY");
	if (to->url != NULL && to->jwks != NULL)
		return missing(why, "--url and --jwks do not go together: give one of them");
	return OUTCOME_OK;
}

/* A token needs its module, and a URI what it is made for. */
static enum outcome
token_needs_check(const struct options *to, struct why *why)
{
	enum pkcs11_names names = to->verb == VERB_MOVE ? PKCS11_EITHER : PKCS11_TOKEN;
	enum outcome o = OUTCOME_OK;

	if (to->root_token != NULL && to->root != NULL)
		return missing(why, "--root-pkcs11 is for a new root: leave out --root");
	if ((to->token != NULL || to->root_token != NULL) && to->pkcs11.module == NULL)
		return missing(why,
		    "--pkcs11-module is missing: name the library that reaches the token, such as "
		    "/usr/lib/softhsm/libsofthsm2.so");
	if (to->token != NULL)
		o = pkcs11_uri_check(to->token, names, NULL, why);
	if (o == OUTCOME_OK && to->root_token != NULL)
		o = pkcs11_uri_check(to->root_token, names, NULL, why);
	return o;
}

static enum outcome
move_needs_check(const struct options *to, struct why *why)
{
	if (to->authority == NULL)
		return missing(why, "which authority's key? muster-ca move \"Example issuing\" --pkcs11 URI");
	if (to->token == NULL)
		return missing(why, "where to? give --pkcs11 URI, such as pkcs11:token=NAME");
	return token_needs_check(to, why);
}

static enum outcome
request_needs_check(const struct options *to, struct why *why)
{
	if (to->organization == NULL && to->name == NULL)
		return missing(why, "for whom? give --organization KEY, or --name NAME to share it");
	if (to->request == NULL)
		return missing(why, "--request is missing: name a new file that the request is written to");
	if (to->passphrase_file == NULL)
		return missing(why,
		    "--passphrase-file is missing: name a file, its first line encrypts the private keys");
	return OUTCOME_OK;
}

static enum outcome
certify_needs_check(struct options *to, uint64_t seen, struct why *why)
{
	if (to->certify == NULL)
		return missing(why,
		    "which request? muster-ca certify REQUEST --root-key FILE --root-certificate FILE --out "
		    "FILE");
	if (to->root_key == NULL || to->root_certificate == NULL)
		return missing(why, "who certifies? give --root-key FILE and --root-certificate FILE");
	if (to->out == NULL)
		return missing(why, "--out is missing: name a new file that the certificate is written to");
	if ((seen & UINT64_C(1) << OPTION_PATH_LENGTH) == 0)
		to->form.path_length = 0;
	return OUTCOME_OK;
}

/* A root of path length 0 could have no authority below it. */
static enum outcome
root_length_check(const struct options *to, struct why *why)
{
	if (to->form.path_length == 0)
		return missing(
		    why, "--path-length '0': a root needs one level for issuing authorities: give 1");
	return OUTCOME_OK;
}

static enum outcome
root_needs_check(const struct options *to, struct why *why)
{
	if (to->name == NULL)
		return missing(why, "whose root? give --name NAME: it is called \"NAME root\"");
	if (to->out_dir == NULL)
		return missing(
		    why, "--out-dir is missing: name the directory for the root's key and certificate");
	return root_length_check(to, why);
}

static enum outcome
passphrase_needs_check(const struct options *to, struct why *why)
{
	if (to->passphrase_file == NULL)
		return missing(
		    why, "--passphrase-file is missing: name the file with the passphrase there is");
	if (to->verb == VERB_PASSPHRASE && to->new_passphrase_file == NULL)
		return missing(
		    why, "--new-passphrase-file is missing: name a file, its first line is the new one");
	return OUTCOME_OK;
}

static enum outcome
secrets_needs_check(const struct options *to, struct why *why)
{
	if ((to->device != NULL) == to->all)
		return missing(why, "whose secrets? muster-ca secrets DEVICE, by its id, or --all");
	if (to->device != NULL && !guid_valid(to->device))
		return mistake(why, "device", to->device, "give its id, as muster_dm.devices shows it");
	if (to->passphrase_file == NULL)
		return missing(why, "--passphrase-file is missing: name the file that the issuers read");
	return OUTCOME_OK;
}

/* What each verb cannot do without. */
static enum outcome
needs_check(struct options *to, uint64_t seen, struct why *why)
{
	char list[VERBS_LIST_SIZE];
	enum outcome o;

	switch (to->verb) {
	case VERB_REQUEST: return request_needs_check(to, why);
	case VERB_ROOT: return root_needs_check(to, why);
	case VERB_CERTIFY: return certify_needs_check(to, seen, why);
	case VERB_IMPORT:
		if (to->imports == 0)
			return missing(
			    why, "which files? muster-ca import FILE…, the certificate and its chain");
		break;
	case VERB_PASSPHRASE:
	case VERB_DOCTOR: return passphrase_needs_check(to, why);
	case VERB_INIT:
		if (to->organization == NULL && to->name == NULL)
			return missing(why, "for whom? give --organization KEY, or --name NAME to share it");
		if (to->passphrase_file == NULL)
			return missing(why,
			    "--passphrase-file is missing: name a file, its first line encrypts the private "
			    "keys");
		if (to->another && to->organization == NULL)
			return missing(why,
			    "--another is for an organization that has an authority: name it "
			    "with --organization KEY");
		if ((o = root_length_check(to, why)) != OUTCOME_OK)
			return o;
		return token_needs_check(to, why);
	case VERB_PASSWORD:
		if (to->upn == NULL)
			return missing(why, "whose password? muster-ca password name@domain");
		break;
	case VERB_TOKEN:
		if (to->upn == NULL || to->token_name == NULL)
			return missing(why,
			    "whose token, and what is it called? muster-ca token package@domain 'classroom "
			    "3'");
		break;
	case VERB_DIRECTORY:
		if (to->upn == NULL || to->organization == NULL)
			return missing(
			    why, "whose password? muster-ca directory NAME-AS-TYPED --organization KEY");
		break;
	case VERB_MOVE: return move_needs_check(to, why);
	case VERB_KEYS: return keys_needs_check(to, why);
	case VERB_SECRETS: return secrets_needs_check(to, why);
	case VERB_TRUST:
	case VERB_CRL:
		if (to->trusted == NULL || to->organization == NULL)
			return missing(
			    why, "which file, and for whom? muster-ca trust FILE --organization KEY, or crl");
		break;
	case VERB_PUBLISH:
		if (to->authority == NULL)
			return missing(why, "whose list? muster-ca publish AUTHORITY, by its name or id");
		break;
	case VERB_EXPORT:
		if (to->directory_path == NULL)
			return missing(why, "where to? muster-ca export DIR");
		break;
	case VERB_INDEX:
		if (to->authority == NULL || to->file == NULL)
			return missing(why, "whose, and where to? muster-ca index AUTHORITY --file FILE");
		break;
	case VERB_RESPONDER:
		if (to->authority == NULL || to->request == NULL)
			return missing(why,
			    "for whom? muster-ca responder AUTHORITY --request FILE --passphrase-file FILE");
		break;
	case VERB_NONE:
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "what to do? %s, or --help", verbs_list(list));
	case VERB_SHOW:
	case VERB_COUNT: break;
	}
	return OUTCOME_OK;
}

/* An option of another verb is a misunderstanding, not something to pass over. */
static enum outcome
belongs_check(const struct options *to, uint64_t seen, struct why *why)
{
	for (int i = 0; i < OPTION_COUNT; i++)
		if ((seen & UINT64_C(1) << i) != 0 && (table[i].verbs & OF(to->verb)) == 0)
			return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
			    "--%s does not go with %s: see muster-ca %s --help", table[i].name,
			    verbs[to->verb].name, verbs[to->verb].name);
	return OUTCOME_OK;
}

static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

enum outcome
options_parse(int argc, char **argv, struct options *to, struct why *why)
{
	uint64_t seen;
	enum outcome o;

	*to = (struct options){ .key = KEY_EC_P256,
		.form = { .path_length = -1 },
		.root_years = 20,
		.years = 10,
		.days = 180,
		.passphrase_file = environment("MUSTER_PASSPHRASE_FILE"),
		.pkcs11 = { environment("MUSTER_PKCS11_MODULE"), environment("MUSTER_PIN_FILE"), NULL },
		.secrets_dir = getenv("MUSTER_SECRETS_DIR") };
	if ((o = options_take(argc, argv, to, &seen, why)) != OUTCOME_OK ||
	    (o = words_take(to, argc, argv, why)) != OUTCOME_OK || to->help || to->version)
		return o;
	if (to->verb == VERB_RESPONDER && (seen & UINT64_C(1) << OPTION_DAYS) == 0)
		to->days = RESPONDER_DAYS;
	if ((o = needs_check(to, seen, why)) != OUTCOME_OK)
		return o;
	return belongs_check(to, seen, why);
}
