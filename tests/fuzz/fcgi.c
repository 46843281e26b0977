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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct peer peer;
	struct arena *arena = arena_new();
	struct request request;
	enum fcgi_event event =
	    peer_send(&peer, arena, (struct bytes){ data, size < PEER_MAX ? size : PEER_MAX }, &request);

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
