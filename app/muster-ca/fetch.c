#include "fetch.h"

#include <curl/curl.h>

#define TIMEOUT_S 30L
#define CONNECT_S 10L
#define REDIRECTS_MAX 3L

/* Where the answer is collected: room for max bytes, and no more is taken. */
struct sink {
	uint8_t *data;
	size_t size, max;
};

static size_t
sink_take(char *data, size_t one, size_t size, void *opaque)
{
	struct sink *sink = opaque;

	(void)one;
	if (size > sink->max - sink->size)
		return 0;
	memcpy(sink->data + sink->size, data, size);
	sink->size += size;
	return size;
}

static void
curl_configure(CURL *curl, const char *url, const char *ca_file, struct sink *sink, char *error)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "muster-ca/" PACKAGE_VERSION);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, sink_take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, sink);
	if (ca_file != NULL) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
}

static enum outcome
judge(CURL *curl, CURLcode code, const char *url, const struct sink *sink, const char *error, struct why *why)
{
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_WRITE_ERROR)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: more than %zu bytes", url, sink->max);
	if (code == CURLE_UNSUPPORTED_PROTOCOL)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: not https, or redirected to what is not", url);
	if (code != CURLE_OK)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", url,
		    error[0] != '\0' ? error : curl_easy_strerror(code));
	if (status != 200)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: answered HTTP %ld, not 200", url, status);
	return OUTCOME_OK;
}

enum outcome
fetch(struct arena *arena, const char *url, const char *ca_file, size_t max, struct bytes *document,
    struct why *why)
{
	struct sink sink = { arena_alloc(arena, max), 0, max };
	char error[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	enum outcome o;

	if (curl == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "libcurl does not start");
	curl_configure(curl, url, ca_file, &sink, error);
	o = judge(curl, curl_easy_perform(curl), url, &sink, error, why);
	curl_easy_cleanup(curl);
	*document = (struct bytes){ sink.data, sink.size };
	return o;
}
