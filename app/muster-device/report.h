/* What is printed of an enrollment: a table for people, JSON for scripts. */
#ifndef MUSTER_DEVICE_REPORT_H
#define MUSTER_DEVICE_REPORT_H

#include "enrollment.h"
#include "renewal.h"
#include "session.h"

/* Exit statuses of the program. */
enum exit_status { EXIT_ENROLLED = 0, EXIT_SERVER_REFUSED = 1, EXIT_DEVICE_REFUSED = 2, EXIT_USAGE = 64 };

/* Print the whole enrollment to stdout; returns the exit status that fits. */
enum exit_status report_enrollment(
    struct arena *, const struct settings *, const char *user, const struct enrollment *);

/* Print how a renewal ended; returns the exit status that fits. */
enum exit_status report_renewal(struct arena *, const struct settings *, const struct renewal *);

/* Print a refusal with its fault as lines. */
void report_refusal(const struct refusal *);

/* Print what the device endpoint answered. */
void report_check_in(const struct settings *, const struct check_in *, const struct state_login *);

/* Print what a management session was like; leaves: it was the last one. */
void report_session(const struct settings *, const struct session *, const struct state_login *, bool leaves,
    const struct notes *);

/* A refusal as a JSON object on stdout. */
void report_refusal_json(const struct refusal *);

/* The exit status of a refusal. */
enum exit_status report_status(const struct refusal *);

#endif
