/* Log lines: nobody outside writes a line or a key of ours; cuts, limits, durations. */
#include <muster/base/log.h>
#include <muster/base/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

static void
values(void **state)
{
	static const char *const row[][2] = {
		{ "plain", "plain" },
		{ "ada@example.test", "ada@example.test" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "two words", "\"two words\"" },
		{ "a=b", "\"a=b\"" },
		{ "say \"x\"", "\"say \\\"x\\\"\"" },
		{ "\"", "\"\\\"\"" },
		{ "back\\slash", "\"back\\\\slash\"" },
		{ "\\\"", "\"\\\\\\\"\"" },
		{ "a\nlevel=error", "\"a\\nlevel=error\"" },
		{ "\r\n\t", "\"\\r\\n\\t\"" },
		{ "\x01\x1b[2J\x7f", "\"\\x01\\x1b[2J\\x7f\"" },
		/* Ends of lines and turns of direction beyond ASCII */
		{ "\xc2\x85", "\"\\xc2\\x85\"" },
		{ "\xd8\x9c", "\"\\xd8\\x9c\"" },
		{ "\xe2\x80\x8e\xe2\x80\x8f", "\"\\xe2\\x80\\x8e\\xe2\\x80\\x8f\"" },
		{ "\xe2\x80\xa8\xe2\x80\xa9", "\"\\xe2\\x80\\xa8\\xe2\\x80\\xa9\"" },
		{ "\xe2\x80\xae"
		  "evil",
		    "\"\\xe2\\x80\\xaeevil\"" },
		{ "\xe2\x81\xa6\xe2\x81\xa9", "\"\\xe2\\x81\\xa6\\xe2\\x81\\xa9\"" },
		/* No UTF-8 */
		{ "\xff", "\"\\xff\"" },
		{ "a\xe2\x82", "\"a\\xe2\\x82\"" },
		{ "\xc0\x8a", "\"\\xc0\\x8a\"" },
		{ "%s%n", "%s%n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct log_line line;
		char expected[128];

		(void)snprintf(expected, sizeof(expected), "user=%s last=1", row[i][1]);
		log_begin(&line);
		log_text(&line, "user", row[i][0]);
		log_number(&line, "last", 1);
		if (strcmp(line.text, expected) != 0 || line.size != strlen(expected))
			fail_msg("row %zu: %s", i, line.text);
	}
}

/*
 * Read a line as a log's reader does: a blank outside quotes parts pairs. Every pair must be one of ours,
 * whatever byte (or pair of bytes) stands in a value.
 */
static size_t
pairs_of(const char *text)
{
	bool quoted = false;
	size_t pairs = 1;

	for (; *text != '\0'; text++) {
		if (*text == '\n' || *text == '\r')
			return 0;
		if (quoted && *text == '\\' && text[1] != '\0')
			text++;
		else if (*text == '"')
			quoted = !quoted;
		else if (*text == ' ' && !quoted)
			pairs++;
	}
	return quoted ? 0 : pairs;
}

static void
nobody_else_writes(void **state)
{
	(void)state;
	for (int first = 1; first < 256; first++)
		for (int second = 0; second < 256; second++) {
			const char value[] = { 'a', (char)first, (char)second, '\0' };
			struct log_line line;

			log_begin(&line);
			log_text(&line, "user", value);
			log_text(&line, "outcome", "OK");
			if (pairs_of(line.text) != 2 || !text_is_utf8(line.text, line.size))
				fail_msg("bytes %02x %02x: %s", first, second, line.text);
		}
}

static void
numbers_and_durations(void **state)
{
	static const struct {
		int64_t number;
		const char *as_number, *as_duration;
	} row[] = {
		{ 0, "0", "0.000" },
		{ 1, "1", "0.001" },
		{ 999, "999", "0.999" },
		{ 1000, "1000", "1.000" },
		{ 1234567, "1234567", "1234.567" },
		{ INT64_MAX, "9223372036854775807", "9223372036854775.807" },
		{ -1, "-1", NULL },
		{ INT64_MIN, "-9223372036854775808", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct log_line line;
		char expected[128];

		log_begin(&line);
		log_number(&line, "n", row[i].number);
		log_duration(&line, "ms", row[i].number);
		(void)snprintf(expected, sizeof(expected), "n=%s%s%s", row[i].as_number,
		    row[i].as_duration == NULL ? "" : " ms=",
		    row[i].as_duration == NULL ? "" : row[i].as_duration);
		if (strcmp(line.text, expected) != 0)
			fail_msg("row %zu: %s", i, line.text);
	}
}

static void
nothing_adds_nothing(void **state)
{
	struct log_line line;

	(void)state;
	log_begin(&line);
	log_text(&line, "a", NULL);
	log_text(&line, "b", "");
	assert_string_equal(line.text, "");
	assert_int_equal(line.size, 0);
	log_text(&line, "c", "d");
	log_text(&line, "e", "");
	assert_string_equal(line.text, "c=d");
}

/* At 512 bytes, at a character's start. */
static void
long_values_are_cut(void **state)
{
	static const struct {
		const char *unit;
		size_t shift, expected;
	} row[] = {
		{ "a", 0, 512 },
		{ "\xc3\xa9", 0, 512 },
		{ "\xc3\xa9", 1, 511 },
		{ "\xe2\x82\xac", 0, 510 },
		{ "\xe2\x82\xac", 1, 511 },
		{ "\xe2\x82\xac", 2, 512 },
		{ "\xf0\x9f\x94\x92", 1, 509 },
		{ "\xf0\x9f\x94\x92", 3, 511 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		char value[1024] = "xyz";
		size_t size = row[i].shift, length = strlen(row[i].unit);
		struct log_line line;

		for (; size + length < sizeof(value); size += length)
			memcpy(value + size, row[i].unit, length);
		value[size] = '\0';
		log_begin(&line);
		log_text(&line, "k", value);
		if (line.size != 2 + row[i].expected || memcmp(line.text + 2, value, row[i].expected) != 0)
			fail_msg("row %zu: %zu bytes", i, line.size - 2);
	}
	for (size_t size = 510; size < 514; size++) {
		char value[600] = "";
		struct log_line line;

		memset(value, 'v', size);
		log_begin(&line);
		log_text(&line, "k", value);
		assert_int_equal(line.size, 2 + (size < 512 ? size : 512));
	}
}

/* Values of every length and width, until the line is full: all of one or nothing, and still a line. */
static void
a_full_line_stays_whole(void **state)
{
	static const char *const unit[] = { "a", "\n", "\x01", "\xe2\x80\xae", "\xe2\x82\xac", "b " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unit); i++)
		for (size_t count = 1; count <= 170; count++) {
			char value[520] = "";
			struct log_line line;
			size_t before, added = 0;

			for (size_t j = 0; j < count; j++)
				memcpy(value + j * strlen(unit[i]), unit[i], strlen(unit[i]));
			log_begin(&line);
			do {
				before = line.size;
				log_text(&line, "k", value);
				added += line.size > before ? 1 : 0;
			} while (line.size > before);
			/* What is shorter may still fit. */
			log_text(&line, "s", "1");
			if (line.size >= LOG_LINE_MAX || strlen(line.text) != line.size ||
			    pairs_of(line.text) < added || pairs_of(line.text) > added + 1)
				fail_msg("unit %zu, %zu of it: %s", i, count, line.text);
		}
}

/* A line that is full but for a few bytes: each rest once. */
static void
the_last_bytes(void **state)
{
	(void)state;
	for (size_t rest = 0; rest < 24; rest++) {
		char value[512] = "";
		struct log_line line;
		size_t size = 0;

		log_begin(&line);
		memset(value, 'v', 500);
		while (line.size + 505 + 3 + rest < LOG_LINE_MAX - 3)
			log_text(&line, "k", value);
		value[LOG_LINE_MAX - 3 - rest - line.size - 3] = '\0';
		log_text(&line, "k", value);
		assert_int_equal(line.size, LOG_LINE_MAX - 3 - rest);
		size = line.size;
		log_text(&line, "quoted", "a b");
		if (strlen(line.text) != line.size || line.size >= LOG_LINE_MAX ||
		    (line.size != size && line.size != size + strlen(" quoted=\"a b\"")))
			fail_msg("%zu bytes left: %zu", rest, line.size);
	}
}

/* What arrives on stderr while the function runs; in a buffer that the next call reuses. */
static char *
told(void (*tell)(const void *), const void *what)
{
	static char text[2 * LOG_LINE_MAX];
	int saved = dup(STDERR_FILENO), memory = memfd_create("stderr", MFD_CLOEXEC);
	ssize_t size;

	assert_true(saved >= 0 && memory >= 0);
	(void)dup2(memory, STDERR_FILENO);
	tell(what);
	(void)dup2(saved, STDERR_FILENO);
	size = pread(memory, text, sizeof(text) - 1, 0);
	text[size < 0 ? 0 : size] = '\0';
	(void)close(saved);
	(void)close(memory);
	return text;
}

static void
tell_line(const void *what)
{
	struct log_line line;

	log_begin(&line);
	log_text(&line, "user", what);
	log_emit(&line);
	assert_int_equal(line.text[line.size], '\0');
	log_emit(&line);
}

static void
tell_message(const void *what)
{
	log_message(LOG_WARNING_LEVEL, "%s", (const char *)what);
}

static void
emitted_as_one_line(void **state)
{
	(void)state;
	assert_string_equal(told(tell_line, "a\nb"), "user=\"a\\nb\"\nuser=\"a\\nb\"\n");
	assert_string_equal(told(tell_line, ""), "\n\n");
}

static void
messages(void **state)
{
	char expected[256], pid[32];

	(void)state;
	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	log_process("worker");
	(void)snprintf(expected, sizeof(expected),
	    "level=warning process=worker pid=%s message=\"it's 5%% of \\\"x\\\"\\nlevel=error\"\n", pid);
	assert_string_equal(told(tell_message, "it's 5% of \"x\"\nlevel=error"), expected);
}

/* Whatever a message holds and however long it is, the line has a message, in whole characters. */
static void
long_messages(void **state)
{
	static const char *const unit[] = { "a", "\n", "\x01", "\xff", "\xc3\xa9", "\xe2\x82\xac",
		"\xe2\x80\xae", "\xf0\x9f\x94\x92", "b " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unit); i++)
		for (size_t shift = 0; shift < 4; shift++) {
			char value[6000] = "xyz", *text, *message;
			size_t size = shift, length = strlen(unit[i]);

			for (; size + length < sizeof(value); size += length)
				memcpy(value + size, unit[i], length);
			value[size] = '\0';
			text = told(tell_message, value);
			message = strstr(text, " message=");
			size = strlen(text);
			if (message == NULL || strlen(message) < 1000 || size > LOG_LINE_MAX ||
			    text[size - 1] != '\n')
				fail_msg("unit %zu, shift %zu: %s", i, shift, text);
			text[size - 1] = '\0';
			if (pairs_of(text) != 4 || (length > 1 && i != 6 && strstr(message, "\\x") != NULL))
				fail_msg("unit %zu, shift %zu: %s", i, shift, text);
		}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(nobody_else_writes),
		cmocka_unit_test(numbers_and_durations),
		cmocka_unit_test(nothing_adds_nothing),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(a_full_line_stays_whole),
		cmocka_unit_test(the_last_bytes),
		cmocka_unit_test(emitted_as_one_line),
		cmocka_unit_test(messages),
		cmocka_unit_test(long_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
