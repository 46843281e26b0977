/*
 * A request and its reply as the stages see them: bytes in, bytes out. No stage
 * knows FastCGI, so each runs in a unit test without a server.
 */
#ifndef MUSTER_WIRE_REQUEST_H
#define MUSTER_WIRE_REQUEST_H

#include <muster/base/arena.h>
#include <muster/base/bytes.h>
#include <muster/base/clock.h>
#include <muster/base/guid.h>
#include <muster/base/outcome.h>

struct request {
	struct arena *arena;
	struct guid trace;	  /* made here, told in every fault, logged and recorded */
	int64_t started_us;	  /* clock_steady_us() at the first byte */
	struct deadline deadline; /* all work of this request ends by then */
	const char *method;	  /* "POST" */
	const char *path;	  /* SCRIPT_NAME and PATH_INFO, without query */
	const char *query;	  /* may be "" */
	const char *content_type; /* may be "" */
	const char *remote;	  /* REMOTE_ADDR; may be "" */
	/* Set by the web server's TLS module; NULL when it is not the device host. */
	const char *client_verify;	/* "SUCCESS", "NONE", "FAILED:…" */
	const char *client_certificate; /* PEM */
	/* The FastCGI parameters, "NAME=value", NULL at the end; NULL: none. Ask request_variable(). */
	char *const *variables;
	struct bytes body;
	bool too_large; /* the body exceeds BODY_MAX; it was not kept */
	bool truncated; /* it ended before Content-Length */
};

/* Headers beyond Content-Type, Content-Length and Cache-Control that a reply may carry. */
#define REPLY_HEADERS_MAX 8

struct reply {
	int status; /* HTTP; 200 unless changed */
	const char *content_type;
	const char *cache_control; /* NULL: nobody keeps it */
	struct bytes body;	   /* in the arena of the request */
	struct {
		const char *name, *value;
	} header[REPLY_HEADERS_MAX];
	size_t header_count;
};

/* From the whole request read to the reply begun: what a request may take, waits for others included. */
#define REQUEST_MS (30 * 1000)

/*
 * The value of a FastCGI parameter, as the web server sent it: "HTTP_COOKIE", "REMOTE_USER". It lives as long
 * as the request. NULL when it is absent, there twice, or longer than REQUEST_VARIABLE_MAX bytes.
 *
 * What begins with HTTP_ is the client's own word; nothing else may ever come of it.
 */
const char *request_variable(const struct request *, const char *name);

#define REQUEST_VARIABLE_MAX (16 * 1024)

/* Body limits, bytes (413 beyond them). Routing applies the smaller ones. */
#define BODY_MAX (512 * 1024)	   /* RequestSecurityToken */
#define BODY_SMALL_MAX (64 * 1024) /* Discover, GetPolicies */

/*
 * Add a header. Characters that could end the line (control characters) become
 * '?'; name is a literal. More than REPLY_HEADERS_MAX is a programming error.
 */
void reply_header(struct request *, struct reply *, const char *name, const char *value);

/* Set status, text/plain and one line of text. */
void reply_plain(struct request *, struct reply *, int status, const char *line);

#endif
