/*
 * Fields as the values of a log line: they come back from it as they were, cut where they are too long,
 * and none makes a second line, a key, or anything that turns a terminal around.
 */
#include "fuzz.h"

#include <muster/base/log.h>
#include <muster/base/text.h>

#define FIELDS_MAX 16
#define VALUE_MAX 512

/* One character of a quoted value; the position behind it. */
static const char *
unescape(const char *at, char *out)
{
	static const char digits[] = "0123456789abcdef";

	if (*at != '\\') {
		*out = *at;
		return at + 1;
	}
	at++;
	if (*at == 'x') {
		FUZZ_CHECK(at[1] != '\0' && at[2] != '\0');
		FUZZ_CHECK(strchr(digits, at[1]) != NULL && strchr(digits, at[2]) != NULL);
		*out = (char)((strchr(digits, at[1]) - digits) << 4 | (strchr(digits, at[2]) - digits));
		return at + 3;
	}
	FUZZ_CHECK(*at != '\0' && strchr("nrt\"\\", *at) != NULL);
	*out = *at == 'n' ? '\n' : *at == 'r' ? '\r' : *at == 't' ? '\t' : *at;
	return at + 1;
}

/* The value at *at, which moves behind it. */
static char *
value_read(struct arena *arena, const char **at)
{
	char *value = arena_alloc(arena, strlen(*at) + 1), *end = value;
	const char *c = *at;

	if (*c != '"') {
		*at += strcspn(c, " ");
		value = arena_strndup(arena, c, (size_t)(*at - c));
		FUZZ_CHECK(value[0] != '\0' && strpbrk(value, "\"=\\") == NULL);
		return value;
	}
	for (c++; *c != '"'; end++) {
		FUZZ_CHECK(*c != '\0');
		c = unescape(c, end);
	}
	*at = c + 1;
	return value;
}

static void
line_check(struct arena *arena, const struct log_line *line, char *const *field, int fields)
{
	const char *at = line->text;
	int last = -1, digits = 0;

	FUZZ_CHECK(line->size == strlen(line->text) && line->size < LOG_LINE_MAX && fuzz_clean(line->text));
	FUZZ_CHECK(strstr(line->text, "\xe2\x80\xae") == NULL && strstr(line->text, "\xe2\x80\xa8") == NULL);
	while (*at != '\0') {
		int index = -1;

		FUZZ_CHECK(sscanf(at, "k%d=%n", &index, &digits) == 1 && index > last && index < fields);
		at += digits;
		FUZZ_CHECK(strcmp(value_read(arena, &at), text_cut(arena, field[index], VALUE_MAX)) == 0);
		FUZZ_CHECK(*at == '\0' || (*at == ' ' && at[1] == 'k'));
		at += *at == ' ';
		last = index;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes rest = { data, size };
	char *field[FIELDS_MAX];
	struct log_line line;
	int fields = 0;

	log_begin(&line);
	for (; fields < FIELDS_MAX && rest.size > 0; fields++) {
		field[fields] = fuzz_field(arena, &rest);
		log_text(&line, arena_printf(arena, "k%d", fields), field[fields]);
	}
	line_check(arena, &line, field, fields);
	fuzz_accepted = line.size > 0;
	arena_free(arena);
	return 0;
}
