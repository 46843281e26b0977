/* One GET, and its JSON. */
#include "check_in.h"

#include <jansson.h>

static const char *
member(struct arena *arena, const json_t *root, const char *name)
{
	return arena_strdup(arena, json_string_value(json_object_get(root, name)));
}

static bool
answer_read(struct arena *arena, struct check_in *answer, struct refusal *refusal)
{
	json_t *root = json_loads(answer->body, JSON_REJECT_DUPLICATES, NULL);

	answer->device = member(arena, root, "device");
	answer->account = member(arena, root, "account");
	answer->organization = member(arena, root, "organization");
	answer->state = member(arena, root, "state");
	answer->name = member(arena, root, "name");
	answer->not_after = member(arena, root, "not_after");
	json_decref(root);
	return answer->device != NULL ||
	    deny(refusal, HRESULT_UNKNOWN_ERROR, "%s: the answer names no device", answer->url);
}

static bool
answer_check(const struct http_reply *reply, const struct check_in *answer, struct refusal *refusal)
{
	refusal->status = reply->status;
	if (reply->status == 200)
		return true;
	refusal->by_server = true;
	return deny(refusal, (enum hresult)((unsigned)HRESULT_HTTP | (unsigned)reply->status),
	    "%s answered HTTP %d: %.*s", answer->url, reply->status, (int)strcspn(answer->body, "\r\n"),
	    answer->body);
}

bool
check_in(struct arena *arena, const struct settings *settings, const struct state_login *login,
    struct check_in *answer, struct refusal *refusal, struct notes *notes)
{
	struct http *http = http_new(settings);
	const char *origin = http_origin(arena, login->address);
	struct http_request request = { .method = "GET" };
	struct http_reply reply;
	bool ok;

	*answer = (struct check_in){ .url = settings->device_url };
	if (answer->url == NULL && origin != NULL)
		answer->url = arena_printf(arena, "%s/muster/device", origin);
	if (http == NULL || answer->url == NULL) {
		http_free(http);
		return deny(refusal, HRESULT_CONNECTIVITY, "\"%s\" is not an https URL", login->address);
	}
	request.url = answer->url;
	http_identify(http, login->certificate, login->key, login->roots);
	ok = http_send(http, arena, &request, &reply, refusal);
	http_free(http);
	if (!ok)
		return false;
	answer->body = arena_strndup(arena, (const char *)reply.body.data, reply.body.size);
	if (!reply.has_length || reply.chunked)
		note(notes, "the device endpoint answers without Content-Length");
	return answer_check(&reply, answer, refusal) && answer_read(arena, answer, refusal);
}
