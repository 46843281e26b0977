/* The URIs of the protocol (MS-MDE2 2.2.1 and the samples where they disagree). */
#ifndef MUSTER_PROTOCOL_NAMESPACES_H
#define MUSTER_PROTOCOL_NAMESPACES_H

#define NS_SOAP12 "http://www.w3.org/2003/05/soap-envelope"
#define NS_SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define NS_ADDRESSING "http://www.w3.org/2005/08/addressing"
#define NS_WSSE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define NS_WSU "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define NS_WST "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
#define NS_AC "http://schemas.xmlsoap.org/ws/2006/12/authorization"
#define NS_DS "http://www.w3.org/2000/09/xmldsig#"
#define NS_XSI "http://www.w3.org/2001/XMLSchema-instance"
#define NS_DISCOVERY "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
#define NS_XCEP "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
#define NS_WSTEP "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
#define NS_DIAGNOSTICS "http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics"

#define ACTION_DISCOVER NS_DISCOVERY "/IDiscoveryService/Discover"
#define ACTION_DISCOVER_RESPONSE NS_DISCOVERY "/IDiscoveryService/DiscoverResponse"
#define ACTION_POLICIES NS_XCEP "/IPolicy/GetPolicies"
#define ACTION_POLICIES_RESPONSE NS_XCEP "/IPolicy/GetPoliciesResponse"
#define ACTION_RST NS_WSTEP "/RST/wstep"
#define ACTION_RSTRC NS_WSTEP "/RSTRC/wstep"

/* What an RST asks for and an RSTRC brings (MS-WSTEP 3.1.4.1, MS-MDE2 3.4). */
#define REQUEST_TYPE_ISSUE NS_WST "/Issue"
#define REQUEST_TYPE_RENEW NS_WST "/Renew"
#define REQUEST_TYPE_RECOVERY NS_WST "/Recovery"
#define REQUEST_TYPE_STATUS NS_WSTEP "/QueryTokenStatus"
#define TOKEN_TYPE_ENROLLMENT \
	"http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken"
#define TOKEN_TYPE_USER \
	"http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentUserToken"
#define TOKEN_TYPE_JWT "urn:ietf:params:oauth:token-type:jwt"
#define VALUE_TYPE_PROVISIONING \
	"http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentProvisionDoc"
#define VALUE_TYPE_PKCS10 NS_WSTEP "#PKCS10"
#define VALUE_TYPE_PKCS7_WSTEP NS_WSTEP "#PKCS7" /* MS-MDE 3.5 */
#define VALUE_TYPE_PKCS7_WSSE NS_WSSE "#PKCS7"	 /* MS-MDE2 3.5, MS-WSTEP */
#define ENCODING_BASE64 NS_WSSE "#base64binary"

#endif
