/* Sending bytes as they are: for looking at what a server makes of them. */
#ifndef MUSTER_DEVICE_RAW_H
#define MUSTER_DEVICE_RAW_H

#include "options.h"
#include "report.h"

/*
 * Find the service by probe and Discover (unless a URL was given), send the file's bytes as the body, print
 * status, headers and fault.
 *
 * EXIT_ENROLLED for a 200 whose body is no fault, EXIT_SERVER_REFUSED for any other answer,
 * EXIT_DEVICE_REFUSED when none came
 */
enum exit_status raw_run(const struct options *);

#endif
