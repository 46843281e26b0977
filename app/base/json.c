#include <muster/base/json.h>

void
json_cleanup(json_t **json)
{
	json_decref(*json);
	*json = NULL;
}

char *
json_text(struct arena *arena, const json_t *json)
{
	char *dumped, *text;

	if (json == NULL)
		return NULL;
	dumped = json_dumps(json, JSON_COMPACT);
	if (dumped == NULL)
		arena_out_of_memory();
	text = arena_strdup(arena, dumped);
	free(dumped);
	return text;
}
