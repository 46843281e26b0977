/* What stands in a Signature element: everything that may, in its order, and nothing else. */
#include "xml_signature_parts.h"

#include <muster/base/text.h>
#include <muster/wire/xml_in.h>

#define CANONICAL_INCLUSIVE "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define CANONICAL_EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"
#define ENVELOPED NS_SIGNATURE "enveloped-signature"

static enum outcome
unfit(struct why *why, const xmlNode *in, const char *what)
{
	return refuse(why, OUTCOME_INVALID_SECURITY, "%s: %s", (const char *)in->name, what);
}

/* Take the next child, which must be that element of XML Signature. */
static enum outcome
take(const xmlNode *parent, const xmlNode **cursor, const char *name, const xmlNode **taken, struct why *why)
{
	if (*cursor == NULL || !xml_is(*cursor, NS_SIGNATURE, name))
		return refuse(why, OUTCOME_INVALID_SECURITY, "%s: %s expected, '%.60s' is there",
		    (const char *)parent->name, name,
		    *cursor != NULL ? (const char *)(*cursor)->name : "its end");
	*taken = *cursor;
	*cursor = xml_next(*cursor);
	return OUTCOME_OK;
}

/* After the last that may be there, nothing: what nobody expects here is outside the digest. */
static enum outcome
take_end(const xmlNode *parent, const xmlNode *cursor, struct why *why)
{
	if (cursor == NULL)
		return OUTCOME_OK;
	return refuse(why, OUTCOME_INVALID_SECURITY, "%s: '%.60s' has no place in it",
	    (const char *)parent->name, (const char *)cursor->name);
}

/* The Algorithm of an element that has no parameters inside: no HMACOutputLength, no PrefixList, no XPath. */
static enum outcome
algorithm_read(struct arena *arena, const xmlNode *node, const char **uri, struct why *why)
{
	*uri = xml_attribute(arena, node, NULL, "Algorithm");
	if (*uri == NULL)
		return unfit(why, node, "without an Algorithm");
	return take_end(node, xml_first(node), why);
}

static enum outcome
unknown(struct why *why, const xmlNode *node, const char *uri)
{
	return refuse(
	    why, OUTCOME_INVALID_SECURITY, "%s: '%.150s' is not accepted", (const char *)node->name, uri);
}

static bool
canonical_form(const char *uri, enum xml_canonical *form)
{
	if (strcmp(uri, CANONICAL_EXCLUSIVE) == 0)
		*form = XML_CANONICAL_EXCLUSIVE;
	else if (strcmp(uri, CANONICAL_INCLUSIVE) == 0)
		*form = XML_CANONICAL_INCLUSIVE;
	else
		return false;
	return true;
}

/* enveloped-signature, then at most a canonical form. */
static enum outcome
transforms_read(struct arena *arena, const xmlNode *transforms, struct xml_signature *to, struct why *why)
{
	const xmlNode *cursor = xml_first(transforms), *transform = transforms;
	const char *uri = NULL;
	enum outcome o;

	if ((o = take(transforms, &cursor, "Transform", &transform, why)) != OUTCOME_OK ||
	    (o = algorithm_read(arena, transform, &uri, why)) != OUTCOME_OK)
		return o;
	if (strcmp(uri, ENVELOPED) != 0)
		return refuse(why, OUTCOME_INVALID_SECURITY,
		    "Transforms: '%.150s' comes first, enveloped-signature expected", uri);
	if (cursor == NULL)
		return OUTCOME_OK;
	if ((o = take(transforms, &cursor, "Transform", &transform, why)) != OUTCOME_OK ||
	    (o = algorithm_read(arena, transform, &uri, why)) != OUTCOME_OK)
		return o;
	if (!canonical_form(uri, &to->reference_form))
		return unknown(why, transform, uri);
	return take_end(transforms, cursor, why);
}

/* The whole document, be it by the id of its root. */
static enum outcome
reference_check(
    struct arena *arena, const xmlNode *reference, const struct xml_signature *to, struct why *why)
{
	const char *uri = xml_attribute(arena, reference, NULL, "URI");
	const char *type = xml_attribute(arena, reference, NULL, "Type");

	if (uri == NULL)
		return unfit(why, reference, "without a URI");
	if (type != NULL && *type != '\0')
		return refuse(
		    why, OUTCOME_INVALID_SECURITY, "Reference: Type '%.150s' is not accepted", type);
	if (*uri == '\0' || (uri[0] == '#' && xml_signature_has_id(arena, to->root, uri + 1)))
		return OUTCOME_OK;
	return refuse(why, OUTCOME_INVALID_SECURITY,
	    "Reference: URI '%.150s' is not the Envelope: \"\" or the id of the root expected", uri);
}

static enum outcome
base64_read(struct arena *arena, const xmlNode *node, struct bytes *bytes, struct why *why)
{
	if (!bytes_from_base64(arena, xml_text_raw(arena, node), bytes))
		return unfit(why, node, "empty, or not base64");
	return take_end(node, xml_first(node), why);
}

static enum outcome
reference_read(struct arena *arena, const xmlNode *reference, struct xml_signature *to, struct why *why)
{
	const xmlNode *cursor = xml_first(reference);
	const xmlNode *transforms = reference, *method = reference, *value = reference;
	const char *uri = NULL;
	enum outcome o;

	if ((o = reference_check(arena, reference, to, why)) != OUTCOME_OK ||
	    (o = take(reference, &cursor, "Transforms", &transforms, why)) != OUTCOME_OK ||
	    (o = transforms_read(arena, transforms, to, why)) != OUTCOME_OK ||
	    (o = take(reference, &cursor, "DigestMethod", &method, why)) != OUTCOME_OK ||
	    (o = algorithm_read(arena, method, &uri, why)) != OUTCOME_OK ||
	    (o = take(reference, &cursor, "DigestValue", &value, why)) != OUTCOME_OK ||
	    (o = base64_read(arena, value, &to->digest, why)) != OUTCOME_OK)
		return o;
	to->digest_method = xml_signature_digest_method(uri);
	if (to->digest_method == NULL)
		return unknown(why, method, uri);
	return take_end(reference, cursor, why);
}

static enum outcome
signed_info_read(struct arena *arena, struct xml_signature *to, struct why *why)
{
	const xmlNode *info = to->signed_info, *cursor = xml_first(info);
	const xmlNode *canonical = info, *method = info, *reference = info;
	const char *form = NULL, *uri = NULL;
	enum outcome o;

	if ((o = take(info, &cursor, "CanonicalizationMethod", &canonical, why)) != OUTCOME_OK ||
	    (o = algorithm_read(arena, canonical, &form, why)) != OUTCOME_OK ||
	    (o = take(info, &cursor, "SignatureMethod", &method, why)) != OUTCOME_OK ||
	    (o = algorithm_read(arena, method, &uri, why)) != OUTCOME_OK ||
	    (o = take(info, &cursor, "Reference", &reference, why)) != OUTCOME_OK)
		return o;
	if (cursor != NULL && xml_is(cursor, NULL, "Reference"))
		return unfit(why, info, "more than one Reference");
	if ((o = take_end(info, cursor, why)) != OUTCOME_OK)
		return o;
	if (!canonical_form(form, &to->signed_info_form))
		return unknown(why, canonical, form);
	to->method = xml_signature_method(uri);
	if (to->method == NULL)
		return unknown(why, method, uri);
	return reference_read(arena, reference, to, why);
}

/*
 * Whatever it points to, the key is that of the one BinarySecurityToken (published samples point past it).
 * What would have a key fetched or brings one along is refused, so that nobody can believe that it counted.
 */
static enum outcome
key_info_check(const xmlNode *info, struct why *why)
{
	const xmlNode *token = xml_first(info);

	if (!xml_is(token, NS_SECURITY, "SecurityTokenReference"))
		return refuse(why, OUTCOME_INVALID_SECURITY,
		    "KeyInfo: SecurityTokenReference expected, '%.60s' is there",
		    token != NULL ? (const char *)token->name : "nothing");
	if (xml_next(token) != NULL)
		return take_end(info, xml_next(token), why);
	if (!xml_is(xml_first(token), NS_SECURITY, "Reference"))
		return unfit(why, token, "Reference expected");
	if (xml_first(xml_first(token)) != NULL)
		return take_end(xml_first(token), xml_first(xml_first(token)), why);
	return take_end(token, xml_next(xml_first(token)), why);
}

enum outcome
xml_signature_read(struct arena *arena, const xmlNode *signature, struct xml_signature *to, struct why *why)
{
	const xmlNode *cursor = xml_first(signature), *value = signature, *key = signature;
	enum outcome o;

	*to = (struct xml_signature){
		.element = signature, .signed_info = signature, .root = xmlDocGetRootElement(signature->doc)
	};
	if ((o = xml_signature_place_check(arena, signature, why)) != OUTCOME_OK ||
	    (o = take(signature, &cursor, "SignedInfo", &to->signed_info, why)) != OUTCOME_OK ||
	    (o = signed_info_read(arena, to, why)) != OUTCOME_OK ||
	    (o = take(signature, &cursor, "SignatureValue", &value, why)) != OUTCOME_OK ||
	    (o = base64_read(arena, value, &to->value, why)) != OUTCOME_OK)
		return o;
	if (cursor == NULL)
		return OUTCOME_OK;
	if ((o = take(signature, &cursor, "KeyInfo", &key, why)) != OUTCOME_OK ||
	    (o = key_info_check(key, why)) != OUTCOME_OK)
		return o;
	return take_end(signature, cursor, why);
}
