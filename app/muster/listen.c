#include <muster/muster/listen.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <muster/base/log.h>

#define LISTEN_FDS_START 3

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static bool
is_listening(int fd)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value != 0;
}

/* Workers share the socket: who comes late to a connection must not block in accept(2). */
static bool
make_ready(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags != -1 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* Take an inherited descriptor away from where it was, so that 0 to 2 are not the socket. */
static enum outcome
take_inherited(int from, const char *origin, struct listener *listener, struct why *why)
{
	int null;

	if (!is_listening(from))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "descriptor %d (%s) is no listening socket", from, origin);
	listener->fd = fcntl(from, F_DUPFD_CLOEXEC, LISTEN_FDS_START);
	if (listener->fd == -1 || !make_ready(listener->fd))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "descriptor %d (%s): %s", from, origin,
		    strerror(errno));
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1 ||
	    (from < LISTEN_FDS_START && dup2(null, from) == -1))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "/dev/null: %s", strerror(errno));
	(void)close(null);
	if (from >= LISTEN_FDS_START)
		(void)close(from);
	(void)snprintf(listener->described, sizeof(listener->described), "an inherited socket (%s)", origin);
	return OUTCOME_OK;
}

static enum outcome
open_inherited(struct listener *listener, struct why *why)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	bool ours = pid != NULL && fds != NULL && strtol(pid, NULL, 10) == (long)getpid();

	if (ours && strcmp(fds, "1") != 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the service manager passed %s sockets: give the socket unit one ListenStream", fds);
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	if (ours)
		return take_inherited(LISTEN_FDS_START, "LISTEN_FDS", listener, why);
	if (is_listening(STDIN_FILENO))
		return take_inherited(STDIN_FILENO, "descriptor 0", listener, why);
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
	    "no socket was inherited: say --listen /PATH or --listen HOST:PORT");
}

/* A path where nobody answers is what a dead process left. */
static enum outcome
remove_stale(const struct sockaddr_un *address, struct why *why)
{
	CLEANUP(close_fd) int fd = -1;
	struct stat st;

	if (lstat(address->sun_path, &st) != 0)
		return errno == ENOENT ? OUTCOME_OK
				       : refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s",
					     address->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s is there and is no socket: remove it, or choose another path", address->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	    errno != ECONNREFUSED)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s is in use: stop the process that listens there, or choose another path",
		    address->sun_path);
	if (unlink(address->sun_path) != 0 && errno != ENOENT)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", address->sun_path, strerror(errno));
	return OUTCOME_OK;
}

static enum outcome
owner_user(const char *name, size_t size, uid_t *uid, struct why *why)
{
	char text[64];
	const struct passwd *user;

	(void)snprintf(text, sizeof(text), "%.*s", (int)size, name);
	if ((user = getpwnam(text)) == NULL)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "--socket-owner: there is no user '%s'", text);
	*uid = user->pw_uid;
	return OUTCOME_OK;
}

/* "USER", "USER:GROUP", ":GROUP" as chown(1) has it; what is left out stays. */
static enum outcome
owner_read(const char *owner, uid_t *uid, gid_t *gid, struct why *why)
{
	size_t size = owner == NULL ? 0 : strcspn(owner, ":");
	const struct group *group;
	enum outcome o;

	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (size > 0 && (o = owner_user(owner, size, uid, why)) != OUTCOME_OK)
		return o;
	if (owner == NULL || owner[size] == '\0' || owner[size + 1] == '\0')
		return OUTCOME_OK;
	if ((group = getgrnam(owner + size + 1)) == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "--socket-owner: there is no group '%s'",
		    owner + size + 1);
	*gid = group->gr_gid;
	return OUTCOME_OK;
}

/* Nobody can connect before listen(2), and by then owner and mode are what was asked for. */
static bool
bind_path(int fd, const struct sockaddr_un *address, mode_t mode, uid_t uid, gid_t gid)
{
	mode_t saved = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)address, sizeof(*address));

	(void)umask(saved);
	return rc == 0 && lchown(address->sun_path, uid, gid) == 0 && chmod(address->sun_path, mode) == 0;
}

static enum outcome
open_path(const char *path, mode_t mode, const char *owner, struct listener *listener, struct why *why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	uid_t uid;
	gid_t gid;
	enum outcome o;

	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
	    sizeof(address.sun_path))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the socket's path is longer than %zu bytes: choose a shorter one",
		    sizeof(address.sun_path) - 1);
	if ((o = owner_read(owner, &uid, &gid, why)) != OUTCOME_OK ||
	    (o = remove_stale(&address, why)) != OUTCOME_OK)
		return o;
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener->fd == -1 || !bind_path(listener->fd, &address, mode, uid, gid) ||
	    lstat(path, &st) != 0 || listen(listener->fd, LISTEN_BACKLOG) != 0 || !make_ready(listener->fd))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", path, strerror(errno));
	(void)snprintf(listener->path, sizeof(listener->path), "%s", path);
	listener->device = st.st_dev;
	listener->inode = st.st_ino;
	listener->changed = st.st_ctim;
	(void)snprintf(listener->described, sizeof(listener->described), "%s, mode %04o, owner %u:%u", path,
	    (unsigned)mode, (unsigned)st.st_uid, (unsigned)st.st_gid);
	return OUTCOME_OK;
}

/* Whoever reaches a FastCGI port can say anything of a client's certificate. */
static void
warn_if_public(const struct sockaddr *address, const char *text)
{
	bool local = false;

	if (address->sa_family == AF_INET)
		local =
		    ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
	else if (address->sa_family == AF_INET6)
		local =
		    IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
	if (!local)
		log_message(LOG_WARNING_LEVEL,
		    "%s is not a loopback address: FastCGI knows no authentication, let only the web server "
		    "reach it",
		    text);
}

/* "HOST:PORT", "[::1]:PORT" taken apart. */
static bool
address_split(const char *text, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon == NULL ? 0 : (size_t)(colon - text);

	if (colon == NULL || length == 0 || colon[1] == '\0')
		return false;
	if (text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	*port = colon + 1;
	return (size_t)snprintf(host, size, "%.*s", (int)length, text) < size;
}

static enum outcome
bind_address(const struct addrinfo *found, const char *text, struct listener *listener, struct why *why)
{
	int one = 1;

	listener->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener->fd == -1 ||
	    setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    bind(listener->fd, found->ai_addr, found->ai_addrlen) != 0 ||
	    listen(listener->fd, LISTEN_BACKLOG) != 0 || !make_ready(listener->fd))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", text, strerror(errno));
	warn_if_public(found->ai_addr, text);
	(void)snprintf(listener->described, sizeof(listener->described), "%s", text);
	return OUTCOME_OK;
}

static enum outcome
open_address(const char *text, struct listener *listener, struct why *why)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE
	};
	struct addrinfo *found = NULL;
	char host[256];
	const char *port;
	enum outcome o;
	int rc;

	if (!address_split(text, host, sizeof(host), &port))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--listen '%s': give /PATH, unix:/PATH or HOST:PORT", text);
	if ((rc = getaddrinfo(host, port, &hints, &found)) != 0)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "--listen '%s': %s", text, gai_strerror(rc));
	o = bind_address(found, text, listener, why);
	freeaddrinfo(found);
	return o;
}

enum outcome
listen_open(const char *address, mode_t mode, const char *owner, struct listener *listener, struct why *why)
{
	enum outcome o;

	*listener = (struct listener){ .fd = -1 };
	if (address == NULL)
		o = open_inherited(listener, why);
	else if (strncmp(address, "unix:", 5) == 0)
		o = open_path(address + 5, mode, owner, listener, why);
	else if (address[0] == '/')
		o = open_path(address, mode, owner, listener, why);
	else
		o = open_address(address, listener, why);
	if (o != OUTCOME_OK)
		listen_close(listener);
	return o;
}

static bool
is_ours(const struct listener *listener, const struct stat *st)
{
	return st->st_dev == listener->device && st->st_ino == listener->inode &&
	    st->st_ctim.tv_sec == listener->changed.tv_sec &&
	    st->st_ctim.tv_nsec == listener->changed.tv_nsec;
}

void
listen_close(struct listener *listener)
{
	struct stat st;

	if (listener->path[0] != '\0' && lstat(listener->path, &st) == 0 && is_ours(listener, &st))
		(void)unlink(listener->path);
	listener->path[0] = '\0';
	close_fd(&listener->fd);
}
