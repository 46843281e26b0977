/* Facts compared: a name's values are the same in the same order, wherever other names stand between. */
#ifndef MUSTER_TESTS_FUZZ_FACTS_H
#define MUSTER_TESTS_FUZZ_FACTS_H

#include "fuzz.h"

#include <muster/base/facts.h>

/* The value of the occurrence of that name, counted from 0; NULL if there are not as many. */
static inline const char *
facts_value(const struct facts *facts, const char *name, size_t occurrence)
{
	for (size_t i = 0; i < facts->count; i++)
		if (strcmp(facts->item[i].name, name) == 0 && occurrence-- == 0)
			return facts->item[i].value;
	return NULL;
}

static inline void
facts_check_same(const struct facts *one, const struct facts *other)
{
	FUZZ_CHECK(one->count == other->count);
	for (size_t i = 0; i < one->count; i++) {
		size_t before = 0;

		for (size_t j = 0; j < i; j++)
			before += strcmp(one->item[j].name, one->item[i].name) == 0;
		FUZZ_CHECK(fuzz_same(one->item[i].value, facts_value(other, one->item[i].name, before)));
	}
}

/* As JSON and back they are the same, and so is the JSON of that. */
static inline void
facts_check_json(struct arena *arena, const struct facts *facts)
{
	struct facts *again = arena_alloc(arena, sizeof(*again));
	const char *json = facts_json(arena, facts);

	FUZZ_CHECK(facts_from_json(arena, json, again));
	facts_check_same(facts, again);
	FUZZ_CHECK(strcmp(json, facts_json(arena, again)) == 0);
}

#endif
