/* RequestSecurityToken and its response collection (MS-WSTEP 3.1.4.1, MS-MDE2 3.4). */
#ifndef MUSTER_PROTOCOL_WSTEP_H
#define MUSTER_PROTOCOL_WSTEP_H

#include <muster/base/facts.h>
#include <muster/protocol/soap.h>

enum request_type { REQUEST_ISSUE, REQUEST_RENEW };

struct wstep_request {
	enum request_type type;
	struct bytes csr; /* Issue: DER as sent; checked by authority/csr.h */
	struct facts facts;
	bool device_enrollment; /* EnrollmentType Device: certificate in My/System */
};

#define WSTEP_FACT_NAMES_MAX 64 /* different names among the context items */

/*
 * Read an RST. Elements are found in any order, by local name; all context items that
 * have a name are kept, within the limits above and of facts.h.
 *
 * OUTCOME_MESSAGE_FORMAT       unknown TokenType or RequestType, no or two security tokens in
 *                              the body, too many or too long context items, EnrollmentType
 *                              or DeviceID twice
 * OUTCOME_NOT_SUPPORTED        Recovery, Renew (until renewal exists), QueryTokenStatus; an
 *                              EnrollmentType other than Full, Lite (the same) and Device
 * OUTCOME_CERTIFICATE_REQUEST  the request is not base64 or not a PKCS#10 by its ValueType
 *                              (or its content where it has none)
 */
enum outcome wstep_read(struct arena *, const struct soap *, struct wstep_request *, struct why *);

/* Write the RSTRC around a provisioning document; false when the writer failed. */
bool wstep_write(
    struct arena *, struct bytes document, const char *message_id, const char *activity, struct bytes *out);

#endif
