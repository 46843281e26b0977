/* The end of every request. */
#ifndef MUSTER_STAGES_FINISH_H
#define MUSTER_STAGES_FINISH_H

#include <muster/stages/stages.h>

/*
 * Make the reply of a refusal (a fault, or plain HTTP where no SOAP fits), record it where it
 * is to be recorded, and write the request's log line. The reply of OUTCOME_OK is the stage's.
 *
 * Refusals of an account that has proven itself are always recorded, those of strangers while the
 * budget lasts, those that HTTP alone could tell (404, 405, 413, 415) never.
 */
void finish(struct exchange *, enum outcome);

#endif
