/* What the files of the XML signature share. */
#ifndef MUSTER_CREDENTIALS_XML_SIGNATURE_PARTS_H
#define MUSTER_CREDENTIALS_XML_SIGNATURE_PARTS_H

#include <muster/credentials/xml_signature.h>

#include <gnutls/abstract.h>

#define NS_SIGNATURE "http://www.w3.org/2000/09/xmldsig#"
#define NS_SECURITY "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

/* A SignatureMethod or DigestMethod. */
struct xml_signature_algorithm {
	const char *uri;
	gnutls_pk_algorithm_t key;	/* of a signature: RSA or ECDSA */
	gnutls_sign_algorithm_t sign;	/* of a signature */
	gnutls_digest_algorithm_t hash; /* of a digest */
	bool sha1, old_uri;		/* allowed by rules only */
};

/* NULL when there is none of that URI. */
const struct xml_signature_algorithm *xml_signature_method(const char *uri);
const struct xml_signature_algorithm *xml_signature_digest_method(const char *uri);

/*
 * The Signature is a child of Security, that of Header, that of the root; nothing stands twice in the
 * document that a reader could take for the other, and no id.
 *
 * OUTCOME_INVALID_SECURITY
 */
enum outcome xml_signature_place_check(struct arena *, const xmlNode *signature, struct why *);

/* The element has an attribute Id, of whatever spelling and namespace, with this value. */
bool xml_signature_has_id(struct arena *, const xmlNode *, const char *id);

#endif
