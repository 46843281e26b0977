/*
 * The XML signature of a WS-Security header (XML Signature 1.0; MS-MDE2 3.3.4.1.1.1.2), in the one shape that
 * the enrollment client sends: over the whole envelope, by one Reference with the enveloped-signature
 * transform.
 *
 * Canonical forms are libxml2's, the arithmetic is GnuTLS's. xmlsec is not used: nine tenths of it are what
 * must be refused here (transforms, references, key look-up by what the message says), and it would have to
 * be kept from doing so option by option.
 *
 * What is signed is what is used: the verified tree is the one that the stages read. Outside the Signature
 * element everything is covered by the digest, inside it nothing but signature and key reference is
 * tolerated, and nobody reads those. Elements that a reader could take for another (a second Body, Header or
 * Security in any namespace, anywhere) and repeated ids are refused before any arithmetic.
 */
#ifndef MUSTER_CREDENTIALS_XML_SIGNATURE_H
#define MUSTER_CREDENTIALS_XML_SIGNATURE_H

#include <muster/wire/xml_canonical.h>

/* What an organization tolerates beyond the rule, RSA or ECDSA with SHA-256, SHA-384 or SHA-512. */
struct xml_signature_rules {
	bool sha1;     /* SHA-1 in signature and digest */
	bool old_uris; /* SHA-256 under URIs of 2000/09, as published samples spell it */
};

struct xml_signature_algorithm;

/* What a Signature element says; nothing of it is verified. */
struct xml_signature {
	const xmlNode *element, *signed_info, *root;
	const struct xml_signature_algorithm *method, *digest_method;
	enum xml_canonical signed_info_form;
	enum xml_canonical reference_form; /* as listed; inclusive when none is */
	struct bytes digest, value;	   /* in arena */
};

/*
 * Read the Signature element, and look whether it stands where it must: in the Security header of the
 * envelope that is the root of its document.
 *
 * OUTCOME_INVALID_SECURITY  another shape; why says which
 */
enum outcome xml_signature_read(
    struct arena *, const xmlNode *signature, struct xml_signature *, struct why *);

/*
 * Verify it with the key of the certificate: the signature over SignedInfo first, then the digest of the
 * envelope, in the canonical form that is listed and, that failing, in the other one (clients differ; both
 * cover every node).
 *
 * certificate  DER; whether it is trusted is another question
 * OUTCOME_AUTHENTICATION    an algorithm that rules do not allow or that does not fit the key, a wrong
 *                           signature, another digest
 * OUTCOME_INVALID_SECURITY  the certificate is unreadable, or the document has no canonical form
 */
enum outcome xml_signature_verify(struct arena *, const struct xml_signature *, struct bytes certificate,
    const struct xml_signature_rules *, struct why *);

/*
 * What a signed message is known by once it was used: SHA-256 of its MessageID (NULL if it has none) and
 * DigestValue, hexadecimal in arena. Another signature over the same message, which whoever has the key could
 * make, and ECDSA's two forms of one, are the same message.
 */
const char *xml_signature_once(struct arena *, const struct xml_signature *, const char *message_id);

#endif
