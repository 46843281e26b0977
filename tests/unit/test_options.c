/* What muster is told, from both sides, and what it refuses to be told. */
#include <muster/muster/master.h>
#include <muster/muster/options.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define WORKER "--worker-database=host=/run/postgresql user=muster_worker passfile=/etc/muster/worker.pass"
#define ISSUER "--issuer-database=host=/run/postgresql user=muster_issuer passfile=/etc/muster/issuer.pass"
#define PASSPHRASE "--passphrase-file=/etc/muster/passphrase"
#define MODULE "--pkcs11-module=/etc/passwd" /* a file that is there */

static enum outcome
read_options(const char *const *argument, struct options *options, struct why *why)
{
	char *argv[16] = { (char *)(uintptr_t) "muster" };
	int argc = 1;

	why->text[0] = '\0';
	for (; *argument != NULL; argument++)
		argv[argc++] = (char *)(uintptr_t)*argument;
	return options_read(argc, argv, options, why);
}

static void
all_of_them(void **state)
{
	static const char *const argument[] = { WORKER, ISSUER, PASSPHRASE, "--listen", "/run/muster.sock",
		"--pairs=3", "--worker-user=w", "--issuer-user=i", "--socket-mode=0600",
		"--socket-owner=root:www-data", "--secrets-dir=/etc", MODULE, "--pin-file=pin", NULL };
	struct options options;
	struct why why;

	(void)state;
	assert_int_equal(read_options(argument, &options, &why), OUTCOME_OK);
	assert_string_equal(options.listen, "/run/muster.sock");
	assert_int_equal(options.pairs, 3);
	assert_string_equal(options.worker_user, "w");
	assert_string_equal(options.issuer_user, "i");
	assert_int_equal(options.socket_mode, 0600);
	assert_string_equal(options.socket_owner, "root:www-data");
	assert_string_equal(options.passphrase_file, "/etc/muster/passphrase");
	assert_string_equal(options.secrets_dir, "/etc");
	assert_string_equal(options.pkcs11_module, "/etc/passwd");
	assert_string_equal(options.pin_file, "pin");
}

static void
defaults(void **state)
{
	static const char *const argument[] = { WORKER, ISSUER, PASSPHRASE, NULL };
	struct options options;
	struct why why;

	(void)state;
	assert_int_equal(read_options(argument, &options, &why), OUTCOME_OK);
	assert_null(options.listen);
	assert_true(options.pairs >= 2);
	assert_int_equal(options.socket_mode, 0660);
	assert_null(options.worker_user);
}

static void
the_environment_counts_less(void **state)
{
	static const char *const argument[] = { WORKER, ISSUER, "--pairs=5", NULL };
	struct options options;
	struct why why;

	(void)state;
	(void)setenv("MUSTER_PAIRS", "4", 1);
	(void)setenv("MUSTER_PASSPHRASE_FILE", "passphrase", 1);
	(void)setenv("MUSTER_SOCKET_MODE", "0666", 1);
	(void)setenv("MUSTER_LISTEN", "", 1);
	assert_int_equal(read_options(argument, &options, &why), OUTCOME_OK);
	assert_int_equal(options.pairs, 5);
	assert_string_equal(options.passphrase_file, "passphrase");
	assert_int_equal(options.socket_mode, 0666);
	assert_null(options.listen);
	(void)setenv("MUSTER_PAIRS", "many", 1);
	assert_int_equal(read_options(argument, &options, &why), OUTCOME_INTERNAL_SERVICE_FAULT);
	(void)unsetenv("MUSTER_PAIRS");
	(void)unsetenv("MUSTER_PASSPHRASE_FILE");
	(void)unsetenv("MUSTER_SOCKET_MODE");
	(void)unsetenv("MUSTER_LISTEN");
}

static void
refusals(void **state)
{
	static const struct {
		const char *const argument[7];
		const char *says;
	} row[] = {
		{ { ISSUER, PASSPHRASE, NULL }, "--worker-database is missing" },
		{ { WORKER, PASSPHRASE, NULL }, "--issuer-database is missing" },
		{ { WORKER, ISSUER, NULL }, "--passphrase-file is missing" },
		{ { WORKER, ISSUER, PASSPHRASE, "--pairs=0", NULL }, "--pairs '0'" },
		{ { WORKER, ISSUER, PASSPHRASE, "--pairs=-1", NULL }, "--pairs '-1'" },
		{ { WORKER, ISSUER, PASSPHRASE, "--pairs=1000000", NULL }, "--pairs" },
		{ { WORKER, ISSUER, PASSPHRASE, "--pairs=2x", NULL }, "--pairs '2x'" },
		{ { WORKER, ISSUER, PASSPHRASE, "--socket-mode=rw", NULL }, "--socket-mode" },
		{ { WORKER, ISSUER, PASSPHRASE, "--socket-mode=7777", NULL }, "--socket-mode" },
		{ { "--worker-database=host=x password=hunter2", ISSUER, PASSPHRASE, NULL }, "passfile=" },
		{ { WORKER, "--issuer-database=postgresql://u:hunter2@h/d", PASSPHRASE, NULL }, "passfile=" },
		{ { WORKER, "--issuer-database=host=x sslpassword=hunter2", PASSPHRASE, NULL }, "passfile=" },
		{ { "--worker-database=no such thing", ISSUER, PASSPHRASE, NULL }, "--worker-database: " },
		{ { "--worker-database=passfile=/a", "--issuer-database=passfile=/a", PASSPHRASE, NULL },
		    "share the passfile /a" },
		{ { WORKER, ISSUER, PASSPHRASE, "--secrets-dir=etc", NULL }, "--secrets-dir 'etc'" },
		{ { WORKER, ISSUER, PASSPHRASE, "--secrets-dir=/etc/passwd", NULL }, "--secrets-dir" },
		{ { WORKER, ISSUER, PASSPHRASE, "--secrets-dir=/no/such/place", NULL }, "--secrets-dir" },
		{ { WORKER, ISSUER, "--passphrase-file=/etc/passwd", "--secrets-dir=/etc", NULL },
		    "the passphrase file lies in" },
		{ { WORKER, ISSUER, PASSPHRASE, MODULE, "--pin-file=/etc/passwd", "--secrets-dir=/etc",
		      NULL },
		    "the PIN file lies in" },
		{ { WORKER, ISSUER, PASSPHRASE, "--pkcs11-module=m.so", NULL }, "--pkcs11-module 'm.so'" },
		{ { WORKER, ISSUER, PASSPHRASE, "--pkcs11-module=/no/such.so", NULL }, "--pkcs11-module" },
		{ { WORKER, ISSUER, PASSPHRASE, "--pin-file=pin", NULL },
		    "--pin-file without --pkcs11-module" },
	};
	struct options options;
	struct why why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		if (read_options(row[i].argument, &options, &why) == OUTCOME_OK)
			fail_msg("row %zu", i);
		if (strstr(why.text, row[i].says) == NULL || strstr(why.text, "hunter2") != NULL)
			fail_msg("row %zu: %s", i, why.text);
	}
}

static void
libpq_finds_nothing_in_the_environment(void **state)
{
	(void)state;
	(void)setenv("PGPASSWORD", "hunter2", 1);
	(void)setenv("PGHOST", "elsewhere", 1);
	(void)setenv("PGSERVICEFILE", "/tmp/x", 1);
	(void)setenv("XPG", "stays", 1);
	options_clear_environment();
	assert_null(getenv("PGPASSWORD"));
	assert_null(getenv("PGHOST"));
	assert_null(getenv("PGSERVICEFILE"));
	assert_string_equal(getenv("XPG"), "stays");
	assert_non_null(getenv("PATH"));
}

static void
starting_again_takes_longer_each_time(void **state)
{
	static const int64_t expected[] = { 0, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000,
		30000 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(expected); i++)
		if (master_backoff_ms(i) != expected[i])
			fail_msg("failure %u: %lld ms", i, (long long)master_backoff_ms(i));
	assert_int_equal(master_backoff_ms(~0U), BACKOFF_MAX_MS);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_them),
		cmocka_unit_test(defaults),
		cmocka_unit_test(the_environment_counts_less),
		cmocka_unit_test(refusals),
		cmocka_unit_test(libpq_finds_nothing_in_the_environment),
		cmocka_unit_test(starting_again_takes_longer_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
