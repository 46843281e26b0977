/*
 * The SOAP envelope of all three services, and its WS-Security header. SOAP 1.2;
 * 1.1 is accepted, and answered in 1.2.
 */
#ifndef MUSTER_PROTOCOL_SOAP_H
#define MUSTER_PROTOCOL_SOAP_H

#include <muster/protocol/security.h>
#include <muster/wire/xml_out.h>

/*
 * The operation, by the local name of the Body's element, which is authoritative.
 * Namespaces are not compared: clients send Discover's with a trailing slash, too.
 */
enum operation { OPERATION_NONE, OPERATION_DISCOVER, OPERATION_POLICIES, OPERATION_RST };

struct soap {
	xmlDoc *doc;
	enum operation operation;
	const xmlNode *body;	/* the operation's element */
	const char *message_id; /* verbatim, at most 1024 bytes; NULL if absent or blank */
	const char *action;	/* trimmed; NULL if absent or blank */
	struct credential credential;
};

/*
 * Read an envelope. *soap is filled as far as reading came, so that a fault can name
 * message_id; soap_release() is due in any case. The password's copies inside the
 * XML tree are wiped here, before anything else happens.
 *
 * OUTCOME_MESSAGE_FORMAT  not an envelope, wrong namespace, two Headers or Bodies, no known
 *                         operation or two, an Action that names another operation or,
 *                         unless the Body is a Discover, none of ours
 * Other children of Body are ignored (a published sample has AdditionalContext beside
 * GetPolicies). The Security header's own problems do not refuse here: see soap_credential().
 */
enum outcome soap_read(struct arena *, struct bytes, struct soap *, struct why *);

/* Free the tree, wipe the password; for CLEANUP too. */
void soap_release(struct soap *);

/*
 * The credential, when the header holds exactly one usable.
 * OUTCOME_INVALID_SECURITY  none, two, unreadable, of a kind not offered
 * OUTCOME_AUTHENTICATION    a user name or password that can never be right: empty, or a digest
 */
enum outcome soap_credential(const struct soap *, const struct credential **, struct why *);

/*
 * Begin a reply: SOAP 1.2 envelope, header (Action, ActivityId, RelatesTo when there was a
 * MessageID), an open Body. soap_end() closes it.
 *
 * security  write the Security header with its Timestamp, now and 5 minutes (RSTRC only)
 */
void soap_begin(struct arena *, struct xml_out *, const char *action, const char *message_id,
    const char *activity, bool security);
void soap_end(struct xml_out *);

#define SOAP_CONTENT_TYPE "application/soap+xml; charset=utf-8"

#endif
