/*
 * One line per request on stderr: key=value, the trace id first. Values with
 * blanks, quotes, '=' or control characters are quoted and escaped, so that nobody
 * outside can write a line of ours. Each line is one write(2).
 */
#ifndef MUSTER_BASE_LOG_H
#define MUSTER_BASE_LOG_H

#include <muster/base/base.h>

#define LOG_LINE_MAX 4096

struct log_line {
	size_t size;
	char text[LOG_LINE_MAX];
};

/* Empty the line. */
void log_begin(struct log_line *);

/* Add key=value; NULL or empty text adds nothing. A value is cut at 512 bytes; what does not fit the line is
 * left out. */
void log_text(struct log_line *, const char *key, const char *text);
void log_number(struct log_line *, const char *key, int64_t number);

/* Add a duration as milliseconds with three decimals; a negative one adds nothing. */
void log_duration(struct log_line *, const char *key, int64_t us);

/* Write the line to stderr. */
void log_emit(struct log_line *);

/*
 * A message about a process rather than a request:
 * "level=… process=… pid=… message=…", the message cut at 1000 bytes.
 */
enum log_level { LOG_INFO_LEVEL, LOG_WARNING_LEVEL, LOG_ERROR_LEVEL };
void log_message(enum log_level, const char *format, ...) PRINTF_LIKE(2, 3);

/* The process's name in log_message(): "master", "worker", "issuer"; a literal. */
void log_process(const char *name);

#endif
