/* Lists of revoked certificates (RFC 5280 section 5), built and signed by GnuTLS. */
#ifndef MUSTER_AUTHORITY_CRL_H
#define MUSTER_AUTHORITY_CRL_H

#include <muster/authority/certificate.h>
#include <muster/base/nouns.h>

struct crl_request {
	int64_t number;			  /* one more than the authority's last (CRLNumber), from 1 */
	int64_t this_update, next_update; /* seconds since 1970 */
	const struct crl_entry *entry;
	size_t entries;
};

/*
 * Sign a list: version 2, number and authority key id, no reasons: those stay in the record. The time that
 * GnuTLS takes grows with the square of the entries (5,000: 0.4 s, 20,000: 4 s), its memory by 2 kB for each.
 *
 * der  in arena
 * OUTCOME_CERTIFICATE_REQUEST  times or number are impossible, or the key does not sign
 */
enum outcome crl_sign(
    struct arena *, const struct signer *, const struct crl_request *, struct bytes *der, struct why *);

/* What is told of a list that somebody else made. */
struct crl_view {
	int64_t number, this_update, next_update; /* number 0: it has none, or one beyond 63 bits */
	size_t entries;
};

/*
 * Read a list, PEM or DER, that the authority of that certificate (DER) has signed; der is it in arena, as
 * DER. Its times are told, not judged.
 *
 * OUTCOME_CERTIFICATE_REQUEST  not a list, or not signed by that authority
 */
enum outcome crl_read(struct arena *, struct bytes file, struct bytes authority, struct bytes *der,
    struct crl_view *, struct why *);

/* PEM of a DER list. */
enum outcome crl_to_pem(struct arena *, struct bytes der, char **pem, struct why *);

#endif
