/*
 * A root, an issuing CA and client certificates for tests of the simulated device, made with GnuTLS at
 * each run.
 */
#ifndef MUSTER_TESTS_MAKE_CHAIN_H
#define MUSTER_TESTS_MAKE_CHAIN_H

#include <muster/base/arena.h>
#include <muster/base/bytes.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

struct made_certificate {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	struct bytes der;
};

struct made_wish {
	const char *name; /* common name */
	bool ca;
	bool server_purpose;	   /* EKU serverAuth instead of clientAuth */
	int from, until;	   /* seconds from now */
	gnutls_x509_privkey_t key; /* NULL: a new P-256 key */
};

#define REQUIRE(call) \
	do { \
		if ((call) < 0) \
			abort(); \
	} while (0)

/* Make it, signed by issuer, or by itself when that is NULL. */
static inline struct made_certificate
make_certificate(struct arena *arena, const struct made_wish *wish, const struct made_certificate *issuer)
{
	static uint32_t serial;
	struct made_certificate made = { .key = wish->key };
	gnutls_datum_t der;
	uint8_t number[5] = { 1 };

	serial++;
	memcpy(number + 1, &serial, sizeof(serial));
	if (made.key == NULL) {
		REQUIRE(gnutls_x509_privkey_init(&made.key));
		REQUIRE(gnutls_x509_privkey_generate(
		    made.key, GNUTLS_PK_EC, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	}
	REQUIRE(gnutls_x509_crt_init(&made.crt));
	REQUIRE(gnutls_x509_crt_set_version(made.crt, 3));
	REQUIRE(gnutls_x509_crt_set_serial(made.crt, number, sizeof(number)));
	REQUIRE(gnutls_x509_crt_set_dn_by_oid(
	    made.crt, GNUTLS_OID_X520_COMMON_NAME, 0, wish->name, (unsigned)strlen(wish->name)));
	REQUIRE(gnutls_x509_crt_set_activation_time(made.crt, time(NULL) + wish->from));
	REQUIRE(gnutls_x509_crt_set_expiration_time(made.crt, time(NULL) + wish->until));
	REQUIRE(gnutls_x509_crt_set_key(made.crt, made.key));
	REQUIRE(gnutls_x509_crt_set_basic_constraints(made.crt, wish->ca, -1));
	REQUIRE(gnutls_x509_crt_set_key_usage(
	    made.crt, wish->ca ? GNUTLS_KEY_KEY_CERT_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE));
	if (!wish->ca)
		REQUIRE(gnutls_x509_crt_set_key_purpose_oid(
		    made.crt, wish->server_purpose ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT, 0));
	REQUIRE(gnutls_x509_crt_sign2(made.crt, issuer == NULL ? made.crt : issuer->crt,
	    issuer == NULL ? made.key : issuer->key, GNUTLS_DIG_SHA256, 0));
	REQUIRE(gnutls_x509_crt_export2(made.crt, GNUTLS_X509_FMT_DER, &der));
	made.der = arena_copy(arena, der.data, der.size);
	gnutls_free(der.data);
	return made;
}

/* key_too: not when it was given in the wish and is shared. */
static inline void
free_certificate(struct made_certificate *made, bool key_too)
{
	gnutls_x509_crt_deinit(made->crt);
	if (key_too)
		gnutls_x509_privkey_deinit(made->key);
}

#endif
