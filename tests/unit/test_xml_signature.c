/*
 * XML signatures made by other programs (tests/unit/requests/signed): accepted as they are, refused in
 * whatever shape an attacker, or a signer with other ideas, could give them.
 */
#include <muster/credentials/xml_signature.h>
#include <muster/wire/xml_in.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DS "http://www.w3.org/2000/09/xmldsig#"

static const struct xml_signature_rules strict = { false, false }, all = { true, true };

static struct bytes
file_read(struct arena *arena, const char *name)
{
	const char *root = getenv("MUSTER_SRCDIR");
	char *path = arena_printf(arena, "%s/tests/unit/requests/signed/%s", root != NULL ? root : ".", name);
	FILE *file = fopen(path, "rb");
	uint8_t *data = arena_alloc(arena, 1 << 16);
	size_t size;

	if (file == NULL)
		fail_msg("%s: cannot open", path);
	size = fread(data, 1, (1 << 16) - 1, file);
	fclose(file);
	return (struct bytes){ data, size };
}

/* The first element of that local name. */
static const xmlNode *
find(const xmlNode *root, const char *name)
{
	for (const xmlNode *node = root; node != NULL; node = xml_after(node, root))
		if (xml_is(node, NULL, name))
			return node;
	return NULL;
}

/* Read and verify, with a certificate of this folder, or (NULL) the first BinarySecurityToken's. */
static enum outcome
verify(struct arena *arena, struct bytes text, const struct xml_signature_rules *rules,
    const char *certificate, struct why *why)
{
	struct xml_signature signature;
	struct bytes der = { NULL, 0 };
	const xmlNode *element, *root;
	xmlDoc *doc = NULL;
	enum outcome o = xml_read(arena, text, &doc, why);

	if (o != OUTCOME_OK)
		return o;
	root = xmlDocGetRootElement(doc);
	element = find(root, "Signature");
	if (certificate != NULL)
		der = file_read(arena, certificate);
	else
		(void)bytes_from_base64(arena, xml_text(arena, find(root, "BinarySecurityToken")), &der);
	if (element == NULL)
		o = refuse(why, OUTCOME_INVALID_SECURITY, "no Signature");
	else if ((o = xml_signature_read(arena, element, &signature, why)) == OUTCOME_OK)
		o = xml_signature_verify(arena, &signature, der, rules, why);
	xml_free(&doc);
	return o;
}

static void
expect(const char *name, enum outcome got, enum outcome wanted, const struct why *why, const char *reason)
{
	if (got != wanted || (reason != NULL && strstr(why->text, reason) == NULL))
		fail_msg("%s: %s (%s), expected %s (%s)", name, outcome_name(got), why->text,
		    outcome_name(wanted), reason != NULL ? reason : "");
}

/* --- what is to be accepted --- */

static const struct {
	const char *file;
	const struct xml_signature_rules *rules;
} good[] = {
	{ "hand-sha256.xml", &strict },
	{ "hand-sha512.xml", &strict },
	{ "hand-old-uris.xml", &all },
	{ "hand-old-more.xml", &all },
	{ "hand-sha1.xml", &all },
	{ "rsa.xml", &strict },
	{ "rsa-exclusive.xml", &strict },
	{ "rsa-inclusive-info.xml", &strict },
	{ "rsa-sha384.xml", &strict },
	{ "rsa-root-id.xml", &strict },
	{ "rsa-no-key-info.xml", &strict },
	{ "rsa-variants.xml", &strict },
	{ "rsa-spaced.xml", &strict },
	{ "ec-P-256.xml", &strict },
	{ "ec-P-384.xml", &strict },
	{ "ec-P-521.xml", &strict },
	{ "other.xml", &strict },
};

static void
accepts_what_others_sign(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct arena *arena = arena_new();
		struct why why = { "" };

		expect(good[i].file, verify(arena, file_read(arena, good[i].file), good[i].rules, NULL, &why),
		    OUTCOME_OK, &why, NULL);
		arena_free(arena);
	}
}

/* --- signatures that are right, of what was not asked for --- */

static const struct {
	const char *file;
	enum outcome outcome;
	const char *reason;
} other_ideas[] = {
	{ "hand-old-uris.xml", OUTCOME_AUTHENTICATION, "this spelling of SHA-256" },
	{ "hand-old-more.xml", OUTCOME_AUTHENTICATION, "this spelling of SHA-256" },
	{ "hand-sha1.xml", OUTCOME_AUTHENTICATION, "SHA-1 is not allowed here" },
	{ "no-fragment.xml", OUTCOME_INVALID_SECURITY, "URI '#body' is not the Envelope" },
	{ "no-fragment-enveloped.xml", OUTCOME_INVALID_SECURITY, "URI '#body' is not the Envelope" },
	{ "no-two-references.xml", OUTCOME_INVALID_SECURITY, "more than one Reference" },
	{ "no-object.xml", OUTCOME_INVALID_SECURITY, "more than one Reference" },
	{ "no-object-unsigned.xml", OUTCOME_INVALID_SECURITY, "'Object' has no place" },
	{ "no-manifest.xml", OUTCOME_INVALID_SECURITY, "Type 'http://www.w3.org/2000/09/xmldsig#Manifest'" },
	{ "no-with-comments.xml", OUTCOME_INVALID_SECURITY, "WithComments' is not accepted" },
	{ "no-comments-info.xml", OUTCOME_INVALID_SECURITY, "WithComments' is not accepted" },
	{ "no-prefix-list.xml", OUTCOME_INVALID_SECURITY, "'InclusiveNamespaces' has no place" },
	{ "no-xpath.xml", OUTCOME_INVALID_SECURITY, "'XPath' has no place" },
	{ "no-three-transforms.xml", OUTCOME_INVALID_SECURITY, "'Transform' has no place" },
	{ "no-retrieval.xml", OUTCOME_INVALID_SECURITY, "'RetrievalMethod' is there" },
	{ "no-key-value.xml", OUTCOME_INVALID_SECURITY, "'KeyValue' is there" },
	{ "no-two-tokens.xml", OUTCOME_INVALID_SECURITY, "'SecurityTokenReference' has no place" },
	{ "no-hmac.xml", OUTCOME_INVALID_SECURITY, "hmac-sha256' is not accepted" },
	{ "no-hmac-length.xml", OUTCOME_INVALID_SECURITY, "'HMACOutputLength' has no place" },
	{ "no-method-child.xml", OUTCOME_INVALID_SECURITY, "'HMACOutputLength' has no place" },
	{ "no-sha224.xml", OUTCOME_INVALID_SECURITY, "sha224' is not accepted" },
};

static void
refuses_other_ideas(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(other_ideas); i++) {
		struct arena *arena = arena_new();
		struct why why = { "" };

		expect(other_ideas[i].file,
		    verify(arena, file_read(arena, other_ideas[i].file), &strict, NULL, &why),
		    other_ideas[i].outcome, &why, other_ideas[i].reason);
		arena_free(arena);
	}
}

/* --- wrapping: the pieces of a good message put together anew --- */

/* In a template "{Body}" stands for the message's Body, and so on. */
static const struct {
	const char *name, *begin, *end; /* the piece is from begin up to end, which is not in it */
} pieces[] = {
	{ "{Open}", "<s:Envelope", "<s:Header>" }, /* the envelope's start tag */
	{ "{Headers}", "<a:Action", "<wsse:Security" },
	{ "{SecurityOpen}", "<wsse:Security ", "<u:Timestamp" },
	{ "{Timestamp}", "<u:Timestamp", "<wsse:BinarySecurityToken" },
	{ "{Token}", "<wsse:BinarySecurityToken", "<Signature" },
	{ "{SignatureOpen}", "<Signature", "<SignedInfo" },
	{ "{SignedInfo}", "<SignedInfo", "<SignatureValue" },
	{ "{Value}", "<SignatureValue", "<KeyInfo" },
	{ "{KeyInfo}", "<KeyInfo", "</Signature>" },
	{ "{Signature}", "<Signature", "</wsse:Security>" },
	{ "{Security}", "<wsse:Security ", "</s:Header>" },
	{ "{Header}", "<s:Header>", "<s:Body" },
	{ "{Body}", "<s:Body", "</s:Envelope>" },
};

#define WHOLE(header, body) "{Open}<s:Header>" header "</s:Header>" body "</s:Envelope>"
#define SECURITY(inside) "{SecurityOpen}" inside "</wsse:Security>"
#define SIGNATURE(inside) "{SignatureOpen}" inside "</Signature>"
#define SIGNED SIGNATURE("{SignedInfo}{Value}{KeyInfo}")
#define EVIL "<s:Body><wst:RequestSecurityToken>mine</wst:RequestSecurityToken></s:Body>"
#define EVIL_ID "<s:Body Id=\"body\"><wst:RequestSecurityToken>mine</wst:RequestSecurityToken></s:Body>"
#define ODD(inside) "<x:Odd xmlns:x=\"urn:x\">" inside "</x:Odd>"

static const struct {
	const char *name, *file, *template;
	enum outcome outcome;
	const char *reason;
} wrapped[] = {
	{ "the pieces as they were", "rsa.xml",
	    WHOLE("{Headers}" SECURITY("{Timestamp}{Token}" SIGNED), "{Body}"), OUTCOME_OK, NULL },
	{ "Body moved under a header", "rsa.xml", WHOLE("{Headers}" ODD("{Body}") "{Security}", EVIL),
	    OUTCOME_INVALID_SECURITY, "more than one Body" },
	{ "Body moved under a header, none in its place", "rsa.xml",
	    WHOLE("{Headers}" ODD("{Body}") "{Security}", ""), OUTCOME_AUTHENTICATION, "digest is another" },
	{ "Body moved into the Signature", "rsa.xml",
	    WHOLE("{Headers}" SECURITY(
		      "{Timestamp}{Token}" SIGNATURE("{SignedInfo}{Value}{KeyInfo}<Object>{Body}</Object>")),
		EVIL),
	    OUTCOME_INVALID_SECURITY, "more than one Body" },
	{ "operation moved into the Signature", "rsa.xml",
	    WHOLE("{Headers}" SECURITY("{Timestamp}{Token}" SIGNATURE(
		      "{SignedInfo}{Value}{KeyInfo}<wst:RequestSecurityToken/>")),
		"{Body}"),
	    OUTCOME_INVALID_SECURITY, "'RequestSecurityToken' has no place" },
	{ "something in KeyInfo", "rsa.xml",
	    WHOLE("{Headers}" SECURITY("{Timestamp}{Token}" SIGNATURE(
		      "{SignedInfo}{Value}<KeyInfo><wsse:"
		      "SecurityTokenReference><wsse:Reference>" ODD("") "</wsse:Reference></wsse:"
									"SecurityTokenReference></KeyInfo>")),
		"{Body}"),
	    OUTCOME_INVALID_SECURITY, "'Odd' has no place" },
	{ "Body moved into an unknown element", "rsa.xml", WHOLE("{Header}", ODD("{Body}") EVIL),
	    OUTCOME_INVALID_SECURITY, "Signature" },
	{ "Body in an unknown element of the root", "rsa.xml",
	    "{Open}{Header}" ODD("{Body}") EVIL "</s:Envelope>", OUTCOME_INVALID_SECURITY,
	    "more than one Body" },
	{ "Body wrapped with what is beside", "rsa.xml", "{Open}{Header}" ODD("{Body}") "</s:Envelope>",
	    OUTCOME_AUTHENTICATION, "digest is another" },
	{ "Body twice", "rsa.xml", "{Open}{Header}{Body}" EVIL "</s:Envelope>", OUTCOME_INVALID_SECURITY,
	    "more than one Body" },
	{ "Body twice, the other first", "rsa.xml", "{Open}{Header}" EVIL "{Body}</s:Envelope>",
	    OUTCOME_INVALID_SECURITY, "more than one Body" },
	{ "another Body in another namespace", "rsa.xml",
	    "{Open}{Header}{Body}<x:Body xmlns:x=\"urn:x\"/></s:Envelope>", OUTCOME_INVALID_SECURITY,
	    "more than one Body" },
	{ "Body duplicated with the same id", "no-fragment.xml",
	    WHOLE("{Headers}" ODD("{Body}") "{Security}", EVIL_ID), OUTCOME_INVALID_SECURITY,
	    "more than one Body" },
	{ "two elements with one id", "rsa.xml",
	    WHOLE("{Headers}" ODD("<x:a Id=\"_0\"/>") "{Security}", "{Body}"), OUTCOME_INVALID_SECURITY,
	    "two elements have the id '_0'" },
	{ "two elements with one id, spelled ID", "rsa.xml",
	    WHOLE("{Headers}" ODD("<x:a x:ID=\"_0\"/>") "{Security}", "{Body}"), OUTCOME_INVALID_SECURITY,
	    "two elements have the id '_0'" },
	{ "two elements with one xml:id", "rsa.xml",
	    WHOLE("{Headers}" ODD("<x:a xml:id=\"_0\"/>") "{Security}", "{Body}"), OUTCOME_INVALID_SECURITY,
	    "two elements have the id '_0'" },
	{ "the root's id on another, too", "rsa-root-id.xml",
	    WHOLE("{Headers}" ODD("<x:a Id=\"whole\"/>") "{Security}", "{Body}"), OUTCOME_INVALID_SECURITY,
	    "two elements have the id 'whole'" },
	{ "second envelope in the Body", "rsa.xml",
	    "{Open}{Header}<s:Body>{Open}{Header}{Body}</s:Envelope></s:Body></s:Envelope>",
	    OUTCOME_INVALID_SECURITY, "more than one Envelope" },
	{ "the envelope wrapped in another", "rsa.xml",
	    "{Open}<s:Header>{Headers}" ODD("{Open}{Header}{Body}</s:Envelope>") "</s:Header>" EVIL
										 "</s:Envelope>",
	    OUTCOME_INVALID_SECURITY, "not in the Header of the Envelope that is the document's root" },
	{ "the envelope under another root", "rsa.xml", ODD("{Open}{Header}{Body}</s:Envelope>"),
	    OUTCOME_INVALID_SECURITY, "not in the Header of the Envelope" },
	{ "wrapped security header", "rsa.xml", WHOLE("{Headers}" ODD("{Security}"), "{Body}"),
	    OUTCOME_INVALID_SECURITY, "not in the Header" },
	{ "security header in another", "rsa.xml", WHOLE("{Headers}" SECURITY("{Security}"), "{Body}"),
	    OUTCOME_INVALID_SECURITY, "not in the Header" },
	{ "security header in the Body", "rsa.xml",
	    "{Open}<s:Header>{Headers}</s:Header><s:Body>{Security}</s:Body></s:Envelope>",
	    OUTCOME_INVALID_SECURITY, "not in the Header" },
	{ "second security header", "rsa.xml", WHOLE("{Headers}{Security}" ODD("<wsse:Security/>"), "{Body}"),
	    OUTCOME_INVALID_SECURITY, "more than one Security" },
	{ "second Header", "rsa.xml", "{Open}{Header}<s:Header/>{Body}</s:Envelope>",
	    OUTCOME_INVALID_SECURITY, "more than one Header" },
	{ "second Timestamp", "rsa.xml",
	    WHOLE("{Headers}" SECURITY("{Timestamp}{Token}" SIGNED "<u:Timestamp/>"), "{Body}"),
	    OUTCOME_INVALID_SECURITY, "more than one Timestamp" },
	{ "two signatures", "rsa.xml",
	    WHOLE("{Headers}" SECURITY("{Timestamp}{Token}" SIGNED SIGNED), "{Body}"),
	    OUTCOME_INVALID_SECURITY, "more than one Signature" },
	{ "signature in another namespace beside", "rsa.xml",
	    WHOLE("{Headers}" SECURITY("{Timestamp}{Token}" SIGNED "<x:Signature xmlns:x=\"urn:x\"/>"),
		"{Body}"),
	    OUTCOME_INVALID_SECURITY, "more than one Signature" },
	{ "signature in the signature", "rsa.xml",
	    WHOLE("{Headers}" SECURITY("{Timestamp}{Token}{SignatureOpen}" SIGNED "</Signature>"), "{Body}"),
	    OUTCOME_INVALID_SECURITY, "more than one Signature" },
	{ "signature beside the security header", "rsa.xml",
	    WHOLE("{Headers}" SECURITY("{Timestamp}{Token}") "{Signature}", "{Body}"),
	    OUTCOME_INVALID_SECURITY, "its parent is not the Security" },
	{ "signature in the token", "rsa.xml",
	    WHOLE("{Headers}" SECURITY("{Timestamp}<wsse:BinarySecurityToken>{Signature}</"
				       "wsse:BinarySecurityToken>"),
		"{Body}"),
	    OUTCOME_INVALID_SECURITY, "its parent is not the Security" },
	{ "another token", "rsa.xml",
	    WHOLE("{Headers}" SECURITY("{Timestamp}{Token}{Token}" SIGNED), "{Body}"),
	    OUTCOME_INVALID_SECURITY, "two elements have the id" },
	{ "the token gone", "rsa.xml", WHOLE("{Headers}" SECURITY("{Timestamp}" SIGNED), "{Body}"),
	    OUTCOME_AUTHENTICATION, "digest is another" },
	{ "the Timestamp gone", "rsa.xml", WHOLE("{Headers}" SECURITY("{Token}" SIGNED), "{Body}"),
	    OUTCOME_AUTHENTICATION, "digest is another" },
	{ "the headers gone", "rsa.xml", WHOLE("{Security}", "{Body}"), OUTCOME_AUTHENTICATION,
	    "digest is another" },
	{ "the signature moved to the front", "rsa.xml",
	    WHOLE("{Headers}" SECURITY(SIGNED "{Timestamp}{Token}"), "{Body}"), OUTCOME_OK, NULL },
	{ "no SignedInfo", "rsa.xml",
	    WHOLE("{Headers}" SECURITY("{Timestamp}{Token}" SIGNATURE("{Value}{KeyInfo}")), "{Body}"),
	    OUTCOME_INVALID_SECURITY, "SignedInfo expected" },
	{ "two SignedInfos", "rsa.xml",
	    WHOLE("{Headers}" SECURITY(
		      "{Timestamp}{Token}" SIGNATURE("{SignedInfo}{SignedInfo}{Value}{KeyInfo}")),
		"{Body}"),
	    OUTCOME_INVALID_SECURITY, "more than one SignedInfo" },
	{ "no SignatureValue", "rsa.xml",
	    WHOLE("{Headers}" SECURITY("{Timestamp}{Token}" SIGNATURE("{SignedInfo}{KeyInfo}")), "{Body}"),
	    OUTCOME_INVALID_SECURITY, "SignatureValue expected" },
	{ "empty Signature", "rsa.xml",
	    WHOLE("{Headers}" SECURITY("{Timestamp}{Token}" SIGNATURE("")), "{Body}"),
	    OUTCOME_INVALID_SECURITY, "SignedInfo expected, 'its end'" },
};

/* Bytes from begin up to end in text; fails when they are not there. */
static struct bytes
piece_of(const char *text, const char *begin, const char *end)
{
	const char *from = strstr(text, begin), *to = from != NULL ? strstr(from, end) : NULL;

	if (to == NULL)
		fail_msg("no %s … %s", begin, end);
	return (struct bytes){ (const uint8_t *)from, (size_t)(to - from) };
}

static struct bytes
put_together(struct arena *arena, const char *text, const char *template)
{
	char *out = arena_alloc(arena, 8 * strlen(text) + strlen(template) + 1);
	size_t size = 0;

	while (*template != '\0') {
		size_t i = 0, name = 0;

		for (i = 0; i < ARRAY_SIZE(pieces); i++)
			if (strncmp(template, pieces[i].name, name = strlen(pieces[i].name)) == 0)
				break;
		if (i == ARRAY_SIZE(pieces)) {
			out[size++] = *template ++;
			continue;
		}
		struct bytes piece = piece_of(text, pieces[i].begin, pieces[i].end);

		memcpy(out + size, piece.data, piece.size);
		size += piece.size;
		template += name;
	}
	return (struct bytes){ (const uint8_t *)out, size };
}

static void
refuses_wrapping(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrapped); i++) {
		struct arena *arena = arena_new();
		const char *text = (const char *)file_read(arena, wrapped[i].file).data;
		struct why why = { "" };

		expect(wrapped[i].name,
		    verify(arena, put_together(arena, text, wrapped[i].template), &strict, "rsa.der", &why),
		    wrapped[i].outcome, &why, wrapped[i].reason);
		arena_free(arena);
	}
}

/* --- small changes: the first occurrence of a text replaced --- */

#define NUMBER_22 \
	"<x:Odd xmlns:x=\"urn:x\" xmlns:a1=\"urn:1\" xmlns:a2=\"urn:1\" xmlns:a3=\"urn:1\" " \
	"xmlns:a4=\"urn:1\" " \
	"xmlns:a5=\"urn:1\" xmlns:a6=\"urn:1\" xmlns:a7=\"urn:1\" xmlns:a8=\"urn:1\" xmlns:a9=\"urn:1\" " \
	"xmlns:b1=\"urn:1\" xmlns:b2=\"urn:1\" xmlns:b3=\"urn:1\" xmlns:b4=\"urn:1\" xmlns:b5=\"urn:1\" " \
	"xmlns:b6=\"urn:1\" xmlns:b7=\"urn:1\" xmlns:b8=\"urn:1\" xmlns:b9=\"urn:1\" xmlns:c1=\"urn:1\" " \
	"xmlns:c2=\"urn:1\" xmlns:c3=\"urn:1\"/>"

static const struct {
	const char *name, *file, *from, *to;
	enum outcome outcome;
	const char *reason;
} changed[] = {
	{ "altered Body", "rsa.xml", "PC &lt;1&gt;", "PC &lt;2&gt;", OUTCOME_AUTHENTICATION,
	    "digest is another" },
	{ "altered Timestamp", "rsa.xml", "10:05:00", "11:05:00", OUTCOME_AUTHENTICATION,
	    "digest is another" },
	{ "altered MessageID", "rsa.xml", "0d5a1441", "0d5a1442", OUTCOME_AUTHENTICATION,
	    "digest is another" },
	{ "altered request", "rsa.xml", "MIICszCCAZsCAQAwbjEs", "MIICszCCAZsCAQAwbjEt",
	    OUTCOME_AUTHENTICATION, "digest is another" },
	{ "altered attribute", "rsa.xml", "Name=\"DeviceName\"", "Name=\"DeviceNam\"", OUTCOME_AUTHENTICATION,
	    "digest is another" },
	{ "added attribute", "rsa.xml", "<s:Body>", "<s:Body x=\"\">", OUTCOME_AUTHENTICATION,
	    "digest is another" },
	{ "added element", "rsa.xml", "</s:Body>", "<x/></s:Body>", OUTCOME_AUTHENTICATION,
	    "digest is another" },
	{ "a blank more", "rsa.xml", "</s:Body>", " </s:Body>", OUTCOME_AUTHENTICATION, "digest is another" },
	{ "a line feed more", "rsa.xml", "<s:Body>", "\n<s:Body>", OUTCOME_AUTHENTICATION,
	    "digest is another" },
	{ "a namespace's prefix changed", "rsa.xml", "<s:Body>",
	    "<s:Body xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">", OUTCOME_AUTHENTICATION,
	    "digest is another" },
	{ "a namespace declaration more", "rsa.xml", "<s:Body>", "<s:Body xmlns:x=\"urn:x\">",
	    OUTCOME_AUTHENTICATION, "digest is another" },
	{ "a namespace declaration more that the exclusive form does not tell", "rsa-exclusive.xml",
	    "<s:Body>", "<s:Body xmlns:x=\"urn:x\">", OUTCOME_OK, NULL },
	{ "altered DigestValue", "rsa.xml", "<DigestValue>", "<DigestValue>AAAA", OUTCOME_AUTHENTICATION,
	    "not the certificate's over this SignedInfo" },
	{ "altered SignatureValue", "rsa.xml", "<SignatureValue>", "<SignatureValue>AAAA",
	    OUTCOME_AUTHENTICATION, "not the certificate's over this SignedInfo" },
	{ "SignatureValue of nothing", "rsa.xml", "<SignatureValue>", "<SignatureValue> </SignatureValue><x>",
	    OUTCOME_MESSAGE_FORMAT, NULL },
	{ "DigestValue that is no base64", "rsa.xml", "<DigestValue>", "<DigestValue>*",
	    OUTCOME_INVALID_SECURITY, "not base64" },
	{ "half an ECDSA value", "ec-P-256.xml", "<SignatureValue>", "<SignatureValue>AAAA",
	    OUTCOME_AUTHENTICATION, "of ECDSA, with an odd length" },
	{ "another ECDSA value", "ec-P-256.xml", "<SignatureValue>", "<SignatureValue>AAAAAAAA",
	    OUTCOME_AUTHENTICATION, "not the certificate's" },
	{ "ECDSA said, RSA done", "rsa.xml", "xmldsig-more#rsa-sha256", "xmldsig-more#ecdsa-sha256",
	    OUTCOME_AUTHENTICATION, "does not fit the certificate's key" },
	{ "RSA said, ECDSA done", "ec-P-256.xml", "xmldsig-more#ecdsa-sha256", "xmldsig-more#rsa-sha256",
	    OUTCOME_AUTHENTICATION, "does not fit the certificate's key" },
	{ "another hash said", "rsa.xml", "xmldsig-more#rsa-sha256", "xmldsig-more#rsa-sha512",
	    OUTCOME_AUTHENTICATION, "not the certificate's over this SignedInfo" },
	{ "KeyInfo pointing elsewhere", "rsa.xml", "<wsse:Reference URI=\"#uuid-", "<wsse:Reference URI=\"#",
	    OUTCOME_OK, NULL },
	{ "no URI", "rsa.xml", "<Reference URI=\"\">", "<Reference>", OUTCOME_INVALID_SECURITY,
	    "without a URI" },
	{ "dangling URI", "rsa.xml", "<Reference URI=\"\">", "<Reference URI=\"#envelop\">",
	    OUTCOME_INVALID_SECURITY, "URI '#envelop' is not the Envelope" },
	{ "URI with an XPointer", "rsa.xml", "<Reference URI=\"\">", "<Reference URI=\"#xpointer(/)\">",
	    OUTCOME_INVALID_SECURITY, "is not the Envelope" },
	{ "URI of the Timestamp", "rsa.xml", "<Reference URI=\"\">", "<Reference URI=\"#_0\">",
	    OUTCOME_INVALID_SECURITY, "is not the Envelope" },
	{ "URI of a file", "rsa.xml", "<Reference URI=\"\">", "<Reference URI=\"file:///etc/passwd\">",
	    OUTCOME_INVALID_SECURITY, "is not the Envelope" },
	{ "URI '#' alone", "rsa.xml", "<Reference URI=\"\">", "<Reference URI=\"#\">",
	    OUTCOME_INVALID_SECURITY, "is not the Envelope" },
	{ "no Reference", "rsa.xml", "<Reference URI=\"\">", "<Referenz URI=\"\">", OUTCOME_MESSAGE_FORMAT,
	    NULL },
	{ "no transforms", "rsa.xml",
	    "<Transforms><Transform "
	    "Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/></Transforms>",
	    "", OUTCOME_INVALID_SECURITY, "Transforms expected" },
	{ "empty transforms", "rsa.xml",
	    "<Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>", "",
	    OUTCOME_INVALID_SECURITY, "Transform expected" },
	{ "exclusive form before enveloped-signature", "rsa.xml", "<Transforms>",
	    "<Transforms><Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
	    OUTCOME_INVALID_SECURITY, "enveloped-signature expected" },
	{ "XSLT", "rsa.xml", "</Transforms>",
	    "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/></Transforms>",
	    OUTCOME_INVALID_SECURITY, "xslt-19991116' is not accepted" },
	{ "XPath filter", "rsa.xml", "</Transforms>",
	    "<Transform Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\"/></Transforms>",
	    OUTCOME_INVALID_SECURITY, "filter2' is not accepted" },
	{ "base64 transform", "rsa.xml", "</Transforms>",
	    "<Transform Algorithm=\"" DS "base64\"/></Transforms>", OUTCOME_INVALID_SECURITY,
	    "base64' is not accepted" },
	{ "DSA", "rsa.xml", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", DS "dsa-sha1",
	    OUTCOME_INVALID_SECURITY, "dsa-sha1' is not accepted" },
	{ "HMAC", "rsa.xml", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", DS "hmac-sha1",
	    OUTCOME_INVALID_SECURITY, "hmac-sha1' is not accepted" },
	{ "MD5", "rsa.xml", "http://www.w3.org/2001/04/xmlenc#sha256",
	    "http://www.w3.org/2001/04/xmldsig-more#md5", OUTCOME_INVALID_SECURITY, "md5' is not accepted" },
	{ "no Algorithm", "rsa.xml", "<DigestMethod Algorithm=", "<DigestMethod Algorithmus=",
	    OUTCOME_INVALID_SECURITY, "without an Algorithm" },
	{ "Algorithm of another namespace", "rsa.xml", "<DigestMethod Algorithm=",
	    "<DigestMethod xmlns:x=\"urn:x\" x:Algorithm=", OUTCOME_INVALID_SECURITY,
	    "without an Algorithm" },
	{ "Signature of no namespace", "rsa.xml", "<Signature xmlns=\"" DS "\">", "<Signature>",
	    OUTCOME_INVALID_SECURITY, "not of XML Signature's namespace" },
	{ "Signature of another namespace", "rsa.xml", "<Signature xmlns=\"" DS "\">",
	    "<Signature xmlns=\"http://www.w3.org/2009/xmldsig11#\">", OUTCOME_INVALID_SECURITY,
	    "not of XML Signature's namespace" },
	{ "SignedInfo of another namespace", "rsa.xml", "<SignedInfo xmlns=\"" DS "\">",
	    "<SignedInfo xmlns=\"urn:x\">", OUTCOME_INVALID_SECURITY, "SignedInfo expected" },
	{ "Security of no namespace", "rsa.xml", "xmlns:wsse=\"http://docs.oasis",
	    "xmlns:wsse=\"http://docs.0asis", OUTCOME_INVALID_SECURITY, "its parent is not the Security" },
	/* What canonical forms do not tell, and readers pass over. */
	{ "a comment in the Body", "rsa.xml", "MIICszCCAZsCAQAwbjEs", "MIICszCC<!-- x -->AZsCAQAwbjEs",
	    OUTCOME_OK, NULL },
	{ "a comment in the SignatureValue", "rsa.xml", "<SignatureValue>", "<SignatureValue><!-- x -->",
	    OUTCOME_OK, NULL },
	{ "a comment with markup", "rsa.xml", "<s:Body>", "<s:Body><!-- <s:Body/> -->", OUTCOME_OK, NULL },
	{ "CDATA with the same text", "rsa.xml", "PC &lt;1&gt;", "<![CDATA[PC <1>]]>", OUTCOME_OK, NULL },
	{ "CDATA with another text", "rsa.xml", "PC &lt;1&gt;", "<![CDATA[PC &lt;1&gt;]]>",
	    OUTCOME_AUTHENTICATION, "digest is another" },
	{ "a character reference for the same text", "rsa.xml", "PC &lt;1&gt;", "P&#67; &#x3c;1&gt;",
	    OUTCOME_OK, NULL },
	{ "quotes changed", "rsa.xml", "Name=\"DeviceName\"", "Name='DeviceName'", OUTCOME_OK, NULL },
	{ "a processing instruction", "rsa.xml", "<s:Body>", "<s:Body><?x y?>", OUTCOME_MESSAGE_FORMAT,
	    "processing instruction" },
	{ "a DOCTYPE with a default attribute", "rsa.xml", "<s:Envelope",
	    "<!DOCTYPE s [<!ATTLIST s:Body Id ID \"body\">]><s:Envelope", OUTCOME_MESSAGE_FORMAT, "DOCTYPE" },
	{ "an entity", "rsa.xml", "<s:Body>", "<s:Body>&x;", OUTCOME_MESSAGE_FORMAT, NULL },
	{ "an id that is none", "rsa.xml", "<s:Body>", "<s:Body x=\"_0\">", OUTCOME_AUTHENTICATION,
	    "digest is another" },
	/* Bounds. */
	{ "a relative namespace", "rsa.xml", "<s:Body>", "<s:Body xmlns:x=\"x\">", OUTCOME_INVALID_SECURITY,
	    "no canonical form" },
	{ "many namespace declarations", "rsa.xml", "<s:Body>", "<s:Body>" NUMBER_22 NUMBER_22 NUMBER_22,
	    OUTCOME_MESSAGE_FORMAT, "namespace declarations, " },
};

static struct bytes
replaced(struct arena *arena, const char *name, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (at == NULL)
		fail_msg("%s: '%s' is not in it", name, from);
	return bytes_of(arena_printf(arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)));
}

static void
sees_small_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changed); i++) {
		struct arena *arena = arena_new();
		const char *text = (const char *)file_read(arena, changed[i].file).data;
		struct why why = { "" };

		expect(changed[i].name,
		    verify(arena, replaced(arena, changed[i].name, text, changed[i].from, changed[i].to),
			&strict, NULL, &why),
		    changed[i].outcome, &why, changed[i].reason);
		arena_free(arena);
	}
}

/* What canonicalizing costs is bounded before it is begun. */
static void
is_bounded(void **state)
{
	struct arena *arena = arena_new();
	const char *text = (const char *)file_read(arena, "rsa.xml").data;
	char *many = arena_alloc(arena, (size_t)XML_CANONICAL_ELEMENTS_MAX * 4 + 16);
	struct why why = { "" };

	(void)state;
	memcpy(many, "<s:Body>", 8);
	for (size_t i = 0; i < XML_CANONICAL_ELEMENTS_MAX; i++)
		memcpy(many + 8 + i * 4, "<x/>", 4);
	expect("many elements",
	    verify(arena, replaced(arena, "elements", text, "<s:Body>", many), &strict, NULL, &why),
	    OUTCOME_MESSAGE_FORMAT, &why, "2048 and 64 are allowed");
	arena_free(arena);
}

/* --- another key than the signer's --- */

static const struct {
	const char *name, *file, *certificate;
	enum outcome outcome;
	const char *reason;
} keys[] = {
	{ "another RSA key", "rsa.xml", "other.der", OUTCOME_AUTHENTICATION, "not the certificate's" },
	{ "the same name, another authority", "rsa.xml", "foreign.der", OUTCOME_AUTHENTICATION,
	    "not the certificate's" },
	{ "another curve's key", "ec-P-256.xml", "ec-P-384.der", OUTCOME_AUTHENTICATION,
	    "not the certificate's" },
	{ "a key of another kind", "rsa.xml", "ec-P-256.der", OUTCOME_AUTHENTICATION, "does not fit" },
	{ "Ed25519", "rsa.xml", "ed25519.der", OUTCOME_AUTHENTICATION, "does not fit" },
	{ "no certificate", "rsa.xml", "rsa.xml", OUTCOME_INVALID_SECURITY, "no certificate" },
};

static void
wants_the_signers_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct arena *arena = arena_new();
		struct why why = { "" };

		expect(keys[i].name,
		    verify(arena, file_read(arena, keys[i].file), &strict, keys[i].certificate, &why),
		    keys[i].outcome, &why, keys[i].reason);
		arena_free(arena);
	}
}

/* The token of another signer in the message is another message. */
static void
covers_the_token(void **state)
{
	struct arena *arena = arena_new();
	const char *text = (const char *)file_read(arena, "rsa.xml").data;
	const char *foreign = bytes_to_base64(arena, file_read(arena, "other.der"));
	const char *own = bytes_to_base64(arena, file_read(arena, "rsa.der"));
	struct bytes swapped = replaced(arena, "token", text, own, foreign);
	struct why why = { "" };

	(void)state;
	expect("the token's key", verify(arena, swapped, &strict, NULL, &why), OUTCOME_AUTHENTICATION, &why,
	    "not the certificate's");
	expect("the signer's key", verify(arena, swapped, &strict, "rsa.der", &why), OUTCOME_AUTHENTICATION,
	    &why, "digest is another");
	arena_free(arena);
}

/* The signature of one message in another one. */
static void
belongs_to_its_envelope(void **state)
{
	struct arena *arena = arena_new();
	const char *text = (const char *)file_read(arena, "rsa.xml").data;
	const char *donor = (const char *)file_read(arena, "rsa-sha384.xml").data;
	struct bytes mine = piece_of(text, "<Signature", "</wsse:Security>");
	struct bytes theirs = piece_of(donor, "<Signature", "</wsse:Security>");
	struct why why = { "" };

	(void)state;
	text = (const char *)replaced(arena, "body", text, "PC &lt;1&gt;", "PC 3").data;
	expect("of another envelope",
	    verify(arena,
		replaced(arena, "signature", text, arena_strndup(arena, (const char *)mine.data, mine.size),
		    arena_strndup(arena, (const char *)theirs.data, theirs.size)),
		&strict, NULL, &why),
	    OUTCOME_AUTHENTICATION, &why, "digest is another");
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_what_others_sign),
		cmocka_unit_test(refuses_other_ideas),
		cmocka_unit_test(refuses_wrapping),
		cmocka_unit_test(sees_small_changes),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(wants_the_signers_key),
		cmocka_unit_test(covers_the_token),
		cmocka_unit_test(belongs_to_its_envelope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
