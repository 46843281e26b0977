/* muster-ca directory: whether a directory proves a password, step by step. */
#ifndef MUSTER_CA_DIRECTORY_H
#define MUSTER_CA_DIRECTORY_H

#include "options.h"

/*
 * Ask the directory that a typed name goes to, as a worker would, and print each step as it ends. The
 * password is read from the file, or once from the terminal.
 *
 * OUTCOME_AUTHENTICATION, OUTCOME_AUTHORIZATION, OUTCOME_ENROLLMENT_SERVER  as directory_prove()
 * OUTCOME_INTERNAL_SERVICE_FAULT  it could not be asked; why says the next step
 */
enum outcome directory_run(const struct options *, struct why *);

#endif
