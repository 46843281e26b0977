/*
 * What all fuzz targets share. A target is one file with one parser in it, NAME.c: linked with libFuzzer
 * (configure --enable-fuzz) it searches, linked with replay.c it runs over seeds/NAME in make check.
 */
#ifndef MUSTER_TESTS_FUZZ_H
#define MUSTER_TESTS_FUZZ_H

#include <muster/base/arena.h>
#include <muster/base/outcome.h>

/* One input; always 0, as libFuzzer wants it. What must not be ends in abort(). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Set by a target whose parser took the input. Seeds called ok-… must be taken, those called no-… must
 * not: so none can rot unseen. Any other name only asks for no crash.
 */
extern bool fuzz_accepted;

/* What must be so for every input. */
#define FUZZ_CHECK(condition) \
	do { \
		if (!(condition)) \
			fuzz_fail(__FILE__, __LINE__, #condition); \
	} while (0)
_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/*
 * The outcome is OK or one of those that follow, and a refusal has its reason: some UTF-8 without control
 * characters.
 */
#define FUZZ_OUTCOME(ended, why, ...) \
	fuzz_outcome((ended), (why), (const enum outcome[]){ __VA_ARGS__ }, \
	    sizeof((const enum outcome[]){ __VA_ARGS__ }) / sizeof(enum outcome))
void fuzz_outcome(enum outcome, const struct why *, const enum outcome *allowed, size_t count);

/* Some UTF-8 without control characters (C0, DEL, C1). */
bool fuzz_clean(const char *text);

/* The same text, or both NULL. */
bool fuzz_same(const char *, const char *);

/* The next field of an input that has several, each ended by NUL or the end; a copy in arena. */
char *fuzz_field(struct arena *, struct bytes *rest);

/* What XML carries of a text: U+FFFD stands for what it cannot (XML 1.0 section 2.2). */
char *fuzz_carried(struct arena *, const char *text);

#endif
