/* Discover and DiscoverResponse (MS-MDE2 3.1.4.1). */
#ifndef MUSTER_PROTOCOL_DISCOVERY_H
#define MUSTER_PROTOCOL_DISCOVERY_H

#include <muster/protocol/soap.h>

/* AuthPolicies as a set. */
enum { POLICY_ON_PREMISE = 1, POLICY_FEDERATED = 2, POLICY_CERTIFICATE = 4 };

#define DISCOVER_EMAIL_MAX 320 /* bytes */
#define DISCOVER_FIELD_MAX 256 /* bytes; other fields are cut there: they are only hints */

struct discover {
	const char *email;	     /* trimmed, any text; "" if absent or over DISCOVER_EMAIL_MAX */
	const char *domain;	     /* after the last '@', ASCII lower case; "" if there is none */
	const char *request_version; /* trimmed; "" if absent */
	const char *device_type, *application_version, *os_edition, *os_version; /* "" if absent */
	unsigned policies;  /* offered; what a client that lists none can do is filled in */
	bool first_version; /* looks like MS-MDE v1: no DeviceType, no AuthPolicies */
};

/*
 * Read the Discover element: fields in any order, unknown ones ignored, the namespace
 * with or without trailing slash, AuthPolicies nested, flat or missing.
 * OUTCOME_MESSAGE_FORMAT  no request inside, a field twice
 */
enum outcome discover_read(struct arena *, const struct soap *, struct discover *, struct why *);

/*
 * EnrollmentVersion to answer ("4.0"): the lower of ceiling and the client's, compared as
 * decimals, never below 3.0; 3.0 when the client's cannot be read; NULL (leave it out) for
 * a v1 client that names no version from 3.0 on. No version is refused.
 */
const char *discover_version(struct arena *, const struct discover *, const char *ceiling);

/*
 * Pick the first of the organization's policies ("OnPremise,Federated") that the client
 * offers; NULL if they have none in common.
 */
const char *discover_policy(struct arena *, const struct discover *, const char *configured);

/* The policies that the client offers, for people: "Federated, OnPremise"; "none that is known" without any.
 */
const char *discover_offered(struct arena *, const struct discover *);

struct discover_result {
	const char *auth_policy;
	const char *enrollment_version; /* NULL leaves it out */
	const char *policy_url, *enrollment_url;
	const char *authentication_url; /* NULL leaves it out */
};

/* Write DiscoverResponse; false when the writer failed. activity: a GUID, the trace id. */
bool discover_write(struct arena *, const struct discover_result *, const char *message_id,
    const char *activity, struct bytes *out);

#endif
