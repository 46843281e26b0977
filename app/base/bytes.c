#include <muster/base/bytes.h>

#include <muster/base/arena.h>
#include <muster/base/text.h>

#include <gnutls/gnutls.h>

struct bytes
bytes_of(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, text == NULL ? 0 : strlen(text) };
}

bool
bytes_equal(struct bytes a, struct bytes b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static bool
base64_digit(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
	    c == '/';
}

/* Whole groups of four of the alphabet, padded at the end only: the library's decoder is laxer. */
static bool
base64_well_formed(const char *text, size_t size)
{
	size_t digits = size;

	if (size == 0 || size % 4 != 0)
		return false;
	while (digits > size - 2 && text[digits - 1] == '=')
		digits--;
	for (size_t i = 0; i < digits; i++) {
		if (!base64_digit(text[i]))
			return false;
	}
	return true;
}

/* GnuTLS's input type has no const; it does not write there. */
static gnutls_datum_t
datum_of(const void *data, size_t size)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)data, (unsigned int)size };
}

/* Copy GnuTLS's result into arena, then wipe and free it: it can hold a token. */
static struct bytes
datum_take(struct arena *arena, gnutls_datum_t *datum)
{
	struct bytes copy = arena_copy(arena, datum->data, datum->size);

	gnutls_memset(datum->data, 0, datum->size);
	gnutls_free(datum->data);
	return copy;
}

bool
bytes_from_base64(struct arena *arena, const char *text, struct bytes *out)
{
	gnutls_datum_t in, decoded;
	size_t size = 0;
	char *dense;

	if (text == NULL)
		return false;
	dense = arena_alloc(arena, strlen(text) + 1);
	for (; *text != '\0'; text++) {
		if (!text_is_space(*text))
			dense[size++] = *text;
	}
	if (size > UINT32_MAX || !base64_well_formed(dense, size))
		return false;
	in = datum_of(dense, size);
	if (gnutls_base64_decode2(&in, &decoded) < 0)
		return false;
	*out = datum_take(arena, &decoded);
	return true;
}

char *
bytes_to_base64(struct arena *arena, struct bytes bytes)
{
	gnutls_datum_t in = datum_of(bytes.data, bytes.size), encoded;
	char *text;

	if (bytes.size == 0)
		return arena_strdup(arena, "");
	if (bytes.size > UINT32_MAX / 2 || gnutls_base64_encode2(&in, &encoded) < 0)
		arena_out_of_memory();
	text = arena_strndup(arena, (const char *)encoded.data, encoded.size);
	gnutls_memset(encoded.data, 0, encoded.size);
	gnutls_free(encoded.data);
	return text;
}

char *
bytes_to_hex(struct arena *arena, struct bytes bytes)
{
	static const char digits[] = "0123456789ABCDEF";
	char *text = arena_alloc(arena, 2 * bytes.size + 1);

	for (size_t i = 0; i < bytes.size; i++) {
		text[2 * i] = digits[bytes.data[i] >> 4];
		text[2 * i + 1] = digits[bytes.data[i] & 15];
	}
	return text;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
bytes_from_hex(struct arena *arena, const char *text, struct bytes *out)
{
	size_t size = text == NULL ? 1 : strlen(text);
	uint8_t *data;

	if (size % 2 != 0)
		return false;
	size /= 2;
	data = arena_alloc(arena, size);
	for (size_t i = 0; i < size; i++) {
		int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		data[i] = (uint8_t)(high << 4 | low);
	}
	*out = (struct bytes){ data, size };
	return true;
}
