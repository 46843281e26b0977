/* muster-ca index and responder: what somebody else's OCSP responder (RFC 6960) needs to answer for an
 * authority. */
#ifndef MUSTER_CA_OCSP_H
#define MUSTER_CA_OCSP_H

#include "options.h"

/*
 * Have a file hold the state of every certificate of an authority, as OpenSSL's ca and ocsp commands keep it
 * (index.txt): V, R or E, end, revocation, serial number, subject. No reasons: those stay in the record.
 */
enum outcome index_run(const struct options *, struct why *);

/*
 * Sign a responder's certificate (id-kp-OCSPSigning, id-pkix-ocsp-nocheck: RFC 6960 section 4.2.2.2) from its
 * PKCS#10 with the authority's key in the database, and print it in PEM. Of the request only the key is
 * taken. It is an event in the database; it is short-lived, since nobody checks whether it was revoked.
 */
enum outcome responder_run(const struct options *, struct why *);

#endif
