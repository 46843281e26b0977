/* Passwords out of files, and the statement that stores their hashes. */
#include "../../app/muster-ca/database.h"
#include "../../app/muster-ca/password.h"

#include <muster/credentials/password.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/* A file of that content in path, which has room for a name. */
static void
file_make(char path[32], const char *content, size_t size)
{
	int fd;

	(void)snprintf(path, 32, "/tmp/muster-test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, size), (ssize_t)size);
	(void)close(fd);
}

static enum outcome
hash_of(const char *content, size_t size, char hash[PASSWORD_HASH_MAX], struct why *why)
{
	char path[32];
	const struct options options = { .upn = "ada@example.test", .file = path };
	enum outcome o;

	file_make(path, content, size);
	o = password_make(&options, hash, why);
	(void)unlink(path);
	return o;
}

static void
hashed(void **state)
{
	static const struct {
		const char *content, *password;
	} row[] = {
		{ "Tr0ub4dor&3\n", "Tr0ub4dor&3" },
		{ "Tr0ub4dor&3", "Tr0ub4dor&3" },
		{ " blanks inside and around \r\n", " blanks inside and around " },
		{ "pässwörd €\nsecond line\n", "pässwörd €" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct secret password = secret_copy(row[i].password, strlen(row[i].password));
		char hash[PASSWORD_HASH_MAX];
		struct why why = { "" };

		if (hash_of(row[i].content, strlen(row[i].content), hash, &why) != OUTCOME_OK)
			fail_msg("row %zu: %s", i, why.text);
		assert_int_equal(strncmp(hash, "$y$", 3), 0);
		if (!password_verify(&password, hash))
			fail_msg("row %zu: %s", i, hash);
		secret_release(&password);
	}
}

static void
refused(void **state)
{
	static char long_one[600];
	static const struct {
		const char *content;
		size_t size;
		const char *says;
	} row[] = {
		{ "", 0, "empty" },
		{ "\nsecond\n", 8, "empty" },
		{ "hunter2\0x\n", 10, "NUL" },
		{ "hunter2\xff\n", 9, "UTF-8" },
		{ "hunter2\x03\n", 9, "control character" },
		{ "hunter2\tx\n", 10, "control character" },
		{ "hunter2\x7f\n", 9, "control character" },
		{ long_one, 512, "takes 511" },
	};

	(void)state;
	memset(long_one, 'x', sizeof(long_one));
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		char hash[PASSWORD_HASH_MAX];
		struct why why = { "" };

		if (hash_of(row[i].content, row[i].size, hash, &why) == OUTCOME_OK)
			fail_msg("row %zu: %s", i, hash);
		if (strstr(why.text, row[i].says) == NULL || strstr(why.text, "hunter2") != NULL)
			fail_msg("row %zu: %s", i, why.text);
	}
}

static void
printed(void **state)
{
	static const struct {
		const char *upn, *organization, *statement;
	} row[] = {
		{ "ada@example.test", NULL,
		    "SELECT muster.set_password_hash('ada@example.test', '$y$h');\n" },
		{ "o'neill@example.test", "other",
		    "SELECT muster.set_password_hash('o''neill@example.test', '$y$h', 'other');\n" },
		{ "''; DROP TABLE x; --@y", NULL,
		    "SELECT muster.set_password_hash('''''; DROP TABLE x; --@y', '$y$h');\n" },
		{ "\\'@y", NULL, NULL },
		{ "a\n@y", NULL, NULL },
		{ "a\x7f@y", NULL, NULL },
		{ "a\xff@y", NULL, NULL },
		{ "ada@example.test", "o\\", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const struct options options = { .upn = row[i].upn, .organization = row[i].organization };
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		struct why why;
		enum outcome o = password_print(out, &options, "$y$h", &why);

		assert_int_equal(fclose(out), 0);
		if ((o == OUTCOME_OK) != (row[i].statement != NULL) ||
		    strcmp(text, row[i].statement != NULL ? row[i].statement : "") != 0)
			fail_msg("row %zu: %s", i, text);
		free(text);
	}
}

/* Nothing that may hold a password gets as far as a connection. */
static void
conninfos(void **state)
{
	static const char *const row[] = { "host=x password=hunter2", "postgresql://u:hunter2@h/d",
		"host=x sslpassword=hunter2" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		PGconn *conn = NULL;
		struct why why = { "" };

		assert_int_not_equal(database_open(row[i], &conn, &why), OUTCOME_OK);
		assert_null(conn);
		if (strstr(why.text, "--database holds a ") == NULL ||
		    strstr(why.text, "passfile=") == NULL || strstr(why.text, "hunter2") != NULL)
			fail_msg("row %zu: %s", i, why.text);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashed),
		cmocka_unit_test(refused),
		cmocka_unit_test(printed),
		cmocka_unit_test(conninfos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
