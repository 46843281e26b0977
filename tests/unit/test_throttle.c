/* Which passwords are looked at, which are counted, and what whoever asks is told. */
#include <muster/stages/throttle.h>

#include <muster/credentials/password.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

#define ACCOUNT "018f0000-0000-7000-8000-000000000001"
#define ATTEMPT "018f3c5e-7b2a-7c11-9d0e-0123456789ab"
#define OTHER_ATTEMPT "018f3c5e-7b2a-7c11-9d0e-0123456789ac"
#define HASH "$y$j9T$abcdefgh$one"

/* What was asked of libxcrypt and of the database (the linker puts these in the place of theirs). */
static struct {
	unsigned looked_at, counted;
	const char *expected;
	struct tried tried;
} seen;

bool __wrap_password_verify(const struct secret *password, const char *expected);
bool
__wrap_password_verify(const struct secret *password, const char *expected)
{
	seen.looked_at += expected != NULL;
	seen.expected = expected;
	return expected != NULL && strcmp(password->data, "right") == 0;
}

enum outcome __wrap_store_count_password(struct store *store, const struct tried *tried, struct why *why);
enum outcome
__wrap_store_count_password(struct store *store, const struct tried *tried, struct why *why)
{
	(void)store, (void)why;
	seen.counted++;
	seen.tried = *tried;
	return OUTCOME_OK;
}

struct fixture {
	struct worker worker;
	struct request request;
	struct account account;
};

static int
setup(void **state)
{
	static struct fixture fixture;

	memset(&seen, 0, sizeof(seen));
	fixture = (struct fixture){
		.worker = { .memo = memo_new(), .wrong = memo_new(), .turns = turns_new(4) },
		.request = { .arena = arena_new(),
		    .trace = guid_new(),
		    .deadline = deadline_in_ms(12000),
		    .remote = "192.0.2.7" },
		.account = { .organization = "acme", .id = ACCOUNT, .password_hash = HASH },
	};
	*state = &fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	arena_free(fixture->request.arena);
	return 0;
}

/* One password of one attempt, as a stage has it looked at; why may be NULL. */
static enum outcome
try(struct fixture *fixture, const char *attempt, const char *password, struct why *why)
{
	CLEANUP(secret_release) struct secret secret = secret_copy(password, strlen(password));
	struct exchange ex = { .worker = &fixture->worker,
		.request = &fixture->request,
		.organization = "acme",
		.attempt = attempt,
		.user = "ada" };
	const struct decision decision = { .outcome = OUTCOME_AUTHENTICATION, .why = "nobody" };
	enum outcome o = stage_prove_password(&ex, &secret, &fixture->account, &decision);

	if (why != NULL)
		*why = ex.why;
	turn_end(&ex.turn);
	return o;
}

static void
a_wrong_one_is_counted_once(void **state)
{
	struct fixture *fixture = *state;
	struct why why;

	assert_int_equal(try(fixture, ATTEMPT, "wrong", &why), OUTCOME_AUTHENTICATION);
	assert_string_equal(why.text, "wrong password");
	assert_int_equal(seen.counted, 1);
	assert_string_equal(seen.tried.organization, "acme");
	assert_string_equal(seen.tried.user, "ada");
	assert_string_equal(seen.tried.account, ACCOUNT);
	assert_string_equal(seen.tried.remote, "192.0.2.7");
	assert_string_equal(seen.tried.trace, fixture->request.trace.text);
	assert_true(seen.tried.looked_at);
	/* In the next message, or typed again: looked at, as the account may have changed, and not counted.
	 */
	assert_int_equal(try(fixture, ATTEMPT, "wrong", NULL), OUTCOME_AUTHENTICATION);
	assert_int_equal(try(fixture, OTHER_ATTEMPT, "wrong", NULL), OUTCOME_AUTHENTICATION);
	assert_int_equal(seen.counted, 1);
	assert_int_equal(seen.looked_at, 3);
	assert_int_equal(try(fixture, ATTEMPT, "Wrong", NULL), OUTCOME_AUTHENTICATION);
	assert_int_equal(seen.counted, 2);
	/* For another password it may have been right. */
	fixture->account.password_hash = HASH "2";
	assert_int_equal(try(fixture, ATTEMPT, "wrong", NULL), OUTCOME_AUTHENTICATION);
	assert_int_equal(seen.counted, 3);
}

static void
nobody_s_name_is_counted_the_same_way(void **state)
{
	struct fixture *fixture = *state;
	struct why why;

	fixture->account = (struct account){ .organization = "acme", .decoy = "$6$salt$" };
	assert_int_equal(try(fixture, ATTEMPT, "wrong", &why), OUTCOME_AUTHENTICATION);
	assert_string_equal(why.text, "nobody");
	assert_string_equal(seen.expected, "$6$salt$");
	assert_int_equal(try(fixture, ATTEMPT, "wrong", NULL), OUTCOME_AUTHENTICATION);
	assert_int_equal(seen.counted, 1);
	assert_null(seen.tried.account);
	assert_int_equal(try(fixture, ATTEMPT, "right", NULL), OUTCOME_AUTHENTICATION);
	assert_int_equal(seen.counted, 2);
}

static void
a_right_one_is_remembered(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(try(fixture, ATTEMPT, "right", NULL), OUTCOME_OK);
	assert_int_equal(try(fixture, OTHER_ATTEMPT, "right", NULL), OUTCOME_OK);
	assert_int_equal(seen.looked_at, 1);
	assert_int_equal(seen.counted, 0);
}

/* Refused: the right one, too, and one that the pool remembers from elsewhere; not the attempt under way. */
static void
refused_ones_are_not_looked_at(void **state)
{
	struct fixture *fixture = *state;
	struct why why;

	assert_int_equal(try(fixture, ATTEMPT, "right", NULL), OUTCOME_OK);
	fixture->account.suspected = true;
	fixture->account.refused = "not looked at until tomorrow";
	assert_int_equal(try(fixture, OTHER_ATTEMPT, "right", &why), OUTCOME_AUTHENTICATION);
	assert_string_equal(why.text, "not looked at until tomorrow");
	assert_false(seen.tried.looked_at);
	assert_int_equal(try(fixture, NULL, "right", NULL), OUTCOME_AUTHENTICATION);
	assert_int_equal(try(fixture, OTHER_ATTEMPT, "right", NULL), OUTCOME_AUTHENTICATION);
	assert_int_equal(seen.looked_at, 1);
	assert_int_equal(seen.counted, 3);
	assert_int_equal(try(fixture, ATTEMPT, "right", NULL), OUTCOME_OK);
	assert_int_equal(try(fixture, ATTEMPT, "wrong", NULL), OUTCOME_AUTHENTICATION);
	assert_int_equal(seen.looked_at, 1);
}

static void
too_many_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct turn turn;
	struct why why;

	assert_int_equal(turn_take(fixture->worker.turns, true, deadline_in_ms(10), &turn, &why), OUTCOME_OK);
	fixture->account.suspected = true;
	assert_int_equal(try(fixture, ATTEMPT, "right", &why), OUTCOME_UNAVAILABLE);
	assert_string_equal(why.text, "too many passwords at once of those who sent wrong ones");
	assert_int_equal(seen.looked_at + seen.counted, 0);
	fixture->account.suspected = false;
	assert_int_equal(try(fixture, ATTEMPT, "right", NULL), OUTCOME_OK);
	turn_end(&turn);
}

/* How many hashes a wrong one needs. */
static void
hashes_of_passwords(void **state)
{
	static const struct {
		const char *password;
		size_t size;
		unsigned hashes;
	} row[] = {
		{ "secret", 6, 1 },
		{ " secret", 7, 2 },
		{ "secret\r\n", 8, 2 },
		{ "   ", 3, 1 },
		{ "a\0b", 3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(secret_release) struct secret secret = secret_copy(row[i].password, row[i].size);

		if (password_hashes(&secret) != row[i].hashes)
			fail_msg("row %zu: %u hashes", i, password_hashes(&secret));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_wrong_one_is_counted_once, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_s_name_is_counted_the_same_way, setup, teardown),
		cmocka_unit_test_setup_teardown(a_right_one_is_remembered, setup, teardown),
		cmocka_unit_test_setup_teardown(refused_ones_are_not_looked_at, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_at_once, setup, teardown),
		cmocka_unit_test(hashes_of_passwords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
