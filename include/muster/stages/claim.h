/* Claims of kinds that need more than a line. */
#ifndef MUSTER_STAGES_CLAIM_H
#define MUSTER_STAGES_CLAIM_H

#include <muster/stages/stages.h>

/*
 * What a certificate says of itself, and the signature of what it signed, for muster.identify_certificate().
 * The exchange's user is set as soon as it is known.
 *
 * OUTCOME_INVALID_SECURITY  certificate, Signature or Timestamp are malformed
 */
enum outcome stage_claim_certificate(struct exchange *, const struct credential *, struct claim *);

#endif
