/*
 * The connection against a server that is none: a child which stalls, hangs up, sends nonsense or refuses,
 * by PostgreSQL's protocol 3.0. (What a real server answers: tests/sql/test_store.c.)
 */
#include <muster/base/text.h>
#include <muster/wire/pg.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define SHORT_MS 200
#define FAR_BEYOND_MS (10 * 1000) /* a deadline that is kept is kept long before */

static char folder[] = "/tmp/test_pg.XXXXXX";
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int listen_fd;
static int over[2]; /* a byte for each connection that the server closed */

static int
set_up(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", folder);
	listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(listen_fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listen_fd, 8) < 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)close(listen_fd);
	(void)unlink(address.sun_path);
	return rmdir(folder);
}

/* Bytes of a text literal, NULs included. */
#define SAYS(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define READY "Z\0\0\0\5I"
#define WELCOME "R\0\0\0\10\0\0\0\0" READY
#define BOUND \
	"1\0\0\0\4" \
	"2\0\0\0\4"
/* One column, one row of it with the value 7, the end of a SELECT */
#define COLUMN "T\0\0\0\32\0\1a\0\0\0\0\0\0\0\0\0\0\31\377\377\377\377\377\377\0\0"
#define ROW "D\0\0\0\13\0\1\0\0\0\0017"
#define SELECTED "C\0\0\0\15SELECT 1\0"
#define SEVEN BOUND COLUMN ROW SELECTED READY
/* SQLSTATE 42501, with a DETAIL that quotes a value; the server's farewell */
#define DENIED "E\0\0\0\53SERROR\0VERROR\0C42501\0Mdenied\0Dhunter2\0\0"
#define FAREWELL "E\0\0\0\40SFATAL\0VFATAL\0C57P01\0Mgone\0\0"
#define FULL "E\0\0\0\45SFATAL\0VFATAL\0C53300\0Mtoo\tmany\x1b\0\0"

/* What the server does with one connection: each word is said after something was heard. */
struct connection {
	struct bytes word[4]; /* NULL is the end */
	enum { HANG_UP, HOLD, FLOOD } then;
};

static void
say(int fd, struct bytes word)
{
	while (word.size > 0) {
		ssize_t sent = send(fd, word.data, word.size, MSG_NOSIGNAL);

		if (sent < 0)
			return;
		word = (struct bytes){ word.data + sent, word.size - (size_t)sent };
	}
}

/* Notices without end, until nobody is there. */
static void
flood(int fd)
{
	static const char notice[] = "N\0\0\0\37SNOTICE\0VNOTICE\0C00000\0Mx\0\0";
	char many[1000 * (sizeof(notice) - 1)];

	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = notice[i % (sizeof(notice) - 1)];
	while (send(fd, many, sizeof(many), MSG_NOSIGNAL) == (ssize_t)sizeof(many))
		continue;
}

_Noreturn static void
play(const struct connection *connection, size_t count)
{
	char heard[8192];

	for (size_t i = 0; i < count; i++) {
		int fd = accept(listen_fd, NULL, NULL);

		for (const struct bytes *word = connection[i].word; word->data != NULL; word++) {
			if (read(fd, heard, sizeof(heard)) <= 0)
				break;
			say(fd, *word);
		}
		if (connection[i].then == FLOOD)
			flood(fd);
		while (connection[i].then == HOLD && read(fd, heard, sizeof(heard)) > 0)
			continue;
		(void)close(fd);
		(void)!write(over[1], "", 1);
	}
	_exit(0);
}

static pid_t
server_start(const struct connection *connection, size_t count)
{
	pid_t pid;

	assert_int_equal(pipe(over), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		play(connection, count);
	return pid;
}

/* It may still wait for a connection that never came. */
static void
server_end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)close(over[0]);
	(void)close(over[1]);
}

static struct pg *
client(void)
{
	char conninfo[128];

	(void)snprintf(
	    conninfo, sizeof(conninfo), "host=%s port=5432 user=u dbname=d passfile=%s/none", folder, folder);
	return pg_new(conninfo, "test_pg");
}

/* How a call ended. */
struct ended {
	enum outcome outcome;
	enum pg_end end;
	int64_t value, us;
	struct why why;
};

static struct ended
called(struct pg *pg, int columns, int ms)
{
	CLEANUP(pg_result_free) PGresult *result = NULL;
	struct deadline far_beyond = deadline_in_ms(FAR_BEYOND_MS);
	struct ended ended = { .value = -1, .why = { "" } };

	ended.outcome = pg_call(
	    pg, "SELECT a", NULL, 0, columns, deadline_in_ms(ms), &result, &ended.end, &ended.us, &ended.why);
	if ((result != NULL) != (ended.outcome == OUTCOME_OK))
		fail_msg("a result with %s", outcome_name(ended.outcome));
	if (result != NULL)
		ended.value = pg_number(result, 0, 0, -1);
	if (deadline_left_ms(far_beyond) == 0)
		fail_msg("beyond its deadline: %s", ended.why.text);
	if (ended.us < 0 || ended.us > (int64_t)FAR_BEYOND_MS * 1000)
		fail_msg("%lld us", (long long)ended.us);
	return ended;
}

static void
bad_servers(void **state)
{
	static const struct {
		const char *what;
		struct connection connection;
		int columns;
		enum pg_end end;
		const char *says;
	} row[] = {
		/* Before there is a connection */
		{ "silent", { { { NULL, 0 } }, HOLD }, 1, PG_NOT_SENT,
		    "cannot connect: no answer by the deadline" },
		{ "hangs up", { { { NULL, 0 } }, HANG_UP }, 1, PG_NOT_SENT, "cannot connect: " },
		{ "HTTP", { { SAYS("HTTP/1.1 400 Bad Request\r\n\r\n") }, HANG_UP }, 1, PG_NOT_SENT,
		    "cannot connect: " },
		{ "binary nonsense", { { SAYS("\x01\x02\x1b[2J\xff\r\n") }, HANG_UP }, 1, PG_NOT_SENT,
		    "cannot connect: " },
		{ "a huge message", { { SAYS("R\x7f\xff\xff\xff\0\0\0\0") }, HOLD }, 1, PG_NOT_SENT,
		    "cannot connect: " },
		{ "half a message", { { SAYS("R\0\0\0\10\0\0") }, HOLD }, 1, PG_NOT_SENT,
		    "cannot connect: no answer by the deadline" },
		{ "never ready", { { SAYS("R\0\0\0\10\0\0\0\0") }, HOLD }, 1, PG_NOT_SENT,
		    "cannot connect: no answer by the deadline" },
		{ "full", { { SAYS(FULL) }, HANG_UP }, 1, PG_NOT_SENT, "too?many?" },
		{ "an unknown way to sign in", { { SAYS("R\0\0\0\10\0\0\0\143") }, HOLD }, 1, PG_NOT_SENT,
		    "cannot connect: " },

		/* After the statement was sent: its end is unknown */
		{ "silent then", { { SAYS(WELCOME) }, HOLD }, 1, PG_LOST, "no answer by the deadline" },
		{ "hangs up then", { { SAYS(WELCOME), SAYS("") }, HANG_UP }, 1, PG_LOST,
		    "connection lost: " },
		{ "HTTP then", { { SAYS(WELCOME), SAYS("HTTP/1.1 400 Bad Request\r\n\r\n") }, HOLD }, 1,
		    PG_LOST, "database: " },
		{ "half an answer", { { SAYS(WELCOME), SAYS(BOUND COLUMN "D\0\0\0\13\0\1") }, HOLD }, 1,
		    PG_LOST, "no answer by the deadline" },
		{ "rows without an end", { { SAYS(WELCOME), SAYS(BOUND COLUMN ROW) }, HANG_UP }, 1, PG_LOST,
		    "connection lost: " },
		{ "not ready again", { { SAYS(WELCOME), SAYS(BOUND COLUMN ROW SELECTED) }, HOLD }, 1, PG_LOST,
		    "no answer by the deadline" },
		{ "notices without end", { { SAYS(WELCOME), SAYS(BOUND) }, FLOOD }, 1, PG_LOST,
		    "no answer by the deadline" },
		{ "wants data", { { SAYS(WELCOME), SAYS(BOUND "G\0\0\0\7\0\0\0") }, HOLD }, 1, PG_LOST,
		    "COPY" },
		{ "sends a copy", { { SAYS(WELCOME), SAYS(BOUND "H\0\0\0\7\0\0\0") }, HOLD }, 1, PG_LOST,
		    "COPY" },
		{ "both", { { SAYS(WELCOME), SAYS(BOUND "W\0\0\0\7\0\0\0") }, HOLD }, 1, PG_LOST, "COPY" },

		/* The server's word that nothing was changed */
		{ "denied", { { SAYS(WELCOME), SAYS(DENIED READY) }, HOLD }, 1, PG_ERROR,
		    "SQLSTATE 42501: denied" },
		{ "denied after rows", { { SAYS(WELCOME), SAYS(BOUND COLUMN ROW DENIED READY) }, HOLD }, 1,
		    PG_ERROR, "SQLSTATE 42501: denied" },
		{ "another schema", { { SAYS(WELCOME), SAYS(SEVEN) }, HOLD }, 2, PG_ERROR,
		    "1 columns where 2 were expected" },
		{ "an empty statement", { { SAYS(WELCOME), SAYS(BOUND "I\0\0\0\4" READY) }, HOLD }, 1,
		    PG_LOST, "connection lost" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		pid_t server = server_start(&row[i].connection, 1);
		struct pg *pg = client();
		struct ended ended = called(pg, row[i].columns, SHORT_MS);

		if (ended.outcome != OUTCOME_ENROLLMENT_SERVER || ended.end != row[i].end)
			fail_msg("%s: %s, end %d (%s)", row[i].what, outcome_name(ended.outcome), ended.end,
			    ended.why.text);
		if (strncmp(ended.why.text, "database: ", 10) != 0 ||
		    strstr(ended.why.text, row[i].says) == NULL || strstr(ended.why.text, "hunter2") != NULL)
			fail_msg("%s: '%s'", row[i].what, ended.why.text);
		for (const char *c = ended.why.text; *c != '\0'; c++)
			if ((unsigned char)*c < 0x20)
				fail_msg("%s: more than a line: '%s'", row[i].what, ended.why.text);
		assert_true(text_is_utf8(ended.why.text, strlen(ended.why.text)));
		pg_free(pg);
		server_end(server);
	}
	pg_free(NULL);
}

/* What costs a call nothing: each ends with its value, after as many connections as there are. */
static void
recoveries(void **state)
{
	static const struct {
		const char *what;
		struct connection connection[3];
		int calls;
	} row[] = {
		{ "nothing", { { { SAYS(WELCOME), SAYS(SEVEN), SAYS(SEVEN) }, HOLD } }, 2 },
		{ "hung up while idle",
		    { { { SAYS(WELCOME), SAYS(SEVEN) }, HANG_UP }, { { SAYS(WELCOME), SAYS(SEVEN) }, HOLD } },
		    2 },
		{ "farewell while idle",
		    { { { SAYS(WELCOME), SAYS(SEVEN FAREWELL) }, HANG_UP },
			{ { SAYS(WELCOME), SAYS(SEVEN) }, HOLD } },
		    2 },
		{ "notices while idle",
		    { { { SAYS(WELCOME), SAYS(SEVEN "N\0\0\0\25SX\0VX\0C00000\0M\x1b\0\0"), SAYS(SEVEN) },
			HOLD } },
		    2 },
		{ "farewell as the first answer",
		    { { { SAYS(WELCOME), SAYS(FAREWELL) }, HANG_UP },
			{ { SAYS(WELCOME), SAYS(SEVEN) }, HOLD } },
		    1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		pid_t server = server_start(row[i].connection, ARRAY_SIZE(row[i].connection));
		struct pg *pg = client();

		for (int call = 0; call < row[i].calls; call++) {
			struct ended ended;

			if (call > 0 && row[i].connection[0].then == HANG_UP)
				assert_int_equal(read(over[0], &(char){ 0 }, 1), 1);
			ended = called(pg, 1, FAR_BEYOND_MS / 2);

			if (ended.outcome != OUTCOME_OK || ended.end != PG_DONE || ended.value != 7)
				fail_msg(
				    "%s, call %d: end %d (%s)", row[i].what, call, ended.end, ended.why.text);
		}
		pg_free(pg);
		server_end(server);
	}
}

/* Sent again once, not for ever; and after rows not at all: they could have been committed. */
static void
farewells(void **state)
{
	static const struct connection twice[] = { { { SAYS(WELCOME), SAYS(FAREWELL) }, HANG_UP },
		{ { SAYS(WELCOME), SAYS(FAREWELL) }, HANG_UP }, { { SAYS(WELCOME), SAYS(SEVEN) }, HOLD } };
	static const struct connection late[] = {
		{ { SAYS(WELCOME), SAYS(BOUND COLUMN ROW SELECTED FAREWELL) }, HANG_UP },
		{ { SAYS(WELCOME), SAYS(SEVEN) }, HOLD }
	};
	pid_t server = server_start(twice, ARRAY_SIZE(twice));
	struct pg *pg = client();
	struct ended ended = called(pg, 1, FAR_BEYOND_MS / 2);

	(void)state;
	assert_int_equal(ended.outcome, OUTCOME_ENROLLMENT_SERVER);
	assert_string_equal(ended.why.text, "database: SQLSTATE 57P01: gone");
	pg_free(pg);
	server_end(server);

	server = server_start(late, ARRAY_SIZE(late));
	pg = client();
	ended = called(pg, 1, FAR_BEYOND_MS / 2);
	assert_int_equal(ended.outcome, OUTCOME_ENROLLMENT_SERVER);
	assert_int_equal(ended.end, PG_LOST);
	pg_free(pg);
	server_end(server);
}

/* Who talks on without being asked cannot hold up the next call. */
static void
flood_while_idle(void **state)
{
	static const struct connection connection[] = { { { SAYS(WELCOME), SAYS(SEVEN) }, FLOOD },
		{ { SAYS(WELCOME), SAYS(SEVEN) }, HOLD } };
	pid_t server = server_start(connection, ARRAY_SIZE(connection));
	struct pg *pg = client();
	struct ended ended = called(pg, 1, FAR_BEYOND_MS / 2);

	(void)state;
	assert_int_equal(ended.outcome, OUTCOME_OK);
	(void)called(pg, 1, SHORT_MS);
	pg_free(pg);
	server_end(server);
}

/* After a failed attempt calls fail at once, with its reason, until the next attempt is due. */
static void
back_off(void **state)
{
	static const struct connection connection[] = { { { SAYS(FULL) }, HANG_UP },
		{ { SAYS(WELCOME), SAYS(SEVEN) }, HOLD } };
	struct deadline far_beyond = deadline_in_ms(FAR_BEYOND_MS);
	pid_t server = server_start(connection, ARRAY_SIZE(connection));
	struct pg *pg = client();
	struct ended ended = called(pg, 1, FAR_BEYOND_MS / 2);
	int attempts = 0;

	(void)state;
	assert_int_equal(ended.end, PG_NOT_SENT);
	do {
		ended = called(pg, 1, FAR_BEYOND_MS / 2);
		if (ended.outcome != OUTCOME_OK &&
		    (ended.end != PG_NOT_SENT ||
			strstr(ended.why.text, "too?many? (tried moments ago)") == NULL))
			fail_msg("%s", ended.why.text);
		attempts++;
	} while (ended.outcome != OUTCOME_OK && deadline_left_ms(far_beyond) > 0);
	assert_int_equal(ended.value, 7);
	assert_true(attempts > 1);
	pg_free(pg);
	server_end(server);
}

static void
nobody_there(void **state)
{
	struct pg *pg = pg_new("host=/nonexistent port=5432 user=u dbname=d", "test_pg");
	struct ended ended = called(pg, 1, SHORT_MS);

	(void)state;
	assert_int_equal(ended.outcome, OUTCOME_ENROLLMENT_SERVER);
	assert_int_equal(ended.end, PG_NOT_SENT);
	assert_non_null(strstr(ended.why.text, "/nonexistent"));
	pg_free(pg);
	pg = pg_new("no such keyword", "test_pg");
	ended = called(pg, 1, SHORT_MS);
	assert_int_equal(ended.end, PG_NOT_SENT);
	assert_non_null(strstr(ended.why.text, "cannot connect: "));
	pg_free(pg);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_servers),
		cmocka_unit_test(recoveries),
		cmocka_unit_test(farewells),
		cmocka_unit_test(flood_while_idle),
		cmocka_unit_test(back_off),
		cmocka_unit_test(nobody_there),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
