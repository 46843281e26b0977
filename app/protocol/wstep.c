#include <muster/protocol/wstep.h>

#include <muster/base/text.h>
#include <muster/protocol/namespaces.h>

/*
 * A URI without any white space: samples wrap them, and blanks from the typesetting
 * of the specifications have found their way into clients.
 */
static char *
uri_strip(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text), *end = copy;

	for (const char *c = text; *c != '\0'; c++) {
		if (!text_is_space(*c))
			*end++ = *c;
	}
	*end = '\0';
	return copy;
}

/* The URI inside a child element; it must be there once. */
static enum outcome
uri_read(struct arena *arena, const xmlNode *rst, const char *name, const char **uri, struct why *why)
{
	xmlNode *node = NULL;
	enum outcome o;

	if ((o = xml_need(rst, NULL, name, &node, why)) != OUTCOME_OK)
		return o;
	*uri = uri_strip(arena, xml_text_raw(arena, node));
	return OUTCOME_OK;
}

static enum outcome
request_type_read(struct arena *arena, const xmlNode *rst, enum request_type *type, struct why *why)
{
	static const char *const known[] = { REQUEST_TYPE_RECOVERY, REQUEST_TYPE_STATUS };
	const char *uri = NULL;
	enum outcome o;

	if ((o = uri_read(arena, rst, "RequestType", &uri, why)) != OUTCOME_OK)
		return o;
	if (text_equal_fold(uri, REQUEST_TYPE_ISSUE) || text_equal_fold(uri, REQUEST_TYPE_RENEW)) {
		*type = text_equal_fold(uri, REQUEST_TYPE_ISSUE) ? REQUEST_ISSUE : REQUEST_RENEW;
		return OUTCOME_OK;
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (text_equal_fold(uri, known[i]))
			return refuse(
			    why, OUTCOME_NOT_SUPPORTED, "RequestType '%s' is not offered", known[i]);
	}
	return refuse(
	    why, OUTCOME_MESSAGE_FORMAT, "RequestType '%.200s' is unknown, Issue or Renew expected", uri);
}

static enum outcome
token_type_check(struct arena *arena, const xmlNode *rst, struct why *why)
{
	const char *uri = NULL;
	enum outcome o;

	if ((o = uri_read(arena, rst, "TokenType", &uri, why)) != OUTCOME_OK)
		return o;
	if (!text_equal_fold(uri, TOKEN_TYPE_ENROLLMENT))
		return refuse(why, OUTCOME_MESSAGE_FORMAT,
		    "TokenType '%.200s' is unknown, DeviceEnrollmentToken expected", uri);
	return OUTCOME_OK;
}

/*
 * The tag of the first element inside a DER sequence: SEQUENCE in a PKCS#10, OBJECT
 * IDENTIFIER in a PKCS#7; 0 when this is neither.
 */
static uint8_t
der_inner_tag(struct bytes der)
{
	size_t at = 2;

	if (der.size < 2 || der.data[0] != 0x30)
		return 0;
	if (der.data[1] > 0x80)
		at += der.data[1] & 0x7f;
	return at < der.size ? der.data[at] : 0;
}

/* What a token is. */
enum token_kind { TOKEN_UNKNOWN, TOKEN_PKCS10, TOKEN_PKCS7 };

/* MS-WSTEP 3.1.4.1.3.3: ValueType decides; where there is none, the content does. */
static enum token_kind
token_kind(struct arena *arena, const xmlNode *token, struct bytes der)
{
	const char *type = xml_attribute(arena, token, NS_WSSE, "ValueType");

	if (type == NULL || *(type = uri_strip(arena, type)) == '\0') {
		uint8_t tag = der_inner_tag(der);

		return tag == 0x30 ? TOKEN_PKCS10 : tag == 0x06 ? TOKEN_PKCS7 : TOKEN_UNKNOWN;
	}
	if (text_equal_fold(type, VALUE_TYPE_PKCS10))
		return TOKEN_PKCS10;
	if (text_equal_fold(type, VALUE_TYPE_PKCS7_WSTEP) || text_equal_fold(type, VALUE_TYPE_PKCS7_WSSE))
		return TOKEN_PKCS7;
	return TOKEN_UNKNOWN;
}

/* Ours, the OASIS standard's own constant, or none. */
static bool
token_is_base64(struct arena *arena, const xmlNode *token)
{
	const char *encoding = xml_attribute(arena, token, NS_WSSE, "EncodingType");

	if (encoding == NULL || *(encoding = uri_strip(arena, encoding)) == '\0')
		return true;
	return text_ends_fold(encoding, "#base64binary");
}

/*
 * A manual renewal's PKCS#7 is in base64 twice (MS-MDE2 3.5), one by itself once. DER begins with
 * a SEQUENCE, which is no character of base64's.
 */
static void
unwrap_again(struct arena *arena, struct bytes *der)
{
	if (der->size > 0 && der->data[0] != 0x30 && memchr(der->data, '\0', der->size) == NULL)
		(void)bytes_from_base64(arena, arena_strndup(arena, (const char *)der->data, der->size), der);
}

static const char *
token_problem(enum request_type type, enum token_kind kind)
{
	if (type == REQUEST_RENEW)
		return kind == TOKEN_PKCS7
		    ? NULL
		    : "BinarySecurityToken: a renewal is signed, not a PKCS#7 by its ValueType";
	if (kind == TOKEN_PKCS7)
		return "BinarySecurityToken: a PKCS#7, which RequestType Renew takes; Issue takes a PKCS#10";
	return kind == TOKEN_PKCS10 ? NULL : "BinarySecurityToken: not a PKCS#10 request by its ValueType";
}

/* One token there must be; what is wrong inside it is kept for wstep_csr(). */
static enum outcome
csr_read(struct arena *arena, const xmlNode *rst, struct wstep_request *request, struct why *why)
{
	xmlNode *token = NULL;
	enum outcome o;

	if ((o = xml_need(rst, NULL, "BinarySecurityToken", &token, why)) != OUTCOME_OK)
		return o;
	if (!token_is_base64(arena, token) ||
	    !bytes_from_base64(arena, xml_text_raw(arena, token), &request->csr)) {
		request->csr_problem = "BinarySecurityToken: not base64";
		return OUTCOME_OK;
	}
	if (request->type == REQUEST_RENEW)
		unwrap_again(arena, &request->csr);
	request->csr_problem = token_problem(request->type, token_kind(arena, token, request->csr));
	return OUTCOME_OK;
}

/* What has no name says nothing and is passed over; everything else is kept. */
static enum outcome
item_read(struct arena *arena, const xmlNode *item, struct facts *facts, struct why *why)
{
	const char *name = xml_attribute(arena, item, NS_AC, "Name");
	xmlNode *value = NULL;
	enum outcome o;

	if (name == NULL || *(name = text_trim(arena, name)) == '\0')
		return OUTCOME_OK;
	if ((o = xml_child(item, NULL, "Value", &value, why)) != OUTCOME_OK)
		return o;
	if (!facts_add(facts, name, value != NULL ? xml_text(arena, value) : ""))
		return refuse(why, OUTCOME_MESSAGE_FORMAT,
		    "ContextItem '%.64s': item %zu, %d allowed, or too long: name %d, value %d bytes allowed",
		    name, facts->count + 1, FACTS_MAX, FACT_NAME_MAX, FACT_VALUE_MAX);
	return OUTCOME_OK;
}

static size_t
facts_count(const struct facts *facts, const char *name, size_t end)
{
	size_t count = 0;

	for (size_t i = 0; i < end; i++)
		count += text_equal_fold(facts->item[i].name, name);
	return count;
}

/* MAC and IMEI may repeat, and so may what we do not know; these two decide. */
static enum outcome
facts_check(const struct facts *facts, struct why *why)
{
	static const char *const once[] = { "EnrollmentType", "DeviceID" };
	size_t names = 0;

	for (size_t i = 0; i < facts->count; i++)
		names += facts_count(facts, facts->item[i].name, i) == 0;
	if (names > WSTEP_FACT_NAMES_MAX)
		return refuse(why, OUTCOME_MESSAGE_FORMAT,
		    "AdditionalContext: %zu different names, %d allowed", names, WSTEP_FACT_NAMES_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(once); i++) {
		if (facts_count(facts, once[i], facts->count) > 1)
			return refuse(why, OUTCOME_MESSAGE_FORMAT, "ContextItem '%s' twice", once[i]);
	}
	return OUTCOME_OK;
}

static enum outcome
context_read(struct arena *arena, const xmlNode *rst, struct facts *facts, struct why *why)
{
	xmlNode *context = NULL;
	enum outcome o;

	if ((o = xml_child(rst, NULL, "AdditionalContext", &context, why)) != OUTCOME_OK || context == NULL)
		return o;
	for (const xmlNode *item = xml_first(context); item != NULL; item = xml_next(item)) {
		if (!xml_is(item, NULL, "ContextItem"))
			continue;
		if ((o = item_read(arena, item, facts, why)) != OUTCOME_OK)
			return o;
	}
	return facts_check(facts, why);
}

/* Lite is an older word for Full (certificate sample of the documentation). */
static enum outcome
enrollment_type_read(const struct facts *facts, bool *device, struct why *why)
{
	const char *type = facts_get(facts, "EnrollmentType");

	*device = type != NULL && text_equal_fold(type, "Device");
	if (type == NULL || *type == '\0' || *device || text_equal_fold(type, "Full") ||
	    text_equal_fold(type, "Lite"))
		return OUTCOME_OK;
	return refuse(
	    why, OUTCOME_NOT_SUPPORTED, "EnrollmentType '%.64s' is unknown, Full or Device expected", type);
}

enum outcome
wstep_read(struct arena *arena, const struct soap *soap, struct wstep_request *request, struct why *why)
{
	const xmlNode *rst = soap->body;
	enum outcome o;

	*request = (struct wstep_request){ .type = REQUEST_ISSUE };
	if ((o = context_read(arena, rst, &request->facts, why)) != OUTCOME_OK ||
	    (o = request_type_read(arena, rst, &request->type, why)) != OUTCOME_OK ||
	    (o = token_type_check(arena, rst, why)) != OUTCOME_OK)
		return o;
	/* A renewal keeps the store that the enrollment had. */
	if (request->type == REQUEST_ISSUE &&
	    (o = enrollment_type_read(&request->facts, &request->device_enrollment, why)) != OUTCOME_OK)
		return o;
	return csr_read(arena, rst, request, why);
}

bool
wstep_is_renewal(struct arena *arena, const struct soap *soap)
{
	enum request_type type = REQUEST_ISSUE;

	return request_type_read(arena, soap->body, &type, NULL) == OUTCOME_OK && type == REQUEST_RENEW;
}

enum outcome
wstep_csr(const struct wstep_request *request, struct bytes *csr, struct why *why)
{
	if (request->csr_problem != NULL)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "%s", request->csr_problem);
	*csr = request->csr;
	return OUTCOME_OK;
}

bool
wstep_write(struct arena *arena, struct bytes document, const char *message_id, const char *activity,
    struct bytes *bytes)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new();

	soap_begin(arena, out, ACTION_RSTRC, message_id, activity, true);
	xml_start(out, NULL, "RequestSecurityTokenResponseCollection", NS_WST);
	xml_start(out, NULL, "RequestSecurityTokenResponse", NULL);
	xml_element(out, "TokenType", TOKEN_TYPE_ENROLLMENT);
	xml_start(out, NULL, "DispositionMessage", NS_WSTEP);
	xml_end(out);
	xml_start(out, NULL, "RequestedSecurityToken", NULL);
	xml_start(out, NULL, "BinarySecurityToken", NS_WSSE);
	xml_attr(out, "ValueType", VALUE_TYPE_PROVISIONING);
	xml_attr(out, "EncodingType", ENCODING_BASE64);
	xml_chars(out, bytes_to_base64(arena, document));
	xml_end(out);
	xml_end(out);
	xml_start(out, NULL, "RequestID", NS_WSTEP);
	xml_chars(out, "0");
	xml_end(out);
	xml_end(out);
	xml_end(out);
	soap_end(out);
	return xml_out_finish(out, arena, bytes);
}
