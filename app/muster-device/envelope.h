/* Writing requests as the enrollment client writes them: SOAP 1.2, its prefixes, its white space. */
#ifndef MUSTER_DEVICE_ENVELOPE_H
#define MUSTER_DEVICE_ENVELOPE_H

#include "settings.h"
#include "signer.h"

#include <muster/base/arena.h>
#include <muster/base/secret.h>
#include <muster/wire/xml_out.h>

/* ValueType of an opaque token: from a sign-in page, or a provisioning package's. */
#define TOKEN_TYPE_OPAQUE \
	"http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentUserToken"

/* ValueType of a JWT: Entra ID's access token. */
#define TOKEN_TYPE_JWT "urn:ietf:params:oauth:token-type:jwt"

/* Whom a request speaks for, and what proves it: name and password, a token, or a signature. */
struct login {
	const char *user;	       /* UPN; Discover sends it, and a UsernameToken */
	const struct secret *password; /* not looked at where there is a token */
	const struct secret *token;    /* NULL: none; a text, sent as base64 in a BinarySecurityToken */
	const char *token_type;	       /* its ValueType */
	const struct signer *signer;   /* NULL: none; envelope_end() signs */
	bool renews; /* nothing of these: an empty header, or with password a Timestamp and a blank one */
};

/* Open envelope and Body; login NULL: no Security header. The message's id is returned, in arena. */
const char *envelope_begin(struct xml_out *, struct arena *, const struct settings *, const char *action,
    const char *to, const struct login *);

/*
 * Close Body and envelope and take the bytes, signed where login has a signer (NULL: it has none). policies:
 * it is a GetPolicies. False when the writer or the signature failed.
 */
bool envelope_end(struct xml_out *, struct arena *, const struct login *, bool policies, struct bytes *);

/* <name>text</name>, with the white space around it that published samples have (--spaced). */
void envelope_value(struct xml_out *, const struct settings *, const char *name, const char *text);

#endif
