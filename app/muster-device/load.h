/* Many devices at once. */
#ifndef MUSTER_DEVICE_LOAD_H
#define MUSTER_DEVICE_LOAD_H

#include "options.h"
#include "report.h"

/*
 * Enroll options->devices distinct devices, each with its own DeviceID and HWDevID, in
 * options->concurrent threads; every document is parsed and checked as enroll does, nothing is
 * installed. Prints throughput, percentiles for each stage, failures by kind.
 *
 * EXIT_ENROLLED with no failure, else EXIT_SERVER_REFUSED; EXIT_USAGE when it cannot begin
 */
enum exit_status load_run(const struct options *);

#endif
