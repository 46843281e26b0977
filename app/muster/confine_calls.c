/* seccomp(2) by libseccomp: system calls that no process of ours needs, and that a taken-over one would. */
#include <muster/muster/confine.h>

#include <errno.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <seccomp.h>

/* For both: other programs, other processes' memory, the kernel itself, other views of the system. */
static const char *const denied[] = { "acct", "add_key", "adjtimex", "bpf", "chroot", "clock_adjtime",
	"clock_settime", "delete_module", "execve", "execveat", "fanotify_init", "finit_module", "fsconfig",
	"fsmount", "fsopen", "fspick", "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup",
	"ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mknod",
	"mknodat", "modify_ldt", "mount", "mount_setattr", "move_mount", "move_pages", "name_to_handle_at",
	"nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open", "personality", "pidfd_getfd",
	"pidfd_open", "pidfd_send_signal", "pivot_root", "process_madvise", "process_mrelease",
	"process_vm_readv", "process_vm_writev", "ptrace", "quotactl", "quotactl_fd", "reboot", "request_key",
	"setdomainname", "sethostname", "setns", "settimeofday", "swapoff", "swapon", "syslog", "umount",
	"umount2", "unshare", "uselib", "userfaultfd", "ustat", "vhangup" };

/*
 * For workers besides: new processes, signals to others, listening, and changes of files that Landlock does
 * not see (mode, owner, attributes).
 */
static const char *const denied_to_workers[] = { "chmod", "chown", "fchmod", "fchmodat", "fchmodat2",
	"fchown", "fchownat", "fork", "fremovexattr", "fsetxattr", "futimesat", "kill", "lchown", "link",
	"linkat", "listen", "lremovexattr", "lsetxattr", "mkdir", "mkdirat", "removexattr", "rename",
	"renameat", "renameat2", "rmdir", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "setxattr", "symlink",
	"symlinkat", "tkill", "truncate", "unlink", "unlinkat", "utime", "utimensat", "utimes", "vfork" };

/* A call that this kernel or machine has not needs no rule. */
static int
deny(scmp_filter_ctx filter, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);
	int rc = nr == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), nr, 0);

	return rc == -EOPNOTSUPP || rc == -EDOM ? 0 : rc;
}

static int
deny_all(scmp_filter_ctx filter, const char *const *name, size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = deny(filter, name[i]);
	return rc;
}

/*
 * Threads yes, processes no. clone3(2) keeps its flags in memory that a filter cannot see; libc tries
 * clone(2) when it is told that there is none.
 */
static int
deny_processes(scmp_filter_ctx filter)
{
	int rc = seccomp_rule_add(
	    filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));

	if (rc == 0 && seccomp_syscall_resolve_name("clone3") != __NR_SCMP_ERROR)
		rc = seccomp_rule_add(
		    filter, SCMP_ACT_ERRNO(ENOSYS), seccomp_syscall_resolve_name("clone3"), 0);
	return rc;
}

/* abort(3) signals the process itself; nobody else is to be signalled. */
static int
deny_signals(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
	    SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid(), 0));
}

/* The database is reached by a path or by IP, the name service asks the kernel by netlink. */
static int
deny_sockets(scmp_filter_ctx filter)
{
	int rc = 0;

	for (unsigned domain = 0; domain < 64 && rc == 0; domain++)
		if (domain != AF_UNIX && domain != AF_INET && domain != AF_INET6 && domain != AF_NETLINK)
			rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
			    SCMP_A0(SCMP_CMP_EQ, domain, 0));
	if (rc == 0)
		rc = seccomp_rule_add(
		    filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GE, 64, 0));
	return rc;
}

static int
filter_fill(scmp_filter_ctx filter, enum calls calls)
{
	int rc = deny_all(filter, denied, ARRAY_SIZE(denied));

	if (rc != 0 || calls == CALLS_ISSUER)
		return rc;
	if ((rc = deny_all(filter, denied_to_workers, ARRAY_SIZE(denied_to_workers))) != 0 ||
	    (rc = deny_processes(filter)) != 0 || (rc = deny_signals(filter)) != 0)
		return rc;
	return deny_sockets(filter);
}

enum outcome
confine_calls(enum calls calls, struct why *why)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc = filter == NULL ? -ENOMEM : 0;

	/* Calls of another machine's numbering (x32, i386) would walk around the list. */
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A tree instead of a list: every call of a worker passes here. */
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = filter_fill(filter, calls);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	if (rc != 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "seccomp: %s", strerror(-rc));
	return OUTCOME_OK;
}
