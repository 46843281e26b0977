/* libcurl behind the rules of the enrollment client. */
#include "http.h"

#include "server_fault.h"

#include <muster/base/clock.h>
#include <muster/base/text.h>

#include <curl/curl.h>
#include <gnutls/x509.h>

#define HEADERS_MAX (32 * 1024)

struct http {
	CURL *curl;
	const struct settings *settings;
	struct curl_slist *connect_to;
	const char *certificate, *key, *roots; /* PEM files; NULL before http_identify() */
	char error[CURL_ERROR_SIZE];
};

/* Where an answer is collected while libcurl reads it. */
struct sink {
	struct http_reply *reply;
	struct arena *arena;
	char *headers, *body;
	size_t headers_size, body_size, body_room;
};

struct http *
http_new(const struct settings *settings)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http == NULL || (http->curl = curl_easy_init()) == NULL) {
		free(http);
		return NULL;
	}
	http->settings = settings;
	for (size_t i = 0; i < settings->connect_to_count; i++)
		http->connect_to = curl_slist_append(http->connect_to, settings->connect_to[i]);
	return http;
}

void
http_free(struct http *http)
{
	if (http == NULL)
		return;
	curl_slist_free_all(http->connect_to);
	curl_easy_cleanup(http->curl);
	free(http);
}

void
http_identify(struct http *http, const char *certificate, const char *key, const char *roots)
{
	http->certificate = certificate;
	http->key = key;
	http->roots = roots;
}

static size_t
sink_header(char *data, size_t one, size_t size, void *opaque)
{
	struct sink *sink = opaque;

	(void)one;
	if (size >= 5 && memcmp(data, "HTTP/", 5) == 0)
		sink->headers_size = 0; /* the answer after a redirect or a 100 */
	if (size > HEADERS_MAX - sink->headers_size)
		return 0;
	memcpy(sink->headers + sink->headers_size, data, size);
	sink->headers_size += size;
	return size;
}

static size_t
sink_body(char *data, size_t one, size_t size, void *opaque)
{
	struct sink *sink = opaque;

	(void)one;
	if (size > HTTP_BODY_MAX - sink->body_size)
		return 0;
	if (size > sink->body_room - sink->body_size) {
		size_t room = (sink->body_size + size) * 2;
		char *grown = realloc(sink->body, room);

		if (grown == NULL)
			return 0;
		sink->body = grown;
		sink->body_room = room;
	}
	memcpy(sink->body + sink->body_size, data, size);
	sink->body_size += size;
	return size;
}

/* The value of a header, trimmed, of the text collected; NULL if absent. */
static const char *
header_value(struct arena *arena, const char *headers, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = headers; *line != '\0';) {
		size_t size = strcspn(line, "\r\n");
		char *start = arena_strndup(arena, line, size < length ? size : length);

		if (size > length && line[length] == ':' && text_equal_fold(start, name))
			return text_trim(arena, arena_strndup(arena, line + length + 1, size - length - 1));
		line += size;
		line += strspn(line, "\r\n");
	}
	return NULL;
}

const char *
http_header(struct arena *arena, const struct http_reply *reply, const char *name)
{
	return header_value(arena, reply->headers, name);
}

static void
sink_finish(struct sink *sink)
{
	struct http_reply *reply = sink->reply;
	const char *value;

	reply->headers = arena_strndup(sink->arena, sink->headers, sink->headers_size);
	value = header_value(sink->arena, reply->headers, "Content-Type");
	reply->content_type = value == NULL ? "" : value;
	value = header_value(sink->arena, reply->headers, "Content-Encoding");
	reply->content_encoding = value == NULL ? "" : value;
	reply->has_length = header_value(sink->arena, reply->headers, "Content-Length") != NULL;
	reply->chunked = header_value(sink->arena, reply->headers, "Transfer-Encoding") != NULL;
	reply->body = arena_copy(sink->arena, sink->body, sink->body_size);
}

/* Is the server certificate of the failed connection outside its dates? */
static bool
certificate_dated(CURL *curl)
{
	struct curl_certinfo *info = NULL;
	bool dated = false;

	if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL)
		return false;
	for (int i = 0; i < info->num_of_certs && !dated; i++)
		for (struct curl_slist *item = info->certinfo[i]; item != NULL; item = item->next) {
			gnutls_datum_t pem;
			gnutls_x509_crt_t crt;

			if (strncmp(item->data, "Cert:", 5) != 0 || gnutls_x509_crt_init(&crt) < 0)
				continue;
			pem.data = (unsigned char *)item->data + 5;
			pem.size = (unsigned)strlen(item->data + 5);
			if (gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM) == 0)
				dated = dated || gnutls_x509_crt_get_expiration_time(crt) < time(NULL) ||
				    gnutls_x509_crt_get_activation_time(crt) > time(NULL);
			gnutls_x509_crt_deinit(crt);
		}
	return dated;
}

static bool
deny_transfer(struct http *http, CURLcode code, const char *url, struct refusal *refusal)
{
	const char *text = http->error[0] != '\0' ? http->error : curl_easy_strerror(code);

	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return deny(refusal,
		    certificate_dated(http->curl) ? HRESULT_CERTIFICATE_DATE : HRESULT_INVALID_TLS, "%s: %s",
		    url, text);
	if (code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SSL_ISSUER_ERROR)
		return deny(refusal, HRESULT_INVALID_TLS, "%s: %s", url, text);
	if (code == CURLE_UNSUPPORTED_PROTOCOL)
		return deny(
		    refusal, HRESULT_INSECURE_REDIRECT, "%s: not https, or redirected to what is not", url);
	if (code == CURLE_WRITE_ERROR)
		return deny(
		    refusal, HRESULT_CONNECTIVITY, "%s: the answer exceeds %d bytes", url, HTTP_BODY_MAX);
	return deny(refusal, HRESULT_CONNECTIVITY, "%s: %s", url, text);
}

static void
set_security(struct http *http)
{
	const struct settings *settings = http->settings;

	curl_easy_setopt(http->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(http->curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(http->curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	if (http->roots != NULL)
		curl_easy_setopt(http->curl, CURLOPT_CAINFO, http->roots);
	else if (settings->ca_file != NULL)
		curl_easy_setopt(http->curl, CURLOPT_CAINFO, settings->ca_file);
	if (settings->ca_file != NULL)
		curl_easy_setopt(http->curl, CURLOPT_CAPATH, NULL);
	else
		curl_easy_setopt(http->curl, CURLOPT_CAPATH, "/etc/ssl/certs");
	if (http->certificate != NULL) {
		curl_easy_setopt(http->curl, CURLOPT_SSLCERT, http->certificate);
		curl_easy_setopt(http->curl, CURLOPT_SSLKEY, http->key);
	}
	curl_easy_setopt(http->curl, CURLOPT_CERTINFO, 1L);
}

static struct curl_slist *
browser_headers(const struct http_request *request)
{
	struct curl_slist *list = curl_slist_append(NULL, "Accept: text/html");
	char line[300];

	list = curl_slist_append(list, "Accept-Language: en-US,en;q=0.5");
	list = curl_slist_append(list, "Expect:");
	if (request->content_type == NULL)
		return list;
	snprintf(line, sizeof(line), "Content-Type: %s", request->content_type);
	return curl_slist_append(list, line);
}

static struct curl_slist *
request_headers(const struct http_request *request)
{
	struct curl_slist *list = NULL;
	char line[300];

	/* An empty value removes what libcurl would add. */
	list = curl_slist_append(list, "Accept:");
	list = curl_slist_append(list, "Expect:");
	list = curl_slist_append(list, "Pragma: no-cache");
	snprintf(line, sizeof(line), "Content-Type: %s",
	    request->content_type == NULL ? "unknown/unknown" : request->content_type);
	return curl_slist_append(list, line);
}

static void
set_request(struct http *http, const struct http_request *request, struct curl_slist *headers)
{
	CURL *curl = http->curl;

	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(
	    curl, CURLOPT_HTTPAUTH, request->bearer != NULL ? (long)CURLAUTH_BEARER : (long)CURLAUTH_NONE);
	curl_easy_setopt(
	    curl, CURLOPT_XOAUTH2_BEARER, request->bearer != NULL ? request->bearer->data : NULL);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, request->agent != NULL ? request->agent : "ENROLLClient");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_CONNECT_TO, http->connect_to);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, http->settings->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, request->follow ? 1L : 0L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
	curl_easy_setopt(curl, CURLOPT_POSTREDIR, request->browser ? 0L : (long)CURL_REDIR_POST_ALL);
	/* Cookies are taken and sent, and kept in no file. An empty CURLOPT_COOKIEFILE would say so more
	 * plainly, but curl_easy_reset() of libcurl 7.88 loses the list that it makes. */
	if (request->browser)
		curl_easy_setopt(curl, CURLOPT_COOKIEJAR, NULL);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->error);
	if (http->settings->new_connections) {
		curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
		curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	}
	if (request->body.size > 0 || strcmp(request->method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
		curl_easy_setopt(
		    curl, CURLOPT_POSTFIELDS, request->body.size > 0 ? (const char *)request->body.data : "");
	} else if (strcmp(request->method, "HEAD") == 0) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	}
	if (strcmp(request->method, "POST") != 0 && strcmp(request->method, "GET") != 0)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

bool
http_send(struct http *http, struct arena *arena, const struct http_request *request,
    struct http_reply *reply, struct refusal *refusal)
{
	struct sink sink = { .reply = reply, .arena = arena, .headers = arena_alloc(arena, HEADERS_MAX) };
	struct curl_slist *headers = request->browser ? browser_headers(request) : request_headers(request);
	int64_t start = clock_steady_us();
	const char *effective = NULL;
	long status = 0;
	CURLcode code;

	*reply = (struct http_reply){ .content_type = "", .content_encoding = "", .headers = "" };
	http->error[0] = '\0';
	set_request(http, request, headers);
	set_security(http);
	curl_easy_setopt(http->curl, CURLOPT_HEADERFUNCTION, sink_header);
	curl_easy_setopt(http->curl, CURLOPT_HEADERDATA, &sink);
	curl_easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, sink_body);
	curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, &sink);
	code = curl_easy_perform(http->curl);
	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(http->curl, CURLINFO_EFFECTIVE_URL, &effective);
	reply->url = arena_strdup(arena, effective != NULL ? effective : request->url);
	if (code != CURLE_OK)
		(void)deny_transfer(http, code, request->url, refusal);
	/* Options go, connections and TLS sessions stay. */
	curl_easy_reset(http->curl);
	curl_slist_free_all(headers);
	reply->us = clock_steady_us() - start;
	reply->status = (int)status;
	if (code == CURLE_OK)
		sink_finish(&sink);
	free(sink.body);
	return code == CURLE_OK;
}

/* The framing that the client needs before it looks at an answer. */
static bool
framing_check(const struct http_reply *reply, struct refusal *refusal)
{
	if (reply->chunked)
		return deny(refusal, HRESULT_HEADER_NOT_FOUND,
		    "the answer (HTTP %d) is sent with Transfer-Encoding", reply->status);
	if (!reply->has_length)
		return deny(refusal, HRESULT_HEADER_NOT_FOUND, "the answer (HTTP %d) has no Content-Length",
		    reply->status);
	if (reply->content_encoding[0] != '\0')
		return deny(refusal, HRESULT_HEADER_NOT_FOUND, "the answer (HTTP %d) is compressed: %s",
		    reply->status, reply->content_encoding);
	return true;
}

bool
http_type_is(struct arena *arena, const struct http_reply *reply, const char *type)
{
	size_t size = strcspn(reply->content_type, "; \t");

	return text_equal_fold(arena_strndup(arena, reply->content_type, size), type);
}

bool
http_post_soap(struct http *http, struct arena *arena, const char *url, struct bytes envelope, bool follow,
    struct http_reply *reply, struct refusal *refusal, struct notes *notes)
{
	struct http_request request = { .method = "POST",
		.url = url,
		.content_type = "application/soap+xml; charset=utf-8",
		.body = envelope,
		.follow = follow };

	if (!http_send(http, arena, &request, reply, refusal))
		return false;
	refusal->status = reply->status;
	if (!framing_check(reply, refusal))
		return false;
	if (reply->status != 200) {
		server_fault_read(reply->body, reply->status, refusal, notes);
		return false;
	}
	if (reply->body.size == 0)
		return deny(refusal, HRESULT_EMPTY_MESSAGE, "%s answered 200 with an empty body", url);
	if (!http_type_is(arena, reply, "application/soap+xml"))
		return deny(refusal, (enum hresult)((unsigned)HRESULT_HTTP | 200u),
		    "content type \"%s\" instead of application/soap+xml", reply->content_type);
	return true;
}

static char *
url_part(struct arena *arena, const char *url, CURLUPart part, unsigned flags)
{
	CURLU *handle = curl_url();
	char *text = NULL, *scheme = NULL, *copy = NULL;

	if (handle != NULL && curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(handle, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK && strcmp(scheme, "https") == 0 &&
	    curl_url_get(handle, part, &text, flags) == CURLUE_OK)
		copy = arena_strdup(arena, text);
	curl_free(text);
	curl_free(scheme);
	curl_url_cleanup(handle);
	return copy;
}

char *
http_host(struct arena *arena, const char *url)
{
	char *host = url_part(arena, url, CURLUPART_HOST, 0);

	return host == NULL || host[0] == '\0' ? NULL : text_lower(arena, host);
}

char *
http_origin(struct arena *arena, const char *url)
{
	char *host = http_host(arena, url);
	char *port = url_part(arena, url, CURLUPART_PORT, CURLU_DEFAULT_PORT);

	return host == NULL || port == NULL ? NULL : arena_printf(arena, "https://%s:%s", host, port);
}

char *
http_resolve(struct arena *arena, const char *page, const char *link)
{
	CURLU *handle = curl_url();
	char *text = NULL, *copy = NULL;

	if (handle != NULL && curl_url_set(handle, CURLUPART_URL, page, 0) == CURLUE_OK &&
	    (*link == '\0' || curl_url_set(handle, CURLUPART_URL, link, 0) == CURLUE_OK) &&
	    curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
	    curl_url_get(handle, CURLUPART_URL, &text, 0) == CURLUE_OK && http_host(arena, text) != NULL)
		copy = arena_strdup(arena, text);
	curl_free(text);
	curl_url_cleanup(handle);
	return copy;
}
