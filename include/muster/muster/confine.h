/*
 * What a process of ours gives up before it looks at the first byte from outside: its user, its
 * privileges, files, system calls. Nothing here can be taken back by the process itself.
 */
#ifndef MUSTER_MUSTER_CONFINE_H
#define MUSTER_MUSTER_CONFINE_H

#include <muster/base/outcome.h>

#include <sys/types.h>

#define IDENTITY_GROUPS_MAX 64

/* A system user to become. */
struct identity {
	bool change; /* false: stay who we are; nothing else is set then */
	uid_t uid;
	gid_t gid;
	char name[64], home[256];
	gid_t group[IDENTITY_GROUPS_MAX];
	int groups;
};

/*
 * Look a user up, with the groups of its own.
 * OUTCOME_INTERNAL_SERVICE_FAULT  no such user (why says how to make one), or it is root
 */
enum outcome identity_find(const char *user, struct identity *, struct why *);

/* This process may become another user, and signal it then (CAP_SETUID, CAP_SETGID, CAP_KILL). */
bool identity_can_change(void);

/*
 * Confine a worker. In this order: become the user; no core dump, no new privileges, not dumpable
 * (nobody of the same user can ptrace it or read /proc/PID/mem); Landlock: nothing writable, readable
 * only what libpq, GnuTLS and the name service need, the files that its conninfo names and those of
 * directories; seccomp: no
 * exec, no fork, no signals to others, no ptrace or process_vm, none of the calls that only
 * administrators or exploits need.
 *
 * conninfo  of the worker's role
 * secrets_dir  directories' files; NULL: there are none
 * applied   what the kernel could do, for the log: "user muster-worker, landlock 6, seccomp"
 * OUTCOME_INTERNAL_SERVICE_FAULT  a step that every kernel can do failed. Landlock is taken as far as the
 *                                 kernel has it; without it "no landlock" is applied
 */
enum outcome confine_worker(const struct identity *, const char *conninfo, const char *secrets_dir,
    char *applied, size_t size, struct why *);

/*
 * Confine an issuer: as a worker, but with files of its own (its passphrase and passfile are read
 * again when the configuration changes, a token's module may read anything) and a lighter list of system
 * calls.
 */
enum outcome confine_issuer(const struct identity *, char *applied, size_t size, struct why *);

/* The parts, each for tests and for confine_worker(). */
enum outcome confine_user(const struct identity *, struct why *);
enum outcome confine_process(struct why *);

/* *abi: 0 when the kernel has no Landlock. private_etc: only the files of /etc that are known to be harmless.
 */
enum outcome confine_files(
    const char *conninfo, const char *secrets_dir, bool private_etc, int *abi, struct why *);

enum calls { CALLS_WORKER, CALLS_ISSUER };
enum outcome confine_calls(enum calls, struct why *);

#endif
