#include <muster/wire/request.h>

void
reply_header(struct request *request, struct reply *reply, const char *name, const char *value)
{
	char *clean = arena_strdup(request->arena, value);

	if (reply->header_count >= REPLY_HEADERS_MAX)
		abort();
	for (char *c = clean; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	reply->header[reply->header_count].name = name;
	reply->header[reply->header_count++].value = clean;
}

void
reply_plain(struct request *request, struct reply *reply, int status, const char *line)
{
	reply->status = status;
	reply->content_type = "text/plain; charset=utf-8";
	reply->body = bytes_of(arena_printf(request->arena, "%s\n", line));
}
