/*
 * GET /muster/crl/ID.crl and /muster/ca/KEY.der, .pem, .p7c: lists of revoked certificates and authorities'
 * own certificates, as other certificates name them (RFC 5280 sections 4.2.1.13 and 4.2.2.1), for everybody
 * and in the clear: both are signed, and who checks a certificate cannot check another one's first (section
 * 8).
 *
 * Nothing of it is kept between two requests: it is asked for seldom, and whoever has it is told so (304)
 * without its being read.
 */
#include <muster/stages/decide.h>

#include <muster/authority/certificate.h>
#include <muster/store/crl.h>
#include <muster/wire/conditional.h>

#include <gnutls/crypto.h>

#define SHA256_SIZE 32

/* An authority's certificates hardly ever change, but an organization's authority may. */
#define CERTIFICATE_MAX_AGE 3600

enum outcome
stage_crl(struct exchange *ex)
{
	struct request *request = ex->request;
	struct store *store = &ex->worker->store;
	struct served_crl crl;
	struct version version;
	enum outcome o;

	stage_limit_database(ex);
	if ((o = store_served_crl(store, request->arena, ex->file.key, &crl, &ex->why)) != OUTCOME_OK)
		return o;
	version = (struct version){ etag_of(request->arena, crl.sha256), crl.made_at };
	if (!request_has(request, &version) &&
	    (o = store_served_crl_load(store, request->arena, ex->file.key, &crl, &ex->why)) != OUTCOME_OK)
		return o;
	reply_version(request, ex->reply, &version, crl.max_age, "application/pkix-crl", crl.der);
	return OUTCOME_OK;
}

/* What of the chain is asked for, in which form. */
static enum outcome
body_make(struct exchange *ex, const struct served_chain *chain, struct bytes *body, const char **type)
{
	struct arena *arena = ex->request->arena;
	size_t first = ex->file.root ? chain->count - 1 : 0;

	switch (ex->file.form) {
	case FORM_PEM:
		*type = "application/pem-certificate-chain";
		return certificates_to_pem(
		    arena, chain->certificate + first, chain->count - first, body, &ex->why);
	case FORM_P7C:
		*type = "application/pkcs7-mime; smime-type=certs-only";
		return certificates_to_pkcs7(
		    arena, chain->certificate + first, chain->count - first, body, &ex->why);
	case FORM_DER: break;
	}
	*type = "application/pkix-cert";
	*body = chain->certificate[first];
	return OUTCOME_OK;
}

enum outcome
stage_authority(struct exchange *ex)
{
	struct request *request = ex->request;
	uint8_t sha256[SHA256_SIZE];
	struct served_chain *chain = arena_alloc(request->arena, sizeof(*chain));
	struct version version;
	struct bytes body;
	const char *type;
	enum outcome o;

	stage_limit_database(ex);
	if ((o = store_served_chain(&ex->worker->store, request->arena, ex->file.key, chain, &ex->why)) !=
		OUTCOME_OK ||
	    (o = body_make(ex, chain, &body, &type)) != OUTCOME_OK)
		return o;
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, body.data, body.size, sha256) < 0)
		return refuse(&ex->why, OUTCOME_INTERNAL_SERVICE_FAULT, "SHA-256 of a certificate");
	version = (struct version){ etag_of(request->arena, (struct bytes){ sha256, sizeof(sha256) }),
		chain->changed_at };
	reply_version(request, ex->reply, &version, CERTIFICATE_MAX_AGE, type, body);
	return OUTCOME_OK;
}
