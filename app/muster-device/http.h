/*
 * One HTTP exchange as the enrollment client makes it, and what it insists on in an
 * answer: a Content-Length, nothing chunked, nothing compressed.
 */
#ifndef MUSTER_DEVICE_HTTP_H
#define MUSTER_DEVICE_HTTP_H

#include "refusal.h"
#include "settings.h"

#include <muster/base/arena.h>
#include <muster/base/bytes.h>

#define HTTP_BODY_MAX (4 * 1024 * 1024) /* bytes of an answer; more ends the transfer */

struct http;

/*
 * A client with its kept connections; settings must outlive it. curl_global_init() is the
 * program's. NULL when libcurl cannot start.
 */
struct http *http_new(const struct settings *);
void http_free(struct http *);

/* For the device endpoint: PEM files of a certificate (with its chain) and its key, and of trusted roots. */
void http_identify(struct http *, const char *certificate, const char *key, const char *roots);

struct http_request {
	const char *method;	     /* "GET", "POST"; a body goes with any */
	const char *url;	     /* https */
	const char *content_type;    /* NULL: none */
	const char *agent;	     /* User-Agent; NULL: the enrollment client's */
	const struct secret *bearer; /* sent with it; NULL: none */
	struct bytes body;
	bool follow;  /* redirects to https are followed (discovery, and the browser) */
	bool browser; /* sent as a browser does: its headers, a GET after a redirection, and cookies, which
		       * whatever this client sends later has, too: a window has a client of its own */
};

struct http_reply {
	int status;
	const char *content_type;     /* "" when absent */
	const char *content_encoding; /* "" when absent */
	const char *headers;	      /* all of the last answer, as they came */
	const char *url;	      /* that answered, after redirects */
	bool has_length, chunked;
	struct bytes body; /* in the arena given */
	int64_t us;	   /* the whole exchange */
};

/*
 * Send and read. False when no whole answer came: the refusal says why as Windows would
 * (0x80180010 no connection, 0x8018000D dates of the server's certificate, 0x80180012 another
 * fault of it, 0x8018001A redirected to something not https).
 */
bool http_send(
    struct http *, struct arena *, const struct http_request *, struct http_reply *, struct refusal *);

/*
 * POST an envelope; whatever is not a usable SOAP success becomes a refusal: a status other
 * than 200 is read as a fault, a framing the client does not accept is 0x80192F76.
 */
bool http_post_soap(struct http *, struct arena *, const char *url, struct bytes envelope, bool follow,
    struct http_reply *, struct refusal *, struct notes *);

/* The value of a header of the answer, trimmed; NULL if it is absent. */
const char *http_header(struct arena *, const struct http_reply *, const char *name);

/* Is the answer's media type, whatever its parameters, this one? */
bool http_type_is(struct arena *, const struct http_reply *, const char *type);

/* What a page's link leads to ("" is the page itself), without its fragment, in arena; NULL when not https.
 */
char *http_resolve(struct arena *, const char *page, const char *link);

/* The host of an https URL, lower case in arena; NULL when it is not one. */
char *http_host(struct arena *, const char *url);

/* "https://host:port" of an https URL, in arena; NULL when it is not one. */
char *http_origin(struct arena *, const char *url);

#endif
