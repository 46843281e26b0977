#include <muster/wire/cookie.h>

#define BLANK " \t"

const char *
cookie_value(struct arena *arena, const char *header, const char *name)
{
	size_t size = strlen(name), length;
	const char *found = NULL;

	for (const char *pair = header; pair != NULL && *pair != '\0';
	     pair += length + (pair[length] == ';')) {
		pair += strspn(pair, BLANK);
		length = strcspn(pair, ";");
		if (length <= size || strncmp(pair, name, size) != 0 || pair[size] != '=')
			continue;
		if (found != NULL)
			return NULL;
		found = arena_strndup(arena, pair + size + 1, length - size - 1);
	}
	return found;
}
