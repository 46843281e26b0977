#include <muster/credentials/token.h>

#include <gnutls/crypto.h>

#define RANDOM_SIZE 32

/* base64url (RFC 4648 section 5) out of base64, without padding. */
static void
make_url_safe(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '+')
			*text = '-';
		else if (*text == '/')
			*text = '_';
		else if (*text == '=')
			*text = '\0';
	}
}

struct secret
token_make(void)
{
	uint8_t random[RANDOM_SIZE];
	const gnutls_datum_t in = { random, sizeof(random) };
	gnutls_datum_t encoded = { NULL, 0 };
	struct secret token;

	if (gnutls_rnd(GNUTLS_RND_KEY, random, sizeof(random)) < 0 ||
	    gnutls_base64_encode2(&in, &encoded) < 0)
		abort(); /* not without a broken library */
	token = secret_copy(encoded.data, encoded.size);
	make_url_safe(token.data);
	token.size = strlen(token.data);
	secret_wipe(random, sizeof(random));
	secret_wipe(encoded.data, encoded.size);
	gnutls_free(encoded.data);
	return token;
}

void
token_sha256(const struct secret *token, uint8_t sha256[TOKEN_SHA256_SIZE])
{
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, token->data, token->size, sha256) < 0)
		abort(); /* not without a broken library */
}

const char *
token_claim(struct arena *arena, const struct secret *token)
{
	uint8_t sha256[TOKEN_SHA256_SIZE];

	token_sha256(token, sha256);
	return arena_printf(arena, "{\"kind\":\"token\",\"sha256\":\"%s\"}",
	    bytes_to_hex(arena, (struct bytes){ sha256, sizeof(sha256) }));
}
