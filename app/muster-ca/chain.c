#include "chain.h"

#include <muster/base/guid.h>

#define DAY (24 * 3600)

static void
key_cleanup(gnutls_privkey_t *key)
{
	gnutls_privkey_deinit(*key);
	*key = NULL;
}

int64_t
years_later(int64_t now, int years)
{
	time_t start = (time_t)now;
	struct tm date;

	(void)gmtime_r(&start, &date);
	date.tm_year += years;
	return timegm(&date);
}

static enum outcome
key_make(struct arena *arena, const struct making *making, struct made *made, gnutls_privkey_t *key,
    struct why *why)
{
	enum outcome o;

	if (making->token != NULL)
		return pkcs11_key_generate(arena, making->pkcs11, making->token, making->key, making->name,
		    &made->key_uri, key, why);
	if ((o = keystore_generate(making->key, key, why)) != OUTCOME_OK)
		return o;
	return keystore_seal(arena, *key, making->passphrase, &made->pkcs8, why);
}

enum outcome
chain_make(struct arena *arena, const struct making *making, const struct signer *parent, int64_t now,
    struct made *made, struct why *why)
{
	CLEANUP(key_cleanup) gnutls_privkey_t key = NULL;
	enum outcome o;

	*made = (struct made){
		.id = arena_strdup(arena, guid_new().text),
		.name = making->name,
		.not_before = now - BACKDATE,
		.not_after = years_later(now, making->years),
	};
	if (parent != NULL && signer_not_after(parent) <= now)
		return refuse(
		    why, OUTCOME_CERTIFICATE_REQUEST, "the root has ended: make a new one, without --root");
	if (parent != NULL && signer_not_after(parent) < made->not_after)
		made->not_after = signer_not_after(parent);
	if ((o = key_make(arena, making, made, &key, why)) != OUTCOME_OK)
		return o;
	return certificate_sign_authority(arena, parent, key, making->name, making->organization,
	    making->form, making->publication, made->not_before, made->not_after, &made->certificate, why);
}
