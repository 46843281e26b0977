/* Passwords against hashes: every scheme we admit, white space, strangers. */
#include <muster/credentials/password.h>

#include <crypt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct secret
secret_of(const char *text)
{
	return secret_copy(text, strlen(text));
}

static bool
verifies(const char *password, const char *hash)
{
	CLEANUP(secret_release) struct secret secret = secret_of(password);

	return password_verify(&secret, hash);
}

static void
a_new_hash_verifies(void **state)
{
	CLEANUP(secret_release) struct secret secret = secret_of("correct horse");
	char hash[CRYPT_OUTPUT_SIZE], again[CRYPT_OUTPUT_SIZE];
	struct why why;

	(void)state;
	assert_int_equal(password_hash(&secret, hash, sizeof(hash), &why), OUTCOME_OK);
	assert_int_equal(password_hash(&secret, again, sizeof(again), &why), OUTCOME_OK);
	assert_int_equal(strncmp(hash, "$y$j9T$", 7), 0);
	assert_string_not_equal(hash, again);
	assert_true(verifies("correct horse", hash));
	assert_false(verifies("correct horsf", hash));
}

/* Hashes made by crypt(3) of other programs; the password is "secret" unless the row says else. */
static void
schemes(void **state)
{
	static const struct {
		const char *name, *setting, *password;
		bool expected;
	} row[] = {
		{ "yescrypt", "$y$j75$abcdefgh", "secret", true },
		{ "sha512crypt", "$6$rounds=1000$abcdefgh", "secret", true },
		{ "sha256crypt", "$5$rounds=1000$abcdefgh", "secret", true },
		{ "bcrypt", "$2b$04$abcdefghijklmnopqrstuu", "secret", true },
		{ "traditional DES is no scheme of ours", "ab", "secret", false },
	};
	struct crypt_data data;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const char *hash = crypt_rn("secret", row[i].setting, &data, sizeof(data));

		if (hash == NULL)
			fail_msg("%s: crypt_rn", row[i].name);
		if (verifies(row[i].password, hash) != row[i].expected)
			fail_msg("%s: right password", row[i].name);
		if (verifies("Secret", hash))
			fail_msg("%s: wrong password", row[i].name);
	}
}

static void
white_space_is_tried_second(void **state)
{
	static const struct {
		const char *stored, *sent;
		bool expected;
	} row[] = {
		{ "pass word", "pass word", true },
		{ "pass word", "\r\n\t pass word\n", true },
		{ " leads", " leads", true },
		{ " leads", "leads", false },
		{ " leads", "  leads", false },
		{ "password", "pass word", false },
		{ "password", "\xc2\xa0password", false },
		{ "password", "", false },
		{ "password", " \n ", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(secret_release) struct secret stored = secret_of(row[i].stored);
		char hash[CRYPT_OUTPUT_SIZE];

		assert_int_equal(password_hash(&stored, hash, sizeof(hash), NULL), OUTCOME_OK);
		if (verifies(row[i].sent, hash) != row[i].expected)
			fail_msg("row %zu: stored '%s', sent '%s'", i, row[i].stored, row[i].sent);
	}
}

static void
unusable_hashes_are_false(void **state)
{
	static const char *const hash[] = { NULL, "", "*", "*0", "*1", "!", "$", "$y$", "$zz$abc$def",
		"secret", "$y$j9T$", "$6$", "x$y$" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hash); i++)
		if (verifies("secret", hash[i]))
			fail_msg("hash '%s'", hash[i] != NULL ? hash[i] : "(null)");
}

static int64_t
processor_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* The processor's time, and the best of some tries, so that a busy machine does not decide. */
static int64_t
best_time_us(const char *password, const char *hash)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < 5; i++) {
		int64_t start = processor_us(), took;

		(void)verifies(password, hash);
		took = processor_us() - start;
		best = took < best ? took : best;
	}
	return best;
}

static void
a_stranger_costs_as_much(void **state)
{
	static const char *const password[] = { "wrong", " wrong " };
	static const char *const nobody[] = { NULL, "*", "$zz$abc$def" };
	CLEANUP(secret_release) struct secret secret = secret_of("right");
	char hash[CRYPT_OUTPUT_SIZE];

	(void)state;
	assert_int_equal(password_hash(&secret, hash, sizeof(hash), NULL), OUTCOME_OK);
	for (size_t p = 0; p < ARRAY_SIZE(password); p++) {
		int64_t known = best_time_us(password[p], hash);

		for (size_t i = 0; i < ARRAY_SIZE(nobody); i++) {
			int64_t unknown = best_time_us(password[p], nobody[i]);

			if (unknown < known / 2 || unknown > known * 2)
				fail_msg("row %zu.%zu: %lld us, a known account %lld us", p, i,
				    (long long)unknown, (long long)known);
		}
	}
}

static void
what_cannot_be_hashed(void **state)
{
	char hash[CRYPT_OUTPUT_SIZE], long_text[CRYPT_MAX_PASSPHRASE_SIZE + 1];
	CLEANUP(secret_release) struct secret empty = secret_of("");
	CLEANUP(secret_release) struct secret holed = secret_copy("a\0b", 3);
	CLEANUP(secret_release) struct secret longest = { NULL, 0 };
	struct why why;

	(void)state;
	memset(long_text, 'a', sizeof(long_text));
	longest = secret_copy(long_text, CRYPT_MAX_PASSPHRASE_SIZE);
	assert_int_equal(password_hash(&empty, hash, sizeof(hash), &why), OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_int_equal(password_hash(&holed, hash, sizeof(hash), &why), OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_int_equal(password_hash(&longest, hash, sizeof(hash), &why), OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_non_null(strstr(why.text, "511"));
	assert_false(password_verify(&holed, NULL));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_hash_verifies),
		cmocka_unit_test(schemes),
		cmocka_unit_test(white_space_is_tried_second),
		cmocka_unit_test(unusable_hashes_are_false),
		cmocka_unit_test(a_stranger_costs_as_much),
		cmocka_unit_test(what_cannot_be_hashed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
