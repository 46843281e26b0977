#include <muster/base/clock.h>
#include <muster/base/guid.h>

#include <sys/random.h>
#include <unistd.h>

struct guid
guid_new(void)
{
	uint64_t ms = (uint64_t)clock_now_ms();
	uint8_t b[16];
	struct guid guid;

	/* getrandom() of so few bytes fails only before the kernel's pool is ready, and then waits. */
	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		_exit(70);
	for (int i = 0; i < 6; i++)
		b[i] = (uint8_t)(ms >> (40 - 8 * i));
	b[6] = (uint8_t)(0x70 | (b[6] & 0x0f));
	b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
	(void)snprintf(guid.text, sizeof(guid.text),
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
	    b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	return guid;
}

bool
guid_valid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	if (text == NULL)
		return false;
	for (i = 0; form[i] != '\0' && text[i] != '\0'; i++)
		if (form[i] == '-' ? text[i] != '-' : strchr("0123456789abcdefABCDEF", text[i]) == NULL)
			return false;
	return form[i] == '\0' && text[i] == '\0';
}
