/*
 * muster-ca secrets: the DM account's secrets, for the DM server that takes a device over. They are in the
 * database under the sealing key, and that under the passphrase, so that neither SQL nor its logs and backups
 * ever hold them in the clear; they are opened here, where the passphrase is, and go down a pipe or into a
 * private file.
 */
#ifndef MUSTER_CA_SECRETS_H
#define MUSTER_CA_SECRETS_H

#include "options.h"

/*
 * A line of JSON for the device, or for each living one of the organizations delegated to the login. Each
 * reading is an event in the database.
 *
 * OUTCOME_INTERNAL_SERVICE_FAULT  stdout is a terminal, or a file that others may read; or what was read does
 *                                 not open
 * OUTCOME_ENROLLMENT_SERVER       the database says no: there is no such device for this login
 */
enum outcome secrets_run(const struct options *, struct why *);

#endif
