#include "names.h"

#include <muster/base/text.h>

/* X.520's upper bound for names, in characters, and what is left of it before " issuing" and " issuing 9999".
 */
#define NAME_MAX_X520 64
#define GIVEN_MAX 56
#define OWN_MAX 51

/* Well-formed text without control characters and without blanks at its ends. */
static bool
name_valid(struct arena *arena, const char *name)
{
	size_t characters = 0, size;
	uint32_t character;

	for (const char *c = name; *c != '\0'; c += size, characters++)
		if ((size = text_character(c, strlen(c), &character)) == 0 || text_is_control(character))
			return false;
	return characters >= 1 && characters <= GIVEN_MAX && strcmp(text_trim(arena, name), name) == 0;
}

static bool
taken(const struct authorities *there, const struct names *names, bool new_root)
{
	return authorities_find(there, names->issuing) != NULL ||
	    (new_root && authorities_find(there, names->root) != NULL);
}

static void
names_make(struct arena *arena, const char *base, const char *suffix, struct names *names)
{
	names->root = arena_printf(arena, "%s root%s", base, suffix);
	names->issuing = arena_printf(arena, "%s issuing%s", base, suffix);
}

static enum outcome
names_given(struct arena *arena, const struct authorities *there, const char *given, bool new_root,
    struct names *names, struct why *why)
{
	if (!name_valid(arena, given))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--name \"%s\": give 1 to %d characters, no control characters, no blanks at the ends",
		    given, GIVEN_MAX);
	names_make(arena, given, "", names);
	if (taken(there, names, new_root))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "--name \"%s\": there is an authority \"%s\" already: choose another name", given,
		    authorities_find(there, names->issuing) != NULL ? names->issuing : names->root);
	return OUTCOME_OK;
}

enum outcome
names_choose(struct arena *arena, const struct authorities *there, const char *given,
    const char *organization, bool new_root, struct names *names, struct why *why)
{
	const char *base;

	names->organization =
	    organization == NULL ? given : text_trim(arena, text_cut(arena, organization, NAME_MAX_X520));
	if (given != NULL)
		return names_given(arena, there, given, new_root, names, why);
	base = text_trim(arena, text_cut(arena, organization, OWN_MAX));
	names_make(arena, base, "", names);
	for (unsigned n = 2; taken(there, names, new_root); n++)
		names_make(arena, base, arena_printf(arena, " %u", n), names);
	return OUTCOME_OK;
}
