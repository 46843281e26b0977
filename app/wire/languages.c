#include <muster/wire/languages.h>

#include <muster/base/bytes.h>

#define BLANK " \t"
#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define SUBTAG_MAX 8
#define RANGE_MAX 35 /* what no tag in use exceeds (RFC 5646 section 4.4.1) */

struct range {
	const char *text;
	int quality; /* thousandths */
};

/* 0 to 1 with at most three digits behind the point (RFC 9110 section 12.4.2), in thousandths; -1: it is not.
 */
static int
quality_read(const char *text)
{
	int quality = 0, weight = 100;

	if ((*text != '0' && *text != '1') || (text[1] != '\0' && text[1] != '.'))
		return -1;
	quality = *text == '1' ? 1000 : 0;
	for (text += text[1] == '.' ? 2 : 1; *text >= '0' && *text <= '9' && weight > 0; text++, weight /= 10)
		quality += weight * (*text - '0');
	return *text == '\0' && quality <= 1000 ? quality : -1;
}

static bool
is_range(const char *text)
{
	if (strlen(text) > RANGE_MAX)
		return false;
	for (;;) {
		size_t size = strspn(text, ALPHANUMERIC);

		if (size < 1 || size > SUBTAG_MAX)
			return false;
		if (text[size] != '-')
			return text[size] == '\0';
		text += size + 1;
	}
}

/* Without blanks at both ends, in place. */
static char *
trim(char *text)
{
	char *end;

	text += strspn(text, BLANK);
	end = text + strlen(text);
	while (end > text && strchr(BLANK, end[-1]) != NULL)
		*--end = '\0';
	return text;
}

/* "de;q=0.8", in place; quality 0 when it is not to be used. */
static struct range
range_read(char *element)
{
	char *weight = strchr(element, ';');
	struct range range = { .quality = 1000 };

	if (weight != NULL) {
		*weight++ = '\0';
		weight = trim(weight);
		range.quality = strncasecmp(weight, "q=", 2) == 0 ? quality_read(weight + 2) : -1;
	}
	range.text = trim(element);
	if (range.quality < 0 || !is_range(range.text))
		range.quality = 0;
	return range;
}

/* Behind those that are wanted as much. */
static void
insert(struct range *ranges, size_t *count, struct range range)
{
	size_t place = *count;

	while (place > 0 && ranges[place - 1].quality < range.quality)
		place--;
	if (place == LANGUAGES_MAX)
		return;
	if (*count < LANGUAGES_MAX)
		(*count)++;
	memmove(ranges + place + 1, ranges + place, (*count - place - 1) * sizeof(*ranges));
	ranges[place] = range;
}

const char *
languages_read(struct arena *arena, const char *header)
{
	struct range ranges[LANGUAGES_MAX];
	size_t count = 0;
	char *list = arena_strdup(arena, header != NULL ? header : ""), *element;
	const char *text = "";

	while ((element = strsep(&list, ",")) != NULL) {
		struct range range = range_read(element);

		if (range.quality > 0)
			insert(ranges, &count, range);
	}
	for (size_t i = 0; i < count; i++)
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? "," : "", ranges[i].text);
	return text;
}
