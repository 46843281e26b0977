/* Connecting: libldap would look names up without end, so it is handed a socket that is connected. */
#include "directory_server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A look-up, in memory of its own: one that does not end in time goes on in its thread. */
struct lookup {
	struct gaicb request;
	struct addrinfo hints;
	char *host;
	char port[8];
};

static void
lookup_free(struct lookup *lookup)
{
	if (lookup->request.ar_result != NULL)
		freeaddrinfo(lookup->request.ar_result);
	free(lookup->host);
	free(lookup);
}

static struct lookup *
lookup_new(const char *host, int port)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (lookup == NULL || (lookup->host = strdup(host)) == NULL)
		arena_out_of_memory();
	(void)snprintf(lookup->port, sizeof(lookup->port), "%d", port);
	lookup->hints = (struct addrinfo){ .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	lookup->request = (struct gaicb){
		.ar_name = lookup->host, .ar_service = lookup->port, .ar_request = &lookup->hints
	};
	return lookup;
}

static int
lookup_wait(struct lookup *lookup, struct deadline deadline)
{
	struct gaicb *list[] = { &lookup->request };
	const struct gaicb *waited[] = { &lookup->request };
	int rc = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL), left;

	if (rc != 0)
		return rc;
	while (
	    (rc = gai_error(&lookup->request)) == EAI_INPROGRESS && (left = deadline_left_ms(deadline)) > 0) {
		const struct timespec time = { left / 1000, left % 1000 * 1000000L };

		(void)gai_suspend(waited, 1, &time);
	}
	return rc;
}

static bool
wait_for_connect(int fd, struct deadline deadline, int *error)
{
	socklen_t size = sizeof(*error);

	*error = ETIMEDOUT;
	if (!socket_wait(fd, POLLOUT, deadline))
		return false;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, error, &size) == 0 && *error == 0;
}

static void
socket_prepare(int fd)
{
	const int on = 1;

	/* Small questions go out at once. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool
address_connect(const struct addrinfo *address, struct deadline deadline, int *fd, int *error)
{
	*fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd == -1) {
		*error = errno;
		return false;
	}
	if (connect(*fd, address->ai_addr, address->ai_addrlen) == 0 ||
	    (errno == EINPROGRESS && wait_for_connect(*fd, deadline, error))) {
		socket_prepare(*fd);
		return true;
	}
	if (errno != EINPROGRESS)
		*error = errno;
	(void)close(*fd);
	*fd = -1;
	return false;
}

bool
host_connect(const char *host, int port, struct deadline deadline, int *fd, struct why *why)
{
	struct lookup *lookup = lookup_new(host, port);
	int rc = lookup_wait(lookup, deadline), error = 0;
	bool connected = false;

	*fd = -1;
	if (rc == EAI_INPROGRESS && gai_cancel(&lookup->request) != EAI_CANCELED) {
		/* Its thread still writes there: that memory is left to it. */
		(void)refuse(why, OUTCOME_ENROLLMENT_SERVER, "the name '%s' was not looked up in time", host);
		return false;
	}
	for (const struct addrinfo *a = rc == 0 ? lookup->request.ar_result : NULL; a != NULL && !connected;
	     a = a->ai_next)
		connected = address_connect(a, deadline, fd, &error);
	if (rc != 0)
		(void)refuse(why, OUTCOME_ENROLLMENT_SERVER, "the name '%s' cannot be looked up: %s", host,
		    rc == EAI_INPROGRESS ? "no answer in time" : gai_strerror(rc));
	else if (!connected)
		(void)refuse(why, OUTCOME_ENROLLMENT_SERVER, "cannot connect: %s", strerror(error));
	lookup_free(lookup);
	return connected;
}
