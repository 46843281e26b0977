/* Replies as the stages make them: headers nobody can split, one plain line. */
#include <muster/wire/request.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static struct request request;

static int
set_up(void **state)
{
	(void)state;
	request.arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(request.arena);
	return 0;
}

static void
headers_cannot_be_split(void **state)
{
	static const char *const row[][2] = {
		{ "https://example.test/?a=b&c", "https://example.test/?a=b&c" },
		{ "", "" },
		{ "a\r\nSet-Cookie: x", "a?\?Set-Cookie: x" },
		{ "a\nb", "a?b" },
		{ "a\rb", "a?b" },
		{ "a\tb\x01\x7f", "a?b?\?" },
		{ "\r\n\r\n<script>", "?\?\?\?<script>" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct reply reply = { .status = 200 };
		char value[64];

		(void)snprintf(value, sizeof(value), "%s", row[i][0]);
		reply_header(&request, &reply, "Location", value);
		/* It is a copy. */
		memset(value, 'x', sizeof(value));
		if (reply.header_count != 1 || strcmp(reply.header[0].name, "Location") != 0 ||
		    strcmp(reply.header[0].value, row[i][1]) != 0)
			fail_msg("row %zu: '%s'", i, reply.header[0].value);
	}
}

static void
as_many_as_fit(void **state)
{
	struct reply reply = { .status = 200 };
	int status;
	pid_t pid;

	(void)state;
	for (int i = 0; i < REPLY_HEADERS_MAX; i++)
		reply_header(&request, &reply, "X", arena_printf(request.arena, "%d", i));
	assert_int_equal(reply.header_count, REPLY_HEADERS_MAX);
	for (int i = 0; i < REPLY_HEADERS_MAX; i++)
		assert_int_equal(strtol(reply.header[i].value, NULL, 10), i);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		(void)signal(SIGABRT, SIG_DFL);
		(void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		reply_header(&request, &reply, "X", "one too many");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void
one_plain_line(void **state)
{
	struct reply reply = { .status = 200, .content_type = "application/soap+xml" };

	(void)state;
	reply_plain(&request, &reply, 404, "nothing here: 100%");
	assert_int_equal(reply.status, 404);
	assert_string_equal(reply.content_type, "text/plain; charset=utf-8");
	assert_int_equal(reply.body.size, 19);
	assert_memory_equal(reply.body.data, "nothing here: 100%\n", 19);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_cannot_be_split),
		cmocka_unit_test(as_many_as_fit),
		cmocka_unit_test(one_plain_line),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
