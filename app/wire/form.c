#include <muster/wire/form.h>

#include <muster/base/text.h>

/* The value of a hexadecimal digit; -1 for anything else. */
static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Undo '+' and percent-encoding; NULL when a '%' is not followed by two digits, or no UTF-8 text comes of it.
 */
static const char *
decode(struct arena *arena, const uint8_t *data, size_t size)
{
	char *text = arena_alloc(arena, size + 1);
	size_t length = 0;

	for (size_t i = 0; i < size; i++) {
		if (data[i] == '%') {
			if (size - i < 3 || digit(data[i + 1]) < 0 || digit(data[i + 2]) < 0)
				return NULL;
			text[length++] = (char)(16 * digit(data[i + 1]) + digit(data[i + 2]));
			i += 2;
		} else {
			text[length++] = data[i] == '+' ? ' ' : (char)data[i];
		}
	}
	text[length] = '\0';
	return text_is_utf8(text, length) ? text : NULL;
}

static const uint8_t *
end_of_field(const uint8_t *field, const uint8_t *end)
{
	const uint8_t *ampersand = field < end ? memchr(field, '&', (size_t)(end - field)) : NULL;

	return ampersand != NULL ? ampersand : end;
}

enum outcome
form_value(struct arena *arena, struct bytes form, const char *name, const char **value, struct why *why)
{
	const uint8_t *end = form.size > 0 ? form.data + form.size : form.data, *next;
	size_t size = strlen(name);

	*value = NULL;
	for (const uint8_t *field = form.data; field < end; field = next + 1) {
		next = end_of_field(field, end);
		if ((size_t)(next - field) <= size || memcmp(field, name, size) != 0 || field[size] != '=')
			continue;
		if (*value != NULL)
			return refuse(why, OUTCOME_MESSAGE_FORMAT, "the field %s is there twice", name);
		*value = decode(arena, field + size + 1, (size_t)(next - field) - size - 1);
		if (*value == NULL)
			return refuse(why, OUTCOME_MESSAGE_FORMAT, "the field %s is wrongly encoded", name);
	}
	return OUTCOME_OK;
}
