/* What a confined process still can, tried by processes that are confined and try. */
#include <muster/muster/confine.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/test_confine.XXXXXX";
static char secret_path[64], passfile_path[64], secrets_dir[64], password_path[80];
static char conninfo[160];

static bool
write_file(const char *path, mode_t mode)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, mode);

	return fd != -1 && write(fd, "x\n", 2) == 2 && close(fd) == 0;
}

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0)
		return -1;
	(void)snprintf(secret_path, sizeof(secret_path), "%s/passphrase", folder);
	(void)snprintf(passfile_path, sizeof(passfile_path), "%s/passfile", folder);
	(void)snprintf(secrets_dir, sizeof(secrets_dir), "%s/secrets", folder);
	(void)snprintf(password_path, sizeof(password_path), "%s/corp.password", secrets_dir);
	(void)snprintf(
	    conninfo, sizeof(conninfo), "host=/run/postgresql dbname=muster passfile=%s", passfile_path);
	return mkdir(secrets_dir, 0755) == 0 && write_file(password_path, 0644) &&
		write_file(secret_path, 0600) && write_file(passfile_path, 0600)
	    ? 0
	    : -1;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)unlink(secret_path);
	(void)unlink(passfile_path);
	(void)unlink(password_path);
	(void)rmdir(secrets_dir);
	return rmdir(folder);
}

/*
 * Run a trial in a child: it returns NULL, or what went wrong. A child leaves by _exit(2): a leak
 * checker cannot run in there.
 */
static void
run_trial(const char *(*trial)(void))
{
	char text[256] = "";
	int pipe_fd[2], status;
	pid_t pid;

	assert_int_equal(pipe(pipe_fd), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		const char *wrong = trial();

		if (wrong != NULL)
			(void)!write(pipe_fd[1], wrong, strlen(wrong));
		_exit(wrong == NULL ? 0 : 1);
	}
	(void)close(pipe_fd[1]);
	(void)!read(pipe_fd[0], text, sizeof(text) - 1);
	(void)close(pipe_fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("%s (status %#x)", text, (unsigned)status);
}

static bool
opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd == -1)
		return false;
	(void)close(fd);
	return true;
}

/* Files. */

static const char *
try_files(void)
{
	char made[80];
	int abi;

	if (confine_process(NULL) != OUTCOME_OK ||
	    confine_files(conninfo, secrets_dir, true, &abi, NULL) != OUTCOME_OK)
		return "confine_files()";
	if (abi == 0)
		return NULL;
	if (opens(secret_path, O_RDONLY))
		return "opened the passphrase file";
	if (opens("/etc/shadow", O_RDONLY))
		return "opened /etc/shadow";
	if (opens("/proc/1/environ", O_RDONLY) || opens("/proc/self/mem", O_RDWR))
		return "opened something in /proc";
	if (opens(folder, O_RDONLY | O_DIRECTORY))
		return "listed a folder";
	if (opens(passfile_path, O_RDWR) || opens("/dev/null", O_WRONLY))
		return "opened a file for writing";
	(void)snprintf(made, sizeof(made), "%s/new", folder);
	if (opens(made, O_CREAT | O_WRONLY) || unlink(secret_path) == 0 || mkdir(made, 0700) == 0)
		return "made or removed a file";
	if (!opens(passfile_path, O_RDONLY))
		return "could not read the passfile of its conninfo";
	if (!opens(password_path, O_RDONLY) || opens(password_path, O_RDWR))
		return "could not read a directory's password, or could write it";
	if (!opens("/etc/passwd", O_RDONLY) || !opens("/usr/lib", O_RDONLY | O_DIRECTORY) ||
	    !opens("/dev/urandom", O_RDONLY))
		return "could not read what the name service needs";
	return NULL;
}

static void
a_worker_reads_little_and_writes_nothing(void **state)
{
	(void)state;
	run_trial(try_files);
}

static const char *
try_whole_etc(void)
{
	int abi;

	if (confine_process(NULL) != OUTCOME_OK ||
	    confine_files(conninfo, NULL, false, &abi, NULL) != OUTCOME_OK)
		return "confine_files()";
	if (!opens("/etc/passwd", O_RDONLY) || !opens("/etc/hostname", O_RDONLY))
		return "could not read /etc";
	if (abi > 0 && opens(password_path, O_RDONLY))
		return "opened a directory's password that it was not given";
	return abi > 0 && opens(secret_path, O_RDONLY) ? "opened the passphrase file" : NULL;
}

static void
with_a_user_of_its_own_it_reads_etc(void **state)
{
	(void)state;
	run_trial(try_whole_etc);
}

/* System calls. */

static bool
is_denied(long rc)
{
	return rc == -1 && errno == EPERM;
}

static void *
thread_main(void *argument)
{
	*(bool *)argument = true;
	return NULL;
}

static bool
thread_runs(void)
{
	bool ran = false;
	pthread_t thread;

	return pthread_create(&thread, NULL, thread_main, &ran) == 0 && pthread_join(thread, NULL) == 0 &&
	    ran;
}

static const char *
try_programs(void)
{
	char *arguments[] = { NULL };

	if (!is_denied(execve("/bin/true", arguments, arguments)))
		return "execve";
	if (!is_denied(syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, arguments, 0)))
		return "execveat";
	return NULL;
}

static const char *
try_others(void)
{
	struct iovec piece = { &piece, sizeof(piece) };

	if (!is_denied(ptrace(PTRACE_TRACEME, 0, NULL, NULL)))
		return "ptrace";
	if (!is_denied(process_vm_readv(getppid(), &piece, 1, &piece, 1, 0)))
		return "process_vm_readv";
	if (!is_denied(syscall(SYS_pidfd_open, getppid(), 0)))
		return "pidfd_open";
	if (!is_denied(syscall(SYS_io_uring_setup, 1, NULL)))
		return "io_uring_setup";
	if (!is_denied(unshare(CLONE_NEWUSER)))
		return "unshare";
	if (!is_denied(syscall(SYS_keyctl, 0, 0, 0, 0, 0)))
		return "keyctl";
	if (!is_denied(syscall(SYS_bpf, 0, NULL, 0)))
		return "bpf";
	return NULL;
}

static const char *
try_worker_calls(void)
{
	const char *wrong;

	if (confine_process(NULL) != OUTCOME_OK || confine_calls(CALLS_WORKER, NULL) != OUTCOME_OK)
		return "confine_calls()";
	if ((wrong = try_programs()) != NULL || (wrong = try_others()) != NULL)
		return wrong;
	if (fork() != -1 || !is_denied(syscall(SYS_fork)) || !is_denied(syscall(SYS_vfork)))
		return "fork";
	if (syscall(SYS_clone3, NULL, 0) != -1 || errno != ENOSYS)
		return "clone3";
	if (!is_denied(kill(getppid(), 0)) || !is_denied(syscall(SYS_tkill, getppid(), 0)) ||
	    !is_denied(syscall(SYS_tgkill, getppid(), getppid(), 0)))
		return "a signal to another process";
	if (!is_denied(chmod(secret_path, 0644)))
		return "chmod";
	if (!is_denied(socket(AF_PACKET, SOCK_RAW, 0)) || !is_denied(socket(AF_ALG, SOCK_SEQPACKET, 0)) ||
	    !is_denied(socket(AF_VSOCK, SOCK_STREAM, 0)))
		return "a socket of a strange kind";
	if (socket(AF_UNIX, SOCK_STREAM, 0) == -1 || socket(AF_INET, SOCK_STREAM, 0) == -1)
		return "no socket to the database";
	if (syscall(SYS_tgkill, getpid(), gettid(), 0) != 0)
		return "no signal to itself";
	return thread_runs() ? NULL : "no thread";
}

static void
a_worker_cannot_become_more(void **state)
{
	(void)state;
	run_trial(try_worker_calls);
}

static const char *
try_issuer_calls(void)
{
	const char *wrong;
	int status;
	pid_t pid;

	if (confine_process(NULL) != OUTCOME_OK || confine_calls(CALLS_ISSUER, NULL) != OUTCOME_OK)
		return "confine_calls()";
	if ((wrong = try_programs()) != NULL || (wrong = try_others()) != NULL)
		return wrong;
	/* A token's module may have to. */
	if ((pid = fork()) == 0)
		_exit(0);
	return pid != -1 && waitpid(pid, &status, 0) == pid && status == 0 ? NULL : "could not fork";
}

static void
an_issuer_cannot_either(void **state)
{
	(void)state;
	run_trial(try_issuer_calls);
}

/* The process. */

static const char *
try_process(void)
{
	struct rlimit core;

	if (confine_process(NULL) != OUTCOME_OK)
		return "confine_process()";
	if (prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) != 0)
		return "dumpable";
	if (prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) != 1)
		return "new privileges";
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0)
		return "core dumps";
	return NULL;
}

static void
no_core_no_privileges(void **state)
{
	(void)state;
	run_trial(try_process);
}

/* Users. */

static void
users_that_cannot_be(void **state)
{
	struct identity identity;
	struct why why;

	(void)state;
	assert_int_equal(identity_find("root", &identity, &why), OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_non_null(strstr(why.text, "root"));
	assert_int_equal(identity_find("no-such-user-here", &identity, &why), OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_non_null(strstr(why.text, "adduser --system --group no-such-user-here"));
	assert_int_equal(identity_find("nobody", &identity, &why), OUTCOME_OK);
	assert_true(identity.change);
	assert_true(identity.uid != 0);
}

static const char *
try_user(void)
{
	struct identity nobody;
	gid_t group[2] = { 0, 1 };

	if (setgroups(2, group) != 0 || identity_find("nobody", &nobody, NULL) != OUTCOME_OK ||
	    confine_user(&nobody, NULL) != OUTCOME_OK)
		return "confine_user()";
	if (getuid() != nobody.uid || geteuid() != nobody.uid || getgid() != nobody.gid)
		return "still somebody else";
	if (getgroups(2, group) > 1 || (getgroups(2, group) == 1 && group[0] != nobody.gid))
		return "groups of another user";
	if (setuid(0) == 0 || setgid(0) == 0 || setresuid(0, 0, 0) == 0)
		return "back to root";
	if (opens(secret_path, O_RDONLY))
		return "opened a file of root";
	return NULL;
}

static void
root_becomes_nobody_for_good(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	run_trial(try_user);
}

/* Siblings of one user, as all processes are where nobody was root. */

static pid_t
sibling_start(bool confined)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready) != 0 || (pid = fork()) == -1)
		return -1;
	if (pid == 0) {
		if (confined && confine_process(NULL) != OUTCOME_OK)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		for (;;)
			(void)pause();
	}
	(void)!read(ready[0], &byte, 1);
	return pid;
}

static bool
can_look_into(pid_t pid)
{
	char path[64];
	bool seen;

	(void)snprintf(path, sizeof(path), "/proc/%ld/mem", (long)pid);
	seen = opens(path, O_RDONLY);
	(void)snprintf(path, sizeof(path), "/proc/%ld/environ", (long)pid);
	seen = seen || opens(path, O_RDONLY);
	return seen || ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0;
}

static const char *
try_sibling(void)
{
	struct identity nobody;
	const char *wrong = NULL;
	pid_t open_one, closed_one;

	if (geteuid() == 0 &&
	    (identity_find("nobody", &nobody, NULL) != OUTCOME_OK ||
		confine_user(&nobody, NULL) != OUTCOME_OK))
		return "confine_user()";
	(void)prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);
	open_one = sibling_start(false);
	closed_one = sibling_start(true);
	/* Without its confinement it could be looked into: so the second answer means something. */
	if (!can_look_into(open_one))
		wrong = "this machine lets nobody look into its own processes: nothing was tried";
	if (can_look_into(closed_one))
		wrong = "looked into a confined process of the same user";
	(void)kill(open_one, SIGKILL);
	(void)kill(closed_one, SIGKILL);
	return wrong;
}

static void
one_user_cannot_look_into_an_issuer(void **state)
{
	(void)state;
	run_trial(try_sibling);
}

/* All of it, as the pool does. */

static const char *
try_worker(void)
{
	struct identity identity = { .change = false };
	char applied[160];
	struct why why;

	if (geteuid() == 0 && identity_find("nobody", &identity, &why) != OUTCOME_OK)
		return "identity_find()";
	if (confine_worker(&identity, conninfo, secrets_dir, applied, sizeof(applied), &why) != OUTCOME_OK)
		return "confine_worker()";
	if (strstr(applied, "seccomp") == NULL || strstr(applied, "landlock") == NULL)
		return "does not say what was applied";
	if (opens(secret_path, O_RDONLY))
		return "opened the passphrase file";
	return try_programs();
}

static void
a_whole_worker(void **state)
{
	(void)state;
	run_trial(try_worker);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker_reads_little_and_writes_nothing),
		cmocka_unit_test(with_a_user_of_its_own_it_reads_etc),
		cmocka_unit_test(a_worker_cannot_become_more),
		cmocka_unit_test(an_issuer_cannot_either),
		cmocka_unit_test(no_core_no_privileges),
		cmocka_unit_test(users_that_cannot_be),
		cmocka_unit_test(root_becomes_nobody_for_good),
		cmocka_unit_test(one_user_cannot_look_into_an_issuer),
		cmocka_unit_test(a_whole_worker),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
