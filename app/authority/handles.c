#include "handles.h"

void
certificate_cleanup(gnutls_x509_crt_t *certificate)
{
	if (*certificate != NULL)
		gnutls_x509_crt_deinit(*certificate);
	*certificate = NULL;
}

void
public_key_cleanup(gnutls_pubkey_t *key)
{
	if (*key != NULL)
		gnutls_pubkey_deinit(*key);
	*key = NULL;
}

void
private_key_cleanup(gnutls_privkey_t *key)
{
	if (*key != NULL)
		gnutls_privkey_deinit(*key);
	*key = NULL;
}

void
pkcs8_key_cleanup(gnutls_x509_privkey_t *key)
{
	if (*key != NULL)
		gnutls_x509_privkey_deinit(*key);
	*key = NULL;
}

void
datum_cleanup(gnutls_datum_t *datum)
{
	gnutls_free(datum->data);
	datum->data = NULL;
	datum->size = 0;
}

gnutls_datum_t
datum_of(struct bytes bytes)
{
	union {
		const uint8_t *in;
		uint8_t *out;
	} data = { .in = bytes.data };

	return (gnutls_datum_t){ data.out, (unsigned)bytes.size };
}

gnutls_digest_algorithm_t
private_key_digest(gnutls_privkey_t key)
{
	unsigned bits = 0;

	if (gnutls_privkey_get_pk_algorithm(key, &bits) == GNUTLS_PK_ECDSA && bits > 256)
		return GNUTLS_DIG_SHA384;
	return GNUTLS_DIG_SHA256;
}

static const char *
curve_name(gnutls_pubkey_t key)
{
	gnutls_ecc_curve_t curve;

	if (gnutls_pubkey_export_ecc_raw2(key, &curve, NULL, NULL, 0) < 0)
		return "?";
	if (curve == GNUTLS_ECC_CURVE_SECP256R1)
		return "P-256";
	if (curve == GNUTLS_ECC_CURVE_SECP384R1)
		return "P-384";
	return gnutls_ecc_curve_get_name(curve);
}

const char *
public_key_name(struct arena *arena, gnutls_pubkey_t key)
{
	unsigned bits = 0;
	int algorithm = gnutls_pubkey_get_pk_algorithm(key, &bits);

	if (algorithm == GNUTLS_PK_ECDSA)
		return arena_printf(arena, "EC-%s", curve_name(key));
	if (algorithm == GNUTLS_PK_RSA)
		return arena_printf(arena, "RSA-%u", bits);
	if (algorithm < 0)
		return "an unknown kind of key";
	return gnutls_pk_get_name((gnutls_pk_algorithm_t)algorithm);
}
