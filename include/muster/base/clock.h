/* Time of day for records, a steady clock for deadlines and durations. */
#ifndef MUSTER_BASE_CLOCK_H
#define MUSTER_BASE_CLOCK_H

#include <muster/base/base.h>

struct arena;

/* Milliseconds since 1970 UTC. */
int64_t clock_now_ms(void);

/* Microseconds of a clock that never jumps; only differences mean anything. */
int64_t clock_steady_us(void);

/* A moment of the steady clock by which something must be done. */
struct deadline {
	int64_t at_us;
};

struct deadline deadline_in_ms(int64_t ms);

/* The earlier of the two. */
struct deadline deadline_min(struct deadline, struct deadline);

/* Milliseconds left, rounded up; 0 when it has passed. Fits poll(2). */
int deadline_left_ms(struct deadline);

/* "2026-11-23T10:00:00.000Z" in arena (RFC 3339, UTC). */
char *clock_text(struct arena *, int64_t ms);

/*
 * The moment that an xs:dateTime says (XML Schema part 2, 3.2.7), in milliseconds since 1970: years 1970 to
 * 9999, a fraction of any length, "Z" or an offset; without either it is UTC. False, and *ms untouched, when
 * it is none.
 */
bool clock_from_text(const char *text, int64_t *ms);

#endif
