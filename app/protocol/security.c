#include <muster/protocol/security.h>

#include <muster/base/text.h>
#include <muster/protocol/namespaces.h>

#include <libxml/dict.h>

/* Keep the first problem: it is the one to explain. */
static void
credential_refuse(struct credential *credential, enum outcome refusal, const char *problem)
{
	if (credential->problem != NULL)
		return;
	credential->problem = problem;
	credential->refusal = refusal;
}

/* How many child elements have that local name; *last is one of them. */
static size_t
children_named(const xmlNode *parent, const char *name, const xmlNode **last)
{
	size_t count = 0;

	for (const xmlNode *child = xml_first(parent); child != NULL; child = xml_next(child)) {
		if (!xml_is(child, NULL, name))
			continue;
		*last = child;
		count++;
	}
	return count;
}

static bool
node_is_text(const xmlNode *node)
{
	return (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) && node->content != NULL;
}

/*
 * The password exactly as sent: white space belongs to it. It goes from the tree to
 * the secret without touching the arena.
 */
static void
password_copy(const xmlNode *node, struct credential *credential)
{
	char text[CREDENTIAL_PASSWORD_MAX];
	size_t size = 0;

	for (const xmlNode *child = node->children; child != NULL; child = child->next) {
		if (!node_is_text(child))
			continue;
		size_t length = strlen((const char *)child->content);

		if (length > sizeof(text) - size) {
			credential_refuse(
			    credential, OUTCOME_INVALID_SECURITY, "Password: longer than 1024 bytes");
			break;
		}
		memcpy(text + size, child->content, length);
		size += length;
	}
	if (size == 0)
		credential_refuse(credential, OUTCOME_AUTHENTICATION, "Password: empty");
	else if (credential->problem == NULL)
		credential->password = secret_copy(text, size);
	secret_wipe(text, sizeof(text));
}

/*
 * Type may be qualified, unqualified or absent, which means text (UsernameToken
 * profile 1.0 section 3.1). A digest would need clear-text passwords here.
 */
static void
password_type_check(struct arena *arena, const xmlNode *node, struct credential *credential)
{
	const char *type = xml_attribute(arena, node, NS_WSSE, "Type");

	if (type == NULL || *(type = text_trim(arena, type)) == '\0' || text_ends_fold(type, "#PasswordText"))
		return;
	if (text_ends_fold(type, "#PasswordDigest"))
		credential_refuse(credential, OUTCOME_AUTHENTICATION,
		    "Password: PasswordDigest needs clear-text passwords on the server, PasswordText "
		    "expected");
	else
		credential_refuse(credential, OUTCOME_INVALID_SECURITY, "Password: Type is not PasswordText");
}

static void
username_read(struct arena *arena, const xmlNode *token, struct credential *credential)
{
	const xmlNode *user = NULL, *password = NULL;

	if (children_named(token, "Username", &user) != 1)
		credential_refuse(
		    credential, OUTCOME_INVALID_SECURITY, "UsernameToken: exactly one Username expected");
	if (children_named(token, "Password", &password) != 1)
		credential_refuse(
		    credential, OUTCOME_INVALID_SECURITY, "UsernameToken: exactly one Password expected");
	if (credential->problem != NULL)
		return;

	const char *name = xml_text(arena, user);

	if (strlen(name) > CREDENTIAL_USER_MAX) {
		credential_refuse(credential, OUTCOME_INVALID_SECURITY, "Username: longer than 320 bytes");
		return;
	}
	credential->user = name;
	if (*name == '\0')
		credential_refuse(credential, OUTCOME_AUTHENTICATION, "Username: empty");
	password_type_check(arena, password, credential);
	password_copy(password, credential);
}

/* A JWT by its looks: three parts, of which the first is a JSON object's beginning in base64url. */
static bool
looks_like_jwt(struct bytes text)
{
	size_t dots = 0;

	for (size_t i = 0; i < text.size; i++)
		dots += text.data[i] == '.';
	return dots == 2 && text.size > 3 && memcmp(text.data, "eyJ", 3) == 0;
}

/* ValueType is what clients get wrong; what the token is shows in its bytes. DER begins with a SEQUENCE. */
static enum credential_kind
token_kind(struct arena *arena, const xmlNode *node, struct bytes token)
{
	const char *type = xml_attribute(arena, node, NS_WSSE, "ValueType");

	if (token.data[0] == 0x30 && token.size > 1 && (token.data[1] & 0x80) != 0)
		return CREDENTIAL_CERTIFICATE;
	if (looks_like_jwt(token) ||
	    (type != NULL && text_equal_fold(text_trim(arena, type), TOKEN_TYPE_JWT)))
		return CREDENTIAL_JWT;
	return CREDENTIAL_TOKEN;
}

/* The way from the tree to the secret leads through the request's arena, which is wiped when it ends. */
static void
token_read(struct arena *arena, const xmlNode *node, struct credential *credential)
{
	struct bytes token = { NULL, 0 };

	if (!bytes_from_base64(arena, xml_text(arena, node), &token) || token.size == 0) {
		credential_refuse(
		    credential, OUTCOME_INVALID_SECURITY, "BinarySecurityToken: empty, or not base64");
		return;
	}
	if (token.size > CREDENTIAL_TOKEN_MAX) {
		credential_refuse(
		    credential, OUTCOME_INVALID_SECURITY, "BinarySecurityToken: longer than 16384 bytes");
		return;
	}
	credential->kind = token_kind(arena, node, token);
	if (credential->kind == CREDENTIAL_CERTIFICATE)
		credential->certificate = token;
	else if (text_is_utf8(token.data, token.size))
		credential->token = secret_copy(token.data, token.size);
	else
		credential_refuse(credential, OUTCOME_INVALID_SECURITY,
		    "BinarySecurityToken: neither text nor a certificate");
}

/*
 * A signature comes with the BinarySecurityToken of its signer; every other pair is
 * two credentials, and none of them is chosen.
 */
static void
security_element_read(struct arena *arena, const xmlNode *security, struct credential *credential)
{
	const xmlNode *user = NULL, *token = NULL, *signature = NULL;
	size_t users = children_named(security, "UsernameToken", &user);
	size_t tokens = children_named(security, "BinarySecurityToken", &token);
	size_t signatures = children_named(security, "Signature", &signature);

	if (users > 1 || tokens > 1 || signatures > 1 || (users > 0 && tokens + signatures > 0)) {
		credential_refuse(credential, OUTCOME_INVALID_SECURITY, "Security: more than one credential");
		return;
	}
	if (users > 0) {
		credential->kind = CREDENTIAL_PASSWORD;
		username_read(arena, user, credential);
	} else if (tokens > 0) {
		token_read(arena, token, credential);
	}
	if (signatures > 0 && credential->kind != CREDENTIAL_CERTIFICATE)
		credential_refuse(
		    credential, OUTCOME_INVALID_SECURITY, "Signature: its signer's certificate is missing");
	credential->security = security;
	credential->signature = signature;
}

void
security_read(struct arena *arena, const xmlNode *header, struct credential *credential)
{
	const xmlNode *security = NULL;
	size_t count;

	*credential = (struct credential){ .kind = CREDENTIAL_NONE };
	if (header == NULL || (count = children_named(header, "Security", &security)) == 0)
		return;
	if (count > 1)
		credential_refuse(credential, OUTCOME_INVALID_SECURITY, "more than one Security header");
	else
		security_element_read(arena, security, credential);
}

/* The node after this one in document order; NULL after the last below root. */
static xmlNode *
node_after(xmlNode *node, const xmlNode *root)
{
	if (node->type == XML_ELEMENT_NODE && node->children != NULL)
		return node->children;
	while (node != root && node->next == NULL)
		node = node->parent;
	return node == root ? NULL : node->next;
}

static bool
is_secret(const xmlNode *text, bool keep_tokens)
{
	const xmlNode *element = text->parent;

	if (element == NULL || element->type != XML_ELEMENT_NODE)
		return false;
	if (xml_is(element, NULL, "Password"))
		return true;
	/* Not the one in an RST, which is the PKCS#10 request. */
	return !keep_tokens && xml_is(element, NULL, "BinarySecurityToken") && element->parent != NULL &&
	    element->parent->type == XML_ELEMENT_NODE && xml_is(element->parent, NULL, "Security");
}

void
security_wipe(xmlNode *root, bool keep_tokens)
{
	for (xmlNode *node = root; node != NULL; node = node_after(node, root)) {
		if (!node_is_text(node) || !is_secret(node, keep_tokens))
			continue;
		if (!xmlDictOwns(node->doc->dict, node->content))
			secret_wipe(node->content, strlen((const char *)node->content));
	}
}

void
credential_release(struct credential *credential)
{
	secret_release(&credential->password);
	secret_release(&credential->token);
}
