#include <muster/authority/ask.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define TRACE "0193a1de-0000-7000-8000-000000000002"
#define ACCOUNT "0193a1de-0000-7000-8000-000000000003"
#define DEVICE "0193a1de-0000-7000-8000-000000000001"

#define SOME_BYTES \
	{ \
		(const uint8_t *)"\x30\x82\0\xff", 4 \
	}

static const struct ask whole = {
	.organization = "example",
	.account = ACCOUNT,
	.trace = TRACE,
	.attempt = DEVICE,
	.remote = "192.0.2.7",
	.facts = "{\"DeviceName\": \"Bäume \\\"und\\\" <Wälder>\"}",
	.claim = "{\"kind\": \"password\"}",
	.public_key = SOME_BYTES,
};

static const struct answer issued = {
	.decision = { .outcome = OUTCOME_OK },
	.issued = {
		.device = DEVICE,
		.certificate = SOME_BYTES,
		.issuing = SOME_BYTES,
		.root = SOME_BYTES,
		.secrets = { "cs", "cn", "sn", "ss", "sno" },
		.database_us = 1234,
		.signature_us = 567,
	},
};

struct pair {
	int worker, issuer;
	struct arena *arena;
};

static int
pair_open(void **state)
{
	struct pair *pair = malloc(sizeof(*pair));
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	*pair = (struct pair){ fd[0], fd[1], arena_new() };
	*state = pair;
	return 0;
}

static int
pair_close(void **state)
{
	struct pair *pair = *state;

	if (pair->worker >= 0)
		close(pair->worker);
	if (pair->issuer >= 0)
		close(pair->issuer);
	arena_free(pair->arena);
	free(pair);
	return 0;
}

/* A second thread plays the issuer: it takes one ask and gives this answer. */
struct part {
	int fd;
	const struct answer *answer;
	struct ask ask;
	struct arena *arena;
	enum ask_end end;
};

static void *
issuer_play(void *argument)
{
	struct part *part = argument;

	part->end = ask_receive(part->fd, part->arena, &part->ask, NULL);
	if (part->end == ASK_READY)
		part->end = ask_reply(part->fd, part->arena, part->answer, NULL) == OUTCOME_OK ? ASK_READY
											       : ASK_BROKEN;
	return NULL;
}

static enum outcome
converse(struct pair *pair, const struct ask *ask, const struct answer *answer, struct part *part,
    struct answer *got, bool *lost, struct why *why)
{
	pthread_t thread;
	enum outcome o;

	*part = (struct part){ .fd = pair->issuer, .answer = answer, .arena = arena_new() };
	assert_int_equal(pthread_create(&thread, NULL, issuer_play, part), 0);
	o = issuer_ask(pair->worker, pair->arena, ask, deadline_in_ms(5000), got, lost, why);
	assert_int_equal(pthread_join(thread, NULL), 0);
	return o;
}

static void
test_issue(void **state)
{
	struct pair *pair = *state;
	struct answer got;
	struct part part;
	bool lost;

	assert_int_equal(converse(pair, &whole, &issued, &part, &got, &lost, NULL), OUTCOME_OK);
	assert_false(lost);
	assert_int_equal(part.end, ASK_READY);
	assert_string_equal(part.ask.organization, whole.organization);
	assert_string_equal(part.ask.account, whole.account);
	assert_string_equal(part.ask.trace, whole.trace);
	assert_string_equal(part.ask.attempt, whole.attempt);
	assert_string_equal(part.ask.remote, whole.remote);
	assert_string_equal(part.ask.facts, whole.facts);
	assert_string_equal(part.ask.claim, whole.claim);
	assert_true(bytes_equal(part.ask.public_key, whole.public_key));
	assert_in_range(part.ask.patience_ms, 3000, 5000);

	assert_int_equal(got.decision.outcome, OUTCOME_OK);
	assert_string_equal(got.issued.device, DEVICE);
	assert_true(bytes_equal(got.issued.certificate, issued.issued.certificate));
	assert_true(bytes_equal(got.issued.issuing, issued.issued.issuing));
	assert_true(bytes_equal(got.issued.root, issued.issued.root));
	assert_string_equal(got.issued.secrets.client_secret, "cs");
	assert_string_equal(got.issued.secrets.client_nonce, "cn");
	assert_string_equal(got.issued.secrets.server_name, "sn");
	assert_string_equal(got.issued.secrets.server_secret, "ss");
	assert_string_equal(got.issued.secrets.server_nonce, "sno");
	assert_int_equal(got.issued.database_us, 1234);
	assert_int_equal(got.issued.signature_us, 567);
	arena_free(part.arena);
}

/* What may be missing is missing at the other end too. */
static void
test_optional(void **state)
{
	struct pair *pair = *state;
	struct answer got, answer = issued;
	struct ask ask = whole;
	struct part part;
	bool lost;

	ask.attempt = ask.remote = NULL;
	answer.issued.issuing = (struct bytes){ NULL, 0 };
	assert_int_equal(converse(pair, &ask, &answer, &part, &got, &lost, NULL), OUTCOME_OK);
	assert_null(part.ask.attempt);
	assert_null(part.ask.remote);
	assert_int_equal(got.issued.issuing.size, 0);
	arena_free(part.arena);
}

/* A renewal says of what; its answer has no secrets, and authorities only where they are others. */
static void
test_renewal(void **state)
{
	struct pair *pair = *state;
	struct answer got, answer = { .issued = { .device = DEVICE, .certificate = SOME_BYTES } };
	struct ask ask = whole;
	struct part part;
	bool lost;

	ask.renews = "00ff";
	ask.device = DEVICE;
	assert_int_equal(converse(pair, &ask, &answer, &part, &got, &lost, NULL), OUTCOME_OK);
	assert_string_equal(part.ask.renews, "00ff");
	assert_string_equal(part.ask.device, DEVICE);
	assert_true(bytes_equal(got.issued.certificate, answer.issued.certificate));
	assert_int_equal(got.issued.root.size + got.issued.issuing.size, 0);
	assert_null(got.issued.secrets.client_secret);
	arena_free(part.arena);
}

/* A first certificate's answer without secrets is none, and a renewal of nobody's no ask. */
static void
test_renewal_by_halves(void **state)
{
	struct pair *pair = *state;
	struct answer got, answer = { .issued = { .device = DEVICE, .certificate = SOME_BYTES } };
	struct part part;
	bool lost;

	assert_int_equal(
	    converse(pair, &whole, &answer, &part, &got, &lost, NULL), OUTCOME_CERTIFICATE_REQUEST);
	assert_true(lost);
	arena_free(part.arena);
}

static void
test_refusal(void **state)
{
	static const struct answer refusal = { .decision = { OUTCOME_DEVICE_CAP_REACHED, "5 of 5 devices",
						   "Bitte", "de-AT", "{\"limit\": 5}" } };
	struct pair *pair = *state;
	struct answer got;
	struct part part;
	struct why why;
	bool lost;

	assert_int_equal(
	    converse(pair, &whole, &refusal, &part, &got, &lost, &why), OUTCOME_DEVICE_CAP_REACHED);
	assert_false(lost);
	assert_string_equal(why.text, "5 of 5 devices");
	assert_string_equal(got.decision.text, "Bitte");
	assert_string_equal(got.decision.language, "de-AT");
	assert_string_equal(got.decision.details, "{\"limit\": 5}");
	assert_null(got.issued.device);
	arena_free(part.arena);
}

/* Two, one after the other, and close to the limit of a message. */
static void
test_long_facts(void **state)
{
	struct pair *pair = *state;
	struct ask ask = whole;
	size_t size = 900 * 1024;
	char *facts = arena_alloc(pair->arena, size + 1);
	struct answer got;
	struct part part;
	bool lost;

	memset(facts, 'x', size);
	ask.facts = facts;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(converse(pair, &ask, &issued, &part, &got, &lost, NULL), OUTCOME_OK);
		assert_int_equal(strlen(part.ask.facts), size);
		arena_free(part.arena);
	}
}

static void
test_too_long_facts(void **state)
{
	struct pair *pair = *state;
	struct ask ask = whole;
	char *facts = arena_alloc(pair->arena, ASK_MAX + 1);
	struct answer got;
	bool lost = true;

	memset(facts, 'x', ASK_MAX);
	ask.facts = facts;
	assert_int_equal(issuer_ask(pair->worker, pair->arena, &ask, deadline_in_ms(1000), &got, &lost, NULL),
	    OUTCOME_MESSAGE_FORMAT);
	assert_false(lost);
	ask.facts = "\xff";
	assert_int_equal(issuer_ask(pair->worker, pair->arena, &ask, deadline_in_ms(1000), &got, &lost, NULL),
	    OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_false(lost);
}

static enum outcome
ask_alone(struct pair *pair, int64_t ms, bool *lost, struct why *why)
{
	struct answer got;

	return issuer_ask(pair->worker, pair->arena, &whole, deadline_in_ms(ms), &got, lost, why);
}

static void
test_silent_issuer(void **state)
{
	struct pair *pair = *state;
	int64_t began = clock_steady_us();
	struct why why;
	bool lost;

	assert_int_equal(ask_alone(pair, 150, &lost, &why), OUTCOME_CERTIFICATE_REQUEST);
	assert_true(lost);
	assert_non_null(strstr(why.text, "in time"));
	assert_in_range(clock_steady_us() - began, 140000, 2000000);
}

/* The socket buffer is full: writing meets the deadline too. */
static void
test_stuck_issuer(void **state)
{
	struct pair *pair = *state;
	struct ask ask = whole;
	char *facts = arena_alloc(pair->arena, 900 * 1024 + 1);
	struct answer got;
	struct why why;
	bool lost;

	memset(facts, 'x', 900 * 1024);
	ask.facts = facts;
	assert_int_equal(issuer_ask(pair->worker, pair->arena, &ask, deadline_in_ms(150), &got, &lost, &why),
	    OUTCOME_CERTIFICATE_REQUEST);
	assert_true(lost);
	assert_non_null(strstr(why.text, "took nothing"));
}

static void
test_ended_issuer(void **state)
{
	struct pair *pair = *state;
	struct why why;
	bool lost;

	close(pair->issuer);
	pair->issuer = -1;
	assert_int_equal(ask_alone(pair, 1000, &lost, &why), OUTCOME_CERTIFICATE_REQUEST);
	assert_true(lost);
	assert_non_null(strstr(why.text, "ended"));
}

static void
put(int fd, const char *text)
{
	uint32_t length = htonl((uint32_t)strlen(text));

	assert_int_equal(write(fd, &length, 4), 4);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* An answer to an earlier question must never be taken for this one's. */
static void
test_late_answer(void **state)
{
	struct pair *pair = *state;
	bool lost;

	put(pair->issuer, "{\"outcome\":\"OK\"}");
	assert_int_equal(ask_alone(pair, 1000, &lost, NULL), OUTCOME_CERTIFICATE_REQUEST);
	assert_true(lost);
}

struct script {
	int fd;
	const char *answer;
};

static void *
script_play(void *argument)
{
	struct script *script = argument;
	struct arena *arena = arena_new();
	struct ask ask;

	if (ask_receive(script->fd, arena, &ask, NULL) == ASK_READY)
		put(script->fd, script->answer);
	arena_free(arena);
	return NULL;
}

#define TIMES "\"database_us\":1,\"signature_us\":2"

static void
test_bad_answers(void **state)
{
	static const char *const answers[] = {
		"{}",
		"[]",
		"{\"outcome\":\"Maybe\"," TIMES "}",
		"{\"outcome\":1," TIMES "}",
		"{\"outcome\":\"OK\"," TIMES "}",
		"{\"outcome\":\"InMaintenance\",\"database_us\":\"1\",\"signature_us\":2}",
		"{\"outcome\":\"InMaintenance\"," TIMES ",\"surplus\":1}",
		"{\"outcome\":\"InMaintenance\",\"outcome\":\"InMaintenance\"," TIMES "}",
		"{\"outcome\":\"OK\",\"device\":\"d\",\"certificate\":\"!\",\"root\":\"AAAA\"," TIMES "}",
	};
	struct pair *pair = *state;

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct script script = { pair->issuer, answers[i] };
		pthread_t thread;
		bool lost;

		assert_int_equal(pthread_create(&thread, NULL, script_play, &script), 0);
		if (ask_alone(pair, 2000, &lost, NULL) != OUTCOME_CERTIFICATE_REQUEST || !lost)
			fail_msg("taken: %s", answers[i]);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
}

#define KNOWN \
	"\"organization\":\"o\",\"account\":\"a\",\"trace\":\"t\",\"facts\":\"{}\",\"claim\":\"{}\"," \
	"\"patience_ms\":1"

static void
test_asks(void **state)
{
	static const struct {
		const char *text;
		enum ask_end end;
	} cases[] = {
		{ "{" KNOWN ",\"public_key\":\"AAAA\"}", ASK_READY },
		{ "{" KNOWN ",\"public_key\":\"AAAA\",\"remote\":\"r\",\"attempt\":\"t\"}", ASK_READY },
		{ "{" KNOWN "}", ASK_BROKEN },
		{ "{" KNOWN ",\"public_key\":\"\"}", ASK_BROKEN },
		{ "{" KNOWN ",\"public_key\":\"*\"}", ASK_BROKEN },
		{ "{" KNOWN ",\"public_key\":\"AAAA\",\"remote\":null}", ASK_BROKEN },
		{ "{" KNOWN ",\"public_key\":\"AAAA\",\"remote\":\"\\u0000\"}", ASK_BROKEN },
		{ "{" KNOWN ",\"public_key\":\"AAAA\",\"trace\":\"t\"}", ASK_BROKEN },
		{ "{" KNOWN ",\"public_key\":\"AAAA\",\"common_name\":\"root\"}", ASK_BROKEN },
		{ "{" KNOWN ",\"public_key\":[\"AAAA\"]}", ASK_BROKEN },
		{ "{" KNOWN ",\"public_key\":\"AAAA\"} ", ASK_READY },
		{ "{" KNOWN ",\"public_key\":\"AAAA\"}}", ASK_BROKEN },
		{ "[{" KNOWN ",\"public_key\":\"AAAA\"}]", ASK_BROKEN },
		{ "\"\xff\"", ASK_BROKEN },
		{ " ", ASK_BROKEN },
	};
	struct pair *pair = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ask ask;
		struct why why;

		put(pair->worker, cases[i].text);
		if (ask_receive(pair->issuer, pair->arena, &ask, &why) != cases[i].end)
			fail_msg("%s", cases[i].text);
	}
}

static void
test_ended_worker(void **state)
{
	struct pair *pair = *state;
	struct ask ask;

	close(pair->worker);
	pair->worker = -1;
	assert_int_equal(ask_receive(pair->issuer, pair->arena, &ask, NULL), ASK_CLOSED);
	/* And an answer to it is no SIGPIPE. */
	assert_int_not_equal(ask_reply(pair->issuer, pair->arena, &issued, NULL), OUTCOME_OK);
}

static void
test_lengths(void **state)
{
	static const uint32_t lengths[] = { 0, ASK_MAX + 1, UINT32_MAX };
	struct pair *pair = *state;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		uint32_t length = htonl(lengths[i]);
		struct ask ask;
		struct why why;

		assert_int_equal(write(pair->worker, &length, 4), 4);
		assert_int_equal(ask_receive(pair->issuer, pair->arena, &ask, &why), ASK_BROKEN);
		assert_non_null(strstr(why.text, "length"));
	}
}

/* Part of a message and then nothing, or the end. */
static void
test_partial(void **state)
{
	struct pair *pair = *state;
	int64_t began = clock_steady_us();
	struct why why;
	struct ask ask;

	assert_int_equal(write(pair->worker, "\0\0\0\x20{", 5), 5);
	assert_int_equal(ask_receive(pair->issuer, pair->arena, &ask, &why), ASK_BROKEN);
	assert_non_null(strstr(why.text, "in time"));
	assert_in_range(
	    clock_steady_us() - began, (ASK_PATIENCE_MS - 50) * 1000, (ASK_PATIENCE_MS + 2000) * 1000);

	assert_int_equal(write(pair->worker, "\0\0", 2), 2);
	close(pair->worker);
	pair->worker = -1;
	assert_int_equal(ask_receive(pair->issuer, pair->arena, &ask, &why), ASK_BROKEN);
}

#define ON_A_PAIR(test) cmocka_unit_test_setup_teardown(test, pair_open, pair_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_PAIR(test_issue),
		ON_A_PAIR(test_optional),
		ON_A_PAIR(test_renewal),
		ON_A_PAIR(test_renewal_by_halves),
		ON_A_PAIR(test_refusal),
		ON_A_PAIR(test_long_facts),
		ON_A_PAIR(test_too_long_facts),
		ON_A_PAIR(test_silent_issuer),
		ON_A_PAIR(test_stuck_issuer),
		ON_A_PAIR(test_ended_issuer),
		ON_A_PAIR(test_late_answer),
		ON_A_PAIR(test_bad_answers),
		ON_A_PAIR(test_asks),
		ON_A_PAIR(test_ended_worker),
		ON_A_PAIR(test_lengths),
		ON_A_PAIR(test_partial),
	};

	return cmocka_run_group_tests_name("ask", tests, NULL, NULL);
}
