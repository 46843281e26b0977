/* GUIDs in their 36-character lower-case text form (RFC 9562). */
#ifndef MUSTER_BASE_GUID_H
#define MUSTER_BASE_GUID_H

#include <muster/base/base.h>

struct guid {
	char text[37];
};

/*
 * A new version 7 GUID: time-ordered, so that rows which grow with devices are
 * inserted side by side. 74 random bits come from the kernel.
 */
struct guid guid_new(void);

/* text is 8-4-4-4-12 hexadecimal digits of either case, nothing before or after. */
bool guid_valid(const char *text);

#endif
