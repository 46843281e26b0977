#include <muster/wire/fcgi.h>

#include "watchdog.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS (15 * 1000)
#define VARIABLE_MAX (8 * 1024)
#define CERTIFICATE_MAX (16 * 1024)
/* So much of a body beyond the limit is read, for the web server to be ready for our answer. */
#define DRAIN_MAX (16 * 1024 * 1024)
#define RESPONDER 1 /* FCGI_RESPONDER of fastcgi.h: the role of an ordinary request */

struct fcgi {
	int listen_fd;
	int patience_ms;
	FCGX_Request request; /* ipcFd is -1 between requests */
};

/* FCGX_Init() takes over signals whose disposition is default or ignored: give them back. */
static bool
library_init(void)
{
	static const int taken[] = { SIGPIPE, SIGUSR1, SIGTERM };
	struct sigaction saved[ARRAY_SIZE(taken)];
	int rc;

	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		(void)sigaction(taken[i], NULL, &saved[i]);
	rc = FCGX_Init();
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		(void)sigaction(taken[i], &saved[i], NULL);
	return rc == 0;
}

struct fcgi *
fcgi_new(int listen_fd)
{
	int flags = fcntl(listen_fd, F_GETFL);
	struct fcgi *fcgi;

	/* Non-blocking: another worker may take a connection between our poll and our accept. */
	if (flags < 0 || fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) < 0 || !library_init())
		return NULL;
	fcgi = calloc(1, sizeof(*fcgi));
	if (fcgi == NULL)
		arena_out_of_memory();
	fcgi->listen_fd = listen_fd;
	fcgi->patience_ms = PATIENCE_MS;
	fcgi->request.ipcFd = -1;
	watchdog_install();
	return fcgi;
}

void
fcgi_patience(struct fcgi *fcgi, int ms)
{
	fcgi->patience_ms = ms;
}

/* Free what libfcgi holds of the request and close the connection, without its own wait for the peer. */
static void
drop(struct fcgi *fcgi)
{
	int fd = fcgi->request.ipcFd;

	FCGX_Free(&fcgi->request, 0);
	if (fd >= 0)
		(void)close(fd);
	fcgi->request.ipcFd = -1;
}

void
fcgi_free(struct fcgi *fcgi)
{
	if (fcgi == NULL)
		return;
	drop(fcgi);
	free(fcgi);
}

/* While libfcgi reads or writes only the watchdog may interrupt it: it takes EINTR for the peer's end. */
static void
signals_hold(sigset_t *before)
{
	sigset_t held;

	(void)sigfillset(&held);
	(void)sigdelset(&held, SIGALRM);
	(void)sigdelset(&held, SIGSEGV);
	(void)sigdelset(&held, SIGBUS);
	(void)sigdelset(&held, SIGABRT);
	(void)sigdelset(&held, SIGFPE);
	(void)sigdelset(&held, SIGILL);
	(void)sigdelset(&held, SIGSYS);
	(void)sigprocmask(SIG_SETMASK, &held, before);
}

/* Wait until one of the two descriptors speaks or a signal comes, which is let through. */
static bool
wait_for(struct pollfd poll_fd[2], const sigset_t *signals)
{
	return ppoll(poll_fd, 2, NULL, signals) >= 0 || errno == EINTR;
}

/* Worth another try: somebody else was faster, or the connection is gone already. */
static bool
passing(int error)
{
	return error == EAGAIN || error == EINTR || error == ECONNABORTED || error == EPROTO;
}

/* Out of descriptors or memory: others may give some back soon. */
static bool
scarce(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* The next connection; -1 means stop. Signals are held but for the wait, so that none is overlooked. */
static int
next_connection(const struct fcgi *fcgi, const volatile int *stop, int wake_fd, const sigset_t *signals)
{
	struct pollfd poll_fd[2] = { { .fd = wake_fd, .events = POLLIN },
		{ .fd = fcgi->listen_fd, .events = POLLIN } };
	int fd;

	while (!*stop && wait_for(poll_fd, signals) && poll_fd[0].revents == 0 && !*stop) {
		fd = accept4(fcgi->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (scarce(errno))
			(void)ppoll(poll_fd, 1, &(struct timespec){ .tv_nsec = 100 * 1000 * 1000 }, signals);
		else if (!passing(errno))
			break;
	}
	return -1;
}

/* A variable's value in arena; NULL when it is absent or longer than max. */
static char *
variable(const struct fcgi *fcgi, struct arena *arena, const char *name, size_t max)
{
	const char *value = FCGX_GetParam(name, fcgi->request.envp);

	return value == NULL || strnlen(value, max + 1) > max ? NULL : arena_strdup(arena, value);
}

static const char *
text_variable(const struct fcgi *fcgi, struct arena *arena, const char *name)
{
	const char *value = variable(fcgi, arena, name, VARIABLE_MAX);

	return value == NULL ? "" : value;
}

/* The announced length, at most INT64_MAX; -1 when there is none, or it is no number. */
static int64_t
content_length(const struct fcgi *fcgi, struct arena *arena)
{
	const char *text = text_variable(fcgi, arena, "CONTENT_LENGTH");
	int64_t length = 0;

	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		length = length > (INT64_MAX - 9) / 10 ? INT64_MAX : 10 * length + (*text - '0');
	}
	return length;
}

static void
read_variables(const struct fcgi *fcgi, struct arena *arena, struct request *request)
{
	const char *role = text_variable(fcgi, arena, "MUSTER_HOST_ROLE");

	request->method = text_variable(fcgi, arena, "REQUEST_METHOD");
	request->path = arena_printf(arena, "%s%s", text_variable(fcgi, arena, "SCRIPT_NAME"),
	    text_variable(fcgi, arena, "PATH_INFO"));
	request->query = text_variable(fcgi, arena, "QUERY_STRING");
	request->content_type = text_variable(fcgi, arena, "CONTENT_TYPE");
	request->remote = text_variable(fcgi, arena, "REMOTE_ADDR");
	request->variables = fcgi->request.envp;
	if (strcmp(role, "device") != 0)
		return;
	request->client_verify = variable(fcgi, arena, "SSL_CLIENT_VERIFY", VARIABLE_MAX);
	request->client_certificate = variable(fcgi, arena, "SSL_CLIENT_CERT", CERTIFICATE_MAX);
}

/* Read on to the end of the body, within reason; false when there is still more. */
static bool
drain(FCGX_Stream *in, bool *any)
{
	char trash[8192];
	int got, total = 0;

	*any = false;
	while (total < DRAIN_MAX && (got = FCGX_GetStr(trash, sizeof(trash), in)) > 0) {
		*any = true;
		total += got;
	}
	return total < DRAIN_MAX;
}

/* Without an announced length: mostly there is nothing, and a large buffer would have to be wiped. */
static struct bytes
read_unannounced(FCGX_Stream *in, struct arena *arena)
{
	char first[4096];
	size_t size = (size_t)FCGX_GetStr(first, sizeof(first), in);
	uint8_t *data;

	if (size < sizeof(first))
		return arena_copy(arena, first, size);
	data = arena_alloc(arena, BODY_MAX);
	memcpy(data, first, size);
	size += (size_t)FCGX_GetStr((char *)data + size, (int)(BODY_MAX - size), in);
	return (struct bytes){ data, size };
}

static struct bytes
read_announced(FCGX_Stream *in, struct arena *arena, size_t announced)
{
	uint8_t *data = arena_alloc(arena, announced);

	return (struct bytes){ data, (size_t)FCGX_GetStr((char *)data, (int)announced, in) };
}

/*
 * Read the body to the end of its stream: an unread rest, be it the empty record that ends it, would make
 * the kernel reset the connection when we close it, and our reply with it.
 */
static bool
read_body(const struct fcgi *fcgi, struct arena *arena, struct request *request)
{
	int64_t announced = content_length(fcgi, arena);
	FCGX_Stream *in = fcgi->request.in;
	bool more = false, ended;

	request->too_large = announced > BODY_MAX;
	if (announced < 0)
		request->body = read_unannounced(in, arena);
	else if (!request->too_large)
		request->body = read_announced(in, arena, (size_t)announced);
	ended = drain(in, &more);
	if (announced < 0 && more) {
		request->too_large = true;
		request->body = (struct bytes){ NULL, 0 };
	}
	request->truncated = !request->too_large && (int64_t)request->body.size < announced;
	return !ended || FCGX_GetError(in) == 0;
}

/* Give the connection to libfcgi as if it had accepted it. */
static bool
read_request(struct fcgi *fcgi, int fd, struct arena *arena, struct request *request)
{
	FCGX_Request *library = &fcgi->request;
	bool whole;

	(void)FCGX_InitRequest(library, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	library->ipcFd = fd;
	library->keepConnection = 1; /* else FCGX_Accept_r() first closes what we just gave it */
	library->detached = 1;	     /* on errors close at once, not after a wait for the peer */
	watchdog_start(fd, fcgi->patience_ms);
	whole = FCGX_Accept_r(library) == 0;
	if (whole) {
		read_variables(fcgi, arena, request);
		whole = library->role == RESPONDER && read_body(fcgi, arena, request);
	}
	watchdog_stop();
	return whole;
}

static void
prepare(int fd, struct arena *arena, struct request *request)
{
	const int on = 1;

	/* The reply's end must not wait for an acknowledgement; fails on a Unix socket, which does not wait.
	 */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*request = (struct request){ .arena = arena, .trace = guid_new(), .started_us = clock_steady_us() };
}

enum fcgi_event
fcgi_accept(
    struct fcgi *fcgi, struct arena *arena, const volatile int *stop, int wake_fd, struct request *request)
{
	enum fcgi_event event = FCGI_STOP;
	sigset_t signals;
	int fd;

	drop(fcgi);
	signals_hold(&signals);
	fd = next_connection(fcgi, stop, wake_fd, &signals);
	if (fd >= 0) {
		prepare(fd, arena, request);
		event = read_request(fcgi, fd, arena, request) ? FCGI_REQUEST : FCGI_BROKEN;
		request->deadline = deadline_in_ms(REQUEST_MS);
	}
	if (event == FCGI_BROKEN)
		drop(fcgi);
	(void)sigprocmask(SIG_SETMASK, &signals, NULL);
	return event;
}

static const char *
reason(int status)
{
	switch (status) {
	case 200: return "OK";
	case 302: return "Found";
	case 303: return "See Other";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 413: return "Content Too Large";
	case 415: return "Unsupported Media Type";
	case 500: return "Internal Server Error";
	case 503: return "Service Unavailable";
	default: return "Status";
	}
}

/* What a body is; without one that there is, nothing (RFC 9110 sections 8.6 and 15.4.5). */
static const char *
content(const struct request *request, const struct reply *reply)
{
	if (reply->status == 304)
		return "";
	return arena_printf(request->arena, "Content-Type: %s\r\nContent-Length: %zu\r\n",
	    reply->content_type != NULL ? reply->content_type : "text/plain", reply->body.size);
}

static char *
head(const struct request *request, const struct reply *reply)
{
	char *text = arena_printf(request->arena,
	    "Status: %d %s\r\n"
	    "%s"
	    "Cache-Control: %s\r\n"
	    "X-Content-Type-Options: nosniff\r\n",
	    reply->status, reason(reply->status), content(request, reply),
	    reply->cache_control != NULL ? reply->cache_control : "no-store, no-transform");

	for (size_t i = 0; i < reply->header_count; i++)
		text = arena_printf(
		    request->arena, "%s%s: %s\r\n", text, reply->header[i].name, reply->header[i].value);
	return arena_printf(request->arena, "%s\r\n", text);
}

bool
fcgi_reply(struct fcgi *fcgi, const struct request *request, const struct reply *reply)
{
	FCGX_Request *library = &fcgi->request;
	const char *text = head(request, reply);
	sigset_t signals;
	bool taken;

	if (library->out == NULL)
		return false;
	signals_hold(&signals);
	watchdog_start(library->ipcFd, fcgi->patience_ms);
	(void)FCGX_PutStr(text, (int)strlen(text), library->out);
	if (strcmp(request->method, "HEAD") != 0 && reply->body.size > 0)
		(void)FCGX_PutStr((const char *)reply->body.data, (int)reply->body.size, library->out);
	taken = FCGX_FClose(library->err) == 0;
	taken = FCGX_FClose(library->out) == 0 && taken;
	watchdog_stop();
	drop(fcgi);
	(void)sigprocmask(SIG_SETMASK, &signals, NULL);
	return taken;
}
