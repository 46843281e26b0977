#include "issue.h"

#include <muster/authority/csr.h>
#include <muster/base/facts.h>
#include <muster/base/guid.h>
#include <muster/base/text.h>
#include <muster/store/renewal.h>

#include <gnutls/crypto.h>
#include <poll.h>

#include "secrets.h"

/* The whole of it, and one call within it: more than the role's statement_timeout of 5 s, so that a custom
 * rule that ran too long is told. A worker that waits for less gets its answer in time for that. */
#define BUDGET_MS 10000
#define CALL_MS 6500
#define MARGIN_MS 1000

/* Between two calls while it is not known whether the first was recorded. */
#define PAUSE_MS 100

/* An organization that is not in the configuration may be new: look, but not for every ask. */
#define RELOAD_US (1000 * 1000)

/* Somebody changes the configuration all the time: give up at last. */
#define ROUNDS_MAX 4

#define SHA256_SIZE 32
#define REMOTE_MAX 128
#define ORGANIZATION_MAX 40
#define CLAIM_MAX (20 * 1024) /* what proves the account, and the DM server that it is told */

/* What is made for one ask; the parts up to secrets once, the rest anew when the configuration changes. */
struct issuance {
	struct issuer *issuer;
	struct arena *arena;
	const struct ask *ask;
	struct deadline deadline;
	struct guid grant;   /* of a renewal the device */
	struct bytes renews; /* of a renewal the old certificate's SHA-256; else empty */
	const char *facts;
	struct dm_secrets secrets;
	const struct stored_profile *profile;
	const struct stored_authority *authority;
	const struct signer *signer;
	struct csr csr;
	struct record record;
	struct decision decision; /* the database's */
	struct recorded recorded;
	int64_t database_us, signature_us;
};

/* --- what the worker says --- */

static bool
organization_valid(const char *key)
{
	size_t size = strlen(key);

	return size >= 1 && size <= ORGANIZATION_MAX &&
	    strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

static enum outcome
ask_check(struct issuance *in, struct why *why)
{
	const struct ask *ask = in->ask;
	struct facts *facts = arena_alloc(in->arena, sizeof(*facts));

	if (!organization_valid(ask->organization))
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "the issuer was asked for no organization's key");
	if (!guid_valid(ask->account) || !guid_valid(ask->trace) ||
	    (ask->attempt != NULL && !guid_valid(ask->attempt)))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the issuer was asked with an account, trace or attempt that is no GUID");
	if (ask->remote != NULL && strlen(ask->remote) > REMOTE_MAX)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "the issuer was asked with too long an address");
	if (strlen(ask->claim) > CLAIM_MAX)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "the issuer was asked with too long a claim");
	if (ask->renews != NULL &&
	    (!guid_valid(ask->device) || !bytes_from_hex(in->arena, ask->renews, &in->renews) ||
		in->renews.size != SHA256_SIZE))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the issuer was asked to renew what is no device's certificate");
	if (!facts_from_json(in->arena, ask->facts, facts))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the issuer was asked with facts that are none, too many or too long");
	in->facts = facts_json(in->arena, facts);
	if (ask->renews != NULL)
		memcpy(in->grant.text, text_lower(in->arena, ask->device), sizeof(in->grant.text));
	return OUTCOME_OK;
}

/* --- what the configuration says --- */

static enum outcome
reload(struct issuance *in, struct why *why)
{
	return keyring_load(
	    &in->issuer->keyring, in->issuer->pg, deadline_min(in->deadline, deadline_in_ms(CALL_MS)), why);
}

static enum outcome
profile_find(struct issuance *in, struct why *why)
{
	struct keyring *keyring = &in->issuer->keyring;
	enum outcome o;

	in->profile = keyring_profile(keyring, in->ask->organization);
	if (in->profile == NULL &&
	    (keyring->arena == NULL || clock_steady_us() - keyring->loaded_us >= RELOAD_US)) {
		if ((o = reload(in, why)) != OUTCOME_OK)
			return o;
		in->profile = keyring_profile(keyring, in->ask->organization);
	}
	if (in->profile == NULL)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "organization %s has no authority to sign certificates: muster-ca init --organization %s",
		    in->ask->organization, in->ask->organization);
	return OUTCOME_OK;
}

/* The worker has checked the key. It may have been taken over since. */
static enum outcome
key_check(struct issuance *in, struct why *why)
{
	const struct csr_policy policy = { .minimum_key_length = in->profile->minimum_key_length };

	return csr_check_key(in->arena, in->ask->public_key, &policy, &in->csr, why);
}

/* --- the certificate --- */

static struct bytes
sha256_of(struct arena *arena, struct bytes data)
{
	uint8_t *digest = arena_alloc(arena, SHA256_SIZE);

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data.data, data.size, digest) < 0)
		abort(); /* not without a broken library */
	return (struct bytes){ digest, SHA256_SIZE };
}

/* Not before a margin for slow clocks, and not after the authority's own end. */
static enum outcome
validity_of(const struct issuance *in, struct certificate_request *request, struct why *why)
{
	int64_t now = clock_now_ms() / 1000;
	int64_t end = signer_not_after(in->signer);

	request->not_before = now - in->profile->backdate_seconds;
	request->not_after = now + in->profile->validity_seconds;
	if (request->not_after > end)
		request->not_after = end;
	if (request->not_after <= now)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "authority \"%s\" has ended: make another with muster-ca init", in->authority->name);
	return OUTCOME_OK;
}

/* A token that was away may be back, with the session that was open gone: once more, then. */
static enum outcome
certificate_sign(
    struct issuance *in, const struct certificate_request *request, uint8_t *serial, struct why *why)
{
	struct keyring *keyring = &in->issuer->keyring;
	struct bytes *certificate = &in->record.certificate;
	enum outcome o = certificate_sign_device(in->arena, in->signer, request, serial, certificate, why);

	if (o == OUTCOME_OK || in->authority->key_uri == NULL)
		return o;
	keyring_lost(keyring, in->authority->id);
	if ((o = keyring_signer(keyring, in->profile->authority, &in->authority, &in->signer, why)) !=
	    OUTCOME_OK)
		return o;
	return certificate_sign_device(in->arena, in->signer, request, serial, certificate, why);
}

static enum outcome
certificate_make(struct issuance *in, struct why *why)
{
	struct certificate_request request = {
		.common_name = in->grant.text,
		.public_key = in->csr.public_key,
		.crl_url = in->authority->crl_url,
		.ca_url = in->authority->ca_url,
		.ocsp_url = in->authority->ocsp_url,
	};
	uint8_t *serial = arena_alloc(in->arena, SERIAL_SIZE);
	struct record *record = &in->record;
	int64_t began = clock_steady_us();
	enum outcome o;

	if ((o = validity_of(in, &request, why)) != OUTCOME_OK ||
	    (o = certificate_sign(in, &request, serial, why)) != OUTCOME_OK)
		return o;
	in->signature_us += clock_steady_us() - began;
	record->serial = (struct bytes){ serial, SERIAL_SIZE };
	record->not_before = request.not_before;
	record->not_after = request.not_after;
	record->sha256 = sha256_of(in->arena, record->certificate);
	record->public_key_sha256 = sha256_of(in->arena, in->csr.public_key);
	return OUTCOME_OK;
}

static enum outcome
record_make(struct issuance *in, struct why *why)
{
	const struct secret *sealing_key;
	enum outcome o;

	in->record = (struct record){
		.grant = in->grant.text,
		.trace = in->ask->trace,
		.attempt = in->ask->attempt,
		.remote = in->ask->remote,
		.organization = in->ask->organization,
		.account = in->ask->account,
		.authority = in->authority->id,
		.generation = in->issuer->keyring.configuration.generation,
		.facts = in->facts,
		.claim = in->ask->claim,
	};
	/* The DM account lives on over renewals. */
	if (in->renews.size > 0)
		return certificate_make(in, why);
	if ((o = keyring_sealing_key(&in->issuer->keyring, &sealing_key, why)) != OUTCOME_OK ||
	    (o = secrets_seal(in->arena, sealing_key, in->grant.text, &in->secrets, &in->record.dm_secrets,
		 why)) != OUTCOME_OK)
		return o;
	return certificate_make(in, why);
}

/* --- the record --- */

static enum outcome
record_once(struct issuance *in, struct deadline call, bool *stale, enum pg_end *end, struct why *why)
{
	if (in->renews.size > 0)
		return store_renew(in->issuer->pg, in->arena, call, &in->record, in->renews, &in->decision,
		    stale, &in->recorded, end, &in->database_us, why);
	return store_record(in->issuer->pg, in->arena, call, &in->record, &in->decision, stale, &in->recorded,
	    end, &in->database_us, why);
}

/*
 * A connection that is lost while COMMIT is under way says nothing about the end of it. The same call
 * is made again then, under the same grant, until the database tells, whatever else fails meanwhile.
 */
static enum outcome
record_until_known(struct issuance *in, bool *stale, struct why *why)
{
	bool unknown = false;
	enum pg_end end;
	enum outcome o;

	for (;;) {
		struct deadline call = deadline_min(in->deadline, deadline_in_ms(CALL_MS));

		end = PG_DONE;
		o = record_once(in, call, stale, &end, why);
		unknown = unknown || end == PG_LOST;
		if (o == OUTCOME_OK || !unknown)
			return o;
		if (deadline_left_ms(in->deadline) <= PAUSE_MS)
			break;
		(void)poll(NULL, 0, PAUSE_MS);
	}
	return refuse(why, OUTCOME_ENROLLMENT_SERVER,
	    "the database did not tell in time whether device %s was recorded: muster.devices shows it if so",
	    in->grant.text);
}

static enum outcome
round_run(struct issuance *in, bool *stale, struct why *why)
{
	enum outcome o;

	*stale = false;
	if ((o = profile_find(in, why)) != OUTCOME_OK || (o = key_check(in, why)) != OUTCOME_OK ||
	    (o = keyring_signer(&in->issuer->keyring, in->profile->authority, &in->authority, &in->signer,
		 why)) != OUTCOME_OK ||
	    (o = record_make(in, why)) != OUTCOME_OK)
		return o;
	return record_until_known(in, stale, why);
}

static enum outcome
issuance_run(struct issuance *in, struct why *why)
{
	enum outcome o;
	bool stale;

	if ((o = ask_check(in, why)) != OUTCOME_OK)
		return o;
	if (in->renews.size == 0 &&
	    (o = secrets_make(in->arena, in->grant.text, &in->secrets, why)) != OUTCOME_OK)
		return o;
	for (int i = 0; i < ROUNDS_MAX; i++) {
		if ((o = round_run(in, &stale, why)) != OUTCOME_OK || !stale)
			return o;
		if ((o = reload(in, why)) != OUTCOME_OK)
			return o;
	}
	return refuse(
	    why, OUTCOME_ENROLLMENT_SERVER, "the configuration changed faster than a certificate is made");
}

static struct issued
issued_now(const struct issuance *in)
{
	const struct stored_authority *authority = in->authority;
	bool root_signs = bytes_equal(authority->certificate, authority->root);

	return (struct issued){
		.device = in->recorded.device,
		.certificate = in->recorded.certificate,
		.issuing = root_signs ? (struct bytes){ NULL, 0 } : authority->certificate,
		.root = authority->root,
		.secrets = in->secrets,
	};
}

/* The answer that an earlier enrollment got, whoever signed it then; what was made for this one is nobody's.
 */
static enum outcome
issued_before(struct issuance *in, struct issued *issued, struct why *why)
{
	const struct recorded *recorded = &in->recorded;
	const struct secret *sealing_key;
	enum outcome o;

	if (recorded->dm_secrets.size == 0 || recorded->root.size == 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the record of device %s lacks its secrets or its root", recorded->device);
	*issued = (struct issued){
		.device = recorded->device,
		.certificate = recorded->certificate,
		.issuing = recorded->issuing,
		.root = recorded->root,
	};
	if ((o = keyring_sealing_key(&in->issuer->keyring, &sealing_key, why)) != OUTCOME_OK)
		return o;
	return secrets_open(
	    in->arena, sealing_key, recorded->device, recorded->dm_secrets, &issued->secrets, why);
}

/* What stands in the record, by whichever call; root and issuing CA only where the device lacks them. */
static struct issued
issued_again(const struct issuance *in)
{
	return (struct issued){
		.device = in->recorded.device,
		.certificate = in->recorded.certificate,
		.issuing = in->recorded.issuing,
		.root = in->recorded.root,
	};
}

static enum outcome
answer_fill(struct issuance *in, struct answer *answer, struct why *why)
{
	answer->decision = in->decision;
	if (in->decision.outcome != OUTCOME_OK)
		return OUTCOME_OK;
	if (in->renews.size > 0) {
		answer->issued = issued_again(in);
		return OUTCOME_OK;
	}
	if (strcmp(in->recorded.device, in->grant.text) != 0)
		return issued_before(in, &answer->issued, why);
	answer->issued = issued_now(in);
	return OUTCOME_OK;
}

/* The worker's patience, less what the answer takes on its way, but never more than ours. */
static struct deadline
deadline_of(const struct ask *ask)
{
	if (ask->patience_ms >= BUDGET_MS + MARGIN_MS)
		return deadline_in_ms(BUDGET_MS);
	return deadline_in_ms(ask->patience_ms > MARGIN_MS ? ask->patience_ms - MARGIN_MS : 0);
}

void
issue(struct issuer *issuer, struct arena *arena, const struct ask *ask, struct answer *answer)
{
	struct issuance *in = arena_alloc(arena, sizeof(*in));
	struct why why = { "" };
	enum outcome o;

	*in = (struct issuance){
		.issuer = issuer,
		.arena = arena,
		.ask = ask,
		.grant = guid_new(),
		.deadline = deadline_of(ask),
	};
	memset(answer, 0, sizeof(*answer));
	if ((o = issuance_run(in, &why)) != OUTCOME_OK || (o = answer_fill(in, answer, &why)) != OUTCOME_OK)
		*answer =
		    (struct answer){ .decision = { .outcome = o, .why = arena_strdup(arena, why.text) } };
	answer->issued.database_us = in->database_us;
	answer->issued.signature_us = in->signature_us;
}
