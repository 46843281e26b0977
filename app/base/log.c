#include <muster/base/log.h>

#include <muster/base/text.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <unistd.h>

#define VALUE_MAX 512
/* Of a process's message; escaped to four times its size it still fits the line. */
#define MESSAGE_MAX 1000

static const char *process_name = "muster";

void
log_process(const char *name)
{
	process_name = name;
}

void
log_begin(struct log_line *line)
{
	line->size = 0;
	line->text[0] = '\0';
}

/* Could end a line or turn its display around: controls, line separators, direction marks. */
static bool
misleading(uint32_t c)
{
	return text_is_control(c) || c == 0x61c || c == 0x200e || c == 0x200f ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static size_t
escape_byte(char *out, uint8_t byte)
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	if (byte == '\n' || byte == '\r' || byte == '\t') {
		out[1] = byte == '\n' ? 'n' : byte == '\r' ? 'r' : 't';
		return 2;
	}
	if (byte == '"' || byte == '\\') {
		out[1] = (char)byte;
		return 2;
	}
	out[1] = 'x';
	out[2] = digits[byte >> 4];
	out[3] = digits[byte & 15];
	return 4;
}

/* One character of text escaped into out (up to 16 bytes); *length is what it took. */
static size_t
escape_character(char *out, const char *text, size_t left, size_t *length)
{
	uint32_t character = 0;
	size_t size = 0;

	*length = text_character(text, left, &character);
	if (*length > 0 && !misleading(character) && character != '"' && character != '\\') {
		memcpy(out, text, *length);
		return *length;
	}
	if (*length == 0)
		*length = 1;
	for (size_t i = 0; i < *length; i++)
		size += escape_byte(out + size, (uint8_t)text[i]);
	return size;
}

/* Plain words stand as they are: names, numbers, addresses. */
static bool
needs_quotes(const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		uint32_t character = 0;
		size_t length = text_character(text + i, size - i, &character);

		if (length == 0 || misleading(character) ||
		    (character < 0x80 && strchr(" \"=\\", (int)character) != NULL))
			return true;
		i += length;
	}
	return false;
}

/* Add key=value, the value cut at max bytes; all of it or nothing. A byte is kept for the line's end. */
static void
append(struct log_line *line, const char *key, const char *text, size_t max)
{
	size_t left = strnlen(text, max), length, size = line->size;
	bool quoted;
	char piece[16];
	int head;

	while (text[left] != '\0' && left > 0 && ((unsigned char)text[left] & 0xc0) == 0x80)
		left--;
	quoted = needs_quotes(text, left);
	head = snprintf(
	    line->text + size, LOG_LINE_MAX - size, "%s%s=%s", size == 0 ? "" : " ", key, quoted ? "\"" : "");
	size += (size_t)head;
	for (; left > 0 && size < LOG_LINE_MAX; text += length, left -= length) {
		size_t taken = escape_character(piece, text, left, &length);

		if (size + taken >= LOG_LINE_MAX - 2)
			size = LOG_LINE_MAX;
		else
			memcpy(line->text + size, piece, taken);
		size += taken;
	}
	if (size < LOG_LINE_MAX - 2) {
		if (quoted)
			line->text[size++] = '"';
		line->size = size;
	}
	line->text[line->size] = '\0';
}

void
log_text(struct log_line *line, const char *key, const char *text)
{
	if (text != NULL && *text != '\0')
		append(line, key, text, VALUE_MAX);
}

void
log_number(struct log_line *line, const char *key, int64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	append(line, key, text, VALUE_MAX);
}

void
log_duration(struct log_line *line, const char *key, int64_t us)
{
	char text[32];

	if (us < 0)
		return;
	(void)snprintf(text, sizeof(text), "%" PRId64 ".%03d", us / 1000, (int)(us % 1000));
	append(line, key, text, VALUE_MAX);
}

void
log_emit(struct log_line *line)
{
	line->text[line->size] = '\n';
	while (write(STDERR_FILENO, line->text, line->size + 1) < 0 && errno == EINTR)
		continue;
	line->text[line->size] = '\0';
}

static const char *
level_name(enum log_level level)
{
	switch (level) {
	case LOG_INFO_LEVEL: return "info";
	case LOG_WARNING_LEVEL: return "warning";
	case LOG_ERROR_LEVEL: return "error";
	}
	return "error";
}

void
log_message(enum log_level level, const char *format, ...)
{
	char message[MESSAGE_MAX + 2] = ""; /* a byte more shows append() whether it cuts a character */
	struct log_line line;
	va_list values;

	va_start(values, format);
	(void)vsnprintf(message, sizeof(message), format, values);
	va_end(values);
	log_begin(&line);
	log_text(&line, "level", level_name(level));
	log_text(&line, "process", process_name);
	log_number(&line, "pid", getpid());
	append(&line, "message", message, MESSAGE_MAX);
	log_emit(&line);
}
