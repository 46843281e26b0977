/* Landlock (landlock(7)): the files that a worker may still open, all of them for reading only. */
#include <muster/muster/confine.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <libpq-fe.h>

/*
 * The kernel's interface by its own numbers: the header of the machine we are built on may be older
 * than the kernel we run on.
 */
#define CREATE_RULESET_VERSION 1U
#define RULE_PATH_BENEATH 1
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_ALL_1 ((1ULL << 13) - 1)
#define FS_REFER_2 (1ULL << 13)
#define FS_TRUNCATE_3 (1ULL << 14)
#define NET_BIND_TCP_4 (1ULL << 0)
#define FS_IOCTL_DEV_5 (1ULL << 15)
#define SCOPE_SIGNAL_6 (1ULL << 1)

struct ruleset {
	uint64_t fs, net, scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

/* Programs, libraries, time zones, certificates: what everybody may read. */
static const char *const public_path[] = { "/usr", "/lib", "/lib32", "/lib64", "/libx32", "/dev/null",
	"/dev/random", "/dev/urandom", "/run/systemd/resolve", "/run/nscd", "/run/resolvconf",
	"/run/NetworkManager", NULL };

/* The parts of /etc that the name service, TLS and Kerberos read; others may hold our own secrets. */
static const char *const etc_path[] = { "/etc/ca-certificates", "/etc/crypto-policies", "/etc/gai.conf",
	"/etc/gnutls", "/etc/group", "/etc/gss", "/etc/host.conf", "/etc/hosts", "/etc/krb5.conf",
	"/etc/krb5.conf.d", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime",
	"/etc/nsswitch.conf", "/etc/passwd", "/etc/pki", "/etc/protocols", "/etc/resolv.conf",
	"/etc/services", "/etc/ssl", NULL };

/* Options of libpq whose value is a path. */
static const char *const conninfo_path[] = { "passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl",
	"sslcrldir", NULL };

static uint64_t
fs_handled(int abi)
{
	return FS_ALL_1 | (abi >= 2 ? FS_REFER_2 : 0) | (abi >= 3 ? FS_TRUNCATE_3 : 0) |
	    (abi >= 5 ? FS_IOCTL_DEV_5 : 0);
}

/* A ruleset that denies everything this kernel's Landlock knows of. */
static int
ruleset_new(int abi)
{
	struct ruleset rules = {
		.fs = fs_handled(abi),
		.net = abi >= 4 ? NET_BIND_TCP_4 : 0,
		.scoped = abi >= 6 ? SCOPE_SIGNAL_6 : 0,
	};
	size_t size = abi >= 6 ? sizeof(rules) : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);

	return (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0U);
}

/* What does not exist cannot be allowed, and needs not. */
static bool
allow_read(int rules, const char *path)
{
	struct path_beneath rule = { .allowed = FS_READ_FILE };
	struct stat st;
	bool done;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd == -1)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR;
	if (fstat(rule.parent_fd, &st) == 0 && S_ISDIR(st.st_mode))
		rule.allowed |= FS_READ_DIR;
	done = syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &rule, 0U) == 0;
	(void)close(rule.parent_fd);
	return done;
}

static bool
allow_all(int rules, const char *const *path)
{
	for (; *path != NULL; path++)
		if (!allow_read(rules, *path))
			return false;
	return true;
}

static bool
is_path_option(const char *keyword)
{
	for (size_t i = 0; conninfo_path[i] != NULL; i++)
		if (strcmp(conninfo_path[i], keyword) == 0)
			return true;
	return false;
}

static bool
allow_conninfo(int rules, const char *conninfo)
{
	PQconninfoOption *option = PQconninfoParse(conninfo, NULL);
	bool done = option != NULL;

	for (PQconninfoOption *o = option; done && o->keyword != NULL; o++)
		if (o->val != NULL && o->val[0] == '/' && is_path_option(o->keyword))
			done = allow_read(rules, o->val);
	PQconninfoFree(option);
	return done;
}

enum outcome
confine_files(const char *conninfo, const char *secrets_dir, bool private_etc, int *abi, struct why *why)
{
	static const char *const whole_etc[] = { "/etc", NULL };
	int rules;
	bool done;

	*abi = (int)syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_RULESET_VERSION);
	if (*abi < 1) {
		*abi = 0;
		return OUTCOME_OK;
	}
	if ((rules = ruleset_new(*abi)) == -1)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "landlock: %s", strerror(errno));
	done = allow_all(rules, public_path) && allow_all(rules, private_etc ? etc_path : whole_etc) &&
	    allow_conninfo(rules, conninfo) && (secrets_dir == NULL || allow_read(rules, secrets_dir)) &&
	    syscall(SYS_landlock_restrict_self, rules, 0U) == 0;
	(void)close(rules);
	if (!done)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "landlock: %s", strerror(errno));
	return OUTCOME_OK;
}
