#include "renewal.h"

#include "element.h"
#include "pkcs10.h"
#include "pkcs7.h"
#include "token.h"

#include <muster/base/clock.h>

#include <strings.h>

#define DAY (24 * 60 * 60)

/* What one step hands on to the next. */
struct run {
	struct arena *arena;
	const struct settings *settings;
	struct renewal *to;
	struct signer signer;
	struct state_pending pending;
	gnutls_x509_privkey_t key;
	struct bytes request, document;
	struct http *http;
};

static bool
has(const struct run *run, unsigned habit)
{
	return (run->signer.habits & habit) != 0;
}

static time_t
now(void)
{
	return (time_t)(clock_now_ms() / 1000);
}

/* When the task runs next: at the beginning of the period, or so long after the last try. */
static bool
is_due(struct run *run)
{
	const struct state_login *from = &run->to->from;
	time_t ends = certificate_not_after(run->signer.certificate);
	time_t retry = run->pending.last_attempt + (time_t)from->renew_retry * DAY;

	run->to->due = ends - (time_t)from->renew_period * DAY;
	if (run->pending.last_attempt > 0 && retry > run->to->due)
		run->to->due = retry;
	if (now() < run->to->due) {
		run->to->end = RENEWAL_NOT_DUE;
		return false;
	}
	return now() < ends ||
	    deny(&run->to->refusal, HRESULT_NOT_ELIGIBLE_TO_RENEW,
		"the certificate ended on %s: nothing renews it by itself any more",
		clock_text(run->arena, (int64_t)ends * 1000));
}

/* A new key of the size of the old one, unless a file or a habit says which. */
static bool
key_make(struct run *run)
{
	unsigned bits = 0;
	gnutls_x509_privkey_t old = NULL;
	bool ok;

	if (run->settings->key_file != NULL)
		return keypair_load(run->settings->key_file, &run->key, &run->to->refusal);
	if (has(run, SIGN_SAME_KEY))
		return keypair_load(run->to->from.key, &run->key, &run->to->refusal);
	if (!keypair_load(run->to->from.key, &old, &run->to->refusal))
		return false;
	(void)gnutls_x509_privkey_get_pk_algorithm2(old, &bits);
	keypair_free(&old);
	ok = keypair_new(bits, &run->key, &run->to->refusal);
	return ok;
}

static bool
request_make(struct run *run)
{
	const struct pkcs10_wish wish = { .device_id = run->to->from.device,
		.form = run->settings->name_form,
		.windows = run->settings->windows,
		.sha1 = has(run, SIGN_SHA1) };

	if (run->pending.key != NULL && run->settings->key_file == NULL && !has(run, SIGN_SAME_KEY)) {
		run->to->again = true;
		run->request = run->pending.request;
		return keypair_load(run->pending.key, &run->key, &run->to->refusal);
	}
	return key_make(run) && pkcs10_write(run->arena, run->key, &wish, &run->request, &run->to->refusal) &&
	    state_keep(
		run->arena, run->settings->state, &run->to->from, run->key, run->request, &run->to->refusal);
}

/* ServerURL, or, as without one, what Discover answers now. */
static bool
find_server(struct run *run, const char *url)
{
	struct settings own = *run->settings;
	struct services services;
	const char *urls[2];

	if (own.user == NULL)
		own.user = run->to->from.user;
	run->to->url = url != NULL ? url : run->to->from.renew_url;
	if (run->to->url != NULL)
		return true;
	if (finder_candidates(run->arena, &own, urls, &run->to->refusal) == 0 ||
	    !finder_discover(run->http, run->arena, &own, own.user, urls[0], &services, &run->to->refusal,
		&run->to->notes))
		return false;
	run->to->url = services.enrollment_url;
	return true;
}

/* The PKCS#7 as the token's text: a manual renewal encodes it twice. */
static bool
token_text(struct run *run, char **text)
{
	struct bytes der;

	if (!pkcs7_write(run->arena, &run->signer, run->request, &der, &run->to->refusal))
		return false;
	*text = base64_wrapped(run->arena, der);
	if (has(run, SIGN_TWICE))
		*text = base64_wrapped(run->arena, bytes_of(*text));
	return true;
}

static bool
ask(struct run *run)
{
	static const struct secret blank = { NULL, 0 };
	const struct login login = { .user = run->to->from.user,
		.password = has(run, SIGN_USER_TOKEN) ? &blank : NULL,
		.renews = true };
	const struct context context = {
		.item = { { "DeviceType", "CIMClient_Windows" },
		    { "ApplicationVersion", identity_client_version(run->settings->windows) } },
		.count = 2
	};
	struct token_request request = { .type = URI_TRUST "/Renew",
		.value_type = has(run, SIGN_TYPE_A) ? URI_ENROLLMENT "#PKCS7" : URI_SECEXT "#PKCS7",
		.context = &context };
	char *text;

	if (!token_text(run, &text))
		return false;
	request.text = text;
	if (!has(run, SIGN_NO_CERTIFICATE))
		http_identify(run->http, run->to->from.certificate, run->to->from.key, run->to->from.roots);
	return token_send(run->http, run->arena, run->settings, &login, run->to->url, &request,
	    &run->document, &run->to->others, &run->to->refusal, &run->to->notes);
}

static bool
install(struct run *run)
{
	const struct provision_expected expected = { .system_store =
							 strcmp(run->to->from.store, "My/System") == 0,
		.public_key = keypair_public(run->arena, run->key),
		.renews = run->signer.certificate,
		.root = run->to->from.root,
		.issuing = run->to->from.issuing,
		.provider_id = run->to->from.provider };

	if (!provision_read_renewal(run->arena, run->document, &expected, &run->to->provision,
		&run->to->refusal, &run->to->notes))
		return false;
	if (run->settings->pedantic && run->to->notes.count > 0)
		return deny(
		    &run->to->refusal, HRESULT_PLATFORM_UNKNOWN, "--pedantic: %s", run->to->notes.text[0]);
	return state_renew(run->arena, run->settings->state, &run->to->from, &run->to->provision,
	    run->document, run->key, &run->to->refusal);
}

/* Where it ends is kept, as Status, ErrorCode and LastRenewalAttemptTime are on Windows. */
static bool
attempt(struct run *run, const char *url)
{
	bool ok;

	run->to->refusal.stage = "request";
	if ((run->http = http_new(run->settings)) == NULL)
		return deny(&run->to->refusal, HRESULT_PLATFORM_UNKNOWN, "libcurl does not start");
	ok = request_make(run);
	if (ok) {
		run->to->refusal.stage = "renew";
		ok = find_server(run, url) && ask(run);
	}
	if (ok) {
		run->to->refusal.stage = "install";
		ok = install(run);
	}
	state_attempted(
	    run->arena, run->settings->state, &run->to->from, now(), ok ? 0 : run->to->refusal.hresult);
	return ok;
}

void
renewal_run(struct arena *arena, const struct settings *settings, unsigned habits, bool at_once,
    const char *url, struct renewal *to)
{
	struct run run = { .arena = arena, .settings = settings, .to = to, .signer = { .habits = habits } };

	memset(to, 0, sizeof(*to));
	to->end = RENEWAL_REFUSED;
	to->refusal.stage = "state";
	if (state_find(arena, settings->state, &to->from, &to->refusal) &&
	    signer_load(arena, to->from.certificate, to->from.key, &run.signer, &to->refusal)) {
		state_pending(arena, settings->state, &to->from, &run.pending);
		if ((at_once || is_due(&run)) && attempt(&run, url))
			to->end = RENEWAL_DONE;
	}
	http_free(run.http);
	keypair_free(&run.key);
	signer_release(&run.signer);
}
