/*
 * FastCGI parameters and a body: fields NAME=VALUE up to an empty one, then the body, in records of the
 * size that the first byte says.
 */
#include "peer.h"

struct message {
	uint8_t *data;
	size_t size;
};

static void
put(struct message *message, const void *data, size_t size)
{
	if (size > 0)
		memcpy(message->data + message->size, data, size);
	message->size += size;
}

static void
record(struct message *message, uint8_t type, const uint8_t *content, size_t size)
{
	const uint8_t header[8] = { 1, type, 0, 1, (uint8_t)(size >> 8), (uint8_t)size, 0, 0 };

	put(message, header, sizeof(header));
	put(message, content, size);
}

/* A stream in records of at most that size, and the empty one that ends it. */
static void
stream(struct message *message, uint8_t type, struct bytes content, size_t most)
{
	for (size_t done = 0, part; done < content.size; done += part) {
		part = content.size - done < most ? content.size - done : most;
		record(message, type, content.data + done, part);
	}
	record(message, type, NULL, 0);
}

static void
length(struct message *params, size_t size)
{
	const uint8_t four[4] = { (uint8_t)(size >> 24 | 0x80), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
		(uint8_t)size };

	put(params, size < 128 ? &four[3] : four, size < 128 ? 1 : 4);
}

/* The parameters as name-value pairs; *device says whether the device host's role is among them. */
static struct bytes
params_of(struct arena *arena, struct bytes *rest, bool *device)
{
	struct message params = { arena_alloc(arena, 8 * rest->size + 8), 0 };
	const char *field;

	*device = false;
	while (*(field = fuzz_field(arena, rest)) != '\0') {
		size_t name = strcspn(field, "="), value = strlen(field) - name;

		*device = *device || strcmp(field, "MUSTER_HOST_ROLE=device") == 0;
		value -= value > 0;
		length(&params, name);
		length(&params, value);
		put(&params, field, name);
		put(&params, field + strlen(field) - value, value);
	}
	return (struct bytes){ params.data, params.size };
}

static void
request_check(const struct request *request, struct bytes body, bool device)
{
	peer_request_check(request);
	FUZZ_CHECK(device || (request->client_verify == NULL && request->client_certificate == NULL));
	FUZZ_CHECK(request->body.size <= body.size);
	FUZZ_CHECK(bytes_equal(request->body, (struct bytes){ body.data, request->body.size }));
	FUZZ_CHECK(request->truncated || request->too_large || request->body.size == body.size ||
	    request->body.size < BODY_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t begin[8] = { 0, 1, 0 };
	static struct peer peer;
	struct arena *arena = arena_new();
	struct bytes rest = { data, size }, params;
	size_t most = size == 0 || data[0] == 0 ? 65535 : data[0];
	struct message message;
	struct request request;
	bool device;

	if (size > 2048)
		rest.size = 2048;
	if (rest.size > 0)
		rest = (struct bytes){ rest.data + 1, rest.size - 1 };
	params = params_of(arena, &rest, &device);
	message = (struct message){ arena_alloc(arena, 64 + 9 * (params.size + rest.size)), 0 };
	record(&message, RECORD_BEGIN, begin, sizeof(begin));
	stream(&message, RECORD_PARAMS, params, most);
	stream(&message, RECORD_STDIN, rest, most);
	FUZZ_CHECK(
	    peer_send(&peer, arena, (struct bytes){ message.data, message.size }, &request) == FCGI_REQUEST);
	request_check(&request, rest, device);
	peer_reply_check(&peer, &request);
	fuzz_accepted = !request.truncated && !request.too_large;
	arena_free(arena);
	return 0;
}
