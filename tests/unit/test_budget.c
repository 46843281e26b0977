/* How many refusals of strangers are recorded: a burst, then so many a second. */
#include <muster/stages/stages.h>

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* The linker puts this clock in the budget's way (--wrap). */
int64_t __wrap_clock_steady_us(void);
static int64_t now_us = 1000000;

int64_t
__wrap_clock_steady_us(void)
{
	return now_us;
}

static int
take_all(struct budget *budget)
{
	int taken = 0;

	while (taken < 5000 && budget_take(budget))
		taken++;
	return taken;
}

static void
a_burst_then_a_trickle(void **state)
{
	static const struct {
		int64_t later_us;
		int taken;
	} row[] = {
		{ 0, 1000 },
		{ 0, 0 },
		{ 49000, 0 },
		{ 1000, 1 },
		{ 1000000, 20 },
		{ 25000000, 500 },
		{ 3600LL * 1000000, 1000 },
		{ 0, 0 },
	};
	struct budget *budget = budget_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		int taken;

		now_us += row[i].later_us;
		if ((taken = take_all(budget)) != row[i].taken)
			fail_msg("row %zu: %d taken, %d expected", i, taken, row[i].taken);
	}
}

static void
processes_share_it(void **state)
{
	struct budget *budget = budget_new();
	int status, children = 0;
	pid_t pid;

	(void)state;
	for (int i = 0; i < 4; i++) {
		if ((pid = fork()) == 0) {
			int taken = 0;

			while (taken < 250 && budget_take(budget))
				taken++;
			_exit(taken == 250 ? 0 : 1);
		}
		assert_int_not_equal(pid, -1);
	}
	while (wait(&status) > 0) {
		assert_int_equal(status, 0);
		children++;
	}
	assert_int_equal(children, 4);
	assert_false(budget_take(budget));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_then_a_trickle),
		cmocka_unit_test(processes_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
