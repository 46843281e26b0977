#include "der.h"

/* A length of up to 65535: tag and length together are at most this long. */
#define LENGTH_BYTES_MAX 2

static bool
length_read(struct bytes input, size_t *header, size_t *length)
{
	size_t count, value = 0;

	if (input.size < 2)
		return false;
	*header = 2;
	*length = input.data[1];
	if (input.data[1] < 0x80)
		return true;
	count = input.data[1] & 0x7f;
	if (count == 0 || count > LENGTH_BYTES_MAX || input.size < 2 + count)
		return false;
	for (size_t i = 0; i < count; i++)
		value = value << 8 | input.data[2 + i];
	*header = 2 + count;
	*length = value;
	return value >= (count == 1 ? 0x80 : 0x100);
}

bool
der_take(struct bytes *rest, uint8_t tag, struct der_element *element)
{
	size_t header, length;

	if (rest->size == 0 || rest->data[0] != tag || !length_read(*rest, &header, &length) ||
	    length > rest->size - header)
		return false;
	element->whole = (struct bytes){ rest->data, header + length };
	element->content = (struct bytes){ rest->data + header, length };
	rest->data += header + length;
	rest->size -= header + length;
	return true;
}
