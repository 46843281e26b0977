/*
 * The certificate request as Windows makes it, malformed parts included: a subject
 * "<30 characters of a GUID>!<DeviceID>", where builds write it as PrintableString although '!' is
 * not allowed there, some with a NUL behind it; and an extension whose value is not DER.
 */
#ifndef MUSTER_DEVICE_PKCS10_H
#define MUSTER_DEVICE_PKCS10_H

#include "keypair.h"
#include "settings.h"

struct pkcs10_wish {
	const char *device_id; /* 32 hexadecimal digits */
	enum name_form form;   /* NAME_BY_WINDOWS: Windows 10 PrintableString and NUL, 11 UTF8String */
	enum windows windows;
	bool sha1; /* sign with SHA-1, which the policy asked for */
};

/* Build and sign; DER in arena. HRESULT_KEY_CREATION when GnuTLS refuses. */
bool pkcs10_write(
    struct arena *, gnutls_x509_privkey_t, const struct pkcs10_wish *, struct bytes *der, struct refusal *);

/* Base64 in lines of 64 characters that end in CR LF, as CryptBinaryToString writes it; in arena. */
char *base64_wrapped(struct arena *, struct bytes);

#endif
