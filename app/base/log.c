#include <muster/base/log.h>
#include <muster/base/text.h>

#include <stdarg.h>
#include <unistd.h>

#define VALUE_MAX 512

static const char *process = "muster";

void
log_begin(struct log_line *line)
{
	line->size = 0;
}

/* One byte is always kept for the line's end. */
static bool
put(struct log_line *line, const char *text, size_t size)
{
	if (size > sizeof(line->text) - 1 - line->size)
		return false;
	memcpy(line->text + line->size, text, size);
	line->size += size;
	return true;
}

static bool
needs_quotes(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 0x7f || *c == '"' || *c == '\\' || *c == '=')
			return true;
	return *text == '\0';
}

static bool
put_quoted(struct log_line *line, const char *text, size_t size)
{
	bool utf8 = text_is_utf8(text, size), fits = put(line, "\"", 1);

	for (size_t i = 0; fits && i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		char escaped[8];

		if (c == '"' || c == '\\')
			fits = put(line, (const char[]){ '\\', (char)c }, 2);
		else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8)) {
			(void)snprintf(escaped, sizeof(escaped), "\\x%02x", c);
			fits = put(line, escaped, 4);
		} else
			fits = put(line, &text[i], 1);
	}
	return fits && put(line, "\"", 1);
}

void
log_text(struct log_line *line, const char *key, const char *text)
{
	size_t before = line->size, size;
	bool fits;

	if (text == NULL || *text == '\0')
		return;
	size = strlen(text);
	if (size > VALUE_MAX)
		for (size = VALUE_MAX; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80; size--)
			continue;
	fits = (before == 0 || put(line, " ", 1)) && put(line, key, strlen(key)) && put(line, "=", 1);
	if (fits)
		fits = needs_quotes(text) ? put_quoted(line, text, size) : put(line, text, size);
	if (!fits)
		line->size = before;
}

void
log_number(struct log_line *line, const char *key, int64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)number);
	log_text(line, key, text);
}

void
log_duration(struct log_line *line, const char *key, int64_t us)
{
	char text[32];

	if (us < 0)
		return;
	(void)snprintf(text, sizeof(text), "%lld.%03lld", (long long)(us / 1000), (long long)(us % 1000));
	log_text(line, key, text);
}

void
log_emit(struct log_line *line)
{
	line->text[line->size++] = '\n';
	(void)!write(STDERR_FILENO, line->text, line->size);
	line->size = 0;
}

void
log_process(const char *name)
{
	process = name;
}

void
log_message(enum log_level level, const char *format, ...)
{
	static const char *const levels[] = { "info", "warning", "error" };
	struct log_line line;
	char text[1024];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	log_begin(&line);
	log_text(&line, "level", levels[level]);
	log_text(&line, "process", process);
	log_number(&line, "pid", getpid());
	log_text(&line, "message", text);
	log_emit(&line);
}
