#include <muster/base/text.h>

#include <muster/base/arena.h>

static int
fold(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

char *
text_trim(struct arena *arena, const char *text)
{
	size_t size;

	if (text == NULL)
		return NULL;
	while (text_is_space(*text))
		text++;
	size = strlen(text);
	while (size > 0 && text_is_space(text[size - 1]))
		size--;
	return arena_strndup(arena, text, size);
}

bool
text_equal_fold(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	while (*a != '\0' && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return fold(*a) == fold(*b);
}

bool
text_ends_fold(const char *text, const char *suffix)
{
	size_t size = strlen(text), end = strlen(suffix);

	return end <= size && text_equal_fold(text + (size - end), suffix);
}

char *
text_lower(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text);

	for (char *c = copy; c != NULL && *c != '\0'; c++)
		*c = (char)fold(*c);
	return copy;
}

/* What a character of that many bytes cannot be below: shorter forms exist for it. */
static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };

static size_t
length_of(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t
text_character(const void *data, size_t size, uint32_t *character)
{
	const uint8_t *byte = data;
	size_t length = size == 0 ? 0 : length_of(byte[0]);
	uint32_t point;

	if (length == 0 || length > size)
		return 0;
	point = length == 1 ? byte[0] : byte[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (byte[i] & 0x3fu);
	}
	if (point < smallest[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	if (character != NULL)
		*character = point;
	return length;
}

bool
text_is_utf8(const void *data, size_t size)
{
	const uint8_t *byte = data;

	while (size > 0) {
		size_t length = text_character(byte, size, NULL);

		if (length == 0 || *byte == '\0')
			return false;
		byte += length;
		size -= length;
	}
	return true;
}

bool
text_is_plain(const void *data, size_t size)
{
	const uint8_t *byte = data;

	while (size > 0) {
		uint32_t character = 0;
		size_t length = text_character(byte, size, &character);

		if (length == 0 || text_is_control(character))
			return false;
		byte += length;
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
	size = strnlen(text, max);
	if (text[size] != '\0') {
		while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
			size--;
	}
	return arena_strndup(arena, text, size);
}

void
text_make_clean(char *text)
{
	char *end = text;

	for (size_t left = strlen(text), length; left > 0; text += length, left -= length) {
		uint32_t c = 0;

		length = text_character(text, left, &c);
		if (length == 0 || text_is_control(c)) {
			length = length == 0 ? 1 : length;
			*end++ = '?';
		} else {
			memmove(end, text, length);
			end += length;
		}
	}
	*end = '\0';
}
