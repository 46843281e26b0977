/* The PKCS#7 around a renewal's certificate request (RFC 5652, MS-MDE2 3.5). */
#ifndef MUSTER_DEVICE_PKCS7_H
#define MUSTER_DEVICE_PKCS7_H

#include "signer.h"

/*
 * Sign a certificate request, which goes inside, with the certificate that ends, which goes along. habits of
 * the signer say how: attributes, SHA-1. DER in arena. HRESULT_KEY_CREATION when GnuTLS refuses.
 */
bool pkcs7_write(
    struct arena *, const struct signer *, struct bytes request, struct bytes *der, struct refusal *);

#endif
