/* Who gets a turn at a password, who waits, what a dead worker held, and when an answer is due. */
#include <muster/stages/turns.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define MS 1000

static bool
take(struct turns *turns, bool suspected, int64_t patience_ms, struct turn *turn)
{
	struct why why;

	return turn_take(turns, suspected, deadline_in_ms(patience_ms), turn, &why) == OUTCOME_OK;
}

/* How many turns can be held at once; checks are given back, so that places decide. */
static unsigned
places(struct turns *turns, bool suspected)
{
	struct turn turn[64];
	unsigned count = 0;

	while (count < 64 && take(turns, suspected, 5, &turn[count])) {
		turn_checked(&turn[count], 0);
		count++;
	}
	for (unsigned i = 0; i < count; i++)
		turn_end(&turn[i]);
	return count;
}

static unsigned
checks(struct turns *turns, bool suspected)
{
	struct turn turn[64];
	unsigned count = 0;

	while (count < 64 && take(turns, suspected, 5, &turn[count]))
		count++;
	for (unsigned i = 0; i < count; i++)
		turn_end(&turn[i]);
	return count;
}

static void
shares_of_the_pool(void **state)
{
	static const struct {
		unsigned workers, places, suspected_places, checks, suspected_checks;
	} row[] = {
		{ 1, 1, 1, 1, 1 },
		{ 2, 1, 1, 1, 1 },
		{ 3, 2, 1, 1, 1 },
		{ 4, 3, 1, 2, 1 },
		{ 8, 7, 3, 4, 2 },
		{ 16, 15, 7, 8, 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct turns *turns = turns_new(row[i].workers);

		assert_non_null(turns);
		if (places(turns, false) != row[i].places || places(turns, true) != row[i].suspected_places ||
		    checks(turns, false) != row[i].checks || checks(turns, true) != row[i].suspected_checks)
			fail_msg("%u workers: %u and %u places, %u and %u checks", row[i].workers,
			    places(turns, false), places(turns, true), checks(turns, false),
			    checks(turns, true));
	}
}

/* Whom nobody suspects begins with what is his alone, and gets his turn whatever the others hold. */
static void
suspected_ones_take_nothing_from_the_others(void **state)
{
	struct turns *turns = turns_new(8);
	struct turn turn[16];
	unsigned count = 0;

	(void)state;
	while (take(turns, true, 5, &turn[count]))
		turn_checked(&turn[count++], 0);
	assert_int_equal(count, 3);
	while (take(turns, false, 5, &turn[count]))
		turn_checked(&turn[count++], 0);
	assert_int_equal(count, 7);
}

static void
who_waits_and_who_does_not(void **state)
{
	struct turns *turns = turns_new(2);
	struct turn held, other;
	int64_t start;
	int status;
	pid_t pid;

	(void)state;
	assert_true(take(turns, false, 5, &held));
	start = clock_steady_us();
	assert_false(take(turns, true, 2000, &other));
	assert_true(clock_steady_us() - start < 1000 * MS);
	if ((pid = fork()) == 0) {
		/* Another worker that has to wait for it. */
		_exit(take(turns, false, 3000, &other) ? 0 : 1);
	}
	(void)usleep(50 * MS);
	turn_end(&held);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A worker that dies with a turn in hand takes none of it along. */
static void
the_dead_hold_nothing(void **state)
{
	struct turns *turns = turns_new(4);
	struct turn turn;
	int ready[2], status;
	char byte;

	(void)state;
	for (int round = 0; round < 10; round++) {
		pid_t pid;

		assert_int_equal(pipe(ready), 0);
		if ((pid = fork()) == 0) {
			if (take(turns, round % 2 == 0, 1000, &turn))
				(void)!write(ready[1], "t", 1);
			(void)pause();
		}
		(void)close(ready[1]);
		assert_int_equal(read(ready[0], &byte, 1), 1);
		assert_int_equal(checks(turns, false), 1);
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(checks(turns, false), 2);
		assert_int_equal(places(turns, false), 3);
		(void)close(ready[0]);
	}
}

static void
spending_takes_as_long_as_checking(void **state)
{
	struct turns *turns = turns_new(4);
	struct turn turn;
	int64_t start;

	(void)state;
	/* Nothing is known yet. */
	assert_true(take(turns, false, 100, &turn));
	assert_false(turn_spend(&turn, 1));
	turn_end(&turn);
	for (int i = 0; i < 256; i++) {
		assert_true(take(turns, false, 100, &turn));
		turn.since_us -= 10 * MS;
		turn_checked(&turn, 1);
		turn_end(&turn);
	}
	for (unsigned hashes = 1; hashes <= 2; hashes++) {
		assert_true(take(turns, true, 100, &turn));
		start = clock_steady_us();
		assert_true(turn_spend(&turn, hashes));
		if (clock_steady_us() - start < 10 * MS * hashes - MS)
			fail_msg("%u hashes: %lld us", hashes, (long long)(clock_steady_us() - start));
		turn_end(&turn);
	}
}

static void
wrong_ones_wait_for_their_answer(void **state)
{
	struct turns *turns = turns_new(4);
	struct turn turn;
	int64_t start = clock_steady_us();

	(void)state;
	assert_true(take(turns, false, 100, &turn));
	(void)usleep(20 * MS);
	turn_checked(&turn, 1);
	turn_wrong(&turn, 1);
	turn_end(&turn);
	assert_true(clock_steady_us() - start >= 35 * MS);
	/* One that was found at once is told no earlier. */
	start = clock_steady_us();
	assert_true(take(turns, false, 100, &turn));
	turn_checked(&turn, 0);
	turn_wrong(&turn, 1);
	turn_end(&turn);
	assert_true(clock_steady_us() - start >= 35 * MS);
	/* A right one at once. */
	assert_true(take(turns, false, 100, &turn));
	turn_checked(&turn, 1);
	assert_true(turn.answer_at_us == 0);
	turn_end(&turn);
}

/* Guessing from ever new networks: nobody is suspected, so nobody is waited for. */
static void
a_flood_of_strangers_waits_for_nothing(void **state)
{
	struct turns *turns = turns_new(2);
	struct turn turn, other;
	int64_t start;

	(void)state;
	for (int i = 0; i < 55; i++) {
		assert_true(take(turns, false, 1000, &turn));
		turn_checked(&turn, 0);
		turn_wrong(&turn, 1);
		turn.answer_at_us = 0;
		turn_end(&turn);
	}
	assert_true(take(turns, false, 1000, &turn));
	start = clock_steady_us();
	assert_false(take(turns, false, 2000, &other));
	assert_true(clock_steady_us() - start < 1000 * MS);
	turn_end(&turn);
}

static void
without_turns_there_is_nothing_to_wait_for(void **state)
{
	struct turn turn;

	(void)state;
	assert_true(take(NULL, true, 0, &turn));
	assert_false(turn_spend(&turn, 1));
	turn_checked(&turn, 1);
	turn_wrong(&turn, 1);
	turn_end(&turn);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_of_the_pool),
		cmocka_unit_test(suspected_ones_take_nothing_from_the_others),
		cmocka_unit_test(who_waits_and_who_does_not),
		cmocka_unit_test(the_dead_hold_nothing),
		cmocka_unit_test(spending_takes_as_long_as_checking),
		cmocka_unit_test(wrong_ones_wait_for_their_answer),
		cmocka_unit_test(a_flood_of_strangers_waits_for_nothing),
		cmocka_unit_test(without_turns_there_is_nothing_to_wait_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
