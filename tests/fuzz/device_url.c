/* URLs and names typed by a user, as the simulated device takes them: the fields server and user. */
#include "../../app/muster-device/finder.h"
#include "answers.h"

#include <muster/base/text.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes rest = { data, size };
	const char *server = fuzz_field(arena, &rest), *user = fuzz_field(arena, &rest);
	const struct settings settings = { .user = user, .server = server[0] == '\0' ? NULL : server };
	const char *host = http_host(arena, server), *origin = http_origin(arena, server);
	const char *url[2] = { NULL, NULL };
	struct refusal refusal = { 0 };
	size_t count = finder_candidates(arena, &settings, url, &refusal);

	refusal_check(&refusal, NULL, count > 0);
	FUZZ_CHECK(count <= 2 && (origin == NULL || host != NULL));
	FUZZ_CHECK(host == NULL || (host[0] != '\0' && strcmp(host, text_lower(arena, host)) == 0));
	FUZZ_CHECK(origin == NULL || strncmp(origin, "https://", 8) == 0);
	for (size_t i = 0; i < count; i++)
		FUZZ_CHECK(strncmp(url[i], "https://", 8) == 0 || strstr(server, "://") != NULL);
	fuzz_accepted = count > 0;
	arena_free(arena);
	return 0;
}
