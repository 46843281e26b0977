/* Telling a service manager (NOTIFY_SOCKET, sd_notify(3)) how we are. */
#ifndef MUSTER_MUSTER_NOTIFY_H
#define MUSTER_MUSTER_NOTIFY_H

#include <muster/base/base.h>

/* Send "READY=1", "STOPPING=1", ...; nothing happens where nobody listens. */
void notify(const char *state);

#endif
