/*
 * Ends a blocking read or write of libfcgi: at the deadline the socket is shut down,
 * so that the call returns. One at a time, since the timer is the process's.
 */
#ifndef MUSTER_WIRE_WATCHDOG_H
#define MUSTER_WIRE_WATCHDOG_H

#include <muster/base/base.h>

/* Take over SIGALRM. */
void watchdog_install(void);

/* Shut the socket down in ms milliseconds (more than 0), unless watchdog_stop() comes first. */
void watchdog_start(int fd, int ms);
void watchdog_stop(void);

#endif
