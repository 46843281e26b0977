/*
 * Two boxes of AES-256-GCM (NIST SP 800-38D), 96-bit random nonce, 128-bit tag, numbers in
 * network order:
 *
 *   sealing key   1 byte version 1, 4 bytes PBKDF2 rounds, 16 bytes salt, nonce, ciphertext, tag
 *                 (authenticated with it: version, rounds, salt)
 *   secret        1 byte version 1, nonce, ciphertext, tag
 *                 (authenticated with it: version, context)
 */
#include <muster/authority/keystore.h>

#include <gnutls/crypto.h>

#include <arpa/inet.h>

#define SEALED_VERSION 1
#define NONCE_SIZE 12
#define TAG_SIZE 16
#define SALT_SIZE 16
#define HEADER_SIZE (1 + 4 + SALT_SIZE)
#define BOX_OVERHEAD (NONCE_SIZE + TAG_SIZE)
#define SEALED_KEY_SIZE (HEADER_SIZE + BOX_OVERHEAD + SEALING_KEY_SIZE)
#define PLAIN_MAX (64 * 1024)
#define CONTEXT_MAX 255

/* OWASP's figure for PBKDF2-HMAC-SHA-256; about 0.1 s, once per start of an issuer. */
#define ROUNDS 600000
#define ROUNDS_MAX 10000000

static void
cipher_cleanup(gnutls_aead_cipher_hd_t *cipher)
{
	if (*cipher != NULL)
		gnutls_aead_cipher_deinit(*cipher);
}

static enum outcome
cipher_open(const uint8_t key[SEALING_KEY_SIZE], gnutls_aead_cipher_hd_t *cipher, struct why *why)
{
	uint8_t copy[SEALING_KEY_SIZE];
	gnutls_datum_t datum = { copy, sizeof(copy) };
	int rc;

	memcpy(copy, key, sizeof(copy));
	rc = gnutls_aead_cipher_init(cipher, GNUTLS_CIPHER_AES_256_GCM, &datum);
	secret_wipe(copy, sizeof(copy));
	if (rc < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "AES-256-GCM: %s", gnutls_strerror(rc));
	return OUTCOME_OK;
}

/* Nonce, ciphertext and tag to box, which has room for BOX_OVERHEAD more than plain. */
static enum outcome
box_close(const uint8_t key[SEALING_KEY_SIZE], struct bytes associated, struct bytes plain, uint8_t *box,
    struct why *why)
{
	CLEANUP(cipher_cleanup) gnutls_aead_cipher_hd_t cipher = NULL;
	size_t size = plain.size + TAG_SIZE;
	enum outcome o;
	int rc;

	if ((o = cipher_open(key, &cipher, why)) != OUTCOME_OK)
		return o;
	if ((rc = gnutls_rnd(GNUTLS_RND_NONCE, box, NONCE_SIZE)) < 0 ||
	    (rc = gnutls_aead_cipher_encrypt(cipher, box, NONCE_SIZE, associated.data, associated.size,
		 TAG_SIZE, plain.data, plain.size, box + NONCE_SIZE, &size)) < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "sealing: %s", gnutls_strerror(rc));
	return OUTCOME_OK;
}

/* The reverse: plain has room for box.size - BOX_OVERHEAD. */
static enum outcome
box_open(const uint8_t key[SEALING_KEY_SIZE], struct bytes associated, struct bytes box, uint8_t *plain,
    const char *failure, struct why *why)
{
	CLEANUP(cipher_cleanup) gnutls_aead_cipher_hd_t cipher = NULL;
	size_t size = box.size - BOX_OVERHEAD;
	enum outcome o;
	int rc;

	if ((o = cipher_open(key, &cipher, why)) != OUTCOME_OK)
		return o;
	rc = gnutls_aead_cipher_decrypt(cipher, box.data, NONCE_SIZE, associated.data, associated.size,
	    TAG_SIZE, box.data + NONCE_SIZE, box.size - NONCE_SIZE, plain, &size);
	if (rc < 0) {
		secret_wipe(plain, box.size - BOX_OVERHEAD);
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "%s", failure);
	}
	return OUTCOME_OK;
}

/* The key that a passphrase makes, by PBKDF2-HMAC-SHA-256 (RFC 8018 section 5.2). */
static enum outcome
key_derive(const struct secret *passphrase, const uint8_t *salt_bytes, uint32_t rounds,
    uint8_t key[SEALING_KEY_SIZE], struct why *why)
{
	uint8_t copy[SALT_SIZE];
	gnutls_datum_t password = { (unsigned char *)passphrase->data, (unsigned)passphrase->size };
	gnutls_datum_t salt = { copy, sizeof(copy) };
	int rc;

	memcpy(copy, salt_bytes, sizeof(copy));
	if (passphrase->size == 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "the passphrase is empty");
	if ((rc = gnutls_pbkdf2(GNUTLS_MAC_SHA256, &password, &salt, rounds, key, SEALING_KEY_SIZE)) < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "PBKDF2: %s", gnutls_strerror(rc));
	return OUTCOME_OK;
}

static enum outcome
sealing_key_fill(const struct secret *passphrase, uint8_t sealed[SEALED_KEY_SIZE],
    uint8_t outer[SEALING_KEY_SIZE], const uint8_t inner[SEALING_KEY_SIZE], struct why *why)
{
	const uint32_t rounds = htonl(ROUNDS);
	enum outcome o;
	int rc;

	sealed[0] = SEALED_VERSION;
	memcpy(sealed + 1, &rounds, sizeof(rounds));
	if ((rc = gnutls_rnd(GNUTLS_RND_RANDOM, sealed + 5, SALT_SIZE)) < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "random numbers: %s", gnutls_strerror(rc));
	if ((o = key_derive(passphrase, sealed + 5, ROUNDS, outer, why)) != OUTCOME_OK)
		return o;
	return box_close(outer, (struct bytes){ sealed, HEADER_SIZE },
	    (struct bytes){ inner, SEALING_KEY_SIZE }, sealed + HEADER_SIZE, why);
}

static enum outcome
inner_seal(struct arena *arena, const uint8_t inner[SEALING_KEY_SIZE], const struct secret *passphrase,
    struct bytes *sealed, struct why *why)
{
	uint8_t box[SEALED_KEY_SIZE], outer[SEALING_KEY_SIZE];
	enum outcome o = sealing_key_fill(passphrase, box, outer, inner, why);

	secret_wipe(outer, sizeof(outer));
	if (o == OUTCOME_OK)
		*sealed = arena_copy(arena, box, sizeof(box));
	return o;
}

enum outcome
sealing_key_new(struct arena *arena, const struct secret *passphrase, struct bytes *sealed, struct why *why)
{
	uint8_t inner[SEALING_KEY_SIZE];
	int rc = gnutls_rnd(GNUTLS_RND_KEY, inner, sizeof(inner));
	enum outcome o;

	if (rc < 0)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "random numbers: %s", gnutls_strerror(rc));
	o = inner_seal(arena, inner, passphrase, sealed, why);
	secret_wipe(inner, sizeof(inner));
	return o;
}

enum outcome
sealing_key_seal(struct arena *arena, const struct secret *key, const struct secret *passphrase,
    struct bytes *sealed, struct why *why)
{
	if (key->size != SEALING_KEY_SIZE)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "a sealing key of %zu bytes, it has %d",
		    key->size, SEALING_KEY_SIZE);
	return inner_seal(arena, (const uint8_t *)key->data, passphrase, sealed, why);
}

enum outcome
sealing_key_open(struct bytes sealed, const struct secret *passphrase, struct secret *key, struct why *why)
{
	uint8_t outer[SEALING_KEY_SIZE], inner[SEALING_KEY_SIZE];
	uint32_t rounds;
	enum outcome o;

	if (sealed.size != SEALED_KEY_SIZE || sealed.data[0] != SEALED_VERSION)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the sealing key is damaged, or was made by a later version");
	memcpy(&rounds, sealed.data + 1, sizeof(rounds));
	rounds = ntohl(rounds);
	if (rounds == 0 || rounds > ROUNDS_MAX)
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "the sealing key is damaged: %u rounds", rounds);
	o = key_derive(passphrase, sealed.data + 5, rounds, outer, why);
	if (o == OUTCOME_OK)
		o = box_open(outer, (struct bytes){ sealed.data, HEADER_SIZE },
		    (struct bytes){ sealed.data + HEADER_SIZE, sealed.size - HEADER_SIZE }, inner,
		    "the sealing key does not open: the passphrase is wrong, or the key is damaged", why);
	if (o == OUTCOME_OK)
		*key = secret_copy(inner, sizeof(inner));
	secret_wipe(outer, sizeof(outer));
	secret_wipe(inner, sizeof(inner));
	return o;
}

static enum outcome
sealing_check(const struct secret *key, const char *context, struct why *why)
{
	if (key->size != SEALING_KEY_SIZE)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "a sealing key of %zu bytes, it has %d",
		    key->size, SEALING_KEY_SIZE);
	if (strlen(context) > CONTEXT_MAX)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "the context of a sealed secret is too long");
	return OUTCOME_OK;
}

/* Version and context: a secret sealed for one device does not open as another's. */
static struct bytes
associated_with(const char *context, uint8_t buffer[1 + CONTEXT_MAX])
{
	size_t size = strlen(context);

	buffer[0] = SEALED_VERSION;
	memcpy(buffer + 1, context, size);
	return (struct bytes){ buffer, 1 + size };
}

enum outcome
seal(struct arena *arena, const struct secret *key, const char *context, struct bytes plain,
    struct bytes *sealed, struct why *why)
{
	uint8_t buffer[1 + CONTEXT_MAX], *box;
	enum outcome o;

	if ((o = sealing_check(key, context, why)) != OUTCOME_OK)
		return o;
	if (plain.size > PLAIN_MAX)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "a secret of %zu bytes is too long to seal",
		    plain.size);
	box = arena_alloc(arena, 1 + BOX_OVERHEAD + plain.size);
	box[0] = SEALED_VERSION;
	*sealed = (struct bytes){ box, 1 + BOX_OVERHEAD + plain.size };
	return box_close((const uint8_t *)key->data, associated_with(context, buffer), plain, box + 1, why);
}

enum outcome
unseal(
    const struct secret *key, const char *context, struct bytes sealed, struct secret *plain, struct why *why)
{
	uint8_t buffer[1 + CONTEXT_MAX];
	struct secret opened;
	enum outcome o;

	if ((o = sealing_check(key, context, why)) != OUTCOME_OK)
		return o;
	if (sealed.size < 1 + BOX_OVERHEAD || sealed.size > 1 + BOX_OVERHEAD + PLAIN_MAX ||
	    sealed.data[0] != SEALED_VERSION)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the sealed secret is damaged, or was made by a later version");
	/* For the room; the decryption overwrites it. */
	opened = secret_copy(sealed.data, sealed.size - 1 - BOX_OVERHEAD);
	o = box_open((const uint8_t *)key->data, associated_with(context, buffer),
	    (struct bytes){ sealed.data + 1, sealed.size - 1 }, (uint8_t *)opened.data,
	    "the sealed secret does not open: it is damaged, or another device's", why);
	if (o != OUTCOME_OK) {
		secret_release(&opened);
		return o;
	}
	*plain = opened;
	return OUTCOME_OK;
}
