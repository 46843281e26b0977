#include <muster/wire/conditional.h>

#include <time.h>

const char *
etag_of(struct arena *arena, struct bytes sha256)
{
	return arena_printf(arena, "\"%s\"", bytes_to_hex(arena, sha256));
}

/* One of a list of entity tags, weak ones too: If-None-Match compares weakly. */
static bool
etag_listed(const char *list, const char *etag)
{
	size_t size = strlen(etag);

	for (const char *c = list + strspn(list, " \t,"); *c != '\0'; c += strspn(c, " \t,")) {
		const char *end;

		if (strncmp(c, "W/", 2) == 0)
			c += 2;
		if (*c != '"' || (end = strchr(c + 1, '"')) == NULL)
			return false;
		end++;
		if ((size_t)(end - c) == size && memcmp(c, etag, size) == 0)
			return true;
		c = end;
	}
	return false;
}

static bool
has_etag(const char *none_match, const char *etag)
{
	const char *c = none_match + strspn(none_match, " \t");

	if (*c == '*')
		return c[1 + strspn(c + 1, " \t")] == '\0';
	return etag_listed(c, etag);
}

/* The three forms of RFC 9110 section 5.6.7; false for another. */
static bool
date_read(const char *text, int64_t *at)
{
	static const char *const form[] = { "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
		"%a %b %d %H:%M:%S %Y" };

	for (size_t i = 0; i < ARRAY_SIZE(form); i++) {
		struct tm moment = { 0 };
		const char *end = strptime(text, form[i], &moment);

		if (end == NULL || *end != '\0')
			continue;
		*at = timegm(&moment);
		return true;
	}
	return false;
}

static const char *
date_text(struct arena *arena, int64_t at)
{
	static const char *const day[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const month[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
		"Oct", "Nov", "Dec" };
	time_t seconds = (time_t)at;
	struct tm t = { 0 };

	(void)gmtime_r(&seconds, &t);
	return arena_printf(arena, "%s, %02d %s %04d %02d:%02d:%02d GMT", day[t.tm_wday], t.tm_mday,
	    month[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

bool
request_has(const struct request *request, const struct version *version)
{
	const char *none_match = request_variable(request, "HTTP_IF_NONE_MATCH");
	const char *since = request_variable(request, "HTTP_IF_MODIFIED_SINCE");
	int64_t at;

	if (none_match != NULL)
		return has_etag(none_match, version->etag);
	return since != NULL && date_read(since, &at) && version->modified_at <= at;
}

void
reply_version(struct request *request, struct reply *reply, const struct version *version, int64_t max_age,
    const char *content_type, struct bytes body)
{
	reply->cache_control =
	    arena_printf(request->arena, "public, max-age=%lld, no-transform", (long long)max_age);
	reply_header(request, reply, "ETag", version->etag);
	reply_header(request, reply, "Last-Modified", date_text(request->arena, version->modified_at));
	reply->status = 200;
	reply->content_type = content_type;
	reply->body = body;
	if (!request_has(request, version))
		return;
	reply->status = 304;
	reply->body = (struct bytes){ NULL, 0 };
}
