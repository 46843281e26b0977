/* Secrets: which files give one, which are refused with a next step, and that memory is wiped. */
#include <muster/base/secret.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/test_secret.XXXXXX";
static char path[64];

/* The linker puts these in the way (--wrap): what is freed was wiped before, and so was what was read. */
void __real_free(void *);
void __wrap_free(void *);
void __real_gnutls_memset(void *, int, size_t);
void __wrap_gnutls_memset(void *, int, size_t);
static void *watched;
static size_t watched_size, wiped_most;
static bool freed, freed_clean;

void
__wrap_free(void *data)
{
	if (data != NULL && data == watched) {
		freed = freed_clean = true;
		for (size_t i = 0; i < watched_size; i++)
			freed_clean = freed_clean && ((char *)data)[i] == '\0';
		watched = NULL;
	}
	__real_free(data);
}

void
__wrap_gnutls_memset(void *data, int c, size_t size)
{
	if (c == 0 && size > wiped_most)
		wiped_most = size;
	__real_gnutls_memset(data, c, size);
}

static int
make_folder(void **state)
{
	(void)state;
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/secret", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static void
write_file(const void *data, size_t size, mode_t mode)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	assert_int_equal(fchmod(fd, mode), 0);
	(void)close(fd);
}

/* Reading must end as expected: the secret, or a refusal that says this and the path, and gives nothing. */
static void
check_read(const char *row, const char *name, const char *expected, const char *says)
{
	struct secret secret = { (char *)(uintptr_t) "stale", 5 };
	struct why why = { "" };
	enum outcome outcome = secret_read_file(name, &secret, &why);

	if (expected != NULL) {
		if (outcome != OUTCOME_OK || secret.size != strlen(expected) ||
		    strcmp(secret.data, expected) != 0)
			fail_msg("%s: %s", row, why.text);
		secret_release(&secret);
		return;
	}
	if (outcome != OUTCOME_INTERNAL_SERVICE_FAULT || secret.data != NULL || secret.size != 0)
		fail_msg("%s: was not refused", row);
	if (strstr(why.text, says) == NULL || strstr(why.text, name) == NULL ||
	    strstr(why.text, "hunter2") != NULL)
		fail_msg("%s: '%s'", row, why.text);
}

static void
first_line_only(void **state)
{
	static char longest[4096 + 1], too_long[4097 + 1];
	static const struct {
		const char *content, *expected, *says;
	} row[] = {
		{ "hunter2", "hunter2", NULL },
		{ "hunter2\n", "hunter2", NULL },
		{ "hunter2\r\n", "hunter2", NULL },
		{ "hunter2\nsecond\n", "hunter2", NULL },
		{ "hunter2\r", "hunter2\r", NULL },
		{ " hunter2 \n", " hunter2 ", NULL },
		{ "\xc3\xa9\xff\n", "\xc3\xa9\xff", NULL },
		{ "", NULL, "empty: write" },
		{ "\n", NULL, "empty: write" },
		{ "\r\n", NULL, "empty: write" },
		{ "\nhunter2\n", NULL, "empty: write" },
		{ longest, longest, NULL },
		{ too_long, NULL, "exceeds 4096 bytes" },
	};
	char text[4097 + 3], name[16];

	(void)state;
	memset(longest, 'l', sizeof(longest) - 1);
	memset(too_long, 'l', sizeof(too_long) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		(void)snprintf(name, sizeof(name), "row %zu", i);
		write_file(row[i].content, strlen(row[i].content), 0600);
		check_read(name, path, row[i].expected, row[i].says);
	}
	(void)snprintf(text, sizeof(text), "%s\r\n", longest);
	write_file(text, strlen(text), 0600);
	check_read("longest, CRLF", path, longest, NULL);
	(void)snprintf(text, sizeof(text), "%s\n", too_long);
	write_file(text, strlen(text), 0600);
	check_read("too long, LF", path, NULL, "exceeds 4096 bytes");
	write_file("hunter2\0x\n", 10, 0600);
	check_read("NUL inside", path, NULL, "a NUL");
	write_file("hunter2\n\0", 9, 0600);
	check_read("NUL behind", path, "hunter2", NULL);
}

static void
modes(void **state)
{
	static const struct {
		mode_t mode;
		bool taken, taken_from_systemd;
	} row[] = {
		{ 0600, true, true },
		{ 0400, true, true },
		{ 0700, true, true },
		{ 0640, false, true },
		{ 0440, false, true },
		{ 0620, false, false },
		{ 0610, false, false },
		{ 0660, false, false },
		{ 0604, false, false },
		{ 0602, false, false },
		{ 0601, false, false },
		{ 0644, false, false },
	};
	char name[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		(void)snprintf(name, sizeof(name), "mode %04o", (unsigned)row[i].mode);
		write_file("hunter2\n", 8, row[i].mode);
		check_read(name, path, row[i].taken ? "hunter2" : NULL, "chmod 600");
		(void)setenv("CREDENTIALS_DIRECTORY", folder, 1);
		check_read(name, path, row[i].taken_from_systemd ? "hunter2" : NULL, name);
		check_read(name, "secret", row[i].taken_from_systemd ? "hunter2" : NULL, name);
		(void)unsetenv("CREDENTIALS_DIRECTORY");
	}
}

/* A bare name is a credential's only where systemd gave some; elsewhere its leniency does not hold. */
static void
credentials_directory(void **state)
{
	char longer[80], shorter[80];

	(void)state;
	write_file("hunter2\n", 8, 0440);
	check_read("none", "secret", NULL, "No such file");
	(void)setenv("CREDENTIALS_DIRECTORY", "", 1);
	check_read("empty", "secret", NULL, "No such file");
	(void)setenv("CREDENTIALS_DIRECTORY", "/nonexistent", 1);
	check_read("another", path, NULL, "chmod 600");
	check_read("not there", "secret", NULL, "/nonexistent/secret: No such file");
	(void)snprintf(longer, sizeof(longer), "%s/sec", folder);
	(void)setenv("CREDENTIALS_DIRECTORY", longer, 1);
	check_read("name goes on", path, NULL, "chmod 600");
	(void)snprintf(shorter, sizeof(shorter), "%.*s", (int)strlen(folder) - 1, folder);
	(void)setenv("CREDENTIALS_DIRECTORY", shorter, 1);
	check_read("folder goes on", path, NULL, "chmod 600");
	(void)unsetenv("CREDENTIALS_DIRECTORY");
}

static void
no_files(void **state)
{
	char name[5000];

	(void)state;
	(void)unlink(path);
	check_read("not there", path, NULL, "No such file");
	check_read("a folder", folder, NULL, "not a file");
	assert_int_equal(mkfifo(path, 0600), 0);
	check_read("a FIFO nobody writes", path, NULL, "not a file");
	(void)unlink(path);
	check_read("a device", "/dev/zero", NULL, "not a file");
	memset(name, '/', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(
	    secret_read_file(name, &(struct secret){ NULL, 0 }, NULL), OUTCOME_INTERNAL_SERVICE_FAULT);
}

static void
wiped(void **state)
{
	struct secret secret = secret_copy("hunter2", 7);
	struct why why;

	(void)state;
	watched = secret.data;
	watched_size = 7;
	freed = freed_clean = false;
	secret_release(&secret);
	assert_true(freed);
	assert_true(freed_clean);
	assert_null(secret.data);
	assert_int_equal(secret.size, 0);
	secret_release(&secret);

	/* The buffer a file was read into, taken or refused. */
	write_file("hunter2\n", 8, 0600);
	wiped_most = 0;
	assert_int_equal(secret_read_file(path, &secret, &why), OUTCOME_OK);
	assert_true(wiped_most >= 4096);
	secret_release(&secret);
	write_file("hunter2\0\n", 9, 0600);
	wiped_most = 0;
	assert_int_equal(secret_read_file(path, &secret, &why), OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_true(wiped_most >= 4096);
	secret_wipe(NULL, 0);
}

static void
copied(void **state)
{
	char data[] = "a\0b";
	struct secret secret = secret_copy(data, 3), none = secret_copy(NULL, 0);

	(void)state;
	assert_int_equal(secret.size, 3);
	assert_memory_equal(secret.data, "a\0b", 4);
	assert_ptr_not_equal(secret.data, data);
	assert_int_equal(none.size, 0);
	assert_string_equal(none.data, "");
	secret_release(&secret);
	secret_release(&none);
}

static void
compared(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} row[] = {
		{ "", "", true },
		{ NULL, "", true },
		{ "a", "", false },
		{ "hunter2", "hunter2", true },
		{ "hunter2", "hunter3", false },
		{ "hunter2", "Hunter2", false },
		{ "hunter2", "hunter22", false },
		{ "xunter2", "hunter2", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		if (secret_equal(bytes_of(row[i].a), bytes_of(row[i].b)) != row[i].equal)
			fail_msg("row %zu", i);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_line_only),
		cmocka_unit_test(modes),
		cmocka_unit_test(credentials_directory),
		cmocka_unit_test(no_files),
		cmocka_unit_test(wiped),
		cmocka_unit_test(copied),
		cmocka_unit_test(compared),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
