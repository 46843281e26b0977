/* The terms of use that Entra ID's window shows before a device enrolls. */
#ifndef MUSTER_DEVICE_TERMS_H
#define MUSTER_DEVICE_TERMS_H

#include "html_page.h"
#include "http.h"

/* Where Windows waits for the answer. */
#define TERMS_REDIRECT "ms-appx-web://MusterDevice/ToUResponse"

/*
 * Open settings->terms_url under the token, as that window does, and press the button that settings says.
 * With EnrollmentType Device the device is being joined (mode=azureadjoin), else a work account is added.
 *
 * blob  OpaqueBlob, in arena: what the device sends as EnrollmentData
 * HRESULT_WEB_SIGN_IN  the answer is an error, none was accepted, or it leads elsewhere
 */
bool terms_accept(
    struct arena *, const struct settings *, const struct secret *token, const char **blob, struct refusal *);

#endif
