#include <muster/base/guid.h>

#include <muster/base/clock.h>
#include <muster/base/log.h>

#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

/* Few bytes from the kernel: it gives them whole or, very early after boot, waits. */
static void
fill_random(void *data, size_t size)
{
	ssize_t got;

	do
		got = getrandom(data, size, 0);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)size) {
		log_message(LOG_ERROR_LEVEL, "getrandom: %s", strerror(errno));
		_exit(70);
	}
}

/* RFC 9562 section 5.7: 48 bits of Unix milliseconds, version, 12 random bits, variant, 62 random bits. */
struct guid
guid_new(void)
{
	uint64_t ms = (uint64_t)clock_now_ms();
	struct guid guid;
	uint8_t b[16];

	fill_random(b, sizeof(b));
	for (int i = 0; i < 6; i++)
		b[i] = (uint8_t)(ms >> (40 - 8 * i));
	b[6] = (uint8_t)(0x70 | (b[6] & 0x0f));
	b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
	(void)snprintf(guid.text, sizeof(guid.text),
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
	    b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	return guid;
}

static bool
hex_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool
guid_valid(const char *text)
{
	if (text == NULL || strlen(text) != 36)
		return false;
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !hex_digit(text[i]))
			return false;
	}
	return true;
}
