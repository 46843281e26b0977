/*
 * --listen and --socket-owner: two fields. Nothing is bound, looked up or removed: an input is taken when
 * it comes as far as that.
 */
#include "fuzz.h"

#include <muster/muster/listen.h>

#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

int __wrap_bind(int, const struct sockaddr *, socklen_t);
int __wrap_lstat(const char *, struct stat *);
int __wrap_getaddrinfo(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int
__wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
	const struct sockaddr_un *path = (const struct sockaddr_un *)(const void *)address;

	(void)fd;
	FUZZ_CHECK(path->sun_family == AF_UNIX && size == sizeof(*path));
	FUZZ_CHECK(strnlen(path->sun_path, sizeof(path->sun_path)) < sizeof(path->sun_path));
	fuzz_accepted = true;
	errno = EACCES;
	return -1;
}

int
__wrap_lstat(const char *path, struct stat *st)
{
	(void)path, (void)st;
	errno = ENOENT;
	return -1;
}

int
__wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found)
{
	(void)hints, (void)found;
	FUZZ_CHECK(strlen(host) < 256 && port[0] != '\0' && strchr(port, ':') == NULL);
	fuzz_accepted = true;
	return EAI_NONAME;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes rest = { data, size };
	const char *address = fuzz_field(arena, &rest), *owner = fuzz_field(arena, &rest);
	struct listener listener;
	struct why why;
	enum outcome o = listen_open(address, 0660, owner[0] == '\0' ? NULL : owner, &listener, &why);

	FUZZ_CHECK(o != OUTCOME_OK && listener.fd == -1 && listener.path[0] == '\0');
	FUZZ_OUTCOME(o, &why, OUTCOME_INTERNAL_SERVICE_FAULT);
	listen_close(&listener);
	arena_free(arena);
	return 0;
}
