/* GnuTLS's view of the delivered certificates. */
#include "certificate.h"

#include <muster/base/text.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

static void
crt_free(gnutls_x509_crt_t *crt)
{
	gnutls_x509_crt_deinit(*crt);
}

static gnutls_x509_crt_t
crt_import(struct bytes der)
{
	gnutls_datum_t datum = { (unsigned char *)(uintptr_t)der.data, (unsigned)der.size };
	gnutls_x509_crt_t crt = NULL;

	if (der.size == 0 || gnutls_x509_crt_init(&crt) < 0)
		return NULL;
	if (gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER) < 0) {
		gnutls_x509_crt_deinit(crt);
		return NULL;
	}
	return crt;
}

static char *
digest_hex(struct arena *arena, gnutls_digest_algorithm_t algorithm, struct bytes der)
{
	uint8_t hash[64];

	if (gnutls_hash_fast(algorithm, der.data, der.size, hash) < 0)
		abort();
	return bytes_to_hex(arena, (struct bytes){ hash, gnutls_hash_get_len(algorithm) });
}

char *
certificate_sha1(struct arena *arena, struct bytes der)
{
	return digest_hex(arena, GNUTLS_DIG_SHA1, der);
}

char *
certificate_sha256(struct arena *arena, struct bytes der)
{
	return text_lower(arena, digest_hex(arena, GNUTLS_DIG_SHA256, der));
}

static const char *
type_name(const char *oid)
{
	static const char *const names[][2] = { { "2.5.4.3", "CN" }, { "2.5.4.5", "SERIALNUMBER" },
		{ "2.5.4.6", "C" }, { "2.5.4.7", "L" }, { "2.5.4.8", "S" }, { "2.5.4.10", "O" },
		{ "2.5.4.11", "OU" }, { "0.9.2342.19200300.100.1.25", "DC" },
		{ "1.2.840.113549.1.9.1", "E" } };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(oid, names[i][0]) == 0)
			return names[i][1];
	return oid;
}

bool
certificate_subject(struct arena *arena, struct bytes der, struct subject_name *name)
{
	CLEANUP(crt_free) gnutls_x509_crt_t crt = crt_import(der);
	gnutls_x509_dn_t dn;
	gnutls_x509_ava_st ava;

	name->count = 0;
	if (crt == NULL || gnutls_x509_crt_get_subject(crt, &dn) < 0)
		return false;
	for (int rdn = 0; gnutls_x509_dn_get_rdn_ava(dn, rdn, 0, &ava) == 0; rdn++)
		for (int i = 0; gnutls_x509_dn_get_rdn_ava(dn, rdn, i, &ava) == 0; i++) {
			const char *oid = arena_strndup(arena, (const char *)ava.oid.data, ava.oid.size);

			if (name->count == CERTIFICATE_NAME_PARTS)
				return false;
			name->part[name->count].type = type_name(oid);
			name->part[name->count++].value =
			    arena_strndup(arena, (const char *)ava.value.data, ava.value.size);
		}
	return true;
}

time_t
certificate_not_after(struct bytes der)
{
	CLEANUP(crt_free) gnutls_x509_crt_t crt = crt_import(der);

	return crt == NULL ? (time_t)-1 : gnutls_x509_crt_get_expiration_time(crt);
}

bool
certificate_is_root(struct bytes der)
{
	CLEANUP(crt_free) gnutls_x509_crt_t crt = crt_import(der);
	unsigned status = ~0u;

	return crt != NULL && gnutls_x509_crt_check_issuer(crt, crt) != 0 &&
	    gnutls_x509_crt_verify(crt, &crt, 1, 0, &status) == 0 && status == 0;
}

/*
 * The document has room for one certificate in CA/System. Where others stand between that one and the root,
 * Windows looks for them when it needs them: by the URL in the certificate, or in what the DM server brought.
 */
static bool
levels_missing(gnutls_x509_crt_t issuing, gnutls_x509_crt_t root)
{
	return issuing != NULL && root != NULL && gnutls_x509_crt_check_issuer(issuing, root) == 0;
}

/* Only the given certificates count: the system's roots do not. root NULL: as far as issuing. */
static bool
chain_verify(
    gnutls_x509_crt_t leaf, gnutls_x509_crt_t issuing, gnutls_x509_crt_t root, struct refusal *refusal)
{
	gnutls_x509_crt_t chain[2] = { leaf, issuing }, anchor = root != NULL ? root : issuing;
	gnutls_x509_trust_list_t trusted = NULL;
	gnutls_datum_t text = { NULL, 0 };
	unsigned status = ~0u;
	bool ok = false;

	if (gnutls_x509_trust_list_init(&trusted, 0) == 0 &&
	    gnutls_x509_trust_list_add_cas(trusted, &anchor, 1, 0) == 1 &&
	    gnutls_x509_trust_list_verify_crt(
		trusted, chain, root != NULL && issuing != NULL ? 2 : 1, 0, &status, NULL) == 0)
		ok = status == 0;
	if (!ok) {
		(void)gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0);
		(void)deny(refusal, HRESULT_PROV_CERTIFICATES, "the client certificate does not verify: %s",
		    text.data == NULL ? "" : (const char *)text.data);
		gnutls_free(text.data);
	}
	gnutls_x509_trust_list_deinit(trusted, 0);
	return ok;
}

static bool
key_equals(gnutls_x509_crt_t crt, struct bytes public_key)
{
	gnutls_pubkey_t key = NULL;
	gnutls_datum_t der = { NULL, 0 };
	bool equal = false;

	if (gnutls_pubkey_init(&key) == 0 && gnutls_pubkey_import_x509(key, crt, 0) == 0 &&
	    gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) == 0)
		equal = bytes_equal((struct bytes){ der.data, der.size }, public_key);
	gnutls_free(der.data);
	gnutls_pubkey_deinit(key);
	return equal;
}

static void
habits_note(gnutls_x509_crt_t leaf, struct notes *notes)
{
	unsigned critical;

	if (gnutls_x509_crt_get_ca_status(leaf, &critical) > 0)
		note(notes, "the client certificate is a CA");
	if (gnutls_x509_crt_get_version(leaf) != 3)
		note(notes, "the client certificate is not X.509 version 3");
	if (gnutls_x509_crt_get_activation_time(leaf) > time(NULL) - 60)
		note(notes, "the client certificate begins now: a device whose clock is behind refuses it");
}

bool
certificate_check(struct bytes leaf_der, struct bytes issuing_der, struct bytes root_der,
    struct bytes public_key, struct refusal *refusal, struct notes *notes)
{
	CLEANUP(crt_free) gnutls_x509_crt_t leaf = crt_import(leaf_der);
	CLEANUP(crt_free) gnutls_x509_crt_t issuing = crt_import(issuing_der);
	CLEANUP(crt_free) gnutls_x509_crt_t root = crt_import(root_der);

	if (leaf == NULL || (issuing == NULL && issuing_der.size > 0) || (root == NULL && root_der.size > 0))
		return deny(refusal, HRESULT_PROV_CERTIFICATES, "a delivered certificate cannot be read");
	if (issuing == NULL && root == NULL)
		return deny(
		    refusal, HRESULT_PROV_CERTIFICATES, "the client certificate's issuer was not delivered");
	if (!key_equals(leaf, public_key))
		return deny(refusal, HRESULT_PROV_CERTIFICATES,
		    "the client certificate does not carry the public key of the request");
	if (levels_missing(issuing, root))
		note(notes,
		    "CA/System is not certified by Root/System: what is between is not in the document");
	if (!chain_verify(leaf, issuing, levels_missing(issuing, root) ? NULL : root, refusal))
		return false;
	if (gnutls_x509_crt_check_key_purpose(leaf, GNUTLS_KP_TLS_WWW_CLIENT, 0) == 0)
		return deny(refusal, HRESULT_PROV_CERTIFICATES,
		    "the client certificate is not for client authentication");
	habits_note(leaf, notes);
	return true;
}

char *
certificate_pem(struct arena *arena, struct bytes der)
{
	CLEANUP(crt_free) gnutls_x509_crt_t crt = crt_import(der);
	gnutls_datum_t pem = { NULL, 0 };
	char *text = NULL;

	if (crt != NULL && gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem) == 0)
		text = arena_strndup(arena, (const char *)pem.data, pem.size);
	gnutls_free(pem.data);
	return text;
}
