#include <muster/base/arena.h>
#include <muster/base/bytes.h>

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
is_base64(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
	    c == '/';
}

/* The text without white space; NULL when it is not base64. GnuTLS itself is lax about both. */
static char *
base64_strip(struct arena *arena, const char *text, size_t *size)
{
	char *stripped = arena_alloc(arena, strlen(text) + 1);
	size_t n = 0, padding = 0;

	for (; *text != '\0'; text++) {
		if (strchr(" \t\r\n", *text) != NULL)
			continue;
		if (*text == '=')
			padding++;
		else if (padding > 0 || !is_base64((unsigned char)*text))
			return NULL;
		stripped[n++] = *text;
	}
	*size = n;
	return n > 0 && n % 4 == 0 && padding <= 2 ? stripped : NULL;
}

bool
bytes_from_base64(struct arena *arena, const char *text, struct bytes *out)
{
	gnutls_datum_t in, decoded = { NULL, 0 };
	size_t size;
	char *stripped;

	if (text == NULL || (stripped = base64_strip(arena, text, &size)) == NULL || size > UINT32_MAX)
		return false;
	in = (gnutls_datum_t){ (unsigned char *)stripped, (unsigned)size };
	if (gnutls_base64_decode2(&in, &decoded) < 0)
		return false;
	*out = arena_copy(arena, decoded.data, decoded.size);
	gnutls_free(decoded.data);
	return true;
}

char *
bytes_to_base64(struct arena *arena, struct bytes bytes)
{
	gnutls_datum_t in = { (unsigned char *)(uintptr_t)bytes.data, (unsigned)bytes.size };
	gnutls_datum_t encoded = { NULL, 0 };
	char *text;

	if (bytes.size == 0 || gnutls_base64_encode2(&in, &encoded) < 0)
		return arena_strdup(arena, "");
	text = arena_strndup(arena, (const char *)encoded.data, encoded.size);
	gnutls_free(encoded.data);
	return text;
}

char *
bytes_to_hex(struct arena *arena, struct bytes bytes)
{
	static const char digits[] = "0123456789ABCDEF";
	char *text = arena_alloc(arena, bytes.size * 2 + 1);

	for (size_t i = 0; i < bytes.size; i++) {
		text[2 * i] = digits[bytes.data[i] >> 4];
		text[2 * i + 1] = digits[bytes.data[i] & 15];
	}
	return text;
}

static int
hex_digit(char c)
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
	data = arena_alloc(arena, size / 2);
	for (size_t i = 0; i < size / 2; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		data[i] = (uint8_t)(high << 4 | low);
	}
	*out = (struct bytes){ data, size / 2 };
	return true;
}
