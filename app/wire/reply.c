#include <muster/wire/request.h>

const char *
request_variable(const struct request *request, const char *name)
{
	size_t size = strlen(name);
	const char *found = NULL;

	for (char *const *v = request->variables; v != NULL && *v != NULL; v++) {
		if (strncmp(*v, name, size) != 0 || (*v)[size] != '=')
			continue;
		if (found != NULL)
			return NULL;
		found = *v + size + 1;
	}
	return found != NULL && strnlen(found, REQUEST_VARIABLE_MAX + 1) <= REQUEST_VARIABLE_MAX ? found
												 : NULL;
}

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
