/*
 * What the provisioning document orders, read as strictly as the device's configuration service
 * providers read it (MS-MDE2 2.2.9, w7 APPLICATION and DMClient CSPs, field reports).
 */
#ifndef MUSTER_DEVICE_PROVISION_H
#define MUSTER_DEVICE_PROVISION_H

#include "criteria.h"
#include "wap.h"

struct provision {
	/* CertificateStore, all DER in the arena; root and issuing may be empty. */
	struct bytes root, issuing, leaf;
	bool system_store;		    /* My/System */
	uint32_t renew_period, renew_retry; /* days */
	const char *renew_url;		    /* NULL: discovery again */
	/* APPLICATION */
	const char *provider_id, *provider_name, *address;
	const char *criteria; /* as it came */
	struct criteria search;
	/* DMClient */
	const char *upn, *device_id /* EntDMID */, *device_name;
};

/* What the device knows when the document arrives. */
struct provision_expected {
	bool system_store; /* EnrollmentType Device */
	bool phone;	   /* knows EnterpriseAppManagement */
	struct bytes public_key;
	/* Of a renewal; empty and NULL: a first certificate. */
	struct bytes renews;	    /* the certificate that ends, DER */
	struct bytes root, issuing; /* those that are installed, where the document brings none */
	const char *provider_id;
};

/*
 * Read, check and cross-check a document; everything refused is refused before anything is installed.
 *
 * HRESULT_PROV_CERTIFICATES, _W7, _DMCLIENT, _MISC, _UNKNOWN, _NOT_FOUND, _APPLICATIONS
 */
bool provision_read(struct arena *, struct bytes document, const struct provision_expected *,
    struct provision *, struct refusal *, struct notes *);

/*
 * The same of a renewal's document, which changes the certificate of an account and nothing else: it must be
 * another one of the same subject, for the account that is there.
 */
bool provision_read_renewal(struct arena *, struct bytes document, const struct provision_expected *,
    struct provision *, struct refusal *, struct notes *);

/* One for each block; provision_read() calls them in this order. */
bool provision_certificates(struct arena *, const struct characteristic *root,
    const struct provision_expected *, struct provision *, struct refusal *, struct notes *);
bool provision_application(
    struct arena *, const struct characteristic *root, struct provision *, struct refusal *, struct notes *);
bool provision_application_renewed(const struct characteristic *root, const struct provision_expected *,
    struct provision *, struct refusal *, struct notes *);
bool provision_dmclient(
    const struct characteristic *root, struct provision *, struct refusal *, struct notes *);

#endif
