/* What muster-ca is told, and what it refuses to be told. */
#include "../../app/muster-ca/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define FOR "--organization=example"
#define TOKEN "--pkcs11=pkcs11:token=t"
#define MODULE "--pkcs11-module=/m.so"
#define PASSPHRASE "--passphrase-file=/etc/muster/passphrase"

static enum outcome
parse(const char *const *argument, struct options *options, struct why *why)
{
	char *argv[16] = { (char *)(uintptr_t) "muster-ca" };
	int argc = 1;

	why->text[0] = '\0';
	for (; *argument != NULL; argument++)
		argv[argc++] = (char *)(uintptr_t)*argument;
	return options_parse(argc, argv, options, why);
}

static void
init_takes_all_of_its_own(void **state)
{
	static const char *const argument[] = { "--database", "host=/x", "init", FOR, "--name", "N",
		"--root=R", "--key=rsa-3072", PASSPHRASE, "--validity-years=5", "--root-validity-years", "30",
		"--another", NULL };
	struct options options;
	struct why why;

	(void)state;
	assert_int_equal(parse(argument, &options, &why), OUTCOME_OK);
	assert_int_equal(options.verb, VERB_INIT);
	assert_string_equal(options.database, "host=/x");
	assert_string_equal(options.organization, "example");
	assert_string_equal(options.name, "N");
	assert_string_equal(options.root, "R");
	assert_int_equal(options.key, KEY_RSA_3072);
	assert_string_equal(options.passphrase_file, "/etc/muster/passphrase");
	assert_int_equal(options.years, 5);
	assert_int_equal(options.root_years, 30);
	assert_true(options.another);
}

static void
authorities_own_life(void **state)
{
	static const char *const request[] = { "request", FOR, "--name=N", "--key=ec-p384", "--hash=sha512",
		"--request=f", PASSPHRASE, NULL };
	static const char *const root[] = { "root", "--name=N", "--out-dir=d", "--path-length=2",
		"--root-validity-years=30", NULL };
	static const char *const certify[] = { "certify", "r", "--root-key=k", "--root-certificate=c",
		"--out=o", "--crl-url=http://x/c", "--ca-url=http://x/r", NULL };
	static const char *const import[] = { "import", "a", FOR, "b", "--another", NULL };
	static const char *const change[] = { "passphrase", PASSPHRASE, "--new-passphrase-file=n", NULL };
	struct options options;
	struct why why;

	(void)state;
	assert_int_equal(parse(request, &options, &why), OUTCOME_OK);
	assert_string_equal(options.request, "f");
	assert_int_equal(options.form.hash, GNUTLS_DIG_SHA512);
	assert_int_equal(parse(root, &options, &why), OUTCOME_OK);
	assert_string_equal(options.out_dir, "d");
	assert_int_equal(options.form.path_length, 2);
	assert_int_equal(options.root_years, 30);
	assert_int_equal(parse(certify, &options, &why), OUTCOME_OK);
	assert_string_equal(options.certify, "r");
	assert_string_equal(options.root_key, "k");
	assert_string_equal(options.root_certificate, "c");
	assert_string_equal(options.out, "o");
	assert_int_equal(options.form.path_length, 0);
	assert_string_equal(options.form.crl_url, "http://x/c");
	assert_string_equal(options.form.ca_url, "http://x/r");
	assert_int_equal(parse(import, &options, &why), OUTCOME_OK);
	assert_int_equal(options.imports, 2);
	assert_string_equal(options.import[1], "b");
	assert_true(options.another);
	assert_int_equal(parse(change, &options, &why), OUTCOME_OK);
	assert_string_equal(options.new_passphrase_file, "n");
}

static void
trust_takes_all_of_its_own(void **state)
{
	static const char *const authority[] = { "trust", "file", FOR, "--name=N", "--names-by", "upn,email",
		"--devices", NULL };
	static const char *const one[] = { "trust", FOR, "--account=a@b", "file", NULL };
	static const char *const list[] = { "crl", "file", FOR, NULL };
	struct options options;
	struct why why;

	(void)state;
	assert_int_equal(parse(authority, &options, &why), OUTCOME_OK);
	assert_int_equal(options.verb, VERB_TRUST);
	assert_string_equal(options.trusted, "file");
	assert_string_equal(options.names_by, "upn,email");
	assert_true(options.devices);
	assert_null(options.account);
	assert_int_equal(parse(one, &options, &why), OUTCOME_OK);
	assert_string_equal(options.account, "a@b");
	assert_string_equal(options.trusted, "file");
	assert_false(options.devices);
	assert_int_equal(parse(list, &options, &why), OUTCOME_OK);
	assert_int_equal(options.verb, VERB_CRL);
}

static void
defaults(void **state)
{
	static const char *const init[] = { "init", FOR, PASSPHRASE, NULL };
	static const char *const show[] = { "show", NULL };
	struct options options;
	struct why why;

	(void)state;
	assert_int_equal(parse(init, &options, &why), OUTCOME_OK);
	assert_null(options.database);
	assert_int_equal(options.key, KEY_EC_P256);
	assert_int_equal(options.years, 10);
	assert_int_equal(options.root_years, 20);
	assert_false(options.another);
	assert_int_equal(parse(show, &options, &why), OUTCOME_OK);
	assert_int_equal(options.verb, VERB_SHOW);
	assert_null(options.organization);
	assert_false(options.pem);
}

static void
password_and_show(void **state)
{
	static const char *const password[] = { "password", "ada@example.test", "--file", "f", FOR, "--print",
		NULL };
	static const char *const show[] = { "show", "--pem", FOR, "--database=", NULL };
	struct options options;
	struct why why;

	(void)state;
	assert_int_equal(parse(password, &options, &why), OUTCOME_OK);
	assert_int_equal(options.verb, VERB_PASSWORD);
	assert_string_equal(options.upn, "ada@example.test");
	assert_string_equal(options.file, "f");
	assert_true(options.print);
	assert_int_equal(parse(show, &options, &why), OUTCOME_OK);
	assert_true(options.pem);
	assert_string_equal(options.organization, "example");
}

static void
token(void **state)
{
	static const char *const all[] = { "token", "package@example.test", "classroom 3", "--token-file=f",
		"--days=7", "--limit", "30", "--network=192.0.2.0/24", "--network=2001:db8::/32",
		"--note=Autumn", FOR, "--print", NULL };
	static const char *const least[] = { "token", "package@example.test", "x", NULL };
	struct options options;
	struct why why;

	(void)state;
	assert_int_equal(parse(all, &options, &why), OUTCOME_OK);
	assert_int_equal(options.verb, VERB_TOKEN);
	assert_string_equal(options.upn, "package@example.test");
	assert_string_equal(options.token_name, "classroom 3");
	assert_string_equal(options.token_file, "f");
	assert_int_equal(options.days, 7);
	assert_int_equal(options.limit, 30);
	assert_int_equal(options.networks, 2);
	assert_string_equal(options.network[1], "2001:db8::/32");
	assert_string_equal(options.note, "Autumn");
	assert_string_equal(options.organization, "example");
	assert_true(options.print);
	assert_int_equal(parse(least, &options, &why), OUTCOME_OK);
	assert_int_equal(options.days, 180);
	assert_int_equal(options.limit, 0);
	assert_int_equal(options.networks, 0);
	assert_null(options.token_file);
}

static void
a_directory(void **state)
{
	static const char *const argument[] = { "directory", "CORP\\ada", FOR, "--secrets-dir=/s", "--file=f",
		NULL };
	struct options options;
	struct why why;

	(void)state;
	assert_int_equal(parse(argument, &options, &why), OUTCOME_OK);
	assert_int_equal(options.verb, VERB_DIRECTORY);
	assert_string_equal(options.upn, "CORP\\ada");
	assert_string_equal(options.secrets_dir, "/s");
	assert_string_equal(options.file, "f");
}

static void
keys(void **state)
{
	static const char *const all[] = { "keys", NULL };
	static const char *const one[] = { "keys", FOR, "--tenant=T", "--jwks=f", "--ca-file", "c", NULL };
	static const char *const elsewhere[] = { "keys", FOR, "--url", "https://x/", NULL };
	struct options options;
	struct why why;

	(void)state;
	assert_int_equal(parse(all, &options, &why), OUTCOME_OK);
	assert_int_equal(options.verb, VERB_KEYS);
	assert_null(options.organization);
	assert_int_equal(parse(one, &options, &why), OUTCOME_OK);
	assert_string_equal(options.organization, "example");
	assert_string_equal(options.tenant, "T");
	assert_string_equal(options.jwks, "f");
	assert_string_equal(options.ca_file, "c");
	assert_null(options.url);
	assert_int_equal(parse(elsewhere, &options, &why), OUTCOME_OK);
	assert_string_equal(options.url, "https://x/");
}

static void
the_passphrase_file_from_the_environment(void **state)
{
	static const char *const bare[] = { "init", FOR, NULL },
				 *const given[] = { "init", FOR, PASSPHRASE, NULL };
	struct options options;
	struct why why;

	(void)state;
	(void)setenv("MUSTER_PASSPHRASE_FILE", "passphrase", 1);
	assert_int_equal(parse(bare, &options, &why), OUTCOME_OK);
	assert_string_equal(options.passphrase_file, "passphrase");
	assert_int_equal(parse(given, &options, &why), OUTCOME_OK);
	assert_string_equal(options.passphrase_file, "/etc/muster/passphrase");
	(void)setenv("MUSTER_PASSPHRASE_FILE", "", 1);
	assert_int_not_equal(parse(bare, &options, &why), OUTCOME_OK);
	(void)unsetenv("MUSTER_PASSPHRASE_FILE");
}

#define DEVICE "0198f0c2-0000-7000-8000-000000000000"

static void
a_token(void **state)
{
	static const char *const init[] = { "init", FOR, PASSPHRASE, TOKEN, MODULE, "--pin-file=p",
		"--root-pkcs11=pkcs11:serial=1", NULL };
	static const char *const move[] = { "move", "Example issuing", TOKEN ";object=k", NULL };
	struct options options;
	struct why why;

	(void)state;
	assert_int_equal(parse(init, &options, &why), OUTCOME_OK);
	assert_string_equal(options.token, "pkcs11:token=t");
	assert_string_equal(options.root_token, "pkcs11:serial=1");
	assert_string_equal(options.pkcs11.module, "/m.so");
	assert_string_equal(options.pkcs11.pin_file, "p");
	(void)setenv("MUSTER_PKCS11_MODULE", "/n.so", 1);
	(void)setenv("MUSTER_PIN_FILE", "pin", 1);
	assert_int_equal(parse(move, &options, &why), OUTCOME_OK);
	assert_int_equal(options.verb, VERB_MOVE);
	assert_string_equal(options.authority, "Example issuing");
	assert_string_equal(options.token, "pkcs11:token=t;object=k");
	assert_string_equal(options.pkcs11.module, "/n.so");
	assert_string_equal(options.pkcs11.pin_file, "pin");
	(void)unsetenv("MUSTER_PKCS11_MODULE");
	(void)unsetenv("MUSTER_PIN_FILE");
}

/* Wrong command lines, and what is said of each. */
static const struct {
	const char *const argument[6];
	const char *says;
} mistake[] = {
	{ { NULL },
	    "what to do? give init, show, password, token, keys, trust, crl, directory, move, request, "
	    "root, certify, import, passphrase, doctor, publish, export, index, responder or secrets" },
	{ { "request", FOR, PASSPHRASE, NULL }, "--request is missing" },
	{ { "request", "--request=f", PASSPHRASE, NULL }, "--organization KEY, or --name NAME" },
	{ { "request", FOR, "--request=f", NULL }, "--passphrase-file is missing" },
	{ { "request", FOR, "--request=f", PASSPHRASE, "--path-length=1", NULL },
	    "--path-length does not go with request" },
	{ { "root", "--name=N", NULL }, "--out-dir is missing" },
	{ { "root", "--out-dir=d", NULL }, "--name NAME" },
	{ { "root", "--name=N", "--out-dir=d", "--path-length=0", NULL }, "give 1" },
	{ { "root", "--name=N", "--out-dir=d", "--path-length=8", NULL }, "--path-length '8'" },
	{ { "root", "--name=N", "--out-dir=d", "--hash=sha1", NULL }, "--hash 'sha1': give sha256" },
	{ { "certify", "--out=f", NULL }, "which request?" },
	{ { "certify", "r", "--root-key=k", "--out=f", NULL }, "--root-certificate FILE" },
	{ { "certify", "r", "--root-key=k", "--root-certificate=c", NULL }, "--out is missing" },
	{ { "certify", "r", "--crl-url=ldap://x", NULL }, "--crl-url 'ldap://x'" },
	{ { "import", FOR, NULL }, "which files?" },
	{ { "passphrase", PASSPHRASE, NULL }, "--new-passphrase-file is missing" },
	{ { "doctor", NULL }, "--passphrase-file is missing" },
	{ { "frob", NULL }, "verb 'frob'" },
	{ { "Init", FOR, PASSPHRASE, NULL }, "verb 'Init'" },
	{ { "init", PASSPHRASE, NULL }, "--organization KEY, or --name NAME" },
	{ { "init", FOR, NULL }, "--passphrase-file is missing" },
	{ { "init", "--name=N", PASSPHRASE, "--another", NULL }, "--organization KEY" },
	{ { "init", FOR, PASSPHRASE, "--key=rsa-1024", NULL }, "--key 'rsa-1024': give ec-p256" },
	{ { "init", FOR, PASSPHRASE, "--key=RSA-2048", NULL }, "--key 'RSA-2048'" },
	{ { "init", FOR, PASSPHRASE, "--validity-years=0", NULL }, "--validity-years '0'" },
	{ { "init", FOR, PASSPHRASE, "--validity-years=101", NULL }, "from 1 to 100" },
	{ { "init", FOR, PASSPHRASE, "--validity-years=-1", NULL }, "--validity-years '-1'" },
	{ { "init", FOR, PASSPHRASE, "--root-validity-years=2x", NULL }, "--root-validity-years '2x'" },
	{ { "init", FOR, PASSPHRASE, "--root-validity-years=", NULL }, "--root-validity-years ''" },
	{ { "init", FOR, PASSPHRASE, "--pem", NULL }, "--pem does not go with init" },
	{ { "show", "--another", NULL }, "--another does not go with show" },
	{ { "show", PASSPHRASE, NULL }, "--passphrase-file does not go with show" },
	{ { "show", "example", NULL }, "argument 'example': is one too many" },
	{ { "show", "--organization", NULL }, "option '--organization': its value is missing" },
	{ { "show", "--frob", NULL }, "option '--frob': is unknown" },
	{ { "show", "-x", NULL }, "option '-x': is unknown: options begin with --" },
	{ { "init", "-organization", "example", NULL }, "option '-o': is unknown: options begin with --" },
	{ { "show", "--pem=yes", NULL }, "option '--pem': takes no value" },
	{ { "password", NULL }, "muster-ca password name@domain" },
	{ { "password", "a@b", "c", NULL }, "argument 'c'" },
	{ { "password", "a@b", "--name=c", NULL }, "--name does not go with password" },
	{ { "directory", NULL }, "muster-ca directory NAME-AS-TYPED" },
	{ { "directory", "ada", NULL }, "muster-ca directory NAME-AS-TYPED" },
	{ { "directory", "ada", FOR, "--print", NULL }, "--print does not go with directory" },
	{ { "password", "a@b", "--secrets-dir=/x", NULL }, "--secrets-dir does not go with password" },
	{ { "token", NULL }, "muster-ca token package@domain" },
	{ { "token", "a@b", NULL }, "muster-ca token package@domain" },
	{ { "token", "a@b", "x", "y", NULL }, "argument 'y'" },
	{ { "token", "a@b", "x", "--file=f", NULL }, "--file does not go with token" },
	{ { "token", "a@b", "x", "--days=3651", NULL }, "--days '3651': give a number from 1 to 3650" },
	{ { "token", "a@b", "x", "--limit=0", NULL }, "--limit '0': give a number from 1 to 10000000" },
	{ { "password", "a@b", "--limit=5", NULL }, "--limit does not go with password" },
	{ { "keys", "--tenant=T", NULL }, "name its organization with --organization KEY" },
	{ { "keys", "--jwks=f", NULL }, "name its organization with --organization KEY" },
	{ { "keys", "--url=https://x/", NULL }, "name its organization with --organization KEY" },
	{ { "keys", FOR, "--url=https://x/", "--jwks=f", NULL }, "--url and --jwks do not go together" },
	{ { "keys", FOR, "--file=f", NULL }, "--file does not go with keys" },
	{ { "show", "--ca-file=f", NULL }, "--ca-file does not go with show" },
	{ { "trust", FOR, NULL }, "which file, and for whom?" },
	{ { "trust", "file", NULL }, "which file, and for whom?" },
	{ { "crl", FOR, NULL }, "which file, and for whom?" },
	{ { "trust", "file", "more", FOR, NULL }, "argument 'more': is one too many" },
	{ { "crl", "file", FOR, "--devices", NULL }, "--devices does not go with crl" },
	{ { "show", "--account=a@b", NULL }, "--account does not go with show" },
	{ { "init", FOR, PASSPHRASE, TOKEN, NULL }, "--pkcs11-module is missing" },
	{ { "init", FOR, PASSPHRASE, "--root-pkcs11=pkcs11:token=t", NULL }, "--pkcs11-module is missing" },
	{ { "init", FOR, PASSPHRASE, TOKEN ";id=%01", MODULE, NULL }, "names a key" },
	{ { "init", FOR, PASSPHRASE, TOKEN "?pin-value=1", MODULE, NULL }, "leave out what comes after '?'" },
	{ { "init", FOR, PASSPHRASE, "--root-pkcs11=x", MODULE, NULL }, "'x' is no PKCS#11 URI" },
	{ { "init", PASSPHRASE, "--root-pkcs11=pkcs11:token=t", "--root=R", "--name=N", NULL },
	    "leave out --root" },
	{ { "move", TOKEN, MODULE, NULL }, "which authority's key?" },
	{ { "move", "A", MODULE, NULL }, "where to? give --pkcs11 URI" },
	{ { "move", "A", TOKEN, NULL }, "--pkcs11-module is missing" },
	{ { "move", "A", "B", TOKEN, MODULE, NULL }, "argument 'B': is one too many" },
	{ { "move", "A", TOKEN, MODULE, "--another", NULL }, "--another does not go with move" },
	{ { "show", TOKEN, NULL }, "--pkcs11 does not go with show" },
	{ { "secrets", PASSPHRASE, NULL }, "whose secrets?" },
	{ { "secrets", DEVICE, "--all", PASSPHRASE, NULL }, "whose secrets?" },
	{ { "secrets", "x", PASSPHRASE, NULL }, "device 'x': give its id" },
	{ { "secrets", "--all", NULL }, "--passphrase-file is missing" },
	{ { "secrets", "--all", PASSPHRASE, FOR, NULL }, "--organization does not go with secrets" },
	{ { "show", "--all", NULL }, "--all does not go with show" },
};

static void
mistakes(void **state)
{
	struct options options;
	struct why why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mistake); i++) {
		if (parse(mistake[i].argument, &options, &why) == OUTCOME_OK)
			fail_msg("row %zu", i);
		if (strstr(why.text, mistake[i].says) == NULL)
			fail_msg("row %zu: %s", i, why.text);
	}
}

/* Help, for the program and for each verb, names every option that goes there and no other. */
static void
help(void **state)
{
	static const struct {
		const char *const argument[3];
		const char *has, *has_not;
	} row[] = {
		{ { "--help", NULL }, "password UPN", "--pem " },
		{ { "init", "--help", NULL }, "--passphrase-file FILE", "--print" },
		{ { "show", "--help", NULL }, "--pem ", "--key" },
		{ { "--help", "password", NULL }, "--print", "--root" },
		{ { "token", "--help", NULL }, "--network CIDR", "--file " },
		{ { "keys", "--help", NULL }, "--jwks FILE", "--file" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		struct options options;
		struct why why;

		assert_int_equal(parse(row[i].argument, &options, &why), OUTCOME_OK);
		assert_true(options.help);
		options_help(out, options.verb);
		assert_int_equal(fclose(out), 0);
		if (strstr(text, row[i].has) == NULL || strstr(text, row[i].has_not) != NULL ||
		    strstr(text, "--database CONNINFO") == NULL || strstr(text, "Exit status: ") == NULL)
			fail_msg("row %zu: %s", i, text);
		free(text);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_takes_all_of_its_own),
		cmocka_unit_test(trust_takes_all_of_its_own),
		cmocka_unit_test(defaults),
		cmocka_unit_test(password_and_show),
		cmocka_unit_test(token),
		cmocka_unit_test(a_directory),
		cmocka_unit_test(keys),
		cmocka_unit_test(the_passphrase_file_from_the_environment),
		cmocka_unit_test(a_token),
		cmocka_unit_test(authorities_own_life),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
