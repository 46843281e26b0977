/*
 * What an issuer holds between two asks: the configuration as it was last read, the authorities' keys as far
 * as they were needed, the sealing key. A new configuration takes over the keys that are still the same,
 * since opening one costs a tenth of a second, and under another passphrase would fail until the file has it.
 * A key in a token stays open as well, until the token is away; then it is looked for anew, every second second
 * at most.
 */
#ifndef MUSTER_APP_ISSUER_KEYRING_H
#define MUSTER_APP_ISSUER_KEYRING_H

#include <muster/authority/certificate.h>
#include <muster/store/issuer.h>

struct keyring_slot;

struct keyring {
	const char *passphrase_file;
	const struct pkcs11 *pkcs11;
	struct arena *arena; /* owns the configuration and the slots; NULL before the first load */
	struct issuer_configuration configuration;
	struct keyring_slot *slot; /* one for each authority */
	struct secret sealing_key;
	int64_t loaded_us; /* when loading was last tried, successfully or not; 0: never */
};

/* Read the configuration anew. On failure everything stays as it was. */
enum outcome keyring_load(struct keyring *, struct pg *, struct deadline, struct why *);

/*
 * Open what is needed first, so that a wrong passphrase is seen in the log and not by a device. False when
 * something did not open.
 */
bool keyring_warm(struct keyring *);

/* There are authorities, and each key that was tried has opened. */
bool keyring_is_ready(const struct keyring *);

/* The profile of an organization; NULL if it has none. */
const struct stored_profile *keyring_profile(const struct keyring *, const char *organization);

/*
 * An authority, and its key opened. Both are the keyring's and live until the next load.
 *
 * OUTCOME_CERTIFICATE_REQUEST  no such authority, or its key does not open; tried again after
 *                              some seconds at the earliest
 */
enum outcome keyring_signer(struct keyring *, const char *authority, const struct stored_authority **,
    const struct signer **, struct why *);

/*
 * A signature by this authority failed. If its key is a token's that does not sign any more, forget what was
 * opened in tokens, so that the next keyring_signer() opens it anew; signers that were got before are gone.
 */
void keyring_lost(struct keyring *, const char *authority);

/* The sealing key, opened. OUTCOME_CERTIFICATE_REQUEST as above. */
enum outcome keyring_sealing_key(struct keyring *, const struct secret **, struct why *);

/* Close every key and forget everything. */
void keyring_release(struct keyring *);

#endif
