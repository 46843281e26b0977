/*
 * Faults in the form the Windows client really parses (MS-MDE2 2.2.10, in the
 * PascalCase of the captured ones): HTTP 500, one code, a TraceId in every one.
 */
#ifndef MUSTER_PROTOCOL_FAULT_H
#define MUSTER_PROTOCOL_FAULT_H

#include <muster/base/arena.h>
#include <muster/base/outcome.h>

struct fault {
	const char *subcode;	/* "s:Authorization"; NULL when the outcome is not a fault */
	const char *error_type; /* "DeviceCapReached"; NULL for the seven subcodes */
	const char *text;	/* Reason and Message, English, for a person; no code's name in it */
};

/* The fault of an outcome; plain HTTP outcomes and OK have subcode NULL. */
struct fault fault_for(enum outcome);

/*
 * Write the fault's envelope.
 *
 * action      of the response that the operation would have had
 * message_id  echoed in RelatesTo; NULL leaves it out
 * text        replaces the outcome's own (custom rules); NULL keeps it, and so does
 *             white space alone. A text that holds any code's name is replaced by the
 *             outcome's own: the client searches for code names in the Reason, too
 * language    of that text, e.g. "de-DE"; NULL or white space alone is en-US
 * false when the writer failed
 */
bool fault_write(struct arena *, enum outcome, const char *action, const char *message_id, const char *trace,
    const char *text, const char *language, struct bytes *out);

/* text contains the name of a subcode or error type (case-sensitive, anywhere). */
bool fault_names_code(const char *text);

#endif
