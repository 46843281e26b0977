/*
 * A worker that was taken over: confines itself exactly as a worker does, then tries to get at what only
 * issuers hold. One line for each try; exit status 1 when one succeeded.
 *
 *   attack [--bare] USER WORKER-CONNINFO ISSUER-CONNINFO PASSPHRASE-FILE ISSUER-PID
 *
 * USER    as muster's --worker-user; "-" stays the user that it is
 * --bare  only becomes that user, without Landlock and seccomp: what a stranger with the worker's
 *         user can
 */
#include <muster/muster/confine.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpq-fe.h>

static int successes;

static void
tell(const char *what, bool succeeded)
{
	(void)printf("%s %s%s%s\n", succeeded ? "POSSIBLE" : "denied  ", what, succeeded ? "" : ": ",
	    succeeded ? "" : strerror(errno));
	successes += succeeded ? 1 : 0;
}

static void
try_open(const char *what, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	char byte;
	/* /proc opens some files that it then does not let read. */
	bool succeeded = fd != -1 && ((flags & O_ACCMODE) != O_RDONLY || read(fd, &byte, 1) >= 0);

	tell(what, succeeded);
	if (fd != -1)
		(void)close(fd);
}

static void
try_proc(const char *what, pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, what);
	try_open(path, path, O_RDONLY);
}

static void
try_process(pid_t pid)
{
	static const char *const part[] = { "mem", "environ", "maps", "fd/0", "root/etc/passwd" };
	char buffer[16];
	struct iovec local = { buffer, sizeof(buffer) }, remote = { (void *)0x400000, sizeof(buffer) };

	for (size_t i = 0; i < ARRAY_SIZE(part); i++)
		try_proc(part[i], pid);
	errno = 0;
	if (process_vm_readv(pid, &local, 1, &remote, 1, 0) == -1 && errno == EFAULT)
		tell("read the issuer's memory", true);
	else
		tell("read the issuer's memory", false);
	tell("ptrace the issuer", ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0);
}

/* The issuers' role, as far as the database lets this user have it. */
static void
try_database(const char *conninfo)
{
	PGconn *conn = PQconnectdb(conninfo);
	bool succeeded = PQstatus(conn) == CONNECTION_OK;

	(void)printf("%s connect as the issuers' role%s%s", succeeded ? "POSSIBLE" : "denied  ",
	    succeeded ? "\n" : ": ", succeeded ? "" : PQerrorMessage(conn));
	successes += succeeded ? 1 : 0;
	PQfinish(conn);
}

static void
try_passfile(const char *conninfo)
{
	PQconninfoOption *parsed = PQconninfoParse(conninfo, NULL);

	for (PQconninfoOption *o = parsed; o != NULL && o->keyword != NULL; o++)
		if (strcmp(o->keyword, "passfile") == 0 && o->val != NULL)
			try_open("read the issuers' passfile", o->val, O_RDONLY);
	PQconninfoFree(parsed);
}

/* Only a worker is kept from these; a user of the machine may do them. */
static void
try_machine(const char *passphrase_file)
{
	char *arguments[] = { NULL };
	pid_t pid;

	tell("change the mode of the passphrase file", chmod(passphrase_file, 0644) == 0);
	try_open("make a file", "/tmp/attack.made", O_CREAT | O_WRONLY);
	tell("open a raw socket", socket(AF_PACKET, SOCK_RAW, 0) != -1);
	tell("signal the issuer's parent", kill(getppid(), 0) == 0);
	pid = fork();
	if (pid == 0)
		_exit(0);
	tell("fork", pid != -1);
	/* Should it run, its exit status tells. */
	tell("run a program", execve("/bin/false", arguments, arguments) == 0);
}

static bool
become_worker(const char *user, const char *conninfo, bool bare)
{
	struct identity identity = { .change = false };
	char applied[160] = "bare";
	struct why why = { "" };
	enum outcome o = OUTCOME_OK;

	if (strcmp(user, "-") != 0)
		o = identity_find(user, &identity, &why);
	if (o == OUTCOME_OK)
		o = bare ? confine_user(&identity, &why)
			 : confine_worker(&identity, conninfo, NULL, applied, sizeof(applied), &why);
	(void)printf("as a worker: %s\n", o == OUTCOME_OK ? applied : why.text);
	return o == OUTCOME_OK;
}

int
main(int argc, char **argv)
{
	bool bare = argc > 1 && strcmp(argv[1], "--bare") == 0;
	char **argument = argv + (bare ? 2 : 1);

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != (bare ? 7 : 6)) {
		(void)fprintf(stderr,
		    "usage: attack [--bare] USER WORKER-CONNINFO ISSUER-CONNINFO "
		    "PASSPHRASE-FILE ISSUER-PID\n");
		return 2;
	}
	if (!become_worker(argument[0], argument[1], bare))
		return 2;
	try_open("read the passphrase file", argument[3], O_RDONLY);
	try_passfile(argument[2]);
	try_database(argument[2]);
	try_process((pid_t)strtol(argument[4], NULL, 10));
	if (!bare)
		try_machine(argument[3]);
	(void)printf("%d of the tries succeeded\n", successes);
	/* A leak checker cannot run confined. */
	(void)fflush(stdout);
	_exit(successes == 0 ? 0 : 1);
}
