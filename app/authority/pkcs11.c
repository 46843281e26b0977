#include <muster/authority/pkcs11.h>

#include <gnutls/crypto.h>
#include <gnutls/pkcs11.h>

#include "handles.h"
#include "pkcs11_session.h"
#include "pkcs11_uri.h"

#define ID_SIZE 16

/* It signs, and nothing else. */
#define USAGE (GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN)
#define PRIVATE \
	(GNUTLS_PKCS11_OBJ_FLAG_LOGIN | GNUTLS_PKCS11_OBJ_FLAG_MARK_SENSITIVE | \
	    GNUTLS_PKCS11_OBJ_FLAG_MARK_PRIVATE)

enum outcome
pkcs11_key_open(const struct pkcs11 *pkcs11, const char *uri, gnutls_privkey_t *key, struct why *why)
{
	CLEANUP(private_key_cleanup) gnutls_privkey_t opened = NULL;
	enum outcome o;
	int rc;

	if ((o = pkcs11_uri_check(uri, PKCS11_KEY, NULL, why)) != OUTCOME_OK ||
	    (o = session_begin(pkcs11, uri, why)) != OUTCOME_OK)
		return o;
	if ((rc = gnutls_privkey_init(&opened)) >= 0)
		rc = gnutls_privkey_import_url(opened, uri, GNUTLS_PKCS11_OBJ_FLAG_LOGIN);
	if ((o = session_end(rc, uri, why)) != OUTCOME_OK)
		return o;
	*key = opened;
	opened = NULL;
	return OUTCOME_OK;
}

/* What a new key is found by later. */
static enum outcome
key_name(struct arena *arena, const char *uri, const char *label, struct bytes *id, const char **key_uri,
    struct why *why)
{
	uint8_t *random = arena_alloc(arena, ID_SIZE);
	enum outcome o;

	if ((o = pkcs11_uri_check(uri, PKCS11_TOKEN, NULL, why)) != OUTCOME_OK)
		return o;
	if (gnutls_rnd(GNUTLS_RND_NONCE, random, ID_SIZE) < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "no random numbers for a key's id");
	*id = (struct bytes){ random, ID_SIZE };
	if ((*key_uri = pkcs11_uri_of_key(arena, uri, *id, label)) == NULL)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the URI of a key named \"%.64s\" would be longer than %d characters: name the token in "
		    "fewer",
		    label, PKCS11_URI_MAX);
	return OUTCOME_OK;
}

enum outcome
pkcs11_key_generate(struct arena *arena, const struct pkcs11 *pkcs11, const char *uri, enum key_type type,
    const char *label, const char **key_uri, gnutls_privkey_t *key, struct why *why)
{
	gnutls_pk_algorithm_t algorithm;
	gnutls_datum_t id;
	const char *named;
	struct bytes random;
	enum outcome o;
	unsigned bits;
	int rc;

	if ((o = key_name(arena, uri, label, &random, &named, why)) != OUTCOME_OK ||
	    (o = session_begin(pkcs11, uri, why)) != OUTCOME_OK)
		return o;
	key_type_parameters(type, &algorithm, &bits);
	id = datum_of(random);
	rc = gnutls_pkcs11_privkey_generate3(
	    uri, algorithm, bits, label, &id, GNUTLS_X509_FMT_DER, NULL, USAGE, PRIVATE);
	if ((o = session_end(rc, uri, why)) != OUTCOME_OK)
		return o;
	*key_uri = named;
	return pkcs11_key_open(pkcs11, named, key, why);
}

/* Without its public half beside it nobody could tell whose an EC key is. */
static int
key_copy(const char *uri, gnutls_privkey_t key, const char *label, struct bytes id)
{
	CLEANUP(pkcs8_key_cleanup) gnutls_x509_privkey_t plain = NULL;
	CLEANUP(public_key_cleanup) gnutls_pubkey_t public = NULL;
	gnutls_datum_t id_datum = datum_of(id);
	int rc;

	if ((rc = gnutls_privkey_export_x509(key, &plain)) < 0 || (rc = gnutls_pubkey_init(&public)) < 0 ||
	    (rc = gnutls_pubkey_import_privkey(public, key, 0, 0)) < 0 ||
	    (rc = gnutls_pkcs11_copy_x509_privkey2(uri, plain, label, &id_datum, USAGE, PRIVATE)) < 0)
		return rc;
	return gnutls_pkcs11_copy_pubkey(uri, public, label, &id_datum, USAGE, GNUTLS_PKCS11_OBJ_FLAG_LOGIN);
}

enum outcome
pkcs11_key_import(struct arena *arena, const struct pkcs11 *pkcs11, const char *uri, gnutls_privkey_t key,
    const char *label, const char **key_uri, struct why *why)
{
	const char *named;
	struct bytes id;
	enum outcome o;

	if ((o = key_name(arena, uri, label, &id, &named, why)) != OUTCOME_OK ||
	    (o = session_begin(pkcs11, uri, why)) != OUTCOME_OK)
		return o;
	if ((o = session_end(key_copy(uri, key, label, id), uri, why)) != OUTCOME_OK)
		(void)pkcs11_key_delete(pkcs11, named, NULL); /* half of it */
	else
		*key_uri = named;
	return o;
}

enum outcome
pkcs11_key_delete(const struct pkcs11 *pkcs11, const char *key_uri, struct why *why)
{
	struct arena *arena = arena_new();
	const char *both = pkcs11_uri_of_both(arena, key_uri);
	enum outcome o = both == NULL
	    ? refuse(why, OUTCOME_CERTIFICATE_REQUEST, "'%.200s' is no URI", key_uri)
	    : session_begin(pkcs11, both, why);

	if (o == OUTCOME_OK)
		o = session_end(gnutls_pkcs11_delete_url(both, GNUTLS_PKCS11_OBJ_FLAG_LOGIN), both, why);
	arena_free(arena);
	return o;
}
