#include "publish.h"

#include <muster/authority/crl.h>
#include <muster/base/log.h>
#include <muster/store/crl.h>

/* How often is looked, and when again after something failed. */
#define LOOK_US (5 * 1000 * 1000)
#define RETRY_US (60 * 1000 * 1000)

/* All lists that are due, and one call of the database within it. */
#define BUDGET_MS (120 * 1000)
#define CALL_MS 6500

struct making {
	struct issuer *issuer;
	struct arena *arena;
	const char *authority; /* GUID */
	struct crl_begun begun;
	struct bytes der;
};

static struct deadline
call_deadline(void)
{
	return deadline_in_ms(CALL_MS);
}

/* An authority that was made after the configuration was read is looked for once more. */
static enum outcome
signer_find(struct making *making, const struct stored_authority **stored, const struct signer **signer,
    struct why *why)
{
	struct keyring *keyring = &making->issuer->keyring;
	enum outcome o = keyring_signer(keyring, making->authority, stored, signer, why);

	if (o == OUTCOME_OK || keyring_load(keyring, making->issuer->pg, call_deadline(), why) != OUTCOME_OK)
		return o;
	return keyring_signer(keyring, making->authority, stored, signer, why);
}

static enum outcome
list_sign(struct making *making, const struct signer *signer, struct why *why)
{
	struct crl_request request = {
		.number = making->begun.number,
		.this_update = making->begun.this_update,
		.next_update = making->begun.next_update,
	};
	enum outcome o;

	if ((o = store_crl_entries(making->issuer->pg, making->arena, deadline_in_ms(BUDGET_MS),
		 making->authority, &request.entry, &request.entries, why)) != OUTCOME_OK ||
	    (o = crl_sign(making->arena, signer, &request, &making->der, why)) != OUTCOME_OK)
		return o;
	making->begun.entries = request.entries;
	return OUTCOME_OK;
}

/* In one transaction; *made is false when another issuer is at it, or was faster. */
static enum outcome
list_make(struct making *making, const struct signer *signer, bool *made, struct why *why)
{
	struct pg *pg = making->issuer->pg;
	enum outcome o;

	*made = false;
	if ((o = store_begin(pg, call_deadline(), why)) != OUTCOME_OK ||
	    (o = store_crl_begin(pg, call_deadline(), making->authority, &making->begun, made, why)) !=
		OUTCOME_OK ||
	    !*made)
		return o;
	if ((o = list_sign(making, signer, why)) != OUTCOME_OK ||
	    (o = store_crl(pg, making->arena, call_deadline(), making->authority, &making->begun, making->der,
		 made, why)) != OUTCOME_OK)
		return o;
	/* Not that what stands in no list be numbered. */
	return *made ? store_commit(pg, call_deadline(), why) : OUTCOME_OK;
}

static enum outcome
list_publish(struct making *making, struct why *why)
{
	const struct stored_authority *stored = NULL;
	const struct signer *signer = NULL;
	int64_t began = clock_steady_us();
	bool made = false;
	enum outcome o = signer_find(making, &stored, &signer, why);

	if (o != OUTCOME_OK)
		return o;
	o = list_make(making, signer, &made, why);
	if (o != OUTCOME_OK || !made)
		store_rollback(making->issuer->pg, call_deadline());
	if (o == OUTCOME_OK && made)
		log_message(LOG_INFO_LEVEL,
		    "authority \"%s\": list of revoked certificates %lld with %zu entries, %zu bytes, made "
		    "in %lld ms",
		    stored->name, (long long)making->begun.number, making->begun.entries, making->der.size,
		    (long long)((clock_steady_us() - began) / 1000));
	return o;
}

static enum outcome
due_publish(struct issuer *issuer, struct arena *arena, struct why *why)
{
	const char *authority[CRL_DUE_MAX];
	enum outcome o, first = OUTCOME_OK;
	size_t due = 0;

	if ((o = store_crl_due(issuer->pg, arena, call_deadline(), authority, &due, why)) != OUTCOME_OK)
		return o;
	/* One whose key does not open keeps no other from its list. */
	for (size_t i = 0; i < due; i++) {
		struct making making = { .issuer = issuer, .arena = arena_new(), .authority = authority[i] };
		struct why reason = { "" };

		o = list_publish(&making, &reason);
		arena_free(making.arena);
		if (o != OUTCOME_OK && first == OUTCOME_OK) {
			first = o;
			*why = reason;
		}
	}
	return first;
}

void
publish_due(struct issuer *issuer)
{
	struct arena *arena;
	struct why why = { "" };

	if (clock_steady_us() < issuer->lists_us)
		return;
	arena = arena_new();
	if (due_publish(issuer, arena, &why) == OUTCOME_OK) {
		issuer->lists_us = clock_steady_us() + LOOK_US;
	} else {
		log_message(LOG_WARNING_LEVEL, "list of revoked certificates: %s", why.text);
		issuer->lists_us = clock_steady_us() + RETRY_US;
	}
	arena_free(arena);
}
