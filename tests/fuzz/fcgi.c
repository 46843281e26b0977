/* FastCGI records, byte by byte. */
#include "peer.h"

/*
 * libfcgi 2.4.2 leaks 48 bytes for each management record other than FCGI_GET_VALUES: none is defined,
 * and no web server sends one. What we forget to give back to libfcgi is seen by the target request.
 */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libfcgi";
}

/*
 * The input without bytes over 0xbf, so that no parameter's name or value is announced with 2^30 bytes or
 * more: libfcgi (2.4.2-2+deb12u1) adds the two lengths as ints, and where the sum overflows its assertion
 * that malloc() gave something aborts. Only the web server can send that, whose limits are far below.
 */
static struct bytes
lengths_limited(struct arena *arena, const uint8_t *data, size_t size)
{
	uint8_t *copy = arena_alloc(arena, size);

	for (size_t i = 0; i < size; i++)
		copy[i] = data[i] < 0xc0 ? data[i] : data[i] & 0xbf;
	return (struct bytes){ copy, size };
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct peer peer;
	struct arena *arena = arena_new();
	struct request request;
	struct bytes input = lengths_limited(arena, data, size < PEER_MAX ? size : PEER_MAX);
	enum fcgi_event event = peer_send(&peer, arena, input, &request);

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
