/* The socket: its mode, what a dead process left, who owns what, what is inherited. */
#include <muster/muster/listen.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/test_listen.XXXXXX";
static char path[64];

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/muster.sock", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static mode_t
mode_of(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0 ? st.st_mode & 07777 : 0;
}

static bool
answers(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answered;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
	answered = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	(void)close(fd);
	return answered;
}

static void
a_path_has_the_mode_asked_for(void **state)
{
	static const mode_t mode[] = { 0660, 0600, 0666 };
	struct listener listener;
	struct why why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mode); i++) {
		mode_t saved = umask(0);

		assert_int_equal(listen_open(path, mode[i], NULL, &listener, &why), OUTCOME_OK);
		(void)umask(saved);
		assert_int_equal(mode_of(path), mode[i]);
		assert_true(answers(path));
		assert_true((fcntl(listener.fd, F_GETFL) & O_NONBLOCK) != 0);
		assert_true((fcntl(listener.fd, F_GETFD) & FD_CLOEXEC) != 0);
		listen_close(&listener);
		assert_int_equal(access(path, F_OK), -1);
	}
}

static void
unix_colon_is_a_path_too(void **state)
{
	char address[80];
	struct listener listener;
	struct why why;

	(void)state;
	(void)snprintf(address, sizeof(address), "unix:%s", path);
	assert_int_equal(listen_open(address, 0660, NULL, &listener, &why), OUTCOME_OK);
	assert_true(answers(path));
	listen_close(&listener);
}

static void
a_dead_socket_is_replaced(void **state)
{
	struct listener dead, listener;
	struct why why;

	(void)state;
	assert_int_equal(listen_open(path, 0660, NULL, &dead, &why), OUTCOME_OK);
	(void)close(dead.fd);
	assert_false(answers(path));
	assert_int_equal(listen_open(path, 0660, NULL, &listener, &why), OUTCOME_OK);
	assert_true(answers(path));

	/* The first one's path is not its own any more. */
	dead.fd = -1;
	listen_close(&dead);
	assert_true(answers(path));
	listen_close(&listener);
}

static void
a_living_socket_is_not(void **state)
{
	struct listener living, listener;
	struct why why;

	(void)state;
	assert_int_equal(listen_open(path, 0660, NULL, &living, &why), OUTCOME_OK);
	assert_int_equal(listen_open(path, 0660, NULL, &listener, &why), OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_non_null(strstr(why.text, "in use"));
	assert_int_equal(listener.fd, -1);
	assert_true(answers(path));
	listen_close(&living);
}

static void
another_file_is_left_alone(void **state)
{
	struct listener listener;
	struct why why;
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	(void)state;
	assert_int_not_equal(fd, -1);
	(void)close(fd);
	assert_int_equal(listen_open(path, 0660, NULL, &listener, &why), OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_non_null(strstr(why.text, "no socket"));
	assert_int_equal(access(path, F_OK), 0);
	(void)unlink(path);
}

static void
refusals(void **state)
{
	static const struct {
		const char *address, *owner, *says;
	} row[] = {
		{ "localhost", NULL, "HOST:PORT" },
		{ ":9000", NULL, "HOST:PORT" },
		{ "localhost:", NULL, "HOST:PORT" },
		{ "/nonexistent/muster.sock", NULL, "No such file" },
		{ "/tmp/"
		  "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
		  "8901234567890123456789",
		    NULL, "107" },
		{ "/tmp/test_listen.none", "no-such-user-here", "no user" },
		{ "/tmp/test_listen.none", "no-such-user-here:root", "no user" },
		{ "/tmp/test_listen.none", ":no-such-group-here", "no group" },
	};
	struct listener listener;
	struct why why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		if (listen_open(row[i].address, 0660, row[i].owner, &listener, &why) == OUTCOME_OK)
			fail_msg("row %zu", i);
		if (strstr(why.text, row[i].says) == NULL)
			fail_msg("row %zu: %s", i, why.text);
		assert_int_equal(listener.fd, -1);
	}
	assert_int_equal(access("/tmp/test_listen.none", F_OK), -1);
}

static void
an_owner_is_set(void **state)
{
	const struct group *group = getgrnam("daemon");
	struct listener listener;
	struct stat st;
	struct why why;

	(void)state;
	if (geteuid() != 0 || group == NULL) {
		skip();
		return;
	}
	assert_int_equal(listen_open(path, 0660, ":daemon", &listener, &why), OUTCOME_OK);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_gid, group->gr_gid);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	listen_close(&listener);
}

static void
addresses(void **state)
{
	static const char *const address[] = { "127.0.0.1:0", "localhost:0", "[::1]:0" };
	struct listener listener;
	struct why why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(address); i++) {
		int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd != -1)
			(void)close(fd);
		else if (address[i][0] == '[')
			continue;
		if (listen_open(address[i], 0, NULL, &listener, &why) != OUTCOME_OK)
			fail_msg("%s: %s", address[i], why.text);
		assert_true(listener.fd > STDERR_FILENO);
		listen_close(&listener);
	}
}

/* In a child: descriptor `at` is a listening socket, the environment names it; 0 when it was taken. */
static int
inherit(int at, bool by_environment, const char *count)
{
	struct listener origin, listener;
	char pid[16];

	(void)close(at);
	if (listen_open("127.0.0.1:0", 0, NULL, &origin, NULL) != OUTCOME_OK)
		return 1;
	if (origin.fd != at && (dup2(origin.fd, at) == -1 || close(origin.fd) != 0))
		return 2;
	if (by_environment) {
		(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
		(void)setenv("LISTEN_PID", pid, 1);
		(void)setenv("LISTEN_FDS", count, 1);
	}
	if (listen_open(NULL, 0, NULL, &listener, NULL) != OUTCOME_OK)
		return 3;
	if (listener.fd <= STDERR_FILENO || getenv("LISTEN_FDS") != NULL)
		return 4;
	/* Whoever reads standard input must not eat a connection. */
	return at == 0 && read(0, pid, 1) != 0 ? 5 : 0;
}

static void
inherited(void **state)
{
	static const struct {
		const char *name;
		int at;
		bool by_environment;
		const char *count;
		int expected;
	} row[] = {
		{ "descriptor 0", 0, false, NULL, 0 },
		{ "LISTEN_FDS", 3, true, "1", 0 },
		{ "two sockets", 3, true, "2", 3 },
		{ "nothing named", 3, false, NULL, 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		int status;
		pid_t pid = fork();

		assert_int_not_equal(pid, -1);
		if (pid == 0) {
			int null = open("/dev/null", O_RDONLY);

			(void)dup2(null, 0);
			_exit(inherit(row[i].at, row[i].by_environment, row[i].count));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != row[i].expected)
			fail_msg("%s: status %#x", row[i].name, (unsigned)status);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_has_the_mode_asked_for),
		cmocka_unit_test(unix_colon_is_a_path_too),
		cmocka_unit_test(a_dead_socket_is_replaced),
		cmocka_unit_test(a_living_socket_is_not),
		cmocka_unit_test(another_file_is_left_alone),
		cmocka_unit_test(refusals),
		cmocka_unit_test(an_owner_is_set),
		cmocka_unit_test(addresses),
		cmocka_unit_test(inherited),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
