/*
 * --worker-database and --database: no password is taken, nor told in the reason. The password to look for is
 * SECRET; a word that stands where none can be may be quoted.
 */
#include "fuzz.h"

#include <muster/wire/pg.h>

#define SECRET "S3CRET"

static bool
has_password(const char *conninfo)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
	bool found = false;

	for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
		found = found || (strcmp(o->keyword, "password") == 0 && o->val != NULL && o->val[0] != '\0');
	PQconninfoFree(options);
	return found;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	const char *conninfo = arena_strndup(arena, (const char *)data, size);
	struct why why;
	enum outcome o = pg_conninfo_check("--worker-database", conninfo, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_INTERNAL_SERVICE_FAULT);
	FUZZ_CHECK(o == OUTCOME_OK || strstr(why.text, SECRET) == NULL ||
	    (strstr(conninfo, "password") == NULL && strstr(conninfo, "://") == NULL));
	FUZZ_CHECK(o != OUTCOME_OK || !has_password(conninfo));
	fuzz_accepted = o == OUTCOME_OK;
	arena_free(arena);
	return 0;
}
