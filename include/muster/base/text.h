/* Small questions about NUL-terminated UTF-8 text. Where a copy is made, NULL stays NULL. */
#ifndef MUSTER_BASE_TEXT_H
#define MUSTER_BASE_TEXT_H

#include <muster/base/base.h>

struct arena;

/* White space of XML (XML 1.0, 2.3). */
#define XML_SPACE " \t\r\n"

static inline bool
text_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A copy in arena without XML white space (space, tab, CR, LF) at both ends. */
char *text_trim(struct arena *, const char *text);

/* Equal when ASCII letters are compared without case; NULL equals only NULL. */
bool text_equal_fold(const char *, const char *);

/* text ends in suffix, ASCII letters without case. */
bool text_ends_fold(const char *text, const char *suffix);

/* A copy in arena with ASCII letters in lower case. */
char *text_lower(struct arena *, const char *text);

/*
 * The length in bytes (1 to 4) of the UTF-8 character (RFC 3629) that data starts
 * with; 0 when there is none, or size is 0.
 *
 * character  its code point; may be NULL
 */
size_t text_character(const void *data, size_t size, uint32_t *character);

/* data is well-formed UTF-8 (RFC 3629) and holds no NUL. */
bool text_is_utf8(const void *data, size_t size);

/* A control character: C0, DEL, C1. */
static inline bool
text_is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character <= 0x9f);
}

/* data is well-formed UTF-8 without control characters: one line that people can read. */
bool text_is_plain(const void *data, size_t size);

/* At most max bytes of text, cut at a character's start; a copy in arena. NULL stays NULL. */
char *text_cut(struct arena *, const char *text, size_t max);

/*
 * Put '?' for each control character (C0, DEL, C1) and each byte that is not UTF-8, in place: what is
 * left can be shown on a terminal.
 */
void text_make_clean(char *text);

#endif
