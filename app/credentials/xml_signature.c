/* The arithmetic of an XML signature: SignedInfo first, so that only a key's owner has the envelope digested.
 */
#include "x509.h"
#include "xml_signature_parts.h"

#include <gnutls/crypto.h>

#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define ENCRYPTION "http://www.w3.org/2001/04/xmlenc#"

#define HASH_MAX 64

#define RSA(name, hash) .uri = (name), .key = GNUTLS_PK_RSA, .sign = GNUTLS_SIGN_RSA_##hash
#define ECDSA(name, hash) .uri = (name), .key = GNUTLS_PK_ECDSA, .sign = GNUTLS_SIGN_ECDSA_##hash

static const struct xml_signature_algorithm methods[] = {
	{ RSA(MORE "rsa-sha256", SHA256) },
	{ RSA(MORE "rsa-sha384", SHA384) },
	{ RSA(MORE "rsa-sha512", SHA512) },
	{ ECDSA(MORE "ecdsa-sha256", SHA256) },
	{ ECDSA(MORE "ecdsa-sha384", SHA384) },
	{ ECDSA(MORE "ecdsa-sha512", SHA512) },
	{ RSA(NS_SIGNATURE "rsa-sha256", SHA256), .old_uri = true },
	{ RSA("http://www.w3.org/2000/09/xmldsig-more#rsa-sha256", SHA256), .old_uri = true },
	{ RSA(NS_SIGNATURE "rsa-sha1", SHA1), .sha1 = true },
	{ ECDSA(MORE "ecdsa-sha1", SHA1), .sha1 = true },
};

static const struct xml_signature_algorithm digests[] = {
	{ .uri = ENCRYPTION "sha256", .hash = GNUTLS_DIG_SHA256 },
	{ .uri = MORE "sha384", .hash = GNUTLS_DIG_SHA384 },
	{ .uri = ENCRYPTION "sha512", .hash = GNUTLS_DIG_SHA512 },
	{ .uri = NS_SIGNATURE "sha256", .hash = GNUTLS_DIG_SHA256, .old_uri = true },
	{ .uri = NS_SIGNATURE "sha1", .hash = GNUTLS_DIG_SHA1, .sha1 = true },
};

static const struct xml_signature_algorithm *
find(const struct xml_signature_algorithm *table, size_t count, const char *uri)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].uri, uri) == 0)
			return &table[i];
	return NULL;
}

const struct xml_signature_algorithm *
xml_signature_method(const char *uri)
{
	return find(methods, ARRAY_SIZE(methods), uri);
}

const struct xml_signature_algorithm *
xml_signature_digest_method(const char *uri)
{
	return find(digests, ARRAY_SIZE(digests), uri);
}

static enum outcome
check_rules(
    const struct xml_signature_algorithm *algorithm, const struct xml_signature_rules *rules, struct why *why)
{
	if (algorithm->sha1 && !rules->sha1)
		return refuse(why, OUTCOME_AUTHENTICATION, "signature: '%s': SHA-1 is not allowed here",
		    algorithm->uri);
	if (algorithm->old_uri && !rules->old_uris)
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "signature: '%s': this spelling of SHA-256 is not allowed here", algorithm->uri);
	return OUTCOME_OK;
}

static enum outcome
key_read(struct bytes certificate, gnutls_pubkey_t *key, struct why *why)
{
	CLEANUP(x509_free) gnutls_x509_crt_t crt = NULL;
	int rc;

	if ((rc = x509_import(certificate, &crt)) < 0 || (rc = gnutls_pubkey_init(key)) < 0 ||
	    (rc = gnutls_pubkey_import_x509(*key, crt, 0)) < 0)
		return refuse(why, OUTCOME_INVALID_SECURITY, "BinarySecurityToken: no certificate: %s",
		    gnutls_strerror(rc));
	return OUTCOME_OK;
}

/* XML Signature has r and s of ECDSA side by side (RFC 4050 section 3.3), GnuTLS wants them in DER. */
static enum outcome
value_of(const struct xml_signature *signature, gnutls_datum_t *der, struct why *why)
{
	gnutls_datum_t half[2];
	size_t size = signature->value.size / 2;

	if (signature->value.size % 2 != 0)
		return refuse(why, OUTCOME_AUTHENTICATION, "signature: of ECDSA, with an odd length");
	for (size_t i = 0; i < ARRAY_SIZE(half); i++)
		half[i] = x509_datum((struct bytes){ signature->value.data + i * size, size });
	if (gnutls_encode_rs_value(der, &half[0], &half[1]) < 0)
		return refuse(why, OUTCOME_AUTHENTICATION, "signature: of ECDSA, unreadable");
	return OUTCOME_OK;
}

static enum outcome
signed_info_verify(struct arena *arena, const struct xml_signature *signature, gnutls_pubkey_t key,
    const struct xml_signature_rules *rules, struct why *why)
{
	const struct xml_part part = { .within = signature->signed_info };
	CLEANUP(x509_datum_free) gnutls_datum_t encoded = { NULL, 0 };
	gnutls_datum_t value = x509_datum(signature->value), data;
	struct bytes octets = { NULL, 0 };
	enum outcome o;
	int rc;

	if (gnutls_pubkey_get_pk_algorithm(key, NULL) != (int)signature->method->key)
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "signature: '%s' does not fit the certificate's key", signature->method->uri);
	if (signature->method->key == GNUTLS_PK_ECDSA) {
		if ((o = value_of(signature, &encoded, why)) != OUTCOME_OK)
			return o;
		value = encoded;
	}
	if ((o = xml_canonicalize(arena, signature->root->doc, &part, signature->signed_info_form, &octets,
		 why)) != OUTCOME_OK)
		return o;
	data = x509_datum(octets);
	rc = gnutls_pubkey_verify_data2(key, signature->method->sign,
	    rules->sha1 ? GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1 : 0, &data, &value);
	if (rc < 0)
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "signature: not the certificate's over this SignedInfo: %s", gnutls_strerror(rc));
	return OUTCOME_OK;
}

static enum outcome
digest_matches(struct arena *arena, const struct xml_signature *signature, enum xml_canonical form,
    bool *matches, struct why *why)
{
	const struct xml_part part = { .except = signature->element };
	gnutls_digest_algorithm_t hash = signature->digest_method->hash;
	struct bytes octets = { NULL, 0 };
	uint8_t digest[HASH_MAX];
	enum outcome o;

	if ((o = xml_canonicalize(arena, signature->root->doc, &part, form, &octets, why)) != OUTCOME_OK)
		return o;
	if (gnutls_hash_fast(hash, octets.data, octets.size, digest) < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "digest: GnuTLS has none of this kind");
	*matches = bytes_equal((struct bytes){ digest, gnutls_hash_get_len(hash) }, signature->digest);
	return OUTCOME_OK;
}

static enum outcome
envelope_verify(struct arena *arena, const struct xml_signature *signature, struct why *why)
{
	enum xml_canonical other = signature->reference_form == XML_CANONICAL_INCLUSIVE
	    ? XML_CANONICAL_EXCLUSIVE
	    : XML_CANONICAL_INCLUSIVE;
	bool matches = false;
	enum outcome o;

	if ((o = digest_matches(arena, signature, signature->reference_form, &matches, why)) != OUTCOME_OK ||
	    (!matches && (o = digest_matches(arena, signature, other, &matches, why)) != OUTCOME_OK))
		return o;
	if (!matches)
		return refuse(why, OUTCOME_AUTHENTICATION,
		    "signature: the envelope is not the one that was signed: its digest is another");
	return OUTCOME_OK;
}

enum outcome
xml_signature_verify(struct arena *arena, const struct xml_signature *signature, struct bytes certificate,
    const struct xml_signature_rules *rules, struct why *why)
{
	CLEANUP(x509_key_free) gnutls_pubkey_t key = NULL;
	enum outcome o;

	if ((o = check_rules(signature->method, rules, why)) != OUTCOME_OK ||
	    (o = check_rules(signature->digest_method, rules, why)) != OUTCOME_OK ||
	    (o = key_read(certificate, &key, why)) != OUTCOME_OK ||
	    (o = signed_info_verify(arena, signature, key, rules, why)) != OUTCOME_OK)
		return o;
	return envelope_verify(arena, signature, why);
}

const char *
xml_signature_once(struct arena *arena, const struct xml_signature *signature, const char *message_id)
{
	struct bytes id = bytes_of(message_id != NULL ? message_id : "");
	uint8_t *text = arena_alloc(arena, id.size + 1 + signature->digest.size), digest[32];

	memcpy(text, id.data, id.size);
	memcpy(text + id.size + 1, signature->digest.data, signature->digest.size);
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, text, id.size + 1 + signature->digest.size, digest) < 0)
		arena_out_of_memory();
	return bytes_to_hex(arena, (struct bytes){ digest, sizeof(digest) });
}
