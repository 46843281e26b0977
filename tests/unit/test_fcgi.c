/*
 * FastCGI from the web server's side: a child is the peer, on a real socket, and sends what the FastCGI
 * specification (1.0) allows and what it does not.
 */
#include <muster/wire/fcgi.h>

#include <errno.h>
#include <fastcgi.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define PATIENCE_MS 200
#define FAR_BEYOND_MS (10 * 1000) /* a deadline that is kept is kept long before */
#define RECORD_MAX 65535

static char folder[] = "/tmp/test_fcgi.XXXXXX";
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int listen_fd;
static struct fcgi *fcgi;
static struct arena *arena, *request_arena;

static int
set_up(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listen_fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listen_fd, 8) < 0)
		return -1;
	fcgi = fcgi_new(listen_fd);
	return fcgi == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fcgi_free(fcgi);
	fcgi_free(NULL);
	(void)close(listen_fd);
	(void)unlink(address.sun_path);
	return rmdir(folder);
}

static int
begin_case(void **state)
{
	(void)state;
	arena = arena_new();
	request_arena = arena_new();
	fcgi_patience(fcgi, FAR_BEYOND_MS);
	return 0;
}

static int
end_case(void **state)
{
	(void)state;
	arena_free(arena);
	arena_free(request_arena);
	return 0;
}

/* Bytes that grow. */
struct buffer {
	uint8_t *data;
	size_t size, room;
};

static void
add(struct buffer *buffer, const void *data, size_t size)
{
	if (buffer->size + size > buffer->room) {
		uint8_t *more = arena_alloc(arena, buffer->room = 2 * (buffer->size + size));

		if (buffer->size > 0)
			memcpy(more, buffer->data, buffer->size);
		buffer->data = more;
	}
	if (size > 0)
		memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
}

/* Padded to eight bytes, as web servers do. */
static void
add_record(struct buffer *buffer, uint8_t type, uint16_t id, const void *content, size_t size)
{
	const uint8_t padding = (uint8_t)(-size % 8);
	const uint8_t header[8] = { FCGI_VERSION_1, type, (uint8_t)(id >> 8), (uint8_t)id,
		(uint8_t)(size >> 8), (uint8_t)size, padding, 0 };

	add(buffer, header, sizeof(header));
	add(buffer, content, size);
	add(buffer, "\0\0\0\0\0\0\0", padding);
}

/* A stream in as many records as it takes, without its end. */
static void
add_stream(struct buffer *buffer, uint8_t type, const void *content, size_t size)
{
	for (size_t piece; size > 0; content = (const uint8_t *)content + piece, size -= piece) {
		piece = size > RECORD_MAX ? RECORD_MAX : size;
		add_record(buffer, type, 1, content, piece);
	}
}

static void
add_begin(struct buffer *buffer, uint16_t id, uint8_t role, uint8_t flags)
{
	const uint8_t body[8] = { 0, role, flags };

	add_record(buffer, FCGI_BEGIN_REQUEST, id, body, sizeof(body));
}

static void
add_length(struct buffer *buffer, size_t size)
{
	const uint8_t bytes[4] = { (uint8_t)(0x80 | size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
		(uint8_t)size };

	if (size < 0x80)
		add(buffer, bytes + 3, 1);
	else
		add(buffer, bytes, 4);
}

static void
add_pair(struct buffer *buffer, struct bytes name, struct bytes value)
{
	add_length(buffer, name.size);
	add_length(buffer, value.size);
	add(buffer, name.data, name.size);
	add(buffer, value.data, value.size);
}

static void
add_text_pair(struct buffer *buffer, const char *name, const char *value)
{
	if (value != NULL)
		add_pair(buffer, bytes_of(name), bytes_of(value));
}

/* A request of these pairs and this body, from its beginning to its end. */
static struct buffer
request_of(const struct buffer *pairs, struct bytes body)
{
	struct buffer wire = { NULL, 0, 0 };

	add_begin(&wire, 1, FCGI_RESPONDER, 0);
	add_stream(&wire, FCGI_PARAMS, pairs->data, pairs->size);
	add_record(&wire, FCGI_PARAMS, 1, NULL, 0);
	add_stream(&wire, FCGI_STDIN, body.data, body.size);
	add_record(&wire, FCGI_STDIN, 1, NULL, 0);
	return wire;
}

static struct buffer
post_of(const char *content_length, struct bytes body)
{
	struct buffer pairs = { NULL, 0, 0 };

	add_text_pair(&pairs, "REQUEST_METHOD", "POST");
	add_text_pair(&pairs, "SCRIPT_NAME", "/EnrollmentServer");
	add_text_pair(&pairs, "PATH_INFO", "/Discovery.svc");
	add_text_pair(&pairs, "QUERY_STRING", "a=b");
	add_text_pair(&pairs, "CONTENT_TYPE", "application/soap+xml");
	add_text_pair(&pairs, "REMOTE_ADDR", "192.0.2.7");
	add_text_pair(&pairs, "CONTENT_LENGTH", content_length);
	return request_of(&pairs, body);
}

/* How the peer sends, each number from first to last once, on a connection of its own. */
enum pace {
	AT_ONCE,      /* everything */
	IN_TWO,	      /* that many bytes, the rest when they have been read */
	BYTE_BY_BYTE, /* each when the one before has been read */
	TRICKLE,      /* a byte each 10 ms */
	CUT,	      /* that many bytes, then it hangs up */
	STALLED,      /* that many bytes, then nothing */
	DEAF,	      /* everything, but reads nothing */
};

struct peer {
	enum pace pace;
	struct buffer sends;
	size_t first, last;
};

static bool
send_bytes(int fd, const uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

		if (sent < 0)
			return false;
		data += sent;
		size -= (size_t)sent;
	}
	return true;
}

static void
wait_taken(int fd)
{
	int rest = 1;

	while (ioctl(fd, SIOCOUTQ, &rest) == 0 && rest > 0)
		(void)sched_yield();
}

static void
send_in_steps(int fd, const struct buffer *sends, int pause_ms)
{
	for (size_t at = 0; at < sends->size && send_bytes(fd, sends->data + at, 1); at++) {
		wait_taken(fd);
		if (pause_ms > 0)
			(void)poll(NULL, 0, pause_ms);
	}
}

static void
send_paced(int fd, const struct peer *peer, size_t number)
{
	const struct buffer *sends = &peer->sends;

	switch (peer->pace) {
	case AT_ONCE:
	case DEAF: (void)send_bytes(fd, sends->data, sends->size); break;
	case CUT:
	case STALLED: (void)send_bytes(fd, sends->data, number); break;
	case IN_TWO:
		(void)send_bytes(fd, sends->data, number);
		wait_taken(fd);
		(void)send_bytes(fd, sends->data + number, sends->size - number);
		break;
	case BYTE_BY_BYTE: send_in_steps(fd, sends, 0); break;
	case TRICKLE: send_in_steps(fd, sends, 10); break;
	}
}

/* What a connection brings until its end. */
static struct buffer
received(int fd)
{
	struct buffer got = { NULL, 0, 0 };
	uint8_t piece[65536];
	ssize_t size;

	while ((size = read(fd, piece, sizeof(piece))) > 0)
		add(&got, piece, (size_t)size);
	return got;
}

/* The child: it tells the pipe what it got on its last connection. */
_Noreturn static void
play(const struct peer *peer, int pipe_fd)
{
	struct buffer got = { NULL, 0, 0 };

	for (size_t number = peer->first; number <= peer->last; number++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
			_exit(1);
		send_paced(fd, peer, number);
		if (peer->pace == DEAF)
			(void)poll(&(struct pollfd){ .fd = fd }, 1, 2 * FAR_BEYOND_MS);
		else if (peer->pace != CUT)
			got = received(fd);
		(void)close(fd);
	}
	for (size_t at = 0; at < got.size;) {
		ssize_t written = write(pipe_fd, got.data + at, got.size - at);

		if (written < 0)
			_exit(1);
		at += (size_t)written;
	}
	_exit(0);
}

/* What the last connection ended in. The request's strings live until the next peer. */
struct served {
	enum fcgi_event event;
	struct request request;
	bool taken;
	struct buffer got;
};

static void
serve_one(struct served *served, const struct reply *reply)
{
	static const volatile int stop;

	memset(&served->request, 0xa5, sizeof(served->request));
	served->event = fcgi_accept(fcgi, request_arena, &stop, -1, &served->request);
	if (served->event == FCGI_REQUEST)
		served->taken = fcgi_reply(fcgi, &served->request, reply);
}

static const struct reply hello = {
	.status = 200, .content_type = "text/plain", .body = { (const uint8_t *)"hello", 5 }
};

/* Serve a peer; each of its connections must end as the last one. */
static struct served
served_with(const struct peer *peer, const struct reply *reply)
{
	struct served served = { .event = FCGI_STOP };
	int pipe_fd[2], status;
	pid_t pid;

	arena_reset(request_arena);
	assert_int_equal(pipe(pipe_fd), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		play(peer, pipe_fd[1]);
	(void)close(pipe_fd[1]);
	for (size_t number = peer->first; number <= peer->last; number++) {
		enum fcgi_event before = served.event;

		serve_one(&served, reply);
		if (number > peer->first && served.event != before)
			fail_msg("after %zu bytes: event %d", number, served.event);
	}
	served.got = received(pipe_fd[0]);
	(void)close(pipe_fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return served;
}

static struct served
served_at_once(struct buffer sends)
{
	return served_with(&(struct peer){ .pace = AT_ONCE, .sends = sends }, &hello);
}

/* What the web server was told, by record. */
struct told {
	char *out; /* FCGI_STDOUT */
	size_t out_size;
	int errors; /* bytes on FCGI_STDERR */
	int ends, status,
	    reason; /* FCGI_END_REQUEST: how many; of the last one, application's and protocol's */
	int last_id;
	struct bytes values; /* FCGI_GET_VALUES_RESULT */
	int misshapen;	     /* what is no record of these */
};

static void
read_record(struct told *told, const uint8_t *header, const uint8_t *content, size_t size)
{
	switch (header[1]) {
	case FCGI_STDOUT:
		memcpy(told->out + told->out_size, content, size);
		told->out_size += size;
		break;
	case FCGI_STDERR: told->errors += (int)size; break;
	case FCGI_END_REQUEST:
		told->ends++;
		told->status = content[3];
		told->reason = content[4];
		told->last_id = header[2] << 8 | header[3];
		break;
	case FCGI_GET_VALUES_RESULT: told->values = (struct bytes){ content, size }; break;
	default: told->misshapen++; break;
	}
}

static struct told
told_by(const struct buffer *got)
{
	struct told told = { .out = arena_alloc(arena, got->size + 1), .ends = 0 };
	size_t at = 0;

	while (at + FCGI_HEADER_LEN <= got->size) {
		const uint8_t *header = got->data + at;
		size_t size = (size_t)(header[4] << 8 | header[5]);

		at += FCGI_HEADER_LEN;
		if (header[0] != FCGI_VERSION_1 || at + size + header[6] > got->size)
			break;
		read_record(&told, header, header + FCGI_HEADER_LEN, size);
		at += size + header[6];
	}
	told.misshapen += at == got->size ? 0 : 1;
	return told;
}

#define HEAD_OF(status, type, length) \
	"Status: " status "\r\nContent-Type: " type "\r\nContent-Length: " length \
	"\r\nCache-Control: no-store, no-transform\r\nX-Content-Type-Options: nosniff\r\n"
#define HELLO HEAD_OF("200 OK", "text/plain", "5") "\r\nhello"

/* The reply that was sent, once, whole and successful. */
static void
check_hello(const char *row, const struct served *served)
{
	struct told told = told_by(&served->got);

	if (served->event != FCGI_REQUEST || !served->taken)
		fail_msg("%s: event %d", row, served->event);
	if (strcmp(told.out, HELLO) != 0 || told.ends != 1 || told.status != 0 ||
	    told.reason != FCGI_REQUEST_COMPLETE || told.misshapen != 0 || told.errors != 0)
		fail_msg("%s: %d ends, %s", row, told.ends, told.out);
}

static void
check_request(const struct served *served, const char *body)
{
	const struct request *request = &served->request;

	check_hello("request", served);
	assert_ptr_equal(request->arena, request_arena);
	assert_true(guid_valid(request->trace.text));
	assert_true(request->started_us <= clock_steady_us());
	assert_in_range(deadline_left_ms(request->deadline), 1, REQUEST_MS);
	assert_string_equal(request->method, "POST");
	assert_string_equal(request->path, "/EnrollmentServer/Discovery.svc");
	assert_string_equal(request->query, "a=b");
	assert_string_equal(request->content_type, "application/soap+xml");
	assert_string_equal(request->remote, "192.0.2.7");
	assert_null(request->client_verify);
	assert_null(request->client_certificate);
	assert_int_equal(request->body.size, strlen(body));
	assert_memory_equal(request->body.data, body, strlen(body));
	assert_false(request->too_large);
	assert_false(request->truncated);
}

static void
a_request_and_its_reply(void **state)
{
	struct served served = served_at_once(post_of("7", bytes_of("<a>b<c>")));

	(void)state;
	check_request(&served, "<a>b<c>");
}

static void
split_at_every_byte(void **state)
{
	struct peer peer = { .pace = IN_TWO, .sends = post_of("7", bytes_of("<a>b<c>")) };
	struct served served;

	(void)state;
	peer.last = peer.sends.size;
	served = served_with(&peer, &hello);
	check_request(&served, "<a>b<c>");
	peer.pace = BYTE_BY_BYTE;
	peer.first = peer.last;
	served = served_with(&peer, &hello);
	check_request(&served, "<a>b<c>");
}

/* Records of one byte each, and padding everywhere. */
static void
small_records(void **state)
{
	struct buffer wire = { NULL, 0, 0 }, pairs = { NULL, 0, 0 };
	struct served served;

	(void)state;
	add_text_pair(&pairs, "REQUEST_METHOD", "POST");
	add_text_pair(&pairs, "CONTENT_LENGTH", "3");
	add_begin(&wire, 1, FCGI_RESPONDER, FCGI_KEEP_CONN);
	for (size_t i = 0; i < pairs.size; i++)
		add_record(&wire, FCGI_PARAMS, 1, pairs.data + i, 1);
	add_record(&wire, FCGI_PARAMS, 1, NULL, 0);
	for (size_t i = 0; i < 3; i++)
		add_record(&wire, FCGI_STDIN, 1, &"abc"[i], 1);
	add_record(&wire, FCGI_STDIN, 1, NULL, 0);
	served = served_at_once(wire);
	check_hello("small records", &served);
	assert_string_equal(served.request.method, "POST");
	assert_string_equal(served.request.path, "");
	assert_int_equal(served.request.body.size, 3);
	assert_memory_equal(served.request.body.data, "abc", 3);
}

/* A hang-up after any number of bytes is no request, and the next one is served. */
static void
cut_anywhere(void **state)
{
	struct peer peer = { .pace = CUT, .sends = post_of("7", bytes_of("<a>b<c>")) };
	struct served served;

	(void)state;
	peer.last = peer.sends.size - 1;
	served = served_with(&peer, &hello);
	assert_int_equal(served.event, FCGI_BROKEN);
	a_request_and_its_reply(state);
}

static void
heads_and_bodies(void **state)
{
	static const struct {
		const char *method;
		struct reply reply;
		const char *expected;
	} row[] = {
		{ "POST", { .status = 200, .body = { NULL, 0 } },
		    HEAD_OF("200 OK", "text/plain", "0") "\r\n" },
		{ "GET",
		    { .status = 404, .content_type = "text/html", .body = { (const uint8_t *)"a\0b\n", 4 } },
		    HEAD_OF("404 Not Found", "text/html", "4") "\r\na\0b\n" },
		{ "HEAD",
		    { .status = 200, .content_type = "text/html", .body = { (const uint8_t *)"1234", 4 } },
		    HEAD_OF("200 OK", "text/html", "4") "\r\n" },
		{ "POST",
		    { .status = 503,
			.header = { { "Retry-After", "5" }, { "X-A", "b" } },
			.header_count = 2 },
		    HEAD_OF(
			"503 Service Unavailable", "text/plain", "0") "Retry-After: 5\r\nX-A: b\r\n\r\n" },
		{ "POST", { .status = 599 }, HEAD_OF("599 Status", "text/plain", "0") "\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct buffer pairs = { NULL, 0, 0 };
		struct served served;
		struct told told;
		size_t size = strlen(row[i].expected);

		add_text_pair(&pairs, "REQUEST_METHOD", row[i].method);
		served = served_with(
		    &(struct peer){ .pace = AT_ONCE, .sends = request_of(&pairs, bytes_of(NULL)) },
		    &row[i].reply);
		told = told_by(&served.got);
		if (i == 1)
			size += 3; /* behind its NUL */
		if (!served.taken || told.out_size != size || memcmp(told.out, row[i].expected, size) != 0)
			fail_msg("row %zu: %s", i, told.out);
		if (strstr(told.out, "Transfer-Encoding") != NULL)
			fail_msg("row %zu: chunked", i);
	}
}

/* A large reply arrives whole, its length told before. */
static void
a_large_reply(void **state)
{
	struct reply reply = { .status = 200, .content_type = "text/plain" };
	uint8_t *body = arena_alloc(arena, 3000000);
	struct served served;
	struct told told;

	(void)state;
	for (size_t i = 0; i < 3000000; i++)
		body[i] = (uint8_t)(i * 31 >> 7);
	reply.body = (struct bytes){ body, 3000000 };
	served =
	    served_with(&(struct peer){ .pace = AT_ONCE, .sends = post_of("0", bytes_of(NULL)) }, &reply);
	told = told_by(&served.got);
	assert_true(served.taken);
	assert_non_null(strstr(told.out, "Content-Length: 3000000\r\n"));
	assert_int_equal(told.out_size, strlen(HEAD_OF("200 OK", "text/plain", "3000000") "\r\n") + 3000000);
	assert_memory_equal(told.out + told.out_size - 3000000, body, 3000000);
}

/* Bytes of a text literal, NULs included. */
#define LITERAL(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static void
variables(void **state)
{
	static const struct {
		struct bytes name, value;
		const char *path, *verify;
	} row[] = {
		{ LITERAL("SCRIPT_NAME"), LITERAL("/a b?\xff"), "/a b?\xff", "SUCCESS" },
		/* Ends at a NUL, keeps a line feed: what reads it next must cope. */
		{ LITERAL("SCRIPT_NAME"), LITERAL("/a\0b"), "/a", "SUCCESS" },
		{ LITERAL("SCRIPT_NAME"), LITERAL("/a\r\nb"), "/a\r\nb", "SUCCESS" },
		{ LITERAL("SCRIPT_NAME\0X"), LITERAL("/a"), "", "SUCCESS" },
		{ LITERAL("script_name"), LITERAL("/a"), "", "SUCCESS" },
		{ LITERAL(""), LITERAL("/a"), "", "SUCCESS" },
		{ LITERAL("SCRIPT_NAME"), LITERAL(""), "", "SUCCESS" },
		{ LITERAL("SCRIPT_NAME="), LITERAL("/a"), "=/a", "SUCCESS" },
		/* The first of two counts: this comes behind the web server's own. */
		{ LITERAL("MUSTER_HOST_ROLE"), LITERAL("other"), "", "SUCCESS" },
		{ LITERAL("SSL_CLIENT_VERIFY"), LITERAL("FAILED"), "", "SUCCESS" },
		/* No header of a client's can say so. */
		{ LITERAL("HTTP_SSL_CLIENT_VERIFY"), LITERAL("FAILED"), "", "SUCCESS" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct buffer pairs = { NULL, 0, 0 };
		struct served served;
		char name[16];

		(void)snprintf(name, sizeof(name), "row %zu", i);
		add_text_pair(&pairs, "MUSTER_HOST_ROLE", "device");
		add_text_pair(&pairs, "SSL_CLIENT_VERIFY", "SUCCESS");
		add_pair(&pairs, row[i].name, row[i].value);
		served = served_at_once(request_of(&pairs, bytes_of(NULL)));
		check_hello(name, &served);
		if (strcmp(served.request.path, row[i].path) != 0 ||
		    strcmp(served.request.client_verify, row[i].verify) != 0)
			fail_msg("row %zu: %s, %s", i, served.request.path, served.request.client_verify);
	}
}

/* Client certificates count on the host that the web server calls "device", and nowhere else. */
static void
host_role(void **state)
{
	static const struct {
		const char *name, *role;
		bool device;
	} row[] = {
		{ "MUSTER_HOST_ROLE", "device", true },
		{ "MUSTER_HOST_ROLE", NULL, false },
		{ "MUSTER_HOST_ROLE", "", false },
		{ "MUSTER_HOST_ROLE", "Device", false },
		{ "MUSTER_HOST_ROLE", "devices", false },
		{ "MUSTER_HOST_ROLE", " device", false },
		{ "MUSTER_HOST_ROL", "E=device", false },
		{ "HTTP_MUSTER_HOST_ROLE", "device", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct buffer pairs = { NULL, 0, 0 };
		struct served served;
		bool device;

		add_text_pair(&pairs, row[i].name, row[i].role);
		add_text_pair(&pairs, "SSL_CLIENT_VERIFY", "SUCCESS");
		add_text_pair(&pairs, "SSL_CLIENT_CERT", "PEM");
		served = served_at_once(request_of(&pairs, bytes_of(NULL)));
		device = served.request.client_verify != NULL;
		if (served.event != FCGI_REQUEST || device != row[i].device ||
		    (served.request.client_certificate != NULL) != row[i].device)
			fail_msg("row %zu", i);
	}
}

/* Too long counts as absent, and never ends the request. */
static void
oversized_variables(void **state)
{
	static const struct {
		size_t size;
		bool text, certificate;
	} row[] = {
		{ 127, true, true },
		{ 128, true, true },
		{ 8 * 1024, true, true },
		{ 8 * 1024 + 1, false, true },
		{ 16 * 1024, false, true },
		{ 16 * 1024 + 1, false, false },
		{ 65536, false, false },
		{ 1000000, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct buffer pairs = { NULL, 0, 0 };
		struct bytes value = { arena_alloc(arena, row[i].size), row[i].size };
		struct request *request;
		struct served served;
		char name[16];

		(void)snprintf(name, sizeof(name), "row %zu", i);
		memset((uint8_t *)(uintptr_t)value.data, 'v', value.size);
		add_text_pair(&pairs, "MUSTER_HOST_ROLE", "device");
		add_pair(&pairs, bytes_of("QUERY_STRING"), value);
		add_pair(&pairs, bytes_of("SSL_CLIENT_VERIFY"), value);
		add_pair(&pairs, bytes_of("SSL_CLIENT_CERT"), value);
		add_pair(&pairs, value, bytes_of("x"));
		served = served_at_once(request_of(&pairs, bytes_of(NULL)));
		check_hello(name, &served);
		request = &served.request;
		if (strlen(request->query) != (row[i].text ? row[i].size : 0) ||
		    (request->client_verify != NULL) != row[i].text ||
		    (request->client_certificate != NULL) != row[i].certificate)
			fail_msg("row %zu: a query of %zu bytes", i, strlen(request->query));
	}
}

static void
bodies(void **state)
{
	static const struct {
		const char *announced;
		size_t sent, kept;
		bool too_large, truncated;
	} row[] = {
		{ "0", 0, 0, false, false },
		{ "5", 5, 5, false, false },
		/* Fewer bytes than announced, and more: only those announced are the body (RFC 3875 4.2). */
		{ "6", 5, 5, false, true },
		{ "5", 0, 0, false, true },
		{ "5", 6, 5, false, false },
		{ "0", 6, 0, false, false },
		{ "00000000000000000005", 5, 5, false, false },
		/* Not announced: what comes */
		{ NULL, 0, 0, false, false },
		{ NULL, 5, 5, false, false },
		{ "", 5, 5, false, false },
		{ NULL, 4095, 4095, false, false },
		{ NULL, 4096, 4096, false, false },
		{ NULL, 4097, 4097, false, false },
		/* No number */
		{ "-1", 5, 5, false, false },
		{ "+5", 5, 5, false, false },
		{ " 5", 5, 5, false, false },
		{ "5 ", 5, 5, false, false },
		{ "0x5", 5, 5, false, false },
		{ "5, 5", 5, 5, false, false },
		{ "five", 5, 5, false, false },
		/* The limit */
		{ "524288", BODY_MAX, BODY_MAX, false, false },
		{ "524289", BODY_MAX + 1, 0, true, false },
		{ NULL, BODY_MAX, BODY_MAX, false, false },
		{ NULL, BODY_MAX + 1, 0, true, false },
		{ "-1", BODY_MAX + 1, 0, true, false },
		{ "524288", BODY_MAX + 1, BODY_MAX, false, false },
		/* Whatever comes, it was announced to be too large. */
		{ "524289", 5, 0, true, false },
		{ "4294967296", 5, 0, true, false },
		{ "4294967301", 5, 0, true, false },
		{ "9223372036854775807", 5, 0, true, false },
		{ "9223372036854775808", 5, 0, true, false },
		{ "18446744073709551621", 5, 0, true, false },
		{ "99999999999999999999999999999999999999", 5, 0, true, false },
		{ "9999999999999999999999999999x", 5, 5, false, false },
		/* Some megabytes more are read, so that the reply arrives. */
		{ "3000000", 3000000, 0, true, false },
		{ NULL, 3000000, 0, true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		uint8_t *body = arena_alloc(arena, row[i].sent);
		struct served served;
		char name[16];

		for (size_t j = 0; j < row[i].sent; j++)
			body[j] = (uint8_t)(j * 31 >> 3);
		(void)snprintf(name, sizeof(name), "row %zu", i);
		served = served_at_once(post_of(row[i].announced, (struct bytes){ body, row[i].sent }));
		check_hello(name, &served);
		if (served.request.too_large != row[i].too_large ||
		    served.request.truncated != row[i].truncated ||
		    !bytes_equal(served.request.body, (struct bytes){ body, row[i].kept }))
			fail_msg("row %zu: %zu bytes%s%s", i, served.request.body.size,
			    served.request.too_large ? ", too large" : "",
			    served.request.truncated ? ", truncated" : "");
		arena_reset(arena);
	}
}

/* Who sends without end is answered before the end. */
static void
an_endless_body(void **state)
{
	const size_t size = 20 * 1024 * 1024;
	struct served served;

	(void)state;
	served = served_at_once(post_of("9", (struct bytes){ arena_alloc(arena, size), size }));
	assert_int_equal(served.event, FCGI_REQUEST);
	assert_int_equal(served.request.body.size, 9);
}

static void
no_requests(void **state)
{
	static const struct {
		const char *what;
		struct bytes sends;
	} row[] = {
		{ "HTTP", LITERAL("GET / HTTP/1.1\r\nHost: example.test\r\n\r\n") },
		{ "version 0", LITERAL("\0\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0") },
		{ "version 2", LITERAL("\2\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0") },
		{ "parameters first", LITERAL("\1\4\0\1\0\0\0\0") },
		{ "body first", LITERAL("\1\5\0\1\0\0\0\0") },
		{ "a beginning too short", LITERAL("\1\1\0\1\0\1\0\0\1\1\4\0\1\0\0\0\0") },
		{ "an authorizer",
		    LITERAL("\1\1\0\1\0\10\0\0\0\2\0\0\0\0\0\0\1\4\0\1\0\0\0\0\1\5\0\1\0\0\0\0") },
		{ "a filter",
		    LITERAL("\1\1\0\1\0\10\0\0\0\3\0\0\0\0\0\0\1\4\0\1\0\0\0\0\1\5\0\1\0\0\0\0\1\10\0\1\0\0\0"
			    "\0") },
		{ "role 0", LITERAL("\1\1\0\1\0\10\0\0\0\0\0\0\0\0\0\0\1\4\0\1\0\0\0\0\1\5\0\1\0\0\0\0") },
		{ "aborted before its parameters",
		    LITERAL("\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\2\0\1\0\0\0\0") },
		{ "aborted before its body",
		    LITERAL("\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\4\0\1\0\0\0\0\1\2\0\1\0\0\0\0") },
		{ "aborted within its body",
		    LITERAL("\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\4\0\1\0\0\0\0\1\5\0\1\0\1\0\0a\1\2\0\1\0\0\0"
			    "\0") },
		{ "parameters within its body",
		    LITERAL("\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\4\0\1\0\0\0\0\1\5\0\1\0\1\0\0a\1\4\0\1\0\0\0"
			    "\0") },
		{ "a pair longer than its stream",
		    LITERAL("\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\4\0\1\0\4\0\0\5\1ab\1\4\0\1\0\0\0\0\1\5\0\1"
			    "\0\0\0\0") },
		{ "a length without its end",
		    LITERAL("\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0\1\4\0\1\0\2\0\0\x80\0\1\4\0\1\0\0\0\0\1\5\0\1"
			    "\0\0\0\0") },
		{ "lengths whose sum overflows",
		    LITERAL("\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0"
			    "\1\4\0\1\0\60\0\0\xff\xff\xff\xff\xff\xff\xff\xff"
			    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			    "\1\4\0\1\0\0\0\0\1\5\0\1\0\0\0\0") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct buffer sends = { NULL, 0, 0 };
		struct peer peer = { .pace = CUT };

		add(&sends, row[i].sends.data, row[i].sends.size);
		peer.sends = sends;
		peer.first = peer.last = sends.size;
		if (served_with(&peer, &hello).event != FCGI_BROKEN)
			fail_msg("%s: was taken for a request", row[i].what);
	}
	/* And the next is served. */
	a_request_and_its_reply(state);
}

/* A management record (section 4.1) before a request. */
static void
management(void **state)
{
	struct buffer query = { NULL, 0, 0 }, wire = { NULL, 0, 0 }, request = post_of("1", bytes_of("b"));
	struct served served;
	struct told told;

	(void)state;
	add_text_pair(&query, "FCGI_MAX_CONNS", "");
	add_text_pair(&query, "FCGI_MPXS_CONNS", "");
	add_text_pair(&query, "NOBODY_KNOWS", "x"); /* fills eight bytes: libfcgi knows no padding here */
	add_record(&wire, FCGI_GET_VALUES, 0, query.data, query.size);
	add(&wire, request.data, request.size);
	served = served_at_once(wire);
	check_request(&served, "b");
	told = told_by(&served.got);
	assert_int_equal(told.values.size, 2 + 14 + 1 + 2 + 15 + 1);
	assert_memory_equal(told.values.data, "\16\1FCGI_MAX_CONNS1\17\1FCGI_MPXS_CONNS0", 35);
}

/* One request a connection, be it kept or shared: the first is served, nobody else's bytes get into it. */
static void
several_on_one_connection(void **state)
{
	struct buffer wire = { NULL, 0, 0 }, first = post_of("1", bytes_of("b")),
		      second = post_of("1", bytes_of("c"));
	struct served served;
	struct told told;

	(void)state;
	/* One after the other, to be kept */
	first.data[10] = FCGI_KEEP_CONN;
	add(&wire, first.data, first.size);
	add(&wire, second.data, second.size);
	served = served_at_once(wire);
	check_request(&served, "b");

	/* At the same time */
	wire.size = 0;
	add(&wire, first.data, 16);
	add_begin(&wire, 2, FCGI_RESPONDER, 0);
	add_record(&wire, FCGI_PARAMS, 2, "\13\2SCRIPT_NAME/x", 15);
	add_record(&wire, FCGI_STDIN, 2, "x", 1);
	add(&wire, first.data + 16, first.size - 16);
	served = served_at_once(wire);
	told = told_by(&served.got);
	assert_int_equal(served.event, FCGI_REQUEST);
	assert_string_equal(served.request.path, "/EnrollmentServer/Discovery.svc");
	assert_int_equal(served.request.body.size, 1);
	assert_memory_equal(served.request.body.data, "b", 1);
	assert_string_equal(told.out, HELLO);
	assert_int_equal(told.ends, 2);
	assert_int_equal(told.last_id, 1);
	assert_int_equal(told.reason, FCGI_REQUEST_COMPLETE);
}

/* Whoever stops in the middle, or never comes to an end, meets the deadline; the next is served. */
static void
stalled_peers(void **state)
{
	struct buffer sends = post_of("7", bytes_of("<a>b<c>"));
	const struct peer row[] = {
		{ STALLED, sends, 0, 0 },
		{ STALLED, sends, 4, 4 },
		{ STALLED, sends, 20, 20 },
		{ STALLED, sends, sends.size - 20, sends.size - 20 },
		{ STALLED, sends, sends.size - 1, sends.size - 1 },
		{ TRICKLE, sends, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct deadline far_beyond = deadline_in_ms(FAR_BEYOND_MS);

		fcgi_patience(fcgi, PATIENCE_MS / (i < 5 ? 4 : 1));
		if (served_with(&row[i], &hello).event != FCGI_BROKEN)
			fail_msg("row %zu: was taken for a request", i);
		if (deadline_left_ms(far_beyond) == 0)
			fail_msg("row %zu: beyond its deadline", i);
	}
	fcgi_patience(fcgi, FAR_BEYOND_MS);
	a_request_and_its_reply(state);
}

static void
a_deaf_peer(void **state)
{
	struct reply reply = { .status = 200 };
	struct deadline far_beyond = deadline_in_ms(FAR_BEYOND_MS);
	struct served served;

	(void)state;
	reply.body = (struct bytes){ arena_alloc(arena, 8 << 20), 8 << 20 };
	fcgi_patience(fcgi, PATIENCE_MS);
	served = served_with(&(struct peer){ .pace = DEAF, .sends = post_of("0", bytes_of(NULL)) }, &reply);
	assert_int_equal(served.event, FCGI_REQUEST);
	assert_false(served.taken);
	assert_true(deadline_left_ms(far_beyond) > 0);
	/* There is nobody to answer any more. */
	assert_false(fcgi_reply(fcgi, &served.request, &hello));
	fcgi_patience(fcgi, FAR_BEYOND_MS);
	a_request_and_its_reply(state);
}

/* A sign to stop counts before a connection does. */
static void
stops(void **state)
{
	static const volatile int yes = 1, no;
	struct request request;
	int pipe_fd[2], peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(pipe(pipe_fd), 0);
	assert_int_equal(connect(peer, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(fcgi_accept(fcgi, request_arena, &yes, -1, &request), FCGI_STOP);
	assert_int_equal(write(pipe_fd[1], "x", 1), 1);
	assert_int_equal(fcgi_accept(fcgi, request_arena, &no, pipe_fd[0], &request), FCGI_STOP);
	assert_int_equal(read(pipe_fd[0], &(char){ 0 }, 1), 1);
	(void)close(pipe_fd[1]);
	assert_int_equal(fcgi_accept(fcgi, request_arena, &no, pipe_fd[0], &request), FCGI_STOP);
	(void)close(pipe_fd[0]);
	/* It is still there to be taken. */
	(void)close(peer);
	assert_int_equal(fcgi_accept(fcgi, request_arena, &no, -1, &request), FCGI_BROKEN);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin_case, end_case)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_request_and_its_reply),
		CASE(split_at_every_byte),
		CASE(small_records),
		CASE(cut_anywhere),
		CASE(heads_and_bodies),
		CASE(a_large_reply),
		CASE(variables),
		CASE(host_role),
		CASE(oversized_variables),
		CASE(bodies),
		CASE(an_endless_body),
		CASE(no_requests),
		CASE(management),
		CASE(several_on_one_connection),
		CASE(stalled_peers),
		CASE(a_deaf_peer),
		CASE(stops),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
