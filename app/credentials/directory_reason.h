/* What a refused bind means, in words: for the record and for administrators, never for the device. */
#ifndef MUSTER_CREDENTIALS_DIRECTORY_REASON_H
#define MUSTER_CREDENTIALS_DIRECTORY_REASON_H

#include "directory_server.h"

/*
 * The reason of a bind that was answered with another code than success, in the answer's arena. Of the
 * diagnostic only Active Directory's number is used ("… AcceptSecurityContext error, data 52e, v…"): it tells
 * wrong passwords, locked, disabled and expired accounts apart.
 */
const char *bind_reason(struct arena *, const struct answer *);

/* The code means that the settings or the server's are wrong, whoever binds. */
bool bind_code_is_misconfigured(int code);

#endif
