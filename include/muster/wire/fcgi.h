/*
 * FastCGI through libfcgi: accept, read one request within limits and a deadline,
 * write one reply with Content-Length. We accept the connection ourselves and hand
 * it over, so that a silent web server meets a deadline (libfcgi reads without one).
 */
#ifndef MUSTER_WIRE_FCGI_H
#define MUSTER_WIRE_FCGI_H

#include <muster/wire/request.h>

struct fcgi;

/*
 * The process's SIGALRM and ITIMER_REAL are taken, for the deadlines on the socket.
 * The caller ignores SIGPIPE and leaves SIGALRM unblocked.
 *
 * listen_fd   a listening socket; stays the caller's, made non-blocking
 * NULL when libfcgi cannot start
 */
struct fcgi *fcgi_new(int listen_fd);
void fcgi_free(struct fcgi *);

/* How long a peer may take to send a request, and to take a reply: 15 s unless changed. */
void fcgi_patience(struct fcgi *, int ms);

/* What fcgi_accept() ended in. */
enum fcgi_event { FCGI_REQUEST, FCGI_STOP, FCGI_BROKEN };

/*
 * Wait for a connection and read one request into *request, whose strings and body
 * are put in the arena given. Only these variables are looked at: REQUEST_METHOD,
 * SCRIPT_NAME, PATH_INFO, QUERY_STRING, CONTENT_TYPE, CONTENT_LENGTH, REMOTE_ADDR,
 * and, when MUSTER_HOST_ROLE is "device" (a variable set by the web server's own
 * configuration; HTTP headers arrive as HTTP_…, so no client can set it),
 * SSL_CLIENT_VERIFY and SSL_CLIENT_CERT. Each is at most 8 KiB (16 for the
 * certificate), else it counts as absent.
 *
 * The body is read to its end, beyond BODY_MAX into nothing (at most 16 MiB more), so
 * that the web server is ready for the answer. A connection serves one request,
 * whatever the web server proposes: none can occupy a worker. request->deadline is
 * REQUEST_MS away when it returns.
 *
 * stop        looked at while waiting; a signal handler sets it (no SA_RESTART)
 * wake_fd     polled beside the socket: readable or hung up means stop, too; -1 for none
 * FCGI_STOP   *stop was set or wake_fd spoke, nothing was taken
 * FCGI_BROKEN the peer did not send a whole request within 15 s; dropped
 */
enum fcgi_event fcgi_accept(
    struct fcgi *, struct arena *, const volatile int *stop, int wake_fd, struct request *);

/*
 * Write the reply (HEAD: without its body) and close the connection; at most 15 s.
 * False when the peer did not take it.
 */
bool fcgi_reply(struct fcgi *, const struct request *, const struct reply *);

#endif
