/* Whom a certificate says it is, and which request it signed: for SQL to look up. */
#include <muster/stages/claim.h>

#include <muster/base/clock.h>
#include <muster/base/json.h>
#include <muster/credentials/client_certificate.h>
#include <muster/credentials/signed_time.h>
#include <muster/credentials/xml_signature.h>

static json_t *
names_json(const struct certificate_names *names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < names->count; i++)
		(void)json_array_append_new(list, json_string(names->name[i]));
	return list;
}

static json_t *
certificate_json(struct arena *arena, const struct client_certificate *certificate)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s}", "kind", "certificate",
	    "sha256", certificate->sha256, "subject", certificate->subject, "issuer", certificate->issuer,
	    "issuer_sha256", certificate->issuer_sha256, "serial", certificate->serial, "upn",
	    names_json(&certificate->upn), "email", names_json(&certificate->email), "common_name",
	    names_json(&certificate->common_name), "not_after",
	    clock_text(arena, certificate->not_after * 1000));
}

/* What a signature adds: it is one request, once. */
static enum outcome
signature_add(struct exchange *ex, const struct credential *credential, json_t *claim)
{
	struct arena *arena = ex->request->arena;
	struct xml_signature signature;
	struct signed_time time;
	enum outcome o;

	if ((o = xml_signature_read(arena, credential->signature, &signature, &ex->why)) != OUTCOME_OK ||
	    (o = signed_time_read(arena, credential->security, &time, &ex->why)) != OUTCOME_OK)
		return o;
	(void)json_object_set_new(claim, "signed", json_true());
	(void)json_object_set_new(
	    claim, "replay", json_string(xml_signature_once(arena, &signature, ex->soap.message_id)));
	return OUTCOME_OK;
}

/* A name for people: like a typed one it is not proven yet. */
static const char *
user_of(const struct client_certificate *certificate)
{
	const struct certificate_names *names[] = { &certificate->upn, &certificate->email,
		&certificate->common_name };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i]->count > 0)
			return names[i]->name[0];
	return certificate->subject;
}

enum outcome
stage_claim_certificate(struct exchange *ex, const struct credential *credential, struct claim *claim)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct arena *arena = ex->request->arena;
	struct client_certificate certificate;
	enum outcome o;

	if ((o = client_certificate_read(arena, credential->certificate, &certificate, &ex->why)) !=
	    OUTCOME_OK)
		return o;
	ex->user = user_of(&certificate);
	json = certificate_json(arena, &certificate);
	if (json == NULL)
		arena_out_of_memory();
	if (credential->signature != NULL && (o = signature_add(ex, credential, json)) != OUTCOME_OK)
		return o;
	*claim = (struct claim){ ex->user, json_text(arena, json) };
	return OUTCOME_OK;
}
