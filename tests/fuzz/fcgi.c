/* FastCGI records, byte by byte. */
#include "peer.h"

/*
 * libfcgi 2.4.2 leaks 48 bytes for each management record other than FCGI_GET_VALUES, which would hide
 * leaks of ours. None is defined, and no web server sends one.
 */
static bool
has_unknown(struct bytes input)
{
	while (input.size >= 8) {
		size_t whole = 8 + ((size_t)input.data[4] << 8 | input.data[5]) + input.data[6];

		if (input.data[1] != RECORD_VALUES && input.data[2] == 0 && input.data[3] == 0)
			return true;
		if (whole > input.size)
			return false;
		input = (struct bytes){ input.data + whole, input.size - whole };
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct peer peer;
	const struct bytes input = { data, size < PEER_MAX ? size : PEER_MAX };
	struct arena *arena;
	struct request request;
	enum fcgi_event event;

	if (has_unknown(input))
		return 0;
	arena = arena_new();
	event = peer_send(&peer, arena, input, &request);
	FUZZ_CHECK(event == FCGI_REQUEST || event == FCGI_BROKEN);
	if (event == FCGI_REQUEST) {
		peer_request_check(&request);
		peer_reply_check(&peer, &request);
	} else {
		(void)peer_read(&peer);
	}
	fuzz_accepted = event == FCGI_REQUEST;
	arena_free(arena);
	return 0;
}
