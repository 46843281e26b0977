#include "session.h"

#define MESSAGES_MAX 16
#define QUERY "mode=Maintenance&Platform=WoA"
#define AGENT "MSFT OMA DM Client/1.2.0.1"

/* One message and its answer's body. */
static bool
exchange(struct arena *arena, struct http *http, const struct session *session, struct bytes message,
    struct bytes *answer, struct refusal *refusal)
{
	const struct http_request request = { .method = "POST",
		.url = session->url,
		.content_type = PACKAGE_TYPE,
		.agent = AGENT,
		.body = message };
	struct http_reply reply;

	if (!http_send(http, arena, &request, &reply, refusal))
		return false;
	refusal->status = reply.status;
	if (reply.status != 200) {
		refusal->by_server = true;
		return deny(refusal, (enum hresult)((unsigned)HRESULT_HTTP | (unsigned)reply.status),
		    "%s answered HTTP %d: %.*s", session->url, reply.status,
		    (int)strcspn(
			arena_strndup(arena, (const char *)reply.body.data, reply.body.size), "\r\n"),
		    reply.body.size > 0 ? (const char *)reply.body.data : "");
	}
	if (!reply.has_length || reply.chunked)
		return deny(refusal, HRESULT_HEADER_NOT_FOUND, "the answer has no Content-Length");
	if (!http_type_is(arena, &reply, PACKAGE_TYPE))
		return deny(refusal, HRESULT_UNKNOWN_ERROR, "content type \"%s\" instead of " PACKAGE_TYPE,
		    reply.content_type);
	*answer = reply.body;
	return true;
}

/* Message after message until an answer brings no command. */
static bool
converse(struct arena *arena, struct http *http, struct session *session, struct package *sent,
    struct bytes message, struct refusal *refusal, struct notes *notes)
{
	struct package answer;
	struct bytes body;

	for (;;) {
		session->messages++;
		if (!exchange(arena, http, session, message, &body, refusal) ||
		    !package_read(arena, body, sent, &answer, refusal, notes))
			return false;
		if (answer.commands == 0)
			return true;
		session->obeyed += (unsigned)answer.commands;
		if (session->messages == MESSAGES_MAX)
			return deny(refusal, HRESULT_UNKNOWN_ERROR,
			    "the session does not end after %d messages", MESSAGES_MAX);
		sent->number++;
		if (!package_obey(arena, sent, &answer, &message))
			return deny(refusal, HRESULT_PLATFORM_UNKNOWN, "a message could not be written");
	}
}

bool
session_run(struct arena *arena, const struct settings *settings, const struct state_login *login,
    const struct identity *identity, bool leaves, struct session *session, struct refusal *refusal,
    struct notes *notes)
{
	static const struct package_device device = { "Simulated Hardware", "Muster Device", "en-US" };
	struct package sent = { .session = "1", .number = 1, .source = identity->device_id };
	struct http *http = NULL;
	struct bytes message;
	bool ok;

	*session = (struct session){ 0 };
	if (http_host(arena, login->address) == NULL || (http = http_new(settings)) == NULL)
		return deny(refusal, HRESULT_CONNECTIVITY, "\"%s\" is not an https URL", login->address);
	session->url = arena_printf(
	    arena, "%s%c" QUERY, login->address, strchr(login->address, '?') != NULL ? '&' : '?');
	sent.target = session->url;
	http_identify(http, login->certificate, login->key, login->roots);
	ok = package_open(arena, &sent, &device, leaves, &message)
	    ? converse(arena, http, session, &sent, message, refusal, notes)
	    : deny(refusal, HRESULT_PLATFORM_UNKNOWN, "a message could not be written");
	http_free(http);
	return ok;
}
