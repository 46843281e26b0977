/* The user's password: from a file, the environment or the terminal; or a token instead, from a file. */
#ifndef MUSTER_DEVICE_PASSWORD_H
#define MUSTER_DEVICE_PASSWORD_H

#include <muster/base/secret.h>

/*
 * Read it; the caller releases it. $MUSTER_PASSWORD is taken out of the environment.
 *
 * file  NULL: $MUSTER_PASSWORD, else asked for without echo on the terminal
 * false with a sentence on stderr
 */
bool password_read(const char *file, const char *user, struct secret *);

/*
 * Read the first line of a file, as the Secret of a provisioning package with AuthPolicy Federated; the
 * caller releases it. False with a sentence on stderr.
 */
bool token_file_read(const char *file, struct secret *);

#endif
