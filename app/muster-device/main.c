/* muster-device: the verbs. */
#include "load.h"
#include "options.h"
#include "password.h"
#include "raw.h"
#include "report.h"
#include "session.h"
#include "terms.h"

#include <errno.h>

#include <curl/curl.h>
#include <libxml/parser.h>

/* A directory for an enrollment that nobody keeps; in arena, NULL when it cannot be made. */
static const char *
temporary_directory(struct arena *arena)
{
	const char *base = getenv("TMPDIR");
	char *path = arena_printf(arena, "%s/muster-device-XXXXXX", base == NULL ? "/tmp" : base);

	if (mkdtemp(path) != NULL)
		return path;
	fprintf(stderr, "muster-device: %s: %s\n", path, strerror(errno));
	return NULL;
}

static bool
identity_prepare(const struct settings *settings, const char *directory, struct identity *identity)
{
	char error[4400];

	if (!identity_load(directory, identity, error, sizeof(error))) {
		fprintf(stderr, "muster-device: %s\n", error);
		return false;
	}
	if (!state_enrolled(directory) || settings->again)
		return true;
	fprintf(stderr,
	    "muster-device: 0x%08X %s: %s holds an enrollment already: --again forgets it, status uses it\n",
	    (unsigned)HRESULT_ALREADY_ENROLLED, hresult_constant(HRESULT_ALREADY_ENROLLED), directory);
	return false;
}

/* The user's password, or the certificate or token that takes its place; secret and signer are the caller's.
 */
static bool
login_read(struct arena *arena, const struct options *options, struct secret *secret, struct signer *signer,
    struct login *login)
{
	*login = (struct login){ .user = options->settings.user, .password = secret };
	if (options->certificate_file != NULL) {
		login->signer = signer;
		return options_signer(arena, options, signer);
	}
	if (options->token_file == NULL)
		return password_read(options->password_file, login->user, secret);
	login->token = secret;
	login->token_type = options->token_is_jwt ? TOKEN_TYPE_JWT : TOKEN_TYPE_OPAQUE;
	return token_file_read(options->token_file, secret);
}

static bool
key_read(const struct settings *settings, gnutls_x509_privkey_t *key)
{
	struct refusal refusal;

	if (settings->key_file == NULL || keypair_load(settings->key_file, key, &refusal))
		return true;
	fprintf(stderr, "muster-device: %s\n", refusal.what);
	return false;
}

/* What the terms page gives goes along as EnrollmentData, before what --set says of it. */
static bool
terms_take(
    struct arena *arena, const struct secret *token, struct settings *settings, struct refusal *refusal)
{
	const char *blob;

	if (settings->terms_url == NULL)
		return true;
	*refusal = (struct refusal){ .stage = "terms" };
	if (!terms_accept(arena, settings, token, &blob, refusal))
		return false;
	memmove(settings->override + 1, settings->override,
	    settings->override_count++ * sizeof(*settings->override));
	settings->override[0] = arena_printf(arena, "EnrollmentData=%s", blob);
	return true;
}

static enum exit_status
enroll_in(struct arena *arena, const struct options *options, const char *directory)
{
	struct settings own = options->settings, *settings = &own;
	struct refusal refusal;
	CLEANUP(secret_release) struct secret secret = { NULL, 0 };
	CLEANUP(signer_release) struct signer signer = { .key = NULL };
	struct identity identity;
	struct enrollment *enrollment = arena_alloc(arena, sizeof(*enrollment));
	struct enrollee who = { .settings = settings, .identity = &identity, .directory = directory };

	if (!identity_prepare(settings, directory, &identity))
		return EXIT_DEVICE_REFUSED;
	if (!login_read(arena, options, &secret, &signer, &who.login) || !key_read(settings, &who.key) ||
	    (who.http = http_new(settings)) == NULL)
		return EXIT_USAGE;
	if (!terms_take(arena, &secret, settings, &refusal)) {
		http_free(who.http);
		keypair_free(&who.key);
		(settings->json ? report_refusal_json : report_refusal)(&refusal);
		return report_status(&refusal);
	}
	(void)enrollment_run(arena, &who, enrollment);
	http_free(who.http);
	keypair_free(&who.key);
	return report_enrollment(arena, settings, settings->user, enrollment);
}

static enum exit_status
enroll(struct arena *arena, const struct options *options)
{
	const char *directory = options->settings.state;
	enum exit_status status;

	if (directory == NULL && (directory = temporary_directory(arena)) == NULL)
		return EXIT_USAGE;
	status = enroll_in(arena, options, directory);
	if (options->settings.state == NULL)
		state_remove(directory);
	return status;
}

static enum exit_status
status(struct arena *arena, const struct options *options)
{
	struct refusal refusal = { .stage = "connect" };
	struct notes notes = { .count = 0 };
	struct state_login login;
	struct check_in answer;

	if (state_find(arena, options->settings.state, &login, &refusal) &&
	    check_in(arena, &options->settings, &login, &answer, &refusal, &notes)) {
		report_check_in(&options->settings, &answer, &login);
		return EXIT_ENROLLED;
	}
	if (options->settings.json)
		report_refusal_json(&refusal);
	else
		report_refusal(&refusal);
	return report_status(&refusal);
}

static enum exit_status
renew(struct arena *arena, const struct options *options)
{
	struct renewal *renewal = arena_alloc(arena, sizeof(*renewal));

	renewal_run(arena, &options->settings, options->habits, options->at_once, options->raw_url, renewal);
	return report_renewal(arena, &options->settings, renewal);
}

static enum exit_status
refusal_report(const struct options *options, const struct refusal *refusal)
{
	(options->settings.json ? report_refusal_json : report_refusal)(refusal);
	return report_status(refusal);
}

/* Whatever the server says, the device forgets the enrollment, as Windows does. */
static void
leave(struct arena *arena, const char *directory)
{
	state_remove(arena_printf(arena, "%s/enrolled", directory));
}

static enum exit_status
manage(struct arena *arena, const struct options *options)
{
	const struct settings *settings = &options->settings;
	const bool leaves = options->verb == VERB_UNENROLL;
	struct refusal refusal = { .stage = leaves ? "unenroll" : "checkin" };
	struct notes notes = { .count = 0 };
	struct state_login login;
	struct identity identity;
	struct session session;
	char error[4400];
	bool ok;

	if (!state_find(arena, settings->state, &login, &refusal))
		return refusal_report(options, &refusal);
	if (!identity_load(settings->state, &identity, error, sizeof(error))) {
		fprintf(stderr, "muster-device: %s\n", error);
		return EXIT_DEVICE_REFUSED;
	}
	ok = session_run(arena, settings, &login, &identity, leaves, &session, &refusal, &notes);
	if (leaves)
		leave(arena, settings->state);
	if (!ok && leaves && !settings->json)
		printf("the DM server does not know, but the device has forgotten the enrollment\n");
	if (!ok)
		return refusal_report(options, &refusal);
	report_session(settings, &session, &login, leaves, &notes);
	return EXIT_ENROLLED;
}

static enum exit_status
run(struct arena *arena, const struct options *options)
{
	switch (options->verb) {
	case VERB_ENROLL: return enroll(arena, options);
	case VERB_LOAD: return load_run(options);
	case VERB_STATUS: return status(arena, options);
	case VERB_RENEW: return renew(arena, options);
	case VERB_CHECKIN:
	case VERB_UNENROLL: return manage(arena, options);
	case VERB_RAW: return raw_run(options);
	case VERB_VERSION: printf("muster-device %s\n", PACKAGE_VERSION); return EXIT_ENROLLED;
	case VERB_HELP:
	case VERB_NONE: options_help(); return EXIT_ENROLLED;
	}
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	static struct options options;
	struct arena *arena = arena_new();
	enum exit_status result = EXIT_USAGE;

	xmlInitParser();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK && options_parse(argc, argv, &options))
		result = run(arena, &options);
	curl_global_cleanup();
	xmlCleanupParser();
	arena_free(arena);
	return (int)result;
}
