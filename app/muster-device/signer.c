#include "signer.h"

#include "element.h"

#include <muster/base/clock.h>
#include <muster/wire/xml_canonical.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#define URI_SIGNATURE "http://www.w3.org/2000/09/xmldsig#"
#define URI_MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define URI_SHA256 "http://www.w3.org/2001/04/xmlenc#sha256"
#define URI_EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"
#define URI_X509 "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0"

#define TOKEN_ID "29801C2F-F26B-46AD-984B-AFAEFB545FF8"
#define LIFE_MS (5 * 60 * 1000)

static const struct {
	const char *word;
	enum signer_habit habit;
} habits[] = {
	{ "exclusive", SIGN_EXCLUSIVE },
	{ "wsse-id", SIGN_WSSE_ID },
	{ "no-prefix", SIGN_NO_PREFIX },
	{ "no-transforms", SIGN_NO_TRANSFORMS },
	{ "dangling", SIGN_DANGLING },
	{ "old-uris", SIGN_OLD_URIS },
	{ "sha1", SIGN_SHA1 },
	{ "no-timestamp", SIGN_NO_TIMESTAMP },
	{ "unsigned-policies", SIGN_NOT_POLICIES },
	{ "unsigned", SIGN_NOT_AT_ALL },
	{ "changed", SIGN_BEFORE_CHANGE },
	{ "attributes", SIGN_ATTRIBUTES },
	{ "base64-twice", SIGN_TWICE },
	{ "value-type-a", SIGN_TYPE_A },
	{ "same-key", SIGN_SAME_KEY },
	{ "user-token", SIGN_USER_TOKEN },
	{ "no-client-certificate", SIGN_NO_CERTIFICATE },
};

unsigned
signer_habit(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(habits); i++)
		if (strcmp(habits[i].word, word) == 0)
			return habits[i].habit;
	return 0;
}

static void
datum_free(gnutls_datum_t *datum)
{
	if (datum->data != NULL)
		gnutls_memset(datum->data, 0, datum->size);
	gnutls_free(datum->data);
}

static int
certificate_load(struct arena *arena, const char *file, struct bytes *der)
{
	CLEANUP(datum_free) gnutls_datum_t pem = { NULL, 0 }, out = { NULL, 0 };
	int rc = gnutls_load_file(file, &pem);

	if (rc >= 0 && (rc = gnutls_pem_base64_decode2("CERTIFICATE", &pem, &out)) >= 0)
		*der = arena_copy(arena, out.data, out.size);
	return rc;
}

static int
key_load(const char *file, gnutls_privkey_t *key)
{
	CLEANUP(datum_free) gnutls_datum_t pem = { NULL, 0 };
	int rc = gnutls_load_file(file, &pem);

	if (rc >= 0 && (rc = gnutls_privkey_init(key)) >= 0)
		rc = gnutls_privkey_import_x509_raw(*key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	return rc;
}

bool
signer_load(struct arena *arena, const char *certificate, const char *key, struct signer *signer,
    struct refusal *refusal)
{
	int rc = certificate_load(arena, certificate, &signer->certificate);

	if (rc < 0)
		return deny(refusal, HRESULT_NO_AUTH_CERTIFICATE, "%s: %s", certificate, gnutls_strerror(rc));
	if ((rc = key_load(key, &signer->key)) < 0)
		return deny(refusal, HRESULT_NO_AUTH_CERTIFICATE, "%s: %s", key, gnutls_strerror(rc));
	return true;
}

void
signer_release(struct signer *signer)
{
	if (signer->key != NULL)
		gnutls_privkey_deinit(signer->key);
	signer->key = NULL;
}

static bool
has(const struct signer *signer, unsigned habit)
{
	return (signer->habits & habit) != 0;
}

void
signer_token_write(struct xml_out *out, struct arena *arena, const struct signer *signer)
{
	int64_t now = clock_now_ms() + signer->clock_seconds * 1000;

	if (!has(signer, SIGN_NO_TIMESTAMP)) {
		xml_start(out, NULL, "u:Timestamp", NULL);
		xml_attr(out, "u:Id", "_0");
		xml_element(out, "u:Created", clock_text(arena, now));
		xml_element(out, "u:Expires", clock_text(arena, now + LIFE_MS));
		xml_end(out);
	}
	xml_start(out, NULL, "wsse:BinarySecurityToken", NULL);
	xml_attr(out, "ValueType", has(signer, SIGN_WSSE_ID) ? "X509v3" : URI_X509 "#X509v3");
	xml_attr(out, "EncodingType", URI_SECEXT "#base64binary");
	xml_attr(out, has(signer, SIGN_WSSE_ID) ? "wsse:Id" : "u:Id", "uuid-" TOKEN_ID);
	xml_chars(out, bytes_to_base64(arena, signer->certificate));
	xml_end(out);
}

/* --- what is written inside Signature --- */

static void
algorithm_write(struct xml_out *out, const char *name, const char *uri)
{
	xml_start(out, NULL, name, NULL);
	xml_attr(out, "Algorithm", uri);
	xml_end(out);
}

static const char *
method_uri(const struct signer *signer, gnutls_sign_algorithm_t *algorithm)
{
	bool ec = gnutls_privkey_get_pk_algorithm(signer->key, NULL) == GNUTLS_PK_ECDSA;

	*algorithm = ec ? GNUTLS_SIGN_ECDSA_SHA256 : GNUTLS_SIGN_RSA_SHA256;
	if (ec)
		return URI_MORE "ecdsa-sha256";
	if (has(signer, SIGN_SHA1)) {
		*algorithm = GNUTLS_SIGN_RSA_SHA1;
		return URI_SIGNATURE "rsa-sha1";
	}
	return has(signer, SIGN_OLD_URIS) ? URI_SIGNATURE "rsa-sha256" : URI_MORE "rsa-sha256";
}

static const char *
digest_uri(const struct signer *signer)
{
	if (has(signer, SIGN_SHA1))
		return URI_SIGNATURE "sha1";
	return has(signer, SIGN_OLD_URIS) ? URI_SIGNATURE "sha256" : URI_SHA256;
}

static void
info_write(struct xml_out *out, const struct signer *signer, const char *digest)
{
	gnutls_sign_algorithm_t algorithm;

	xml_start(out, NULL, "SignedInfo", URI_SIGNATURE);
	algorithm_write(out, "CanonicalizationMethod", URI_EXCLUSIVE);
	algorithm_write(out, "SignatureMethod", method_uri(signer, &algorithm));
	xml_start(out, NULL, "Reference", NULL);
	xml_attr(out, "URI", has(signer, SIGN_DANGLING) ? "#envelop" : "");
	if (!has(signer, SIGN_NO_TRANSFORMS)) {
		xml_start(out, NULL, "Transforms", NULL);
		algorithm_write(out, "Transform", URI_SIGNATURE "enveloped-signature");
		if (has(signer, SIGN_EXCLUSIVE))
			algorithm_write(out, "Transform", URI_EXCLUSIVE);
		xml_end(out);
	}
	algorithm_write(out, "DigestMethod", digest_uri(signer));
	xml_element(out, "DigestValue", digest);
	xml_end(out);
	xml_end(out);
}

static bool
signature_write(struct arena *arena, const struct signer *signer, const char *digest, const char *value,
    struct bytes *text)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();

	xml_start(out, NULL, "Signature", URI_SIGNATURE);
	info_write(out, signer, digest);
	xml_element(out, "SignatureValue", value);
	xml_start(out, NULL, "KeyInfo", NULL);
	xml_start(out, "wsse", "SecurityTokenReference", URI_SECEXT);
	xml_start(out, NULL, "wsse:Reference", NULL);
	xml_attr(out, "URI", has(signer, SIGN_NO_PREFIX) ? TOKEN_ID : "#uuid-" TOKEN_ID);
	xml_attr(out, "ValueType", URI_X509 "#X509");
	xml_end(out);
	xml_end(out);
	xml_end(out);
	xml_end(out);
	return xml_out_finish(out, arena, text);
}

/* --- signing --- */

/* The canonical form of a whole document; without its Signature, which does not stand in it yet. */
static bool
canonical(struct arena *arena, struct bytes text, bool exclusive, struct bytes *octets)
{
	const struct xml_part whole = { NULL, NULL };
	xmlDoc *doc = NULL;
	bool ok = xml_read(arena, text, &doc, NULL) == OUTCOME_OK &&
	    xml_canonicalize(arena, doc, &whole,
		exclusive ? XML_CANONICAL_EXCLUSIVE : XML_CANONICAL_INCLUSIVE, octets, NULL) == OUTCOME_OK;

	xml_free(&doc);
	return ok;
}

static const char *
digest_of(struct arena *arena, const struct signer *signer, struct bytes octets)
{
	gnutls_digest_algorithm_t hash = has(signer, SIGN_SHA1) ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256;
	uint8_t digest[32];

	if (gnutls_hash_fast(hash, octets.data, octets.size, digest) < 0)
		return NULL;
	return bytes_to_base64(arena, (struct bytes){ digest, gnutls_hash_get_len(hash) });
}

/* r and s of ECDSA side by side, each as long as the curve's order; GnuTLS gives them in DER, without zeros.
 */
static bool
value_plain(struct arena *arena, const struct signer *signer, const gnutls_datum_t *der, struct bytes *value)
{
	CLEANUP(datum_free) gnutls_datum_t r = { NULL, 0 }, s = { NULL, 0 };
	unsigned bits = 0;
	size_t half;
	uint8_t *plain;

	*value = arena_copy(arena, der->data, der->size);
	if (gnutls_privkey_get_pk_algorithm(signer->key, &bits) != GNUTLS_PK_ECDSA)
		return true;
	half = (bits + 7) / 8;
	if (gnutls_decode_rs_value(der, &r, &s) < 0)
		return false;
	plain = arena_alloc(arena, 2 * half);
	for (size_t i = 0; i < half && i < r.size; i++)
		plain[half - 1 - i] = r.data[r.size - 1 - i];
	for (size_t i = 0; i < half && i < s.size; i++)
		plain[2 * half - 1 - i] = s.data[s.size - 1 - i];
	*value = (struct bytes){ plain, 2 * half };
	return true;
}

static bool
value_of(struct arena *arena, const struct signer *signer, const char *digest, const char **value)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();
	CLEANUP(datum_free) gnutls_datum_t made = { NULL, 0 };
	struct bytes info, octets, plain;
	gnutls_sign_algorithm_t algorithm;
	gnutls_datum_t data;

	(void)method_uri(signer, &algorithm);
	info_write(out, signer, digest);
	if (!xml_out_finish(out, arena, &info) || !canonical(arena, info, true, &octets))
		return false;
	data = (gnutls_datum_t){ (unsigned char *)(uintptr_t)octets.data, (unsigned)octets.size };
	if (gnutls_privkey_sign_data2(signer->key, algorithm, 0, &data, &made) < 0 ||
	    !value_plain(arena, signer, &made, &plain))
		return false;
	*value = bytes_to_base64(arena, plain);
	return true;
}

static struct bytes
put_in(struct arena *arena, struct bytes text, const char *before, struct bytes what)
{
	const uint8_t *at = memmem(text.data, text.size, before, strlen(before));
	uint8_t *out = arena_alloc(arena, text.size + what.size);
	size_t head;

	if (at == NULL)
		return text;
	head = (size_t)(at - text.data);
	memcpy(out, text.data, head);
	memcpy(out + head, what.data, what.size);
	memcpy(out + head + what.size, at, text.size - head);
	return (struct bytes){ out, text.size + what.size };
}

bool
signer_sign(struct arena *arena, const struct signer *signer, bool policies, struct bytes *envelope)
{
	const char *digest, *value = NULL;
	struct bytes octets, text;

	if (has(signer, SIGN_NOT_AT_ALL) || (policies && has(signer, SIGN_NOT_POLICIES)))
		return true;
	if (!canonical(arena, *envelope, has(signer, SIGN_EXCLUSIVE), &octets) ||
	    (digest = digest_of(arena, signer, octets)) == NULL || !value_of(arena, signer, digest, &value) ||
	    !signature_write(arena, signer, digest, value, &text))
		return false;
	*envelope = put_in(arena, *envelope, "</wsse:Security>", text);
	if (has(signer, SIGN_BEFORE_CHANGE))
		*envelope = put_in(arena, *envelope, "</s:Body>", bytes_of(" "));
	return true;
}
