/* What the memo knows, for how long, and that forked processes share it. */
#include <muster/credentials/memo.h>

#include <muster/base/clock.h>

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define ACCOUNT "018f0000-0000-7000-8000-000000000001"
#define HASH "$y$j9T$abcdefgh$one"

/* The linker puts this clock in the memo's way (--wrap). */
int64_t __wrap_clock_steady_us(void);
static int64_t now_us = 1000000;

int64_t
__wrap_clock_steady_us(void)
{
	return now_us;
}

static bool
knows(struct memo *memo, const char *account, const char *hash, const char *password)
{
	CLEANUP(secret_release) struct secret secret = secret_copy(password, strlen(password));

	return memo_knows(memo, account, hash, &secret);
}

static void
remember(struct memo *memo, const char *account, const char *hash, const char *password)
{
	CLEANUP(secret_release) struct secret secret = secret_copy(password, strlen(password));

	memo_remember(memo, account, hash, &secret);
}

static void
only_the_same_three(void **state)
{
	static const struct {
		const char *account, *hash, *password;
		bool expected;
	} row[] = {
		{ ACCOUNT, HASH, "secret", true },
		{ ACCOUNT, HASH, "secret ", false },
		{ ACCOUNT, HASH, "", false },
		{ ACCOUNT, "$y$j9T$abcdefgh$two", "secret", false },
		{ "018f0000-0000-7000-8000-000000000002", HASH, "secret", false },
		{ ACCOUNT, NULL, "secret", false },
		{ NULL, HASH, "secret", false },
	};
	struct memo *memo = memo_new();

	(void)state;
	assert_non_null(memo);
	assert_false(knows(memo, ACCOUNT, HASH, "secret"));
	remember(memo, ACCOUNT, HASH, "secret");
	remember(memo, ACCOUNT, NULL, "secret");
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		if (knows(memo, row[i].account, row[i].hash, row[i].password) != row[i].expected)
			fail_msg("row %zu", i);
}

static void
borders_between_the_three_count(void **state)
{
	struct memo *memo = memo_new();

	(void)state;
	remember(memo, "ab", "c", "d");
	assert_false(knows(memo, "a", "bc", "d"));
	assert_false(knows(memo, "ab", "cd", ""));
	assert_true(knows(memo, "ab", "c", "d"));
}

static void
forgets_after_its_lifetime(void **state)
{
	struct memo *memo = memo_new();

	(void)state;
	remember(memo, ACCOUNT, HASH, "secret");
	now_us += (int64_t)MEMO_LIFETIME_MS * 1000 - 1;
	assert_true(knows(memo, ACCOUNT, HASH, "secret"));
	now_us += 1;
	assert_false(knows(memo, ACCOUNT, HASH, "secret"));
	remember(memo, ACCOUNT, HASH, "secret");
	assert_true(knows(memo, ACCOUNT, HASH, "secret"));
}

/* More successes than places: the newest are known, nothing false is. */
static void
a_full_table_keeps_the_newest(void **state)
{
	struct memo *memo = memo_new();
	size_t known = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char account[32];

		(void)snprintf(account, sizeof(account), "account-%d", i);
		remember(memo, account, HASH, "secret");
		now_us++;
		assert_true(knows(memo, account, HASH, "secret"));
	}
	for (int i = 18000; i < 20000; i++) {
		char account[32];

		(void)snprintf(account, sizeof(account), "account-%d", i);
		known += knows(memo, account, HASH, "secret") ? 1 : 0;
	}
	if (known < 1900)
		fail_msg("%zu of the 2000 newest are known", known);
}

static void
a_child_tells_its_parent(void **state)
{
	struct memo *memo = memo_new();
	int status;
	pid_t pid = fork();

	(void)state;
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		remember(memo, ACCOUNT, HASH, "told by the child");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(knows(memo, ACCOUNT, HASH, "told by the child"));
}

/* Four processes write and read the same few places; what one has written it may miss, never mistake. */
static void
writers_never_make_a_lie(void **state)
{
	struct memo *memo = memo_new();
	pid_t pid[4];

	(void)state;
	for (int p = 0; p < 4; p++) {
		pid[p] = fork();
		assert_int_not_equal(pid[p], -1);
		if (pid[p] != 0)
			continue;
		for (int i = 0; i < 3000; i++) {
			char password[32];

			(void)snprintf(password, sizeof(password), "%d-%d", p, i);
			remember(memo, ACCOUNT, HASH, password);
			(void)snprintf(password, sizeof(password), "never-%d-%d", p, i);
			if (knows(memo, ACCOUNT, HASH, password))
				_exit(1);
		}
		_exit(0);
	}
	for (int p = 0; p < 4; p++) {
		int status;

		assert_int_equal(waitpid(pid[p], &status, 0), pid[p]);
		assert_int_equal(status, 0);
	}
}

static void
no_table_knows_nothing(void **state)
{
	(void)state;
	remember(NULL, ACCOUNT, HASH, "secret");
	assert_false(knows(NULL, ACCOUNT, HASH, "secret"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_same_three),
		cmocka_unit_test(borders_between_the_three_count),
		cmocka_unit_test(forgets_after_its_lifetime),
		cmocka_unit_test(a_full_table_keeps_the_newest),
		cmocka_unit_test(a_child_tells_its_parent),
		cmocka_unit_test(writers_never_make_a_lie),
		cmocka_unit_test(no_table_knows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
