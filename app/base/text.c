#include <muster/base/arena.h>
#include <muster/base/text.h>

#include <strings.h>

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *
text_trim(struct arena *arena, const char *text)
{
	size_t size;

	if (text == NULL)
		return NULL;
	while (is_space(*text))
		text++;
	size = strlen(text);
	while (size > 0 && is_space(text[size - 1]))
		size--;
	return arena_strndup(arena, text, size);
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
text_equal_fold(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	for (; *a != '\0' && lower(*a) == lower(*b); a++)
		b++;
	return lower(*a) == lower(*b);
}

bool
text_ends_fold(const char *text, const char *suffix)
{
	size_t size = strlen(text), tail = strlen(suffix);

	return size >= tail && text_equal_fold(text + size - tail, suffix);
}

char *
text_lower(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text);

	for (char *c = copy; c != NULL && *c != '\0'; c++)
		*c = lower(*c);
	return copy;
}

/* The length of the well-formed UTF-8 character at p (RFC 3629 section 4); 0 if it is not one. */
static size_t
utf8_length(const uint8_t *p, size_t left)
{
	size_t length = p[0] < 0x80	  ? 1
	    : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
	    : (p[0] & 0xf0) == 0xe0	  ? 3
	    : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
					  : 0;

	if (length == 0 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return length;
}

bool
text_is_utf8(const void *data, size_t size)
{
	const uint8_t *p = data;

	while (size > 0) {
		size_t length = *p == '\0' ? 0 : utf8_length(p, size);

		if (length == 0)
			return false;
		p += length;
		size -= length;
	}
	return true;
}

char *
text_cut(struct arena *arena, const char *text, size_t max)
{
	size_t size;

	if (text == NULL)
		return NULL;
	size = strlen(text);
	if (size > max)
		for (size = max; size > 0 && ((uint8_t)text[size] & 0xc0) == 0x80; size--)
			continue;
	return arena_strndup(arena, text, size);
}
