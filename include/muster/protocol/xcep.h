/* GetPolicies and GetPoliciesResponse (MS-XCEP 3.1.4.1, MS-MDE2 3.3). */
#ifndef MUSTER_PROTOCOL_XCEP_H
#define MUSTER_PROTOCOL_XCEP_H

#include <muster/base/nouns.h>
#include <muster/protocol/soap.h>

/*
 * Check a GetPolicies element. Filter and vendor extensions are ignored.
 * OUTCOME_MESSAGE_FORMAT  client is missing (MS-XCEP 3.1.4.1.1)
 */
enum outcome xcep_read(const struct soap *, struct why *);

/*
 * Write GetPoliciesResponse: one policy, every element in schema order, SHA-256. Key
 * lengths over 2048 are offered with the software provider only, as many TPMs cannot
 * make such keys. False when the writer failed.
 */
bool xcep_write(struct arena *, const struct enrollment_policy *, const char *message_id,
    const char *activity, struct bytes *out);

#endif
