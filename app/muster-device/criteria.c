/* Percent-decoding, alternatives, subjects. */
#include "criteria.h"

#include <muster/base/text.h>

/* U+F000 in UTF-8. */
#define SEPARATOR "\xEF\x80\x80"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What may stand unescaped in a value: unreserved characters of RFC 2396, and the comma of one sample. */
static bool
may_stand(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c != '\0' && strchr("-_.!~*'(),", c) != NULL);
}

/* NULL when it is not escaped as RFC 2396 wants, or not UTF-8. */
static char *
unescape(struct arena *arena, const char *text, size_t size)
{
	char *out = arena_alloc(arena, size + 1);
	size_t length = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] != '%') {
			if (!may_stand(text[i]))
				return NULL;
			out[length++] = text[i];
			continue;
		}
		if (size - i < 3 || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0)
			return NULL;
		out[length++] = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
		i += 2;
	}
	return text_is_utf8(out, length) ? out : NULL;
}

/* The next TYPE=value, up to a comma that no backslash precedes; NULL at a mistake. */
static const char *
part_parse(struct arena *arena, const char *text, struct name_part *part)
{
	size_t type = strcspn(text, "=,");
	char *value;
	size_t length = 0;

	if (type == 0 || text[type] != '=')
		return NULL;
	part->type = text_trim(arena, arena_strndup(arena, text, type));
	text += type + 1;
	value = arena_alloc(arena, strlen(text) + 1);
	while (*text != '\0' && *text != ',') {
		if (*text == '\\' && text[1] != '\0')
			text++;
		value[length++] = *text++;
	}
	part->value = text_trim(arena, value);
	return part->value[0] == '\0' || strchr(part->value, '%') != NULL ? NULL : text;
}

static bool
subject_parse(struct arena *arena, const char *text, struct subject_name *name)
{
	name->count = 0;
	while (name->count < CERTIFICATE_NAME_PARTS) {
		if ((text = part_parse(arena, text, &name->part[name->count])) == NULL)
			return false;
		name->count++;
		if (*text == '\0')
			return true;
		text++;
	}
	return false;
}

static bool
store_parse(const char *text, enum certificate_store *store)
{
	if (text_equal_fold(text, "My\\User"))
		*store = STORE_MY_USER;
	else if (text_equal_fold(text, "My\\System"))
		*store = STORE_MY_SYSTEM;
	else
		return false;
	return true;
}

/* Each alternative of an unescaped value. */
static bool
alternatives_parse(struct arena *arena, const char *value, bool subject, struct criteria *criteria)
{
	for (;;) {
		const char *end = strstr(value, SEPARATOR);
		const char *one = end == NULL ? value : arena_strndup(arena, value, (size_t)(end - value));

		if ((subject ? criteria->subjects : criteria->stores) == CRITERIA_MAX)
			return false;
		if (subject ? !subject_parse(arena, one, &criteria->subject[criteria->subjects++])
			    : !store_parse(one, &criteria->store[criteria->stores++]))
			return false;
		if (end == NULL)
			return true;
		value = end + strlen(SEPARATOR);
	}
}

static bool
pair_parse(struct arena *arena, const char *pair, size_t size, struct criteria *criteria)
{
	const char *equals = memchr(pair, '=', size);
	size_t name = equals == NULL ? 0 : (size_t)(equals - pair);
	bool subject = name == 7 && memcmp(pair, "Subject", 7) == 0;
	bool stores = name == 6 && memcmp(pair, "Stores", 6) == 0;
	char *value;

	if ((!subject && !stores) || (subject && criteria->subjects > 0) || (stores && criteria->stores > 0))
		return false;
	value = unescape(arena, equals + 1, size - name - 1);
	return value != NULL && value[0] != '\0' && alternatives_parse(arena, value, subject, criteria);
}

bool
criteria_parse(struct arena *arena, const char *text, struct criteria *criteria, struct refusal *refusal)
{
	*criteria = (struct criteria){ .subjects = 0 };
	for (const char *at = text;;) {
		size_t size = strcspn(at, "&");

		if (!pair_parse(arena, at, size, criteria))
			return deny(refusal, HRESULT_PROV_NOT_FOUND,
			    "SSLCLIENTCERTSEARCHCRITERIA cannot be parsed at \"%.120s\"", at);
		if (at[size] == '\0')
			return true;
		at += size + 1;
	}
}

static bool
part_equal(const struct name_part *one, const struct name_part *other)
{
	return text_equal_fold(one->type, other->type) && strcmp(one->value, other->value) == 0;
}

/* Written from the first part to the last or, as RFC 2253 does, from the last to the first. */
static bool
subject_equal(const struct subject_name *wanted, const struct subject_name *name)
{
	bool forth = true, back = true;

	if (wanted->count != name->count)
		return false;
	for (size_t i = 0; i < name->count; i++) {
		forth = forth && part_equal(&wanted->part[i], &name->part[i]);
		back = back && part_equal(&wanted->part[i], &name->part[name->count - 1 - i]);
	}
	return forth || back;
}

bool
criteria_match(const struct criteria *criteria, const struct subject_name *name, enum certificate_store store)
{
	bool subject = criteria->subjects == 0, kept = criteria->stores == 0;

	for (size_t i = 0; i < criteria->subjects; i++)
		subject = subject || subject_equal(&criteria->subject[i], name);
	for (size_t i = 0; i < criteria->stores; i++)
		kept = kept || criteria->store[i] == store;
	return subject && kept && (store == STORE_MY_USER || store == STORE_MY_SYSTEM);
}
