/* Connecting with the enrolled certificate to the device endpoint. */
#ifndef MUSTER_DEVICE_CHECK_IN_H
#define MUSTER_DEVICE_CHECK_IN_H

#include "http.h"
#include "state.h"

/* What GET /muster/device answered; strings in the arena, NULL when it did not say. */
struct check_in {
	const char *url;
	const char *device, *account, *organization, *state, *not_after, *name;
	const char *body; /* as it came */
};

/*
 * GET the endpoint by mutual TLS: settings->device_url, or /muster/device on the host of ADDR.
 * A status other than 200 is a refusal by the server with the first line of its answer.
 */
bool check_in(struct arena *, const struct settings *, const struct state_login *, struct check_in *,
    struct refusal *, struct notes *);

#endif
