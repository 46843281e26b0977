/*
 * The device's disk: DIR/identity.json (the hardware, kept over enrollments) and DIR/enrolled with the
 * certificate stores as directories, the private key and the settings.
 *
 *   enrolled/Root/System/<SHA-1>.pem   enrolled/CA/System/<SHA-1>.pem
 *   enrolled/My/User|System/<SHA-1>.pem (the issuing CA's behind it) and .key (0600)
 *   enrolled/document.xml (0600)   enrolled/settings.json   enrolled/trust.pem
 *   renewal/: see struct state_pending
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
	/* What renews it. */
	const char *provider;		    /* PROVIDER-ID */
	const char *renew_url;		    /* ServerURL; NULL: discovery */
	uint32_t renew_period, renew_retry; /* days */
	struct bytes root, issuing;	    /* DER of what is installed, the newest; may be empty */
};

/*
 * Read the settings and search the stores anew.
 * HRESULT_NOT_ENROLLED nothing installed; HRESULT_PROV_NOT_FOUND not exactly one certificate found
 */
bool state_find(struct arena *, const char *directory, struct state_login *, struct refusal *);

/* A renewal that was begun, of the certificate that is installed. */
struct state_pending {
	const char *key;      /* PEM file; NULL: none */
	struct bytes request; /* its PKCS#10, DER */
	time_t last_attempt;  /* 0: none */
};

/*
 * DIR/renewal has key.pem and request.der (0600) of a renewal that was begun, and status.json with the names
 * that Windows has: Status (1 begun, 2 succeeded, 3 failed), ErrorCode, LastRenewalAttemptTime (seconds since
 * 1970), and CertThumbprint, whose it is: what belongs to another certificate does not count.
 */
void state_pending(struct arena *, const char *directory, const struct state_login *, struct state_pending *);

/* Keep key and request until it has succeeded. HRESULT_PLATFORM_UNKNOWN when the disk refuses. */
bool state_keep(struct arena *, const char *directory, const struct state_login *, gnutls_x509_privkey_t key,
    struct bytes request, struct refusal *);

/* Note how a try ended; hresult 0: well, and what was kept is removed. */
void state_attempted(
    struct arena *, const char *directory, const struct state_login *, time_t at, enum hresult);

/*
 * Put the renewed certificate and its key in the old ones' place, by one rename; what else the document
 * brought is added. HRESULT_PLATFORM_UNKNOWN when the disk refuses, and everything is as before.
 */
bool state_renew(struct arena *, const char *directory, const struct state_login *, const struct provision *,
    struct bytes document, gnutls_x509_privkey_t key, struct refusal *);

/* Remove a directory and all in it; used for temporary ones and by a rollback. */
void state_remove(const char *directory);

#endif
