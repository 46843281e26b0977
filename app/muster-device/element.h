/*
 * Finding elements as the enrollment client does: by paths such as
 * //s:Fault//s:Detail//e:ErrorType, so that order and unknown neighbours do not
 * matter, but namespaces and letter case do.
 */
#ifndef MUSTER_DEVICE_ELEMENT_H
#define MUSTER_DEVICE_ELEMENT_H

#include <muster/wire/xml_in.h>

struct step {
	const char *ns, *name;
};

/*
 * The first element, in document order, whose ancestors hold the other steps in their order
 * (what //a//b//c selects); NULL if there is none.
 */
const xmlNode *element_find(const xmlDoc *, const struct step *, size_t steps);

#define ELEMENT_FIND(doc, ...) \
	element_find(doc, (const struct step[]){ __VA_ARGS__ }, \
	    sizeof((const struct step[]){ __VA_ARGS__ }) / sizeof(struct step))

/* The namespaces a client binds; its own table, so that no slip is shared with a server. */
#define URI_SOAP "http://www.w3.org/2003/05/soap-envelope"
#define URI_ADDRESSING "http://www.w3.org/2005/08/addressing"
#define URI_DISCOVERY "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
#define URI_POLICY "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
#define URI_ENROLLMENT "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
#define URI_TRUST "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
#define URI_SECEXT "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define URI_UTILITY "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define URI_PASSWORD_TEXT \
	"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"
#define URI_CONTEXT "http://schemas.xmlsoap.org/ws/2006/12/authorization"
#define URI_INSTANCE "http://www.w3.org/2001/XMLSchema-instance"

#endif
