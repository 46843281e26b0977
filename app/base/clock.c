#include <muster/base/clock.h>

#include <muster/base/arena.h>

#include <limits.h>

static int64_t
read_us(clockid_t id)
{
	struct timespec now = { 0 };

	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_now_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

int64_t
clock_steady_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

struct deadline
deadline_in_ms(int64_t ms)
{
	return (struct deadline){ clock_steady_us() + ms * 1000 };
}

struct deadline
deadline_min(struct deadline a, struct deadline b)
{
	return a.at_us < b.at_us ? a : b;
}

int
deadline_left_ms(struct deadline deadline)
{
	int64_t left_us = deadline.at_us - clock_steady_us();

	if (left_us <= 0)
		return 0;
	return left_us / 1000 >= INT_MAX ? INT_MAX : (int)((left_us + 999) / 1000);
}

char *
clock_text(struct arena *arena, int64_t ms)
{
	int64_t seconds = ms / 1000, rest = ms % 1000;
	struct tm utc = { 0 };
	time_t moment;

	if (rest < 0) {
		rest += 1000;
		seconds--;
	}
	moment = (time_t)seconds;
	(void)gmtime_r(&moment, &utc);
	return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
	    utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, (int)rest);
}
