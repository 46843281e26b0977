/* GnuTLS writes what it is given as raw DER, so no patching is needed. */
#include "pkcs10.h"

#include "identity.h"

#define OID_HARDWARE "1.3.6.1.4.1.311.66.1.0"
#define TAG_UTF8 0x0c
#define TAG_PRINTABLE 0x13
#define NAME_MAX_SIZE 80
#define GUID_PART 30

/* The DER of the common name: tag, length, characters, perhaps NUL; its size. */
static size_t
name_encode(const struct pkcs10_wish *wish, uint8_t *der, size_t size)
{
	struct identity_guid guid = identity_guid();
	enum name_form form = wish->form;
	int length;

	if (form == NAME_BY_WINDOWS)
		form = wish->windows == WINDOWS_11 ? NAME_UTF8 : NAME_PRINTABLE_NUL;
	for (char *c = guid.text; *c != '\0'; c++)
		if (*c >= 'a' && *c <= 'f')
			*c = (char)(*c - 'a' + 'A');
	length = snprintf((char *)der + 2, size - 2, "%.*s!%s", GUID_PART, guid.text, wish->device_id);
	if (length < 0 || (size_t)length + 3 > size)
		return 0;
	if (form == NAME_PRINTABLE_NUL || form == NAME_UTF8_NUL)
		length++;
	der[0] = form == NAME_UTF8 || form == NAME_UTF8_NUL ? TAG_UTF8 : TAG_PRINTABLE;
	der[1] = (uint8_t)length;
	return (size_t)length + 2;
}

static int
request_fill(gnutls_x509_crq_t crq, gnutls_x509_privkey_t key, const struct pkcs10_wish *wish)
{
	uint8_t name[NAME_MAX_SIZE + 2];
	size_t size = name_encode(wish, name, sizeof(name));
	int rc;

	if (size == 0)
		return GNUTLS_E_INVALID_REQUEST;
	if ((rc = gnutls_x509_crq_set_version(crq, 1)) < 0 ||
	    (rc = gnutls_x509_crq_set_dn_by_oid(crq, GNUTLS_OID_X520_COMMON_NAME, 1, name, (unsigned)size)) <
		0 ||
	    (rc = gnutls_x509_crq_set_key(crq, key)) < 0 ||
	    (rc = gnutls_x509_crq_set_key_purpose_oid(crq, GNUTLS_KP_TLS_WWW_CLIENT, 0)) < 0)
		return rc;
	/* ASCII and its NUL, bare: not DER. */
	return gnutls_x509_crq_set_extension_by_oid(
	    crq, OID_HARDWARE, wish->device_id, strlen(wish->device_id) + 1, 0);
}

bool
pkcs10_write(struct arena *arena, gnutls_x509_privkey_t key, const struct pkcs10_wish *wish,
    struct bytes *der, struct refusal *refusal)
{
	gnutls_privkey_t signer = NULL;
	gnutls_x509_crq_t crq = NULL;
	gnutls_datum_t out = { NULL, 0 };
	int rc;

	if ((rc = gnutls_x509_crq_init(&crq)) == 0 && (rc = request_fill(crq, key, wish)) == 0 &&
	    (rc = gnutls_privkey_init(&signer)) == 0 &&
	    (rc = gnutls_privkey_import_x509(signer, key, 0)) == 0 &&
	    (rc = gnutls_x509_crq_privkey_sign(
		 crq, signer, wish->sha1 ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256, 0)) == 0 &&
	    (rc = gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_DER, &out)) == 0)
		*der = arena_copy(arena, out.data, out.size);
	gnutls_free(out.data);
	gnutls_privkey_deinit(signer);
	gnutls_x509_crq_deinit(crq);
	return rc == 0 ||
	    deny(refusal, HRESULT_KEY_CREATION, "the certificate request cannot be made: %s",
		gnutls_strerror(rc));
}

char *
base64_wrapped(struct arena *arena, struct bytes bytes)
{
	const char *flat = bytes_to_base64(arena, bytes);
	size_t length = strlen(flat), lines = (length + 63) / 64;
	char *text = arena_alloc(arena, length + 2 * lines + 1), *to = text;

	for (size_t at = 0; at < length; at += 64) {
		size_t part = length - at < 64 ? length - at : 64;

		memcpy(to, flat + at, part);
		memcpy(to + part, "\r\n", 2);
		to += part + 2;
	}
	*to = '\0';
	return text;
}
