/*
 * The PKCS#7 of a renewal (RFC 5652; MS-MDE2 3.5, MS-WSTEP 3.1.4.1.3.3): a PKCS#10 signed with the
 * certificate that ends. Of what the message brings along nothing is believed but the signature:
 * its signer is looked up in our own record by issuer and serial number, and verified with the key
 * that stands there. Certificates and CRLs in it are stepped over.
 */
#ifndef MUSTER_AUTHORITY_SIGNED_REQUEST_H
#define MUSTER_AUTHORITY_SIGNED_REQUEST_H

#include <muster/base/arena.h>
#include <muster/base/outcome.h>

#define SIGNED_REQUEST_MAX (48 * 1024) /* bytes */
#define SIGNED_REQUEST_SERIAL_MAX 20   /* bytes, RFC 5280 section 4.1.2.2 */

/* All in arena or in the message. */
struct signed_request {
	struct bytes der;     /* the whole message */
	struct bytes request; /* the PKCS#10 that was signed, as sent; not looked into */
	/* Whom it says it is signed by. */
	struct bytes issuer; /* Name, DER */
	struct bytes serial; /* without zeros in front, at most SIGNED_REQUEST_SERIAL_MAX bytes */
};

/*
 * Take it apart. Exactly one signer, named by issuer and serial number; the content inside, of type
 * data; DER, nothing behind it. Nothing is verified yet.
 *
 * OUTCOME_CERTIFICATE_REQUEST  it is not that; why says what is wrong. BER is refused by name: no
 *                              client is known to send it
 */
enum outcome signed_request_read(struct arena *, struct bytes der, struct signed_request *, struct why *);

/*
 * The certificate is the one that is named, and its key signed the request: RSA or ECDSA with SHA-256,
 * -384 or -512, or with SHA-1 if that is allowed. With or without signed attributes; where there are
 * some, they hold for this content. Its validity and standing are for SQL to say.
 *
 * certificate  DER, from our record
 * OUTCOME_NOT_ELIGIBLE_TO_RENEW  it is another, or the signature is not its
 */
enum outcome signed_request_verify(
    const struct signed_request *, struct bytes certificate, bool allow_sha1, struct why *);

#endif
