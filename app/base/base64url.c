#include <muster/base/base64url.h>

#include <muster/base/arena.h>

#include <gnutls/gnutls.h>

/* The library's decoder knows the other alphabet, and wants padding. False: not a character of this one. */
static bool
translate(struct bytes text, struct secret *to)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = (char)text.data[i];

		if (c == '-')
			to->data[i] = '+';
		else if (c == '_')
			to->data[i] = '/';
		else if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			to->data[i] = c;
		else
			return false;
	}
	memset(to->data + text.size, '=', to->size - text.size);
	return true;
}

/* Room for so many characters. */
static struct secret
secret_new(size_t size)
{
	struct secret secret = { calloc(1, size + 1), size };

	if (secret.data == NULL)
		arena_out_of_memory();
	return secret;
}

/* Of the library's alphabet, padded. */
static bool
decode(struct secret *padded, struct secret *out)
{
	const gnutls_datum_t in = { (unsigned char *)padded->data, (unsigned int)padded->size };
	gnutls_datum_t decoded;

	if (gnutls_base64_decode2(&in, &decoded) < 0)
		return false;
	*out = secret_copy(decoded.data, decoded.size);
	secret_wipe(decoded.data, decoded.size);
	gnutls_free(decoded.data);
	return true;
}

bool
base64url_decode(struct bytes text, struct secret *out)
{
	struct secret padded;
	bool decoded;

	*out = (struct secret){ NULL, 0 };
	if (text.size % 4 == 1 || text.size > UINT32_MAX / 2)
		return false;
	if (text.size == 0) {
		*out = secret_copy("", 0);
		return true;
	}
	padded = secret_new((text.size + 3) / 4 * 4);
	decoded = translate(text, &padded) && decode(&padded, out);
	secret_release(&padded);
	return decoded;
}
