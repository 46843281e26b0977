/* Renewal of a device's certificate: what a worker asks before the proof, and what an issuer records. */
#ifndef MUSTER_STORE_RENEWAL_H
#define MUSTER_STORE_RENEWAL_H

#include <muster/store/issuer.h>
#include <muster/store/worker.h>

/* SQL's answer to consider_renewal(): who should have signed, the decision so far, what will be needed. */
struct renewal {
	struct decision decision;
	const char *organization; /* key */
	const char *account, *upn;
	const char *device;	  /* GUID; NULL when no certificate has that serial number */
	struct bytes sha256;	  /* of the certificate on record */
	struct bytes certificate; /* DER */
	int minimum_key_length;
	bool allow_sha1;
	/* Of this only what a renewal's document needs: provider_id, renewal_url, renew_…_days. */
	struct provisioning provisioning;
	bool device_enrollment; /* its certificate is in My/System */
};

/*
 * muster_worker.consider_renewal: the certificate on record with that serial number, whose it is, and the
 * decision, which is told only after the signature is proven to be its. organization is the path's, or NULL;
 * claim says what the web server told of the client certificate, in JSON. Writes nothing.
 */
enum outcome store_consider_renewal(struct store *, struct arena *, const char *organization,
    struct bytes serial, const char *claim, const char *remote, struct renewal *, struct why *);

/*
 * muster_issuer.renew, in the way of store_record() and with its results: grant is the device, and
 * dm_secrets and facts are not looked at. Keyed by renews and the public key: called again it returns what
 * was recorded. issuing and root of what is recorded are empty where the device has them already.
 *
 * renews  SHA-256 of the certificate that is renewed
 */
enum outcome store_renew(struct pg *, struct arena *, struct deadline, const struct record *,
    struct bytes renews, struct decision *, bool *stale, struct recorded *, enum pg_end *end, int64_t *us,
    struct why *);

#endif
