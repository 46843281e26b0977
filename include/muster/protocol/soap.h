/*
 * The SOAP envelope of all three services, and its WS-Security header. SOAP 1.2;
 * 1.1 is accepted, and answered in 1.2.
 */
#ifndef MUSTER_PROTOCOL_SOAP_H
#define MUSTER_PROTOCOL_SOAP_H

#include <muster/base/secret.h>
#include <muster/wire/xml_in.h>
#include <muster/wire/xml_out.h>

/* The operation, by the Body's element, which is authoritative (Action must not contradict it). */
enum operation { OPERATION_NONE, OPERATION_DISCOVER, OPERATION_POLICIES, OPERATION_RST };

enum credential_kind {
	CREDENTIAL_NONE,      /* no Security header, or an empty one */
	CREDENTIAL_PASSWORD,  /* UsernameToken */
	CREDENTIAL_TOKEN,     /* BinarySecurityToken: not yet accepted */
	CREDENTIAL_SIGNATURE, /* X.509 and ds:Signature: not yet accepted */
};

struct credential {
	enum credential_kind kind;
	const char *user;	/* trimmed, at most 320 bytes, in arena */
	struct secret password; /* exactly as sent, at most 1024 bytes; released by soap_release() */
	const char
	    *problem; /* why the header cannot be used (two credentials, PasswordDigest, …); NULL if it can */
};

struct soap {
	xmlDoc *doc;
	enum operation operation;
	const xmlNode *body;	/* the operation's element */
	const char *message_id; /* verbatim, at most 1024 bytes; NULL if absent */
	const char *action;	/* trimmed; NULL if absent */
	struct credential credential;
};

/*
 * Read an envelope. *soap is filled as far as reading came, so that a fault can name
 * message_id; soap_release() is due in any case. The password's copies inside the
 * XML tree are wiped here, before anything else happens.
 *
 * OUTCOME_MESSAGE_FORMAT  not an envelope, wrong namespace, two Headers or Bodies,
 *                         unknown operation, an Action that names another operation
 * The Security header's own problems do not refuse here: see soap_credential().
 */
enum outcome soap_read(struct arena *, struct bytes, struct soap *, struct why *);

/* Free the tree, wipe the password; for CLEANUP too. */
void soap_release(struct soap *);

/*
 * The credential, when the header holds exactly one usable.
 * OUTCOME_INVALID_SECURITY  none, two, undecodable, of a kind not offered
 */
enum outcome soap_credential(const struct soap *, const struct credential **, struct why *);

/*
 * Begin a reply: envelope, header (Action, ActivityId, RelatesTo when there was a
 * MessageID), an open Body. soap_end() closes it.
 *
 * security  write the Security header with its Timestamp (RSTRC only)
 */
void soap_begin(
    struct xml_out *, const char *action, const char *message_id, const char *activity, bool security);
void soap_end(struct xml_out *);

#define SOAP_CONTENT_TYPE "application/soap+xml; charset=utf-8"

#endif
