/*
 * Passwords, passphrases, tokens: never in an arena, never in a log, wiped when
 * their scope ends.
 */
#ifndef MUSTER_BASE_SECRET_H
#define MUSTER_BASE_SECRET_H

#include <muster/base/bytes.h>
#include <muster/base/outcome.h>

struct secret {
	char *data;  /* NUL-terminated; NULL when there is none */
	size_t size; /* without the NUL */
};

/* A copy; the caller calls secret_release(). */
struct secret secret_copy(const void *data, size_t size);

/* Wipe and free; for CLEANUP(secret_release) too. The struct is empty afterwards. */
void secret_release(struct secret *);

/* Overwrite memory in a way the compiler keeps. */
void secret_wipe(void *, size_t);

/* Equal, in a time that depends on the lengths only. */
bool secret_equal(struct bytes, struct bytes);

/*
 * Read a secret from the first line of a file (without its line end), at most
 * 4096 bytes. A file that others than its owner may read is refused, as is an
 * empty one.
 *
 * name   a path; without '/' it is looked up in $CREDENTIALS_DIRECTORY (systemd
 *        credentials) when that is set
 * OUTCOME_INTERNAL_SERVICE_FAULT with the path and the next step in why
 */
enum outcome secret_read_file(const char *name, struct secret *, struct why *);

/*
 * Ask for a secret on the terminal, without echo, whatever stdin and stdout are. Interrupted (^C), the
 * terminal is as it was before the process ends by that signal. At most 4096 bytes, the line's end not
 * included.
 *
 * prompt  written to the terminal as it is
 * OUTCOME_INTERNAL_SERVICE_FAULT  no terminal, nothing typed, or too much
 */
enum outcome secret_read_terminal(const char *prompt, struct secret *, struct why *);

#endif
