/* The AdditionalContext of a RequestSecurityToken: what the device says of itself. */
#ifndef MUSTER_DEVICE_CONTEXT_H
#define MUSTER_DEVICE_CONTEXT_H

#include "identity.h"

#define CONTEXT_MAX (64 + OVERRIDES_MAX)

struct context {
	struct {
		const char *name, *value;
	} item[CONTEXT_MAX];
	size_t count;
};

/*
 * Fill in the items in the order that Windows 11 25H2 sends them (Windows 10 leaves the newer ones
 * out), then apply the overrides: a name given replaces all items of that name (letters without
 * case) or is added at the end; a name without value is left out.
 *
 * version  EnrollmentVersion of Discover, NULL if absent: decides RequestVersion and attestation
 */
void context_fill(
    struct context *, struct arena *, const struct settings *, const struct identity *, const char *version);

/* The first value of that name; NULL if there is none. */
const char *context_get(const struct context *, const char *name);

/* EnrollmentType is Device: the certificate belongs to My/System. */
bool context_is_device(const struct context *);

/* DeviceType is one of phones, which know EnterpriseAppManagement. */
bool context_is_phone(const struct context *);

#endif
