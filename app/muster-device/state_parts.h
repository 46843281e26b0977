/* Writing into the state directory, for the files of this name. Errors are errno's. */
#ifndef MUSTER_DEVICE_STATE_PARTS_H
#define MUSTER_DEVICE_STATE_PARTS_H

#include "state.h"

#include <sys/types.h>

/* A new file; one that is there is an error. */
bool state_file_write(const char *path, mode_t mode, struct bytes);

/* A whole file of at most 1 MiB, in arena; false for an empty one, too. */
bool state_file_read(struct arena *, const char *path, struct bytes *);

/* TOP/OUTER/INNER/SHA-1.pem; behind follows its issuer, as TLS sends them. Nothing when der is empty. */
bool state_certificate_install(struct arena *, const char *top, const char *outer, const char *inner,
    struct bytes der, struct bytes behind);

/* TOP/My/INNER/SHA-1.key of that certificate. */
bool state_key_install(
    struct arena *, const char *top, const char *inner, struct bytes leaf, gnutls_x509_privkey_t);

/* Let fresh be place, by two renames over old; what was there is back when the second fails. */
bool state_put_in_place(const char *fresh, const char *place, const char *old, struct refusal *);

#endif
