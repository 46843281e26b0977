/* Steps that several stages share. */
#ifndef MUSTER_STAGES_DECIDE_H
#define MUSTER_STAGES_DECIDE_H

#include <muster/stages/stages.h>

/* The longest that one of a worker's own database calls may take; a device waits for three of them at worst.
 */
#define DATABASE_MS 5000

/* Give the next database call its time. */
void stage_limit_database(struct exchange *);

/* The client's address as SQL wants it: NULL when it is not known. */
const char *stage_remote(const struct exchange *);

/* Keep what the fault and the record will tell of a decision: its text for the user and details. */
void stage_note(struct exchange *, const struct decision *);

/* Tell SQL's decision: its outcome and reason, and what stage_note() keeps. */
enum outcome stage_decide(struct exchange *, const struct decision *);

/* A web server's SSL_CLIENT_VERIFY that is not SUCCESS, in words where it tells a number only. */
const char *stage_verdict_words(const char *verify);

/*
 * The client certificate that the web server of the device host verified, as DER in arena.
 * OUTCOME_FORBIDDEN  there is none, or it was not verified; why says which
 */
enum outcome stage_client_certificate(struct exchange *, struct bytes *der);

/* A SOAP reply stands in reply->body, if it was written. */
enum outcome stage_reply(struct exchange *, bool written);

#endif
