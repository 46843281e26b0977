#include "signing_key.h"

#include <gnutls/gnutls.h>

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define RSA_EXPONENT_MIN 65537
#define RSA_EXPONENT_BYTES_MAX 8

const struct signing_algorithm *
signing_algorithm_find(const char *name)
{
	static const struct signing_algorithm all[] = {
		{ "RS256", GNUTLS_PK_RSA, GNUTLS_SIGN_RSA_SHA256 },
		{ "ES256", GNUTLS_PK_ECDSA, GNUTLS_SIGN_ECDSA_SHA256 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strcmp(name, all[i].name) == 0)
			return &all[i];
	return NULL;
}

void
signing_key_free(gnutls_pubkey_t *key)
{
	if (*key != NULL)
		gnutls_pubkey_deinit(*key);
	*key = NULL;
}

/* With an exponent of 1 anybody signs, with a small one some have forged. */
static bool
exponent_usable(gnutls_datum_t e)
{
	uint64_t value = 0;

	while (e.size > 0 && e.data[0] == 0)
		e = (gnutls_datum_t){ e.data + 1, e.size - 1 };
	if (e.size > RSA_EXPONENT_BYTES_MAX)
		return false;
	for (unsigned int i = 0; i < e.size; i++)
		value = value << 8 | e.data[i];
	return value >= RSA_EXPONENT_MIN && value % 2 == 1;
}

static const char *
rsa_wrong(gnutls_pubkey_t key, unsigned int bits)
{
	gnutls_datum_t n = { NULL, 0 }, e = { NULL, 0 };
	bool usable;

	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return "RSA of less than 2048 or more than 8192 bits";
	if (gnutls_pubkey_export_rsa_raw(key, &n, &e) < 0)
		return "an RSA key that cannot be read";
	usable = exponent_usable(e);
	gnutls_free(n.data);
	gnutls_free(e.data);
	return usable ? NULL : "RSA with an exponent that is even, below 65537, or of more than 64 bits";
}

static const char *
ec_wrong(gnutls_pubkey_t key)
{
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	gnutls_datum_t x = { NULL, 0 }, y = { NULL, 0 };

	if (gnutls_pubkey_export_ecc_raw(key, &curve, &x, &y) < 0)
		return "an EC key that cannot be read";
	gnutls_free(x.data);
	gnutls_free(y.data);
	return curve == GNUTLS_ECC_CURVE_SECP256R1 ? NULL : "EC on another curve than P-256";
}

const char *
signing_key_wrong(gnutls_pubkey_t key, const struct signing_algorithm *algorithm)
{
	unsigned int bits = 0;
	int kind = gnutls_pubkey_get_pk_algorithm(key, &bits);

	if (kind < 0 || (gnutls_pk_algorithm_t)kind != algorithm->key)
		return "a key for another algorithm";
	return algorithm->key == GNUTLS_PK_RSA ? rsa_wrong(key, bits) : ec_wrong(key);
}

/* GnuTLS's input type has no const; it does not write there. */
static gnutls_datum_t
datum_of(struct bytes bytes)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)bytes.data, (unsigned int)bytes.size };
}

enum outcome
signing_key_open(
    struct bytes der, const struct signing_algorithm *algorithm, gnutls_pubkey_t *key, struct why *why)
{
	gnutls_datum_t in = datum_of(der);
	const char *wrong;
	int rc;

	*key = NULL;
	if ((rc = gnutls_pubkey_init(key)) < 0 ||
	    (rc = gnutls_pubkey_import(*key, &in, GNUTLS_X509_FMT_DER)) < 0) {
		signing_key_free(key);
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "the stored key cannot be read: %s",
		    gnutls_strerror(rc));
	}
	if ((wrong = signing_key_wrong(*key, algorithm)) == NULL)
		return OUTCOME_OK;
	signing_key_free(key);
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "the stored key is %s", wrong);
}
