/* A path and a Content-Type: two fields. */
#include "fuzz.h"

#include <muster/base/guid.h>
#include <muster/stages/route.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes rest = { data, size };
	const char *path = fuzz_field(arena, &rest), *type = fuzz_field(arena, &rest);
	struct route route = route_of(arena, path);
	const char *key = route.organization;

	if (key != NULL)
		FUZZ_CHECK(key[0] != '\0' && strlen(key) <= 40 &&
		    strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(key));
	FUZZ_CHECK(route.attempt == NULL || (key != NULL && guid_valid(route.attempt)));
	FUZZ_CHECK(key == NULL || route.service == SERVICE_POLICY || route.service == SERVICE_ENROLLMENT ||
	    route.service == SERVICE_RENEWAL || route.service == SERVICE_NONE);
	FUZZ_CHECK(!route_allows(route.service, "PUT"));
	FUZZ_CHECK(
	    route_allows(route.service, "POST") == (strstr(route_allow(route.service), "POST") != NULL));
	fuzz_accepted = route.service != SERVICE_NONE && route_accepts(type);
	arena_free(arena);
	return 0;
}
