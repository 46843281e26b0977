/* Steps that several stages share. */
#ifndef MUSTER_STAGES_DECIDE_H
#define MUSTER_STAGES_DECIDE_H

#include <muster/stages/stages.h>

/* The longest that one of a worker's own database calls may take; a device waits for three of them at worst.
 */
#define DATABASE_MS 5000

/* Give the next database call its time. */
void stage_limit_database(struct exchange *);

/* Tell SQL's decision: its outcome, reason and text for the user. */
enum outcome stage_decide(struct exchange *, const struct decision *);

/* A SOAP reply stands in reply->body, if it was written. */
enum outcome stage_reply(struct exchange *, bool written);

#endif
