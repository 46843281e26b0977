/* Tokens for provisioning packages: the file that one is written to, and the statement that stores its hash.
 */
#include "../../app/muster-ca/token.h"

#include <muster/credentials/token.h>

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HASH "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static void
written(void **state)
{
	CLEANUP(secret_release) struct secret token = token_make();
	CLEANUP(secret_release) struct secret read = { NULL, 0 };
	char directory[] = "/tmp/muster-test-XXXXXX", path[64];
	struct stat status;
	struct why why = { "" };

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/token", directory);
	(void)umask(0);
	assert_int_equal(token_write(path, &token, &why), OUTCOME_OK);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(secret_read_file(path, &read, &why), OUTCOME_OK);
	assert_string_equal(read.data, token.data);
	/* What is there is never written over. */
	assert_int_not_equal(token_write(path, &token, &why), OUTCOME_OK);
	assert_non_null(strstr(why.text, "name a new file"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
	assert_int_not_equal(token_write(path, &token, &why), OUTCOME_OK);
	assert_non_null(strstr(why.text, path));
	assert_null(strstr(why.text, token.data));
}

static void
printed(void **state)
{
	static const struct {
		struct options options;
		const char *statement;
	} row[] = {
		{ { .upn = "p@example.test", .token_name = "x", .days = 180 },
		    "SELECT muster.add_bulk_token('p@example.test', 'x', '" HASH
		    "', now() + interval '180 days');\n" },
		{ { .upn = "p@example.test",
		      .token_name = "Bob's",
		      .days = 1,
		      .limit = 30,
		      .network = { "192.0.2.0/24", "2001:db8::/32" },
		      .networks = 2,
		      .note = "it's Autumn",
		      .organization = "other" },
		    "SELECT muster.add_bulk_token('p@example.test', 'Bob''s', '" HASH
		    "', now() + interval '1 days', device_limit => 30, networks => ARRAY['192.0.2.0/24', "
		    "'2001:db8::/32'], note => 'it''s Autumn', organization => 'other');\n" },
		{ { .upn = "p\\@example.test", .token_name = "x" }, NULL },
		{ { .upn = "p@example.test", .token_name = "x\n" }, NULL },
		{ { .upn = "p@example.test", .token_name = "x", .network = { "\\" }, .networks = 1 }, NULL },
		{ { .upn = "p@example.test", .token_name = "x", .note = "\xff" }, NULL },
		{ { .upn = "p@example.test", .token_name = "x", .organization = "\x7f" }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		struct why why;
		enum outcome o = token_print(out, &row[i].options, HASH, &why);

		assert_int_equal(fclose(out), 0);
		if ((o == OUTCOME_OK) != (row[i].statement != NULL) ||
		    (row[i].statement != NULL && strcmp(text, row[i].statement) != 0))
			fail_msg("row %zu: %s", i, text);
		free(text);
	}
}

/* The standard output of a test is no terminal. */
static void
no_terminal(void **state)
{
	struct options options = { .upn = "p@example.test", .token_name = "x", .days = 1 };
	int out = dup(STDOUT_FILENO);
	FILE *file = tmpfile();
	struct why why = { "" };
	enum outcome o;

	(void)state;
	assert_non_null(file);
	(void)fflush(stdout);
	assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
	o = token_run(&options, &why);
	assert_true(dup2(out, STDOUT_FILENO) >= 0);
	(void)close(out);
	assert_int_not_equal(o, OUTCOME_OK);
	assert_non_null(strstr(why.text, "give --token-file FILE"));
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	assert_int_equal(ftell(file), 0);
	(void)fclose(file);
	options.print = true;
	assert_int_not_equal(token_run(&options, &why), OUTCOME_OK);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(written),
		cmocka_unit_test(printed),
		cmocka_unit_test(no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
