#include <muster/authority/keystore.h>

#include "handles.h"

#define PKCS8_MAX (16 * 1024)

static const struct {
	const char *name;
	gnutls_pk_algorithm_t algorithm;
	unsigned bits;
} key_types[] = {
	[KEY_EC_P256] = { "ec-p256", GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1) },
	[KEY_EC_P384] = { "ec-p384", GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1) },
	[KEY_RSA_2048] = { "rsa-2048", GNUTLS_PK_RSA, 2048 },
	[KEY_RSA_3072] = { "rsa-3072", GNUTLS_PK_RSA, 3072 },
	[KEY_RSA_4096] = { "rsa-4096", GNUTLS_PK_RSA, 4096 },
};

bool
key_type_from_name(const char *name, enum key_type *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(key_types); i++)
		if (strcmp(name, key_types[i].name) == 0) {
			*type = (enum key_type)i;
			return true;
		}
	return false;
}

const char *
key_type_name(enum key_type type)
{
	return key_types[type].name;
}

void
key_type_parameters(enum key_type type, gnutls_pk_algorithm_t *algorithm, unsigned *bits)
{
	*algorithm = key_types[type].algorithm;
	*bits = key_types[type].bits;
}

enum outcome
keystore_generate(enum key_type type, gnutls_privkey_t *key, struct why *why)
{
	gnutls_privkey_t new = NULL;
	int rc = gnutls_privkey_init(&new);

	if (rc >= 0)
		rc = gnutls_privkey_generate(new, key_types[type].algorithm, key_types[type].bits, 0);
	if (rc < 0) {
		private_key_cleanup(&new);
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "new %s key: %s", key_types[type].name,
		    gnutls_strerror(rc));
	}
	*key = new;
	return OUTCOME_OK;
}

/* GnuTLS takes the passphrase as a C string: what it would not see of it must not look like protection. */
static enum outcome
passphrase_check(const struct secret *passphrase, struct why *why)
{
	if (passphrase->size == 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "the passphrase is empty");
	if (memchr(passphrase->data, 0, passphrase->size) != NULL)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "the passphrase contains a NUL byte");
	return OUTCOME_OK;
}

enum outcome
keystore_seal(struct arena *arena, gnutls_privkey_t key, const struct secret *passphrase, struct bytes *pkcs8,
    struct why *why)
{
	CLEANUP(pkcs8_key_cleanup) gnutls_x509_privkey_t plain = NULL;
	CLEANUP(datum_cleanup) gnutls_datum_t sealed = { NULL, 0 };
	enum outcome o;
	int rc;

	if ((o = passphrase_check(passphrase, why)) != OUTCOME_OK)
		return o;
	if ((rc = gnutls_privkey_export_x509(key, &plain)) < 0 ||
	    (rc = gnutls_x509_privkey_export2_pkcs8(
		 plain, GNUTLS_X509_FMT_DER, passphrase->data, GNUTLS_PKCS_PBES2_AES_256, &sealed)) < 0)
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "encrypting a private key: %s", gnutls_strerror(rc));
	*pkcs8 = arena_copy(arena, sealed.data, sealed.size);
	return OUTCOME_OK;
}

static enum outcome
pkcs8_check(struct bytes pkcs8, struct why *why)
{
	gnutls_datum_t data = datum_of(pkcs8);
	int rc;

	if (pkcs8.size == 0 || pkcs8.size > PKCS8_MAX)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "RFC 5958: a private key of %zu bytes, between 1 and %d are possible", pkcs8.size,
		    PKCS8_MAX);
	rc = gnutls_pkcs8_info(&data, GNUTLS_X509_FMT_DER, NULL, NULL, NULL, NULL, NULL, NULL);
	if (rc < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "RFC 5958: the private key is damaged, or is not encrypted: %s", gnutls_strerror(rc));
	return OUTCOME_OK;
}

static enum outcome
pkcs8_decrypt(struct bytes pkcs8, const struct secret *passphrase, gnutls_x509_privkey_t key, struct why *why)
{
	gnutls_datum_t data = datum_of(pkcs8);
	int rc = gnutls_x509_privkey_import_pkcs8(key, &data, GNUTLS_X509_FMT_DER, passphrase->data, 0);

	if (rc == GNUTLS_E_DECRYPTION_FAILED)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the private key does not open: the passphrase is wrong, or the key is damaged");
	/* One wrong passphrase of 256 decrypts to something, which is no key then. */
	if (rc < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the private key does not open: it is damaged, or the passphrase is wrong: %s",
		    gnutls_strerror(rc));
	return OUTCOME_OK;
}

enum outcome
keystore_open(struct bytes pkcs8, const struct secret *passphrase, gnutls_privkey_t *key, struct why *why)
{
	CLEANUP(pkcs8_key_cleanup) gnutls_x509_privkey_t plain = NULL;
	CLEANUP(private_key_cleanup) gnutls_privkey_t opened = NULL;
	enum outcome o;
	int rc;

	if ((rc = gnutls_x509_privkey_init(&plain)) < 0 || (rc = gnutls_privkey_init(&opened)) < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "new private key: %s", gnutls_strerror(rc));
	if ((o = passphrase_check(passphrase, why)) != OUTCOME_OK ||
	    (o = pkcs8_check(pkcs8, why)) != OUTCOME_OK ||
	    (o = pkcs8_decrypt(pkcs8, passphrase, plain, why)) != OUTCOME_OK)
		return o;
	if ((rc = gnutls_privkey_import_x509(opened, plain, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE)) < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "private key: %s", gnutls_strerror(rc));
	plain = NULL; /* released with the other from here on */
	*key = opened;
	opened = NULL;
	return OUTCOME_OK;
}
