/*
 * An arena owns the bytes of one request and frees them all at once.
 *
 * Its functions never return NULL: when memory ends, the process ends with a
 * line on stderr and the master starts another. Limits on input see to it that
 * no request can ask for that much.
 */
#ifndef MUSTER_BASE_ARENA_H
#define MUSTER_BASE_ARENA_H

#include <muster/base/base.h>
#include <muster/base/bytes.h>

#include <stdarg.h>

struct arena;

/* A new, empty arena; the caller frees it with arena_free(). */
struct arena *arena_new(void);

/* Free the arena and everything in it; NULL is allowed. */
void arena_free(struct arena *);

/*
 * Forget everything in the arena but keep one block for the next request. What
 * was used is overwritten with zeros, so that nothing of one request can appear
 * in the next.
 */
void arena_reset(struct arena *);

/* size zeroed bytes, aligned for any type; size 0 gives a valid pointer. */
void *arena_alloc(struct arena *, size_t size);

/* Copies that live in the arena; NULL stays NULL. */
char *arena_strdup(struct arena *, const char *text);
char *arena_strndup(struct arena *, const char *text, size_t size);
struct bytes arena_copy(struct arena *, const void *data, size_t size);

/* A formatted string in the arena. */
char *arena_printf(struct arena *, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *, const char *format, va_list) PRINTF_LIKE(2, 0);

/* End the process as an arena does when memory ends (status 70): for wrappers of libraries that report it. */
_Noreturn void arena_out_of_memory(void);

#endif
