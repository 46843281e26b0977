/* The stages in a column. */
#include "enrollment.h"

#include "broker.h"
#include "pkcs10.h"
#include "token.h"

#include <muster/base/clock.h>

#include <strings.h>

/* What the stages hand on. */
struct run {
	struct arena *arena;
	const struct enrollee *who;
	struct enrollment *to;
	const char *url; /* of discovery */
	struct login login;
	struct secret token; /* of the sign-in page; empty when it was not asked */
	gnutls_x509_privkey_t key, made;
	struct context context;
	struct bytes csr;
};

const char *
stage_name(enum stage stage)
{
	static const char *const names[STAGE_COUNT] = { "probe", "discover", "sign-in", "policies", "key",
		"enroll", "install", "connect" };

	return names[stage];
}

#define TELL(run, ...) snprintf((run)->to->what[(run)->to->stage], sizeof((run)->to->what[0]), __VA_ARGS__)

static bool
run_probe(struct run *run)
{
	const char *urls[2];

	if (finder_candidates(run->arena, run->who->settings, urls, &run->to->refusal) == 0)
		return false;
	run->url = urls[0];
	TELL(run, "%s", run->url);
	return finder_probe(run->who->http, run->arena, run->url, &run->to->refusal);
}

static bool
run_discover(struct run *run)
{
	struct services *services = &run->to->services;

	if (!finder_discover(run->who->http, run->arena, run->who->settings, run->who->login.user, run->url,
		services, &run->to->refusal, &run->to->notes))
		return false;
	TELL(run, "%s, version %s, %s", services->auth_policy,
	    services->version == NULL ? "not told" : services->version, services->enrollment_url);
	return true;
}

/* Federated without a token: the user signs in on a page. */
static bool
signs_in(const struct run *run)
{
	return run->login.token == NULL && run->to->services.auth_policy != NULL &&
	    strcasecmp(run->to->services.auth_policy, "Federated") == 0;
}

static bool
run_sign_in(struct run *run)
{
	const char *url = run->to->services.authentication_url;

	if (url == NULL)
		return deny(&run->to->refusal, HRESULT_WEB_SIGN_IN,
		    "Discover answered Federated without AuthenticationServiceUrl");
	if (!broker_sign_in(run->arena, run->who->settings, &run->login, url, &run->token, &run->to->refusal,
		&run->to->notes))
		return false;
	run->login.token = &run->token;
	run->login.token_type = TOKEN_TYPE_OPAQUE;
	TELL(run, "token of %zu bytes from %s", run->token.size, url);
	return true;
}

static bool
run_policies(struct run *run)
{
	struct key_policy *policy = &run->to->policy;

	*policy = key_policy_default();
	if (run->to->services.policy_url != NULL &&
	    !policies_ask(run->who->http, run->arena, run->who->settings, &run->login,
		run->to->services.policy_url, policy, &run->to->refusal, &run->to->notes))
		return false;
	TELL(run, "RSA %u, %s, %s", policy->bits, policy->sha1 ? "SHA-1" : "SHA-256", policy->provider);
	return true;
}

static bool
key_choose(struct run *run)
{
	unsigned bits = 0;

	if (run->who->key != NULL)
		(void)gnutls_x509_privkey_get_pk_algorithm2(run->who->key, &bits);
	run->key = run->who->key;
	if (bits == run->to->policy.bits)
		return true;
	if (run->who->settings->key_file != NULL)
		return deny(&run->to->refusal, HRESULT_KEY_CREATION, "%s: %u bits, the policy wants %u",
		    run->who->settings->key_file, bits, run->to->policy.bits);
	if (!keypair_new(run->to->policy.bits, &run->made, &run->to->refusal))
		return false;
	run->key = run->made;
	return true;
}

static bool
run_key(struct run *run)
{
	struct pkcs10_wish wish = { .form = run->who->settings->name_form,
		.windows = run->who->settings->windows,
		.sha1 = run->to->policy.sha1 };

	context_fill(
	    &run->context, run->arena, run->who->settings, run->who->identity, run->to->services.version);
	/* The subject names the hardware even when a test leaves the item out. */
	wish.device_id = run->who->identity->device_id;
	if (!key_choose(run) || !pkcs10_write(run->arena, run->key, &wish, &run->csr, &run->to->refusal))
		return false;
	TELL(run, "RSA %u %s, request of %zu bytes", run->to->policy.bits,
	    run->made != NULL			       ? "made"
		: run->who->settings->key_file != NULL ? "of the file"
						       : "taken from the pool",
	    run->csr.size);
	return true;
}

static bool
run_enroll(struct run *run)
{
	unsigned others;

	if (!token_ask(run->who->http, run->arena, run->who->settings, &run->login,
		run->to->services.enrollment_url, run->csr, &run->context, &run->to->document, &others,
		&run->to->refusal, &run->to->notes))
		return false;
	if (run->who->settings->resend == 0)
		TELL(run, "provisioning document of %zu bytes", run->to->document.size);
	else
		TELL(run, "provisioning document of %zu bytes, sent %lu times, changed %u times",
		    run->to->document.size, run->who->settings->resend + 1, others);
	return true;
}

static bool
run_install(struct run *run)
{
	struct provision_expected expected = { .system_store = context_is_device(&run->context),
		.phone = context_is_phone(&run->context),
		.public_key = keypair_public(run->arena, run->key) };
	const struct provision *provision = &run->to->provision;

	if (!provision_read(run->arena, run->to->document, &expected, &run->to->provision, &run->to->refusal,
		&run->to->notes))
		return false;
	if (run->who->settings->pedantic && run->to->notes.count > 0)
		return deny(
		    &run->to->refusal, HRESULT_PLATFORM_UNKNOWN, "--pedantic: %s", run->to->notes.text[0]);
	if (run->who->directory != NULL &&
	    !state_install(run->arena, run->who->settings, run->who->directory, provision, run->to->document,
		run->key, &run->to->refusal))
		return false;
	TELL(run, "My/%s %s, server %s", provision->system_store ? "System" : "User",
	    certificate_sha1(run->arena, provision->leaf), provision->address);
	return true;
}

static bool
run_connect(struct run *run)
{
	struct check_in *answer = &run->to->answer;
	struct state_login login;

	if (!state_find(run->arena, run->who->directory, &login, &run->to->refusal) ||
	    !check_in(run->arena, run->who->settings, &login, answer, &run->to->refusal, &run->to->notes))
		return false;
	TELL(run, "device %s, account %s, state %s", answer->device,
	    answer->account == NULL ? "?" : answer->account, answer->state == NULL ? "?" : answer->state);
	if (strcasecmp(answer->device, run->to->provision.device_id) != 0)
		return deny(&run->to->refusal, HRESULT_UNKNOWN_ERROR,
		    "the device endpoint knows this certificate as %s, EntDMID is %s", answer->device,
		    run->to->provision.device_id);
	return true;
}

static bool
run_stage(struct run *run, enum stage stage)
{
	static bool (*const steps[STAGE_COUNT])(struct run *) = { run_probe, run_discover, run_sign_in,
		run_policies, run_key, run_enroll, run_install, run_connect };
	int64_t start = clock_steady_us();

	run->to->stage = stage;
	run->to->done[stage] = steps[stage](run);
	run->to->us[stage] = clock_steady_us() - start;
	return run->to->done[stage];
}

bool
enrollment_run(struct arena *arena, const struct enrollee *who, struct enrollment *to)
{
	enum stage last = who->directory == NULL ? STAGE_INSTALL : STAGE_CONNECT;
	struct run run = { .arena = arena, .who = who, .to = to, .login = who->login };
	bool ok = true;

	memset(to, 0, sizeof(*to));
	for (enum stage stage = STAGE_PROBE; ok && stage <= last; stage++) {
		if (stage != STAGE_SIGN_IN || signs_in(&run))
			ok = run_stage(&run, stage);
	}
	if (!ok)
		to->refusal.stage = stage_name(to->stage);
	keypair_free(&run.made);
	secret_release(&run.token);
	return ok;
}
