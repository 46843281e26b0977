/*
 * A certificate proves its owner by what it signed: the whole request. First the certificate, by what SQL
 * says of whom it trusts; then the signature, so that only a trusted certificate's has the request digested;
 * then its time.
 */
#include <muster/stages/stages.h>

#include <muster/base/clock.h>
#include <muster/base/json.h>
#include <muster/credentials/client_certificate.h>
#include <muster/credentials/signed_time.h>
#include <muster/credentials/xml_signature.h>

#define AUTHORITIES_MAX 16

/* What SQL says proves it: muster.identify_certificate(). */
struct proof {
	bool listed; /* this very certificate is, whoever signed it */
	struct bytes authority[AUTHORITIES_MAX];
	size_t authorities;
	bool timestamps, policies_unsigned;
	int skew_seconds;
	struct xml_signature_rules rules;
};

static bool
authorities_read(struct arena *arena, const json_t *list, struct proof *proof)
{
	for (size_t i = 0; i < json_array_size(list) && i < AUTHORITIES_MAX; i++)
		if (!bytes_from_base64(arena, json_string_value(json_array_get(list, i)),
			&proof->authority[proof->authorities++]))
			return false;
	return json_is_array(list);
}

static bool
proof_read(struct arena *arena, const char *text, struct proof *proof)
{
	CLEANUP(json_cleanup) json_t *json = text != NULL ? json_loads(text, 0, NULL) : NULL;
	const json_t *authorities = NULL;
	int listed = 0, timestamps = 1, sha1 = 0, old_uris = 0, policies_unsigned = 0;

	*proof = (struct proof){ .skew_seconds = 0 };
	if (json == NULL ||
	    json_unpack(json, "{s:b, s:o, s:b, s:i, s:b, s:b, s:b}", "listed", &listed, "authorities",
		&authorities, "timestamps", &timestamps, "skew_seconds", &proof->skew_seconds, "sha1", &sha1,
		"old_uris", &old_uris, "policies_unsigned", &policies_unsigned) != 0)
		return false;
	proof->listed = listed != 0;
	proof->timestamps = timestamps != 0;
	proof->policies_unsigned = policies_unsigned != 0;
	proof->rules = (struct xml_signature_rules){ sha1 != 0, old_uris != 0 };
	return authorities_read(arena, authorities, proof);
}

static enum outcome
certificate_check(struct exchange *ex, struct bytes der, const struct proof *proof)
{
	struct arena *arena = ex->request->arena;
	struct client_certificate certificate;
	enum outcome o;

	if ((o = client_certificate_read(arena, der, &certificate, &ex->why)) != OUTCOME_OK ||
	    (o = client_certificate_usable(arena, &certificate, clock_now_ms() / 1000, &ex->why)) !=
		OUTCOME_OK)
		return o;
	if (proof->listed)
		return OUTCOME_OK;
	return client_certificate_trusted(der, proof->authority, proof->authorities, &ex->why);
}

static enum outcome
signature_check(struct exchange *ex, const struct credential *credential, const struct proof *proof)
{
	struct arena *arena = ex->request->arena;
	struct xml_signature signature;
	struct signed_time time;
	enum outcome o;

	if ((o = xml_signature_read(arena, credential->signature, &signature, &ex->why)) != OUTCOME_OK ||
	    (o = xml_signature_verify(arena, &signature, credential->certificate, &proof->rules, &ex->why)) !=
		OUTCOME_OK ||
	    (o = signed_time_read(arena, credential->security, &time, &ex->why)) != OUTCOME_OK)
		return o;
	if (!proof->timestamps)
		return OUTCOME_OK;
	return signed_time_check(arena, &time, clock_now_ms(), (int64_t)proof->skew_seconds * 1000, &ex->why);
}

enum outcome
stage_prove_certificate(struct exchange *ex, const struct credential *credential,
    const struct account *account, const struct decision *decision)
{
	struct proof proof;
	enum outcome o;

	if (account->id == NULL)
		return refuse(&ex->why, OUTCOME_AUTHENTICATION, "%s",
		    decision->why != NULL ? decision->why : "unknown certificate");
	if (!proof_read(ex->request->arena, account->proof, &proof))
		return refuse(&ex->why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the database does not say what proves a certificate: it has another version");
	if ((o = certificate_check(ex, credential->certificate, &proof)) != OUTCOME_OK)
		return o;
	if (credential->signature != NULL)
		return signature_check(ex, credential, &proof);
	/* Shown, not proven: enough for what is no secret. */
	ex->shown = ex->service == SERVICE_POLICY && proof.policies_unsigned;
	if (ex->shown)
		return OUTCOME_OK;
	return refuse(&ex->why, OUTCOME_AUTHENTICATION,
	    "the request is not signed: a certificate without Signature proves nothing");
}
