#include <muster/muster/confine.h>

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum outcome
identity_find(const char *user, struct identity *identity, struct why *why)
{
	const struct passwd *entry = getpwnam(user);

	*identity = (struct identity){ .change = true, .groups = IDENTITY_GROUPS_MAX };
	if (entry == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "there is no user '%s': make it with 'adduser --system --group %s', or name another",
		    user, user);
	if (entry->pw_uid == 0)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "the user '%s' is root: name another", user);
	identity->uid = entry->pw_uid;
	identity->gid = entry->pw_gid;
	(void)snprintf(identity->name, sizeof(identity->name), "%s", entry->pw_name);
	(void)snprintf(identity->home, sizeof(identity->home), "%s", entry->pw_dir);
	if (getgrouplist(user, identity->gid, identity->group, &identity->groups) < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "the user '%s' is in more than %d groups",
		    user, IDENTITY_GROUPS_MAX);
	return OUTCOME_OK;
}

static bool
capabilities_get(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };

	return syscall(SYS_capget, &header, data) == 0;
}

bool
identity_can_change(void)
{
	const uint32_t needed = 1U << CAP_SETUID | 1U << CAP_SETGID | 1U << CAP_KILL;
	struct __user_cap_data_struct data[2];

	return capabilities_get(data) && (data[0].effective & needed) == needed;
}

/* Who started with CAP_SETUID but not as root keeps its capabilities over setresuid(2). */
static bool
capabilities_drop(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0L, 0L, 0L);
	return syscall(SYS_capset, &header, data) == 0;
}

/* The kernel says that we are that user and nobody else, and cannot go back. */
static bool
identity_verify(const struct identity *identity)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	return getresuid(&r, &e, &s) == 0 && r == identity->uid && e == identity->uid && s == identity->uid &&
	    getresgid(&gr, &ge, &gs) == 0 && gr == identity->gid && ge == identity->gid &&
	    gs == identity->gid && setuid(0) == -1 && setgid(0) == -1;
}

enum outcome
confine_user(const struct identity *identity, struct why *why)
{
	struct __user_cap_data_struct data[2];

	if (!identity->change)
		return OUTCOME_OK;
	if (setgroups((size_t)identity->groups, identity->group) != 0 ||
	    setresgid(identity->gid, identity->gid, identity->gid) != 0 ||
	    setresuid(identity->uid, identity->uid, identity->uid) != 0 || !capabilities_drop())
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "cannot become user '%s': %s",
		    identity->name, strerror(errno));
	if (!identity_verify(identity) || !capabilities_get(data) || data[0].permitted != 0 ||
	    data[1].permitted != 0)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "became user '%s' but not wholly", identity->name);
	return OUTCOME_OK;
}

enum outcome
confine_process(struct why *why)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) != 0)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "cannot give up privileges: %s", strerror(errno));
	return OUTCOME_OK;
}

static const char *
user_text(const struct identity *identity)
{
	return identity->change ? identity->name : "unchanged";
}

/* With a user of their own, file modes keep workers from the issuers' files; without, Landlock must. */
enum outcome
confine_worker(const struct identity *identity, const char *conninfo, const char *secrets_dir, char *applied,
    size_t size, struct why *why)
{
	enum outcome o;
	int abi;

	/* libpq looks for files below $HOME; the conninfo names them all. */
	(void)setenv("HOME", "/nonexistent", 1);
	if ((o = confine_user(identity, why)) != OUTCOME_OK || (o = confine_process(why)) != OUTCOME_OK ||
	    (o = confine_files(conninfo, secrets_dir, !identity->change, &abi, why)) != OUTCOME_OK ||
	    (o = confine_calls(CALLS_WORKER, why)) != OUTCOME_OK)
		return o;
	if (abi > 0)
		(void)snprintf(applied, size, "user %s, landlock %d, seccomp", user_text(identity), abi);
	else
		(void)snprintf(applied, size, "user %s, no landlock, seccomp", user_text(identity));
	return OUTCOME_OK;
}

enum outcome
confine_issuer(const struct identity *identity, char *applied, size_t size, struct why *why)
{
	enum outcome o;

	if (identity->change)
		(void)setenv("HOME", identity->home, 1);
	if ((o = confine_user(identity, why)) != OUTCOME_OK || (o = confine_process(why)) != OUTCOME_OK ||
	    (o = confine_calls(CALLS_ISSUER, why)) != OUTCOME_OK)
		return o;
	(void)snprintf(applied, size, "user %s, seccomp", user_text(identity));
	return OUTCOME_OK;
}
