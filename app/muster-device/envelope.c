/* Header and Security as the published and captured requests have them. */
#include "envelope.h"

#include "element.h"
#include "identity.h"

#include <muster/base/clock.h>

/* Compiled into the client, MS-MDE2 3.3.4.1.1.1.1 calls it a MUST. */
#define TOKEN_ID "uuid-cc1ccc1f-2fba-4bcf-b063-ffc0cac77917-4"
#define LIFE_MS (5 * 60 * 1000)

static void
text_write(struct xml_out *out, const struct settings *settings, const char *text)
{
	if (settings->spaced)
		xml_chars(out, "\n      ");
	xml_chars(out, text);
	if (settings->spaced)
		xml_chars(out, "\n    ");
}

void
envelope_value(struct xml_out *out, const struct settings *settings, const char *name, const char *text)
{
	xml_start(out, NULL, name, NULL);
	text_write(out, settings, text);
	xml_end(out);
}

static void
password_write(struct xml_out *out, const struct settings *settings, const struct login *login)
{
	xml_start(out, NULL, "wsse:UsernameToken", NULL);
	xml_attr(out, "u:Id", TOKEN_ID);
	envelope_value(out, settings, "wsse:Username", login->user);
	xml_start(out, NULL, "wsse:Password", NULL);
	xml_attr(out, "wsse:Type", URI_PASSWORD_TEXT);
	xml_chars(out, login->password->data);
	xml_end(out);
	xml_end(out);
}

/* The UTF-8 bytes of the token's text, whatever the token is (MS-MDE2 3.3.4.1.1.1). */
static void
token_write(
    struct xml_out *out, struct arena *arena, const struct settings *settings, const struct login *login)
{
	const struct bytes text = { (const uint8_t *)login->token->data, login->token->size };

	xml_start(out, NULL, "wsse:BinarySecurityToken", NULL);
	xml_attr(out, "ValueType", login->token_type);
	xml_attr(out, "EncodingType", URI_SECEXT "#base64binary");
	text_write(out, settings, bytes_to_base64(arena, text));
	xml_end(out);
}

/* The published sample's, at length; its password is blank because the certificate speaks. */
static void
renewal_write(
    struct xml_out *out, struct arena *arena, const struct settings *settings, const struct login *login)
{
	int64_t now = clock_now_ms();

	if (login->password == NULL)
		return;
	xml_start(out, NULL, "u:Timestamp", NULL);
	xml_attr(out, "u:Id", "_0");
	xml_element(out, "u:Created", clock_text(arena, now));
	xml_element(out, "u:Expires", clock_text(arena, now + LIFE_MS));
	xml_end(out);
	xml_start(out, NULL, "wsse:UsernameToken", NULL);
	xml_attr(out, "u:Id", TOKEN_ID);
	envelope_value(out, settings, "wsse:Username", login->user == NULL ? "" : login->user);
	xml_start(out, NULL, "wsse:Password", NULL);
	xml_attr(out, "wsse:Type", URI_PASSWORD_TEXT);
	xml_end(out);
	xml_end(out);
}

static void
security_write(
    struct xml_out *out, struct arena *arena, const struct settings *settings, const struct login *login)
{
	xml_start(out, NULL, "wsse:Security", NULL);
	xml_attr(out, "s:mustUnderstand", "1");
	if (login->renews)
		renewal_write(out, arena, settings, login);
	else if (login->signer != NULL)
		signer_token_write(out, arena, login->signer);
	else if (login->token != NULL)
		token_write(out, arena, settings, login);
	else
		password_write(out, settings, login);
	xml_end(out);
}

const char *
envelope_begin(struct xml_out *out, struct arena *arena, const struct settings *settings, const char *action,
    const char *to, const struct login *login)
{
	struct identity_guid guid = identity_guid();
	/* One published sample has a blank after "uuid:"; servers must echo it as it is. */
	const char *id = arena_printf(arena, "urn:uuid:%s%s", settings->spaced ? " " : "", guid.text);

	xml_start(out, "s", "Envelope", URI_SOAP);
	xml_attr(out, "xmlns:a", URI_ADDRESSING);
	if (login != NULL) {
		xml_attr(out, "xmlns:u", URI_UTILITY);
		xml_attr(out, "xmlns:wsse", URI_SECEXT);
		xml_attr(out, "xmlns:wst", URI_TRUST);
		xml_attr(out, "xmlns:ac", URI_CONTEXT);
	}
	xml_start(out, NULL, "s:Header", NULL);
	xml_start(out, NULL, "a:Action", NULL);
	xml_attr(out, "s:mustUnderstand", "1");
	text_write(out, settings, action);
	xml_end(out);
	xml_element(out, "a:MessageID", id);
	xml_start(out, NULL, "a:ReplyTo", NULL);
	envelope_value(out, settings, "a:Address", URI_ADDRESSING "/anonymous");
	xml_end(out);
	xml_start(out, NULL, "a:To", NULL);
	xml_attr(out, "s:mustUnderstand", "1");
	text_write(out, settings, to);
	xml_end(out);
	if (login != NULL)
		security_write(out, arena, settings, login);
	xml_end(out);
	xml_start(out, NULL, "s:Body", NULL);
	return id;
}

bool
envelope_end(
    struct xml_out *out, struct arena *arena, const struct login *login, bool policies, struct bytes *bytes)
{
	xml_end(out);
	xml_end(out);
	if (!xml_out_finish(out, arena, bytes))
		return false;
	return login == NULL || login->signer == NULL || signer_sign(arena, login->signer, policies, bytes);
}
