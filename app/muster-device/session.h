/* A management session with what was enrolled: the device reports, obeys, and the session ends. */
#ifndef MUSTER_DEVICE_SESSION_H
#define MUSTER_DEVICE_SESSION_H

#include "http.h"
#include "identity.h"
#include "package.h"
#include "state.h"

struct session {
	const char *url;	   /* in the arena */
	unsigned messages, obeyed; /* messages sent, commands of the server answered */
};

/*
 * Run a session by mutual TLS with ADDR: the first message, then a Status for every command that comes, until
 * none does. At most 16 messages. Commands are answered, not done: there is nothing to configure.
 *
 * leaves  the first message says that the user disconnects the device
 * A status other than 200 is a refusal by the server; an answer without Content-Length, of another type or
 * not as package_read() has it, is refused by the device.
 */
bool session_run(struct arena *, const struct settings *, const struct state_login *, const struct identity *,
    bool leaves, struct session *, struct refusal *, struct notes *);

#endif
