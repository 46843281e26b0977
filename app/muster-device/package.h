/*
 * Management messages as Windows' DM client writes and reads them (SyncML of OMA DM 1.2; MS-MDM 2.2 and a
 * capture of Windows 11 25H2). Its own writer and reader, so that no slip is shared with a server.
 */
#ifndef MUSTER_DEVICE_PACKAGE_H
#define MUSTER_DEVICE_PACKAGE_H

#include "refusal.h"

#include <muster/base/arena.h>
#include <muster/base/bytes.h>

#define PACKAGE_TYPE "application/vnd.syncml.dm+xml"
#define PACKAGE_COMMANDS_MAX 64 /* of a message; more is refused */

struct package_command {
	const char *id, *name; /* CmdID, "Alert" */
};

/* A message: what was sent, to hold the answer against it. */
struct package {
	const char *session;				      /* SessionID */
	unsigned number;				      /* MsgID */
	const char *source;				      /* LocURI of the device */
	const char *target;				      /* of the server */
	struct package_command command[PACKAGE_COMMANDS_MAX]; /* that want a Status */
	size_t commands;
};

/* What the device says of itself in its first message. */
struct package_device {
	const char *manufacturer, *model, *language;
};

/*
 * Write the first message of a session: the alerts that the client opened it and that its user is logged on,
 * and DevInfo; or, leaves: the alert that the user disconnects the device. The commands are kept in the
 * package.
 */
bool package_open(
    struct arena *, struct package *, const struct package_device *, bool leaves, struct bytes *out);

/* Write a later message: a Status for the header and each command of the server's answer. */
bool package_obey(struct arena *, struct package *, const struct package *answer, struct bytes *out);

/*
 * Read an answer strictly: SyncML 1.2 of the same session, addressed to the device, each CmdID once, a Status
 * for the header and for each command that was sent, exactly one, and Final. A Status that is no success is
 * noted, but for the header's, which ends the session.
 *
 * answer  its number and commands, in arena
 * HRESULT_UNKNOWN_ERROR  it is not
 */
bool package_read(struct arena *, struct bytes, const struct package *sent, struct package *answer,
    struct refusal *, struct notes *);

#endif
