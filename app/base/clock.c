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

/* Two digits, at most max. */
static bool
take_pair(const char **text, int max, int *number)
{
	const char *t = *text;

	if (t[0] < '0' || t[0] > '9' || t[1] < '0' || t[1] > '9')
		return false;
	*number = (t[0] - '0') * 10 + (t[1] - '0');
	*text += 2;
	return *number <= max;
}

static bool
take_mark(const char **text, char mark)
{
	return *(*text)++ == mark;
}

/* ".123456": milliseconds, what is smaller is cut. */
static bool
take_fraction(const char **text, int *ms)
{
	int unit = 100;

	*ms = 0;
	if (**text != '.')
		return true;
	(*text)++;
	if (**text < '0' || **text > '9')
		return false;
	for (; **text >= '0' && **text <= '9'; (*text)++, unit /= 10)
		*ms += (**text - '0') * unit;
	return true;
}

/* What is to be taken off to have UTC, and then the end. */
static bool
take_zone(const char *text, int *minutes)
{
	int hours = 0, rest = 0, sign = *text == '-' ? -1 : 1;

	*minutes = 0;
	if (*text == '\0' || strcmp(text, "Z") == 0)
		return true;
	if (*text != '+' && *text != '-')
		return false;
	text++;
	if (!take_pair(&text, 14, &hours) || !take_mark(&text, ':') || !take_pair(&text, 59, &rest))
		return false;
	*minutes = sign * (hours * 60 + rest);
	return *text == '\0';
}

bool
clock_from_text(const char *text, int64_t *ms)
{
	struct tm utc = { 0 };
	int century = 0, year = 0, fraction = 0, minutes = 0;

	if (!take_pair(&text, 99, &century) || !take_pair(&text, 99, &year) || !take_mark(&text, '-') ||
	    !take_pair(&text, 12, &utc.tm_mon) || !take_mark(&text, '-') ||
	    !take_pair(&text, 31, &utc.tm_mday) || !take_mark(&text, 'T') ||
	    !take_pair(&text, 23, &utc.tm_hour) || !take_mark(&text, ':') ||
	    !take_pair(&text, 59, &utc.tm_min) || !take_mark(&text, ':') ||
	    !take_pair(&text, 60, &utc.tm_sec) || !take_fraction(&text, &fraction) ||
	    !take_zone(text, &minutes))
		return false;
	if (century * 100 + year < 1970 || utc.tm_mon == 0 || utc.tm_mday == 0)
		return false;
	utc.tm_year = century * 100 + year - 1900;
	utc.tm_mon--;
	*ms = ((int64_t)timegm(&utc) - minutes * 60) * 1000 + fraction;
	return true;
}
