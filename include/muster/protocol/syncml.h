/*
 * SyncML, the messages of OMA Device Management 1.2 (OMA-TS-DM_RepPro 1.2.1, MS-MDM 2.2), as far as a server
 * needs that takes a device's first message and manages nothing: a package is read, every command in it
 * answered with a Status, and no command sent.
 */
#ifndef MUSTER_PROTOCOL_SYNCML_H
#define MUSTER_PROTOCOL_SYNCML_H

#include <muster/base/arena.h>
#include <muster/base/outcome.h>

#define SYNCML_CONTENT_TYPE "application/vnd.syncml.dm+xml"

/* What a message of ours may hold; Windows sends five commands. */
#define SYNCML_COMMANDS_MAX 256
#define SYNCML_URI_MAX 2048 /* bytes of a LocURI */
#define SYNCML_ID_MAX 64    /* of SessionID, MsgID, CmdID */

struct syncml_command {
	const char *id;	  /* CmdID */
	const char *name; /* "Alert", "Replace", …; never "Status" */
	bool silent;	  /* NoResp: it wants no Status */
};

/* A message from a device; strings in arena. */
struct syncml {
	const char *session, *message; /* SessionID, MsgID */
	const char *target, *source;   /* LocURI: our URL, the device */
	bool silent;		       /* NoResp in the header: nothing in it wants a Status */
	const struct syncml_command *command;
	size_t commands;
	bool unenroll; /* a generic alert says that the user disconnects the device (MS-MDM 2.2.7.2) */
	bool final;    /* the package ends with this message */
};

/*
 * Read a message. Elements are found by local name, in the namespace of SyncML 1.2 or 1.1, each at most once;
 * texts are taken without white space around them, which published samples have.
 *
 * OUTCOME_MESSAGE_FORMAT  no SyncML of DM 1.x, a part of it missing, twice or too long, an unknown command,
 * one without CmdID or behind Final, more than the bounds above; why says which
 */
enum outcome syncml_read(struct arena *, struct bytes, struct syncml *, struct why *);

/*
 * Write the answer: the session's and message's numbers as they came, sender and receiver changed over, a
 * Status for the header and for each command, and Final; where the package goes on, the request for its next
 * message instead (Alert 1222). What a device reports is taken (200), what only a server may order is not
 * (405).
 *
 * out  in arena; false when the writer failed
 */
bool syncml_write(struct arena *, const struct syncml *, struct bytes *out);

#endif
