/* A web server's end of the FastCGI socket, within this process: what fits the socket's buffer. */
#ifndef MUSTER_TESTS_FUZZ_PEER_H
#define MUSTER_TESTS_FUZZ_PEER_H

#include "fuzz.h"

#include <muster/wire/fcgi.h>

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PEER_MAX (64 * 1024) /* bytes of a request */
#define PEER_PATIENCE_MS (10 * 1000)

/* Types of FastCGI records (FastCGI 1.0, section 8). */
enum {
	RECORD_BEGIN = 1,
	RECORD_END = 3,
	RECORD_PARAMS = 4,
	RECORD_STDIN = 5,
	RECORD_STDOUT = 6,
	RECORD_STDERR = 7,
	RECORD_VALUES_RESULT = 10,
	RECORD_UNKNOWN = 11
};

struct peer {
	struct fcgi *fcgi;
	struct sockaddr_un address;
	socklen_t address_size;
	int fd; /* the connection's end, -1 for none */
};

/*
 * Listen on an abstract address of the kernel's choice. The watchdog takes SIGALRM, by which libFuzzer would
 * notice a hang: here the peer's patience does.
 */
static inline void
peer_start(struct peer *peer)
{
	int listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)signal(SIGPIPE, SIG_IGN);
	peer->address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	peer->address_size = sizeof(peer->address);
	if (bind(listen_fd, (struct sockaddr *)&peer->address, sizeof(peer->address.sun_family)) != 0 ||
	    getsockname(listen_fd, (struct sockaddr *)&peer->address, &peer->address_size) != 0 ||
	    listen(listen_fd, 8) != 0 || (peer->fcgi = fcgi_new(listen_fd)) == NULL)
		abort();
	fcgi_patience(peer->fcgi, PEER_PATIENCE_MS);
}

/* Connect, send these bytes and no more, and have them read as a request. */
static inline enum fcgi_event
peer_send(struct peer *peer, struct arena *arena, struct bytes sent, struct request *request)
{
	static const volatile int stop = 0;

	if (peer->fcgi == NULL)
		peer_start(peer);
	peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(peer->fd, (const struct sockaddr *)&peer->address, peer->address_size) != 0 ||
	    send(peer->fd, sent.data, sent.size, MSG_DONTWAIT) != (ssize_t)sent.size)
		abort();
	(void)shutdown(peer->fd, SHUT_WR);
	return fcgi_accept(peer->fcgi, arena, &stop, -1, request);
}

/* All that came back, until the next call; the connection is closed. */
static inline struct bytes
peer_read(struct peer *peer)
{
	static uint8_t data[4 * PEER_MAX];
	size_t size = 0;
	ssize_t got;

	while (size < sizeof(data) && (got = read(peer->fd, data + size, sizeof(data) - size)) > 0)
		size += (size_t)got;
	(void)close(peer->fd);
	return (struct bytes){ data, size };
}

/* The content of the reply's STDOUT records; nothing else may come but what the protocol allows. */
static inline struct bytes
peer_output(struct arena *arena, struct bytes answer)
{
	uint8_t *out = arena_alloc(arena, answer.size);
	size_t size = 0;

	while (answer.size > 0) {
		const uint8_t *header = answer.data;
		size_t content, whole;

		FUZZ_CHECK(answer.size >= 8 && header[0] == 1);
		content = (size_t)header[4] << 8 | header[5];
		whole = 8 + content + header[6];
		FUZZ_CHECK(whole <= answer.size);
		FUZZ_CHECK(header[1] == RECORD_STDOUT || header[1] == RECORD_STDERR ||
		    header[1] == RECORD_END || header[1] == RECORD_VALUES_RESULT ||
		    header[1] == RECORD_UNKNOWN);
		if (header[1] == RECORD_STDOUT) {
			memcpy(out + size, header + 8, content);
			size += content;
		}
		answer = (struct bytes){ answer.data + whole, answer.size - whole };
	}
	return (struct bytes){ out, size };
}

static inline void
peer_request_check(const struct request *request)
{
	FUZZ_CHECK(strlen(request->method) <= 8192 && strlen(request->path) <= 2 * 8192);
	FUZZ_CHECK(strlen(request->query) <= 8192 && strlen(request->content_type) <= 8192);
	FUZZ_CHECK(strlen(request->remote) <= 8192);
	FUZZ_CHECK(request->client_verify == NULL || strlen(request->client_verify) <= 8192);
	FUZZ_CHECK(request->client_certificate == NULL || strlen(request->client_certificate) <= 16384);
	FUZZ_CHECK(request->body.size <= BODY_MAX && (!request->too_large || request->body.size == 0));
	/* The peer has nothing more to say: nobody waited for it. */
	FUZZ_CHECK(clock_steady_us() - request->started_us < PEER_PATIENCE_MS * 1000);
}

/* Answer with the request's own body and texts, and look at what comes out. */
static inline void
peer_reply_check(struct peer *peer, struct request *request)
{
	struct reply reply = { .status = 200, .content_type = "text/plain", .body = request->body };
	struct bytes out;
	const char *end;

	reply_header(request, &reply, "Muster-Path", request->path);
	FUZZ_CHECK(fcgi_reply(peer->fcgi, request, &reply));
	out = peer_output(request->arena, peer_read(peer));
	end = memmem(out.data, out.size, "\r\n\r\n", 4);
	FUZZ_CHECK(end != NULL && memcmp(out.data, "Status: 200 OK\r\n", 16) == 0);
	end += 4;
	out = (struct bytes){ (const uint8_t *)end, out.size - (size_t)(end - (const char *)out.data) };
	FUZZ_CHECK(strcmp(request->method, "HEAD") == 0 ? out.size == 0 : bytes_equal(out, request->body));
}

#endif
