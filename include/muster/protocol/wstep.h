/* RequestSecurityToken and its response collection (MS-WSTEP 3.1.4.1, MS-MDE2 3.4). */
#ifndef MUSTER_PROTOCOL_WSTEP_H
#define MUSTER_PROTOCOL_WSTEP_H

#include <muster/base/facts.h>
#include <muster/protocol/soap.h>

enum request_type { REQUEST_ISSUE, REQUEST_RENEW };

struct wstep_request {
	enum request_type type;
	struct bytes csr;	 /* DER as sent: PKCS#10, of a renewal PKCS#7; ask wstep_csr() for it */
	const char *csr_problem; /* why there is no usable one; NULL if there is */
	struct facts facts;
	bool device_enrollment; /* EnrollmentType Device: certificate in My/System */
};

#define WSTEP_FACT_NAMES_MAX 64 /* different names among the context items */

/*
 * Read an RST. Elements are found in any order, by local name; all context items that
 * have a name are kept, within the limits above and of facts.h. On refusal facts holds
 * those that were read, for the record.
 *
 * OUTCOME_MESSAGE_FORMAT       unknown TokenType or RequestType, no or two security tokens in
 *                              the body, too many or too long context items, EnrollmentType
 *                              or DeviceID twice
 * OUTCOME_NOT_SUPPORTED        Recovery, QueryTokenStatus; of Issue an EnrollmentType other than
 *                              Full, Lite (the same) and Device
 */
enum outcome wstep_read(struct arena *, const struct soap *, struct wstep_request *, struct why *);

/*
 * The PKCS#10, DER as sent, for authority/csr.h to check, or the PKCS#7 of a renewal, in base64 once or
 * twice, for authority/signed_request.h. What is wrong with it is told only here, since with Issue that
 * comes after the proof of who sent it, and the decision.
 *
 * OUTCOME_CERTIFICATE_REQUEST  not base64, or not what the RequestType takes by its ValueType (or its
 *                              content where it has none)
 */
enum outcome wstep_csr(const struct wstep_request *, struct bytes *csr, struct why *);

/* The RequestType is Renew; false also when it cannot be told, which wstep_read() then explains. */
bool wstep_is_renewal(struct arena *, const struct soap *);

/* Write the RSTRC around a provisioning document; false when the writer failed. */
bool wstep_write(
    struct arena *, struct bytes document, const char *message_id, const char *activity, struct bytes *out);

#endif
