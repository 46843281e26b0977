/*
 * What Windows makes of an answer that is not a success (MS-MDE2 2.2.10 and notes on
 * the client): the detail's ErrorType first, else Subcode/Value, else the HTTP status.
 */
#ifndef MUSTER_DEVICE_SERVER_FAULT_H
#define MUSTER_DEVICE_SERVER_FAULT_H

#include "refusal.h"

#include <muster/base/bytes.h>

/*
 * Derive the refusal from status and body. The code's text is searched for the known
 * names by case-sensitive substring in a fixed order; NotEligibleToRenew wins even
 * when only the Reason has it; a fault without a known name is 0x80180008; no fault in
 * the body is 0x80190000 | status.
 *
 * notes   told when the Reason or Message holds a code's name, when the Reason has no language, or is missing
 *         where it is all the user sees, and of missing TraceId
 */
void server_fault_read(struct bytes body, int status, struct refusal *, struct notes *);

#endif
