#include "pkcs11_session.h"

#include <gnutls/pkcs11.h>
#include <p11-kit/p11-kit.h>

#include "pkcs11_uri.h"
#include "pkcs11_watch.h"

/* PKCS#11 is one for a process, and GnuTLS asks for the PIN through one function. */
static struct {
	bool loaded;
	struct pkcs11 pkcs11; /* of the session that runs, or ran last */
	bool runs;
	bool given;  /* a PIN, in this session */
	bool opened; /* the token, by the PIN of digest */
	uint8_t digest[PIN_DIGEST_SIZE];
	uint8_t wrong[PIN_DIGEST_SIZE]; /* the last one that was */
	struct why why;			/* of our own refusal to give it */
} session;

static void
uri_free(char **uri)
{
	gnutls_free(*uri);
	*uri = NULL;
}

/* --- the PIN --- */

/* GnuTLS passes any negative number on as "PIN error". */
static int
pin_refuse(const char *label, const char *reason)
{
	(void)refuse(&session.why, OUTCOME_CERTIFICATE_REQUEST, "token \"%.32s\": %s", label, reason);
	return -1;
}

/* Between sessions the turn is another's, perhaps; then only this process knows. */
static void
wrong_keep(void)
{
	memcpy(session.wrong, session.digest, sizeof(session.wrong));
	session.opened = false;
	if (session.runs)
		pins_set_wrong(session.pkcs11.pins, session.digest);
}

/* The one that was given is wrong: nobody gives it again. */
static int
pin_was_wrong(const char *label)
{
	wrong_keep();
	return pin_refuse(label,
	    "the PIN in the file is wrong, and is not tried again: write the right one there before the "
	    "token locks");
}

static int
pin_take(const char *token, const char *label, struct secret *pin)
{
	uint8_t digest[PIN_DIGEST_SIZE];
	struct why reason = { "" };

	if (session.pkcs11.pin_file == NULL)
		return pin_refuse(label, "it wants a PIN: say which file holds it, --pin-file FILE");
	if (secret_read_file(session.pkcs11.pin_file, pin, &reason) != OUTCOME_OK)
		return pin_refuse(label, reason.text);
	pins_digest(session.pkcs11.pins, token, pin, digest);
	/* Between sessions a token asks again only where each signature wants the PIN. */
	if (!session.runs && !(session.opened && memcmp(digest, session.digest, sizeof(digest)) == 0))
		return pin_refuse(label, "the session was lost");
	if (memcmp(digest, session.wrong, sizeof(digest)) == 0 ||
	    (session.runs && pins_is_wrong(session.pkcs11.pins, digest)))
		return pin_refuse(label,
		    "the PIN in the file was wrong before and is not tried again: write the right one there");
	memcpy(session.digest, digest, sizeof(digest));
	return 0;
}

static int
pin_give(
    void *context, int attempt, const char *token, const char *label, unsigned flags, char *to, size_t size)
{
	CLEANUP(secret_release) struct secret pin = { NULL, 0 };

	(void)context;
	if (attempt > 0 || (flags & GNUTLS_PIN_WRONG) != 0)
		return pin_was_wrong(label);
	if ((flags & GNUTLS_PIN_SO) != 0)
		return pin_refuse(label, "it wants its security officer");
	if ((flags & GNUTLS_PIN_FINAL_TRY) != 0)
		return pin_refuse(label,
		    "it locks after one more wrong PIN: log in by hand once, as with pkcs11-tool --login -O, "
		    "so that it counts anew");
	if (pin_take(token, label, &pin) != 0)
		return -1;
	if (pin.size >= size)
		return pin_refuse(label, "the PIN in the file is longer than any token's");
	memcpy(to, pin.data, pin.size + 1);
	session.given = true;
	return 0;
}

/* --- module and token --- */

static enum outcome
module_load(const struct pkcs11 *pkcs11, struct why *why)
{
	const char *said;
	int rc;

	if (session.loaded)
		return OUTCOME_OK;
	if (pkcs11->module == NULL)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "the key is in a token, and no module is named that reaches it: --pkcs11-module FILE");
	if ((rc = gnutls_pkcs11_init(GNUTLS_PKCS11_FLAG_MANUAL, NULL)) >= 0 &&
	    (rc = gnutls_pkcs11_add_provider(pkcs11->module, NULL)) >= 0) {
		gnutls_pkcs11_set_pin_function(pin_give, NULL);
		session.loaded = true;
		return OUTCOME_OK;
	}
	said = p11_kit_message();
	(void)refuse(why, OUTCOME_CERTIFICATE_REQUEST,
	    "PKCS#11 module %.200s does not start: %s: are its file, its configuration and the token there, "
	    "and may this user read them?",
	    pkcs11->module, rc == GNUTLS_E_PKCS11_LOAD_ERROR && said != NULL ? said : gnutls_strerror(rc));
	gnutls_pkcs11_deinit();
	return OUTCOME_CERTIFICATE_REQUEST;
}

void
pkcs11_close(void)
{
	watch_start();
	if (session.loaded)
		gnutls_pkcs11_deinit();
	watch_stop();
	session.loaded = false;
	session.opened = false;
}

/* How many tokens a URI means, and the names of all there are, for the reason. */
static unsigned
tokens_count(struct arena *arena, const char *uri, const char **there)
{
	unsigned count = 0;

	*there = NULL;
	for (unsigned i = 0;; i++) {
		CLEANUP(uri_free) char *one = NULL;

		if (gnutls_pkcs11_token_get_url(i, GNUTLS_PKCS11_URL_GENERIC, &one) < 0)
			return count;
		if (pkcs11_uri_matches(uri, one))
			count++;
		*there = *there == NULL ? pkcs11_uri_token(arena, one)
					: arena_printf(arena, "%s, %s", *there, pkcs11_uri_token(arena, one));
	}
}

static enum outcome
token_find(const char *uri, struct why *why)
{
	struct arena *arena = arena_new();
	enum outcome o = OUTCOME_OK;
	const char *there;
	unsigned count = tokens_count(arena, uri, &there);

	if (count == 0)
		o = refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "no token matches '%.200s' (there: %.100s): is the HSM there, and may this user reach "
		    "it?",
		    uri, there == NULL ? "none" : there);
	else if (count > 1)
		o = refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "%u tokens match '%.200s': add serial= to say which, as pkcs11-tool --list-slots shows "
		    "it",
		    count, uri);
	arena_free(arena);
	return o;
}

enum outcome
session_begin(const struct pkcs11 *pkcs11, const char *uri, struct why *why)
{
	enum outcome o;

	session.pkcs11 = *pkcs11;
	session.given = false;
	session.why.text[0] = '\0';
	if (!pins_take(pkcs11->pins))
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST,
		    "'%.200s': another process has been opening the token for seconds: does the HSM answer?",
		    uri);
	watch_start();
	if ((o = module_load(pkcs11, why)) != OUTCOME_OK || (o = token_find(uri, why)) != OUTCOME_OK) {
		watch_stop();
		pins_give(pkcs11->pins);
		return o;
	}
	session.runs = true;
	return OUTCOME_OK;
}

static const char *
next_step(int rc)
{
	switch (rc) {
	case GNUTLS_E_PKCS11_PIN_LOCKED:
		return "it is locked after too many wrong PINs: its security officer unlocks it";
	case GNUTLS_E_PKCS11_PIN_ERROR:
		return "it does not take the PIN in the file: write the right one there";
	case GNUTLS_E_PKCS11_USER_ERROR: return "its PIN was never set: its security officer sets it";
	case GNUTLS_E_PKCS11_PIN_EXPIRED: return "its PIN has expired: set another";
	case GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE:
	case GNUTLS_E_PKCS11_REQUESTED_OBJECT_NOT_AVAILBLE:
		return "there is no such key in it: pkcs11-tool --login --list-objects shows what there is";
	default: return NULL;
	}
}

/* Of a PIN that was not taken, whatever the token calls that. */
static bool
is_about_pin(int rc)
{
	return rc == GNUTLS_E_PKCS11_PIN_ERROR || rc == GNUTLS_E_PKCS11_PIN_LOCKED ||
	    rc == GNUTLS_E_PKCS11_PIN_EXPIRED;
}

enum outcome
session_end(int rc, const char *uri, struct why *why)
{
	const char *step = session.why.text[0] != '\0' ? session.why.text : next_step(rc);

	if (session.given && is_about_pin(rc))
		wrong_keep();
	session.opened = (session.opened || session.given) && !is_about_pin(rc);
	session.runs = false;
	watch_stop();
	pins_give(session.pkcs11.pins);
	if (rc >= 0)
		return OUTCOME_OK;
	if (step != NULL)
		return refuse(why, OUTCOME_CERTIFICATE_REQUEST, "'%.200s': %s", uri, step);
	return refuse(
	    why, OUTCOME_CERTIFICATE_REQUEST, "'%.200s': %s: is the HSM there?", uri, gnutls_strerror(rc));
}
