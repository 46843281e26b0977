/* Which service a request is for, and whether it may be asked that way. */
#ifndef MUSTER_STAGES_ROUTE_H
#define MUSTER_STAGES_ROUTE_H

#include <muster/stages/stages.h>

/* A path taken apart; strings in arena, lower case. */
struct route {
	enum service service;
	const char *organization; /* key; NULL if the path has none */
	const char *attempt;	  /* GUID; NULL if the path has none */
	const char *os_version; /* of the pages where people sign in: what discovery put there; may be NULL */
	struct published_file file;
};

/* What discovery may put into a segment of a path (RFC 3986 section 2.3), and how much of it. */
#define FACT_SEGMENT_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define FACT_SEGMENT_MAX 64

/*
 * Take a path apart, in any case: /EnrollmentServer/Discovery.svc,
 * /EnrollmentServer[/KEY[/GUID]]/Policy.svc, .../Enrollment.svc and .../Renewal.svc, /muster/device,
 * /ManagementServer/MDM.svc,
 * /EnrollmentServer/KEY/GUID/SignIn[/FACT...], /EnrollmentServer/KEY/Terms,
 * /muster/crl/GUID.crl, /muster/ca/KEY[/root].der, .pem and .p7c, where a GUID may stand for KEY. Not in any
 * case, since a web server's rules may tell them apart: /muster/sso/KEY/GUID[/FACT...]. The web server has
 * undone percent-encoding. SERVICE_NONE for every other path, one with a key or GUID that cannot be one
 * included.
 */
struct route route_of(struct arena *, const char *path);

/* The methods of a service as Allow lists them (RFC 9110 section 10.2.1). */
const char *route_allow(enum service);

/* The method is one of them. */
bool route_allows(enum service, const char *method);

/*
 * A SOAP request may come under that Content-Type: SOAP 1.2 and 1.1, XML, or none. Parameters and case do
 * not matter.
 */
bool route_accepts(const char *content_type);

/* Run the stage that a request is for: what stages_serve() makes a reply of. */
enum outcome route_run(struct exchange *);

#endif
