/* From a name to the services: candidate addresses, the probe, Discover (MS-MDE2 3.1). */
#ifndef MUSTER_DEVICE_FINDER_H
#define MUSTER_DEVICE_FINDER_H

#include "http.h"

#include <muster/wire/xml_in.h>

/* What DiscoverResult said. */
struct services {
	const char *discovery_url; /* that answered */
	const char *auth_policy;   /* "OnPremise" */
	const char *version;	   /* EnrollmentVersion; NULL: absent */
	const char *policy_url, *enrollment_url;
	const char *authentication_url; /* NULL: absent */
};

/*
 * The URLs at which Windows looks, best first: https://EnterpriseEnrollment.<domain>/…, or what the
 * user typed as server (a name, a name and port, a URL).
 *
 * 0 with the reason in *refusal when neither name nor server gives one
 */
size_t finder_candidates(struct arena *, const struct settings *, const char *urls[2], struct refusal *);

/* The GET that asks whether enrollment is spoken there: 200 and nothing else. */
bool finder_probe(struct http *, struct arena *, const char *url, struct refusal *);

/*
 * POST Discover and read the answer; the policies offered are OnPremise and Federated, as in Settings, or
 * the one of settings.
 */
bool finder_discover(struct http *, struct arena *, const struct settings *, const char *user,
    const char *url, struct services *, struct refusal *, struct notes *);

/*
 * Read a Discover answer strictly: PascalCase names in the namespace without trailing slash,
 * any order; https URLs, one host for policy and enrollment.
 *
 * message_id  that RelatesTo should repeat (a note when it does not)
 */
bool finder_read(struct arena *, const struct settings *, struct bytes body, const char *message_id,
    struct services *, struct refusal *, struct notes *);

/* Note a RelatesTo that is not the request's MessageID byte for byte; for every answer. */
void finder_check_relation(
    struct arena *, const xmlDoc *, const char *message_id, const char *action, struct notes *);

#endif
