/* The wap-provisioningdoc that a successful enrollment receives (MS-MDE2 2.2.9). */
#ifndef MUSTER_PROTOCOL_PROVISIONING_H
#define MUSTER_PROTOCOL_PROVISIONING_H

#include <muster/base/facts.h>
#include <muster/base/nouns.h>

/*
 * Write the document, UTF-8 without declaration, in arena. Certificates are named by
 * the SHA-1 of exactly the DER written. The store follows EnrollmentType in all
 * three places. Enterprise application token and Company Hub are sent only to
 * phone DeviceTypes (WindowsPhone, WindowsHandheld).
 *
 * EntDeviceName is the DeviceName that the device gave, which is what its owner and the
 * help desk call it; without one, or with control characters in it, it is made of the user's
 * name.
 *
 * A polling schedule with three counts of zero makes Windows fail the whole enrollment
 * (MS-MDE2 2.2.9.3): the recommended one is sent instead.
 *
 * upn   NULL leaves UPN out
 * false when the writer failed
 */
bool provisioning_write(struct arena *, const struct provisioning *, const struct issued *,
    const struct facts *, const char *upn, bool device_enrollment, struct bytes *out);

/*
 * Write the document that answers a renewal (MS-MDE2 3.5): the new certificate in the store of the
 * enrollment, root and issuing CA where issued has them (they are others than before), when to renew the
 * next time and where, and which account it is for. Secrets, server and schedule stay as they are.
 *
 * false when the writer failed
 */
bool provisioning_write_renewal(struct arena *, const struct provisioning *, const struct issued *,
    bool device_enrollment, struct bytes *out);

/*
 * The search criteria by which the device finds its certificate, before XML escaping:
 * "Subject=CN%3D…&Stores=MY%5CUser" (RFC 2396 escaping, MS-MDE2 2.2.9.5).
 */
char *provisioning_criteria(struct arena *, const char *common_name, bool device_enrollment);

#endif
