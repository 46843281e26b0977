/* Writing requests as the enrollment client writes them: SOAP 1.2, its prefixes, its white space. */
#ifndef MUSTER_DEVICE_ENVELOPE_H
#define MUSTER_DEVICE_ENVELOPE_H

#include "settings.h"

#include <muster/base/arena.h>
#include <muster/base/secret.h>
#include <muster/wire/xml_out.h>

/* Whom the request speaks for; NULL user: no Security header. */
struct login {
	const char *user;
	const struct secret *password;
};

/* Open envelope and Body. The message's id is returned, in arena. */
const char *envelope_begin(struct xml_out *, struct arena *, const struct settings *, const char *action,
    const char *to, const struct login *);

/* Close Body and envelope and take the bytes; false when the writer failed. */
bool envelope_end(struct xml_out *, struct arena *, struct bytes *);

/* <name>text</name>, with the white space around it that published samples have (--spaced). */
void envelope_value(struct xml_out *, const struct settings *, const char *name, const char *text);

#endif
