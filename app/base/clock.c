#include <muster/base/arena.h>
#include <muster/base/clock.h>

static int64_t
read_us(clockid_t id)
{
	struct timespec now;

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
	int64_t left = (deadline.at_us - clock_steady_us() + 999) / 1000;

	return left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

char *
clock_text(struct arena *arena, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	int rest = (int)(ms % 1000);
	struct tm tm;

	if (rest < 0) {
		rest += 1000;
		seconds--;
	}
	(void)gmtime_r(&seconds, &tm);
	return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, rest);
}
