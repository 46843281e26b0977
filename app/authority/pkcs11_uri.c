#include "pkcs11_uri.h"

#include <p11-kit/uri.h>

static void
uri_cleanup(P11KitUri **uri)
{
	p11_kit_uri_free(*uri);
	*uri = NULL;
}

static P11KitUri *
uri_parse(const char *text)
{
	P11KitUri *uri = p11_kit_uri_new();

	if (uri == NULL)
		arena_out_of_memory();
	if (p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri) == P11_KIT_URI_OK)
		return uri;
	p11_kit_uri_free(uri);
	return NULL;
}

static const char *
uri_format(struct arena *arena, P11KitUri *uri)
{
	char *text = NULL;
	const char *copy = NULL;

	if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_ANY, &text) == P11_KIT_URI_OK &&
	    strlen(text) <= PKCS11_URI_MAX)
		copy = arena_strdup(arena, text);
	free(text);
	return copy;
}

/* Attributes that are empty name nothing. */
static bool
has_attribute(P11KitUri *uri, CK_ATTRIBUTE_TYPE type)
{
	const CK_ATTRIBUTE *attribute = p11_kit_uri_get_attribute(uri, type);

	return attribute != NULL && attribute->ulValueLen > 0;
}

static bool
is_private(P11KitUri *uri)
{
	const CK_ATTRIBUTE *attribute = p11_kit_uri_get_attribute(uri, CKA_CLASS);
	CK_OBJECT_CLASS class;

	if (attribute == NULL)
		return true;
	if (attribute->ulValueLen != sizeof(class))
		return false;
	memcpy(&class, attribute->pValue, sizeof(class));
	return class == CKO_PRIVATE_KEY;
}

/* What is not given in the fixed fields is NUL; what is given is filled up with blanks. */
static bool
is_given(const unsigned char *field)
{
	return field[0] != '\0' && field[0] != ' ';
}

static bool
names_token(P11KitUri *uri)
{
	const CK_TOKEN_INFO *token = p11_kit_uri_get_token_info(uri);

	return is_given(token->label) || is_given(token->serialNumber);
}

enum outcome
pkcs11_uri_check(const char *text, enum pkcs11_names names, bool *names_key, struct why *why)
{
	CLEANUP(uri_cleanup) P11KitUri *uri = NULL;
	bool key;

	/* Before it is quoted: what a query says may be a PIN. */
	if (strchr(text, '?') != NULL || strstr(text, "pin-value") != NULL ||
	    strstr(text, "pin-source") != NULL)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "a PKCS#11 URI says how to open the token: leave out what comes after '?'; the PIN is "
		    "given by --pin-file, the module by --pkcs11-module");
	if (strlen(text) > PKCS11_URI_MAX || (uri = uri_parse(text)) == NULL ||
	    p11_kit_uri_any_unrecognized(uri))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "'%.200s' is no PKCS#11 URI (RFC 7512): give one such as 'pkcs11:token=NAME'", text);
	key = has_attribute(uri, CKA_ID) || has_attribute(uri, CKA_LABEL);
	if (names_key != NULL)
		*names_key = key;
	if (!names_token(uri))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "'%.200s' names no token: give token= or serial=", text);
	if (!is_private(uri))
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "'%.200s' names no private key: type=private", text);
	if (names == PKCS11_KEY && !key)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "'%.200s' names no key in the token: give id= or object=", text);
	if (names == PKCS11_TOKEN && key)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "'%.200s' names a key: for a new one give only the token, token= or serial=", text);
	return OUTCOME_OK;
}

bool
pkcs11_uri_matches(const char *text, const char *candidate)
{
	CLEANUP(uri_cleanup) P11KitUri *uri = uri_parse(text);
	CLEANUP(uri_cleanup) P11KitUri *other = uri_parse(candidate);

	return uri != NULL && other != NULL &&
	    p11_kit_uri_match_token_info(uri, p11_kit_uri_get_token_info(other)) == 1;
}

/* p11-kit copies the value, and takes it without const. */
static bool
attribute_set(P11KitUri *uri, CK_ATTRIBUTE_TYPE type, struct bytes value)
{
	union {
		const uint8_t *in;
		void *out;
	} data = { .in = value.data };
	CK_ATTRIBUTE attribute = { type, data.out, value.size };

	return p11_kit_uri_set_attribute(uri, &attribute) == P11_KIT_URI_OK;
}

const char *
pkcs11_uri_of_key(struct arena *arena, const char *text, struct bytes id, const char *label)
{
	CLEANUP(uri_cleanup) P11KitUri *uri = uri_parse(text);
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;

	if (uri == NULL || !attribute_set(uri, CKA_ID, id) ||
	    !attribute_set(uri, CKA_LABEL, bytes_of(label)) ||
	    !attribute_set(uri, CKA_CLASS, (struct bytes){ (const uint8_t *)&class, sizeof(class) }))
		return NULL;
	return uri_format(arena, uri);
}

const char *
pkcs11_uri_of_both(struct arena *arena, const char *key_uri)
{
	CLEANUP(uri_cleanup) P11KitUri *uri = uri_parse(key_uri);

	if (uri == NULL)
		return NULL;
	(void)p11_kit_uri_clear_attribute(uri, CKA_CLASS);
	return uri_format(arena, uri);
}

const char *
pkcs11_uri_token(struct arena *arena, const char *text)
{
	CLEANUP(uri_cleanup) P11KitUri *uri = uri_parse(text);
	const CK_TOKEN_INFO *token;
	size_t size;

	if (uri == NULL)
		return "?";
	token = p11_kit_uri_get_token_info(uri);
	for (size = sizeof(token->label);
	     size > 0 && (token->label[size - 1] == ' ' || token->label[size - 1] == '\0');)
		size--;
	return size == 0 ? "(without a name)" : arena_strndup(arena, (const char *)token->label, size);
}
