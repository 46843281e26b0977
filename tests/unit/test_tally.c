/* Counting in shared memory: by organization, stage and build; by many processes; with room for so many. */
#include <muster/stages/tally.h>

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <jansson.h>

struct fixture {
	struct tally *tally;
	struct arena *arena;
};

static int
setup(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){ tally_new(), arena_new() };
	*state = &fixture;
	return fixture.tally == NULL;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	arena_free(fixture->arena);
	return 0;
}

/* The sum of what was taken, of that build or (NULL) of all. */
static json_int_t
taken(const char *text, const char *build)
{
	json_t *list = json_loads(text, 0, NULL), *row;
	json_int_t sum = 0;
	size_t i;

	assert_non_null(list);
	for (i = 0; i < json_array_size(list); i++) {
		row = json_array_get(list, i);
		if (build == NULL || strcmp(json_string_value(json_object_get(row, "build")), build) == 0)
			sum += json_integer_value(json_object_get(row, "count"));
	}
	json_decref(list);
	return sum;
}

static void
builds_are_three_numbers(void **state)
{
	static const struct {
		const char *os_version, *build;
	} row[] = {
		{ "10.0.26200.9279", "10.0.26200" },
		{ "10.0.26200", "10.0.26200" },
		{ "6.2.9200.1", "6.2.9200" },
		{ "10.0.26200.x", "10.0.26200" },
		{ "10.0.26200x", "unknown" },
		{ "10.0", "unknown" },
		{ "10.0.", "unknown" },
		{ "10.0.1234567", "unknown" },
		{ " 10.0.1", "unknown" },
		{ "-1.0.1", "unknown" },
		{ "10.0.1\n", "unknown" },
		{ "", "unknown" },
		{ NULL, "unknown" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		tally_add(fixture->tally, "discovery", "example", row[i].os_version);
		if (taken(tally_take(fixture->tally, fixture->arena), row[i].build) != 1)
			fail_msg("row %zu: not counted as %s", i, row[i].build);
	}
}

static void
what_is_told(void **state)
{
	struct fixture *fixture = *state;

	assert_false(tally_waits(fixture->tally));
	assert_string_equal(tally_take(fixture->tally, fixture->arena), "[]");
	for (int i = 0; i < 3; i++)
		tally_add(fixture->tally, "discovery", "example", "10.0.26200.1");
	assert_true(tally_waits(fixture->tally));
	assert_string_equal(tally_take(fixture->tally, fixture->arena),
	    "[{\"stage\":\"discovery\",\"organization\":\"example\",\"build\":\"10.0.26200\",\"count\":3}]");
	assert_false(tally_waits(fixture->tally));
	assert_string_equal(tally_take(fixture->tally, fixture->arena), "[]");
	tally_add(NULL, "discovery", "example", "10.0.26200.1");
	assert_false(tally_waits(NULL));
}

static void
given_back_it_is_not_lost(void **state)
{
	struct fixture *fixture = *state;

	tally_add(fixture->tally, "policy", "example", NULL);
	assert_int_equal(taken(tally_take(fixture->tally, fixture->arena), NULL), 1);
	tally_add(fixture->tally, "policy", "example", NULL);
	tally_return(fixture->tally);
	tally_return(fixture->tally);
	assert_true(tally_waits(fixture->tally));
	assert_int_equal(taken(tally_take(fixture->tally, fixture->arena), NULL), 2);
}

/* Whatever strangers send, every request is counted for its organization, also for those that come later. */
static void
more_builds_than_room(void **state)
{
	struct fixture *fixture = *state;
	const char *text;

	tally_add(fixture->tally, "discovery", "example", "1");
	for (int i = 0; i < 3; i++)
		for (int build = 0; build < 10000; build++)
			tally_add(fixture->tally, "discovery", "example",
			    arena_printf(fixture->arena, "10.0.%d.0", build));
	text = tally_take(fixture->tally, fixture->arena);
	assert_int_equal(taken(text, NULL), 30001);
	assert_int_equal(taken(text, "10.0.7"), 3);

	for (int organization = 0; organization < 200; organization++) {
		const char *key = arena_printf(fixture->arena, "org%d", organization);

		tally_add(fixture->tally, "discovery", key, "10.0.26200.1");
		tally_add(fixture->tally, "discovery", key, "");
		tally_add(fixture->tally, "policy", key, "");
	}
	text = tally_take(fixture->tally, fixture->arena);
	assert_int_equal(taken(text, "other"), 200);
	assert_int_equal(taken(text, "unknown"), 400);
}

static void
processes_share_it(void **state)
{
	struct fixture *fixture = *state;
	int status;

	for (int child = 0; child < 4; child++)
		if (fork() == 0) {
			for (int i = 0; i < 10000; i++)
				tally_add(fixture->tally, "discovery", "example",
				    i % 2 == 0 ? "10.0.26200.1" : "10.0.19045.1");
			_exit(0);
		}
	while (wait(&status) > 0)
		assert_int_equal(status, 0);
	assert_int_equal(taken(tally_take(fixture->tally, fixture->arena), "10.0.26200"), 20000);
	assert_false(tally_waits(fixture->tally));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(builds_are_three_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(given_back_it_is_not_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(more_builds_than_room, setup, teardown),
		cmocka_unit_test_setup_teardown(processes_share_it, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
