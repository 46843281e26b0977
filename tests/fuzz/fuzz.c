#include "fuzz.h"

#include <muster/base/text.h>

bool fuzz_accepted;

void
fuzz_fail(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
	abort();
}

bool
fuzz_clean(const char *text)
{
	for (size_t left = strlen(text), length; left > 0; text += length, left -= length) {
		uint32_t c = 0;

		length = text_character(text, left, &c);
		if (length == 0 || c < 0x20 || (c >= 0x7f && c <= 0x9f))
			return false;
	}
	return true;
}

void
fuzz_outcome(enum outcome outcome, const struct why *why, const enum outcome *allowed, size_t count)
{
	bool known = outcome == OUTCOME_OK;

	for (size_t i = 0; i < count; i++)
		known = known || outcome == allowed[i];
	FUZZ_CHECK(known);
	if (outcome == OUTCOME_OK)
		return;
	FUZZ_CHECK(why->text[0] != '\0' && strnlen(why->text, WHY_MAX) < WHY_MAX);
	FUZZ_CHECK(fuzz_clean(why->text));
}

bool
fuzz_same(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

char *
fuzz_field(struct arena *arena, struct bytes *rest)
{
	size_t size = rest->size == 0 ? 0 : strnlen((const char *)rest->data, rest->size);
	char *field = arena_strndup(arena, rest->size == 0 ? "" : (const char *)rest->data, size);

	if (size < rest->size)
		size++;
	*rest = (struct bytes){ size == 0 ? rest->data : rest->data + size, rest->size - size };
	return field;
}

static bool
is_char(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) ||
	    (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

char *
fuzz_carried(struct arena *arena, const char *text)
{
	size_t left = strlen(text), length;
	char *copy = arena_alloc(arena, 3 * left + 1), *end = copy;

	for (; left > 0; text += length, left -= length) {
		uint32_t c = 0;

		length = text_character(text, left, &c);
		if (length > 0 && is_char(c)) {
			memcpy(end, text, length);
			end += length;
		} else {
			length = length == 0 ? 1 : length;
			memcpy(end, "\xef\xbf\xbd", 3);
			end += 3;
		}
	}
	return copy;
}
