/*
 * The device's disk: DIR/identity.json (the hardware, kept over enrollments) and DIR/enrolled with the
 * certificate stores as directories, the private key and the settings.
 *
 *   enrolled/Root/System/<SHA-1>.pem   enrolled/CA/System/<SHA-1>.pem
 *   enrolled/My/User|System/<SHA-1>.pem (the issuing CA's behind it) and .key (0600)
 *   enrolled/document.xml (0600)   enrolled/settings.json   enrolled/trust.pem
 */
#ifndef MUSTER_DEVICE_STATE_H
#define MUSTER_DEVICE_STATE_H

#include "keypair.h"
#include "provision.h"
#include "settings.h"

/* Is DIR/enrolled there? */
bool state_enrolled(const char *directory);

/*
 * Install everything or nothing: it is written beside and renamed into place; an earlier enrollment
 * is replaced. HRESULT_PLATFORM_UNKNOWN when the disk refuses.
 */
bool state_install(struct arena *, const struct settings *, const char *directory, const struct provision *,
    struct bytes document, gnutls_x509_privkey_t key, struct refusal *);

/* The certificate that the stored criteria find, and where to connect with it. Paths in the arena. */
struct state_login {
	const char *certificate, *key, *roots; /* PEM files */
	const char *address;		       /* ADDR */
	const char *store;		       /* "My/User" */
	const char *thumbprint;
	const char *device, *user;
};

/*
 * Read the settings and search the stores anew.
 * HRESULT_NOT_ENROLLED nothing installed; HRESULT_PROV_NOT_FOUND not exactly one certificate found
 */
bool state_find(struct arena *, const char *directory, struct state_login *, struct refusal *);

/* Remove a directory and all in it; used for temporary ones and by a rollback. */
void state_remove(const char *directory);

#endif
