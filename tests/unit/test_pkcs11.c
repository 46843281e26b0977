/*
 * Keys in a token, on SoftHSM with a directory of the test's own: what a URI may say, making, importing and
 * signing, PINs that are wrong, tokens that are away. Without SoftHSM only the URIs are tested.
 */
#include <muster/authority/certificate.h>
#include <muster/authority/pkcs11.h>
#include <muster/base/clock.h>

#include <gnutls/pkcs11.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../app/authority/pkcs11_watch.h"

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define TOKEN "pkcs11:token=first"
#define PIN "1357-right"
#define DAY (24 * 3600)

static struct {
	char dir[32], conf[64], tokens[64], away[64], pin_file[64];
	struct arena *arena;
	struct pkcs11 pkcs11;
	struct why why;
} hsm;

static void
file_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int
so_pin(void *context, int attempt, const char *url, const char *label, unsigned flags, char *pin, size_t size)
{
	(void)context, (void)url, (void)label, (void)flags;
	(void)snprintf(pin, size, "so-pin");
	return attempt > 0 ? -1 : 0;
}

/* The first slot without a token takes the new one. */
static void
token_make(const char *label)
{
	char *url;

	assert_int_equal(gnutls_pkcs11_init(GNUTLS_PKCS11_FLAG_MANUAL, NULL), 0);
	assert_int_equal(gnutls_pkcs11_add_provider(MODULE, NULL), 0);
	gnutls_pkcs11_set_pin_function(so_pin, NULL);
	assert_int_equal(
	    gnutls_pkcs11_token_init("pkcs11:manufacturer=SoftHSM%20project;serial=", "so-pin", label), 0);
	for (unsigned i = 0; gnutls_pkcs11_token_get_url(i, GNUTLS_PKCS11_URL_GENERIC, &url) >= 0; i++) {
		char name[64] = "";
		size_t size = sizeof(name);

		if (gnutls_pkcs11_token_get_info(url, GNUTLS_PKCS11_TOKEN_LABEL, name, &size) >= 0 &&
		    strcmp(name, label) == 0)
			assert_int_equal(gnutls_pkcs11_token_set_pin(url, NULL, PIN, GNUTLS_PIN_USER), 0);
		gnutls_free(url);
	}
	gnutls_pkcs11_deinit();
}

static int
group_setup(void **state)
{
	char conf[160];

	(void)state;
	hsm.arena = arena_new();
	(void)snprintf(hsm.dir, sizeof(hsm.dir), "/tmp/muster-pkcs11-XXXXXX");
	assert_non_null(mkdtemp(hsm.dir));
	(void)snprintf(hsm.conf, sizeof(hsm.conf), "%s/softhsm2.conf", hsm.dir);
	(void)snprintf(hsm.tokens, sizeof(hsm.tokens), "%s/tokens", hsm.dir);
	(void)snprintf(hsm.away, sizeof(hsm.away), "%s/away", hsm.dir);
	(void)snprintf(hsm.pin_file, sizeof(hsm.pin_file), "%s/pin", hsm.dir);
	(void)snprintf(
	    conf, sizeof(conf), "directories.tokendir = %s\nobjectstore.backend = file\n", hsm.tokens);
	file_write(hsm.conf, conf);
	assert_int_equal(mkdir(hsm.tokens, 0700), 0);
	assert_int_equal(setenv("SOFTHSM2_CONF", hsm.conf, 1), 0);
	if (access(MODULE, R_OK) == 0)
		token_make("first");
	return 0;
}

static int
group_teardown(void **state)
{
	char command[64];

	(void)state;
	pkcs11_close();
	arena_free(hsm.arena);
	(void)snprintf(command, sizeof(command), "rm -r %s", hsm.dir);
	return system(command);
}

/* Before each test: a token whose PIN is in the file. */
static int
setup(void **state)
{
	(void)state;
	pkcs11_close();
	file_write(hsm.pin_file, PIN "\n");
	hsm.pkcs11 = (struct pkcs11){ MODULE, hsm.pin_file, pins_new() };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pins_free(hsm.pkcs11.pins);
	return 0;
}

static void
need_softhsm(void)
{
	if (access(MODULE, R_OK) != 0)
		skip();
}

static void
assert_says(const struct why *why, const char *part)
{
	if (strstr(why->text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, why->text);
}

/* The calls leave their reason there. */
#define assert_ok(call) \
	do { \
		hsm.why.text[0] = '\0'; \
		if ((call) != OUTCOME_OK) \
			fail_msg("%s: %s", #call, hsm.why.text); \
	} while (0)

/* A key made in the token, and a certificate of its own. */
static const char *
root_make(enum key_type type, struct bytes *certificate)
{
	int64_t now = clock_now_ms() / 1000;
	gnutls_privkey_t key = NULL;
	const char *uri = NULL;

	assert_ok(
	    pkcs11_key_generate(hsm.arena, &hsm.pkcs11, TOKEN, type, "Example root", &uri, &key, &hsm.why));
	assert_ok(certificate_sign_authority(hsm.arena, NULL, key, "Root", "Example", NULL, NULL, now - DAY,
	    now + DAY, certificate, &hsm.why));
	gnutls_privkey_deinit(key);
	return uri;
}

static void
uris(void **state)
{
	static const struct {
		const char *uri;
		enum pkcs11_names names;
		const char *why; /* NULL: it is good */
		bool key;
	} cases[] = {
		{ "pkcs11:token=muster", PKCS11_TOKEN, NULL, false },
		{ "pkcs11:token=muster", PKCS11_EITHER, NULL, false },
		{ "pkcs11:token=muster", PKCS11_KEY, "names no key in the token", false },
		{ "pkcs11:serial=2ec111d57cc300cc", PKCS11_TOKEN, NULL, false },
		{ "pkcs11:token=muster;id=%01%02", PKCS11_KEY, NULL, true },
		{ "pkcs11:token=muster;object=a%20b;type=private", PKCS11_EITHER, NULL, true },
		{ "pkcs11:token=muster;object=a%20b", PKCS11_TOKEN, "names a key", true },
		{ "pkcs11:token=muster;object=a;type=cert", PKCS11_KEY, "names no private key", true },
		{ "pkcs11:token=muster;object=a;type=public", PKCS11_KEY, "names no private key", true },
		{ "pkcs11:object=a", PKCS11_KEY, "names no token", true },
		{ "pkcs11:", PKCS11_TOKEN, "names no token", false },
		{ "pkcs11:token=", PKCS11_TOKEN, "names no token", false },
		{ "pkcs11:token=muster;id=%0", PKCS11_KEY, "is no PKCS#11 URI (RFC 7512)", false },
		{ "pkcs11:token=muster;colour=red", PKCS11_TOKEN, "is no PKCS#11 URI (RFC 7512)", false },
		{ "file:///etc/key", PKCS11_KEY, "is no PKCS#11 URI (RFC 7512)", false },
		{ "", PKCS11_KEY, "is no PKCS#11 URI (RFC 7512)", false },
		{ "pkcs11:token=muster?pin-value=2468", PKCS11_TOKEN, "leave out what comes after '?'",
		    false },
		{ "pkcs11:token=muster?pin-source=/pin", PKCS11_TOKEN, "leave out what comes after '?'",
		    false },
		{ "pkcs11:token=muster?module-path=/m.so", PKCS11_TOKEN, "leave out what comes after '?'",
		    false },
		{ "pkcs11:token=muster;pin-value=2468", PKCS11_TOKEN, "leave out what comes after '?'",
		    false },
	};
	char *lengthy = arena_printf(hsm.arena, "pkcs11:token=muster;id=%0*d", PKCS11_URI_MAX, 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct why why = { "" };
		bool key = false;
		enum outcome o = pkcs11_uri_check(cases[i].uri, cases[i].names, &key, &why);

		if (o != (cases[i].why == NULL ? OUTCOME_OK : OUTCOME_CERTIFICATE_REQUEST))
			fail_msg("%s: %s, %s", cases[i].uri, outcome_name(o), why.text);
		if (cases[i].why != NULL)
			assert_says(&why, cases[i].why);
		else
			assert_int_equal(key, cases[i].key);
		assert_null(strstr(why.text, "2468"));
	}
	assert_int_equal(pkcs11_uri_check(lengthy, PKCS11_KEY, NULL, NULL), OUTCOME_CERTIFICATE_REQUEST);
}

static void
made_and_opened(void **state)
{
	static const struct {
		enum key_type type;
		int algorithm;
	} cases[] = {
		{ KEY_EC_P256, GNUTLS_SIGN_ECDSA_SHA256 },
		{ KEY_EC_P384, GNUTLS_SIGN_ECDSA_SHA384 },
		{ KEY_RSA_2048, GNUTLS_SIGN_RSA_SHA256 },
	};

	(void)state;
	need_softhsm();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct signer signer = { NULL, NULL };
		struct bytes certificate;
		const char *uri = root_make(cases[i].type, &certificate);

		assert_non_null(strstr(uri, "object=Example%20root"));
		assert_ok(pkcs11_uri_check(uri, PKCS11_KEY, NULL, &hsm.why));
		assert_ok(signer_open_token(certificate, &hsm.pkcs11, uri, &signer, &hsm.why));
		assert_int_equal(
		    gnutls_x509_crt_get_signature_algorithm(signer.certificate), cases[i].algorithm);
		/* Again, with everything closed between. */
		signer_release(&signer);
		pkcs11_close();
		assert_ok(signer_open_token(certificate, &hsm.pkcs11, uri, &signer, &hsm.why));
		assert_ok(signer_check(&signer, &hsm.why));
		signer_release(&signer);
		assert_ok(pkcs11_key_delete(&hsm.pkcs11, uri, &hsm.why));
		assert_int_equal(signer_open_token(certificate, &hsm.pkcs11, uri, &signer, NULL),
		    OUTCOME_CERTIFICATE_REQUEST);
	}
}

static void
imported(void **state)
{
	static const enum key_type types[] = { KEY_EC_P256, KEY_RSA_2048 };
	int64_t now = clock_now_ms() / 1000;

	(void)state;
	need_softhsm();
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct signer signer = { NULL, NULL };
		gnutls_privkey_t key = NULL;
		gnutls_x509_privkey_t plain = NULL;
		struct bytes certificate;
		const char *uri = NULL;

		assert_ok(keystore_generate(types[i], &key, &hsm.why));
		assert_ok(certificate_sign_authority(hsm.arena, NULL, key, "Root", "Example", NULL, NULL,
		    now - DAY, now + DAY, &certificate, &hsm.why));
		assert_ok(pkcs11_key_import(hsm.arena, &hsm.pkcs11, TOKEN, key, "moved", &uri, &hsm.why));
		assert_ok(signer_open_token(certificate, &hsm.pkcs11, uri, &signer, &hsm.why));
		assert_true(gnutls_privkey_export_x509(signer.key, &plain) < 0);
		signer_release(&signer);
		gnutls_privkey_deinit(key);
		assert_ok(pkcs11_key_delete(&hsm.pkcs11, uri, &hsm.why));
	}
}

/* The signature tells, whatever the token has of the public half. */
static void
of_another_certificate(void **state)
{
	static const enum key_type other[] = { KEY_EC_P256, KEY_RSA_2048 };
	struct signer signer = { NULL, NULL };
	struct bytes certificate, theirs;
	const char *uri, *their_uri;
	struct why why;

	(void)state;
	need_softhsm();
	uri = root_make(KEY_EC_P256, &certificate);
	for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
		their_uri = root_make(other[i], &theirs);
		assert_int_equal(signer_open_token(certificate, &hsm.pkcs11, their_uri, &signer, &why),
		    OUTCOME_CERTIFICATE_REQUEST);
		assert_says(&why, "belongs to another certificate");
		assert_null(signer.key);
	}
	assert_ok(signer_open_token(certificate, &hsm.pkcs11, uri, &signer, &hsm.why));
	signer_release(&signer);
}

static void
refused(void **state)
{
	const struct {
		struct pkcs11 pkcs11;
		const char *uri, *why;
	} cases[] = {
		{ { NULL, hsm.pin_file, NULL }, TOKEN ";id=%01", "--pkcs11-module FILE" },
		{ { "/nowhere.so", hsm.pin_file, NULL }, TOKEN ";id=%01",
		    "module /nowhere.so does not start" },
		{ { hsm.conf, hsm.pin_file, NULL }, TOKEN ";id=%01", "does not start" },
		{ { MODULE, hsm.pin_file, NULL }, "pkcs11:token=second;id=%01", "no token matches" },
		{ { MODULE, hsm.pin_file, NULL }, TOKEN ";id=%01", "there is no such key in it" },
		{ { MODULE, NULL, NULL }, TOKEN ";id=%01", "--pin-file FILE" },
		{ { MODULE, "/nowhere", NULL }, TOKEN ";id=%01", "/nowhere: No such file" },
		{ { MODULE, hsm.pin_file, NULL }, TOKEN, "names no key" },
	};

	(void)state;
	need_softhsm();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		gnutls_privkey_t key = NULL;
		struct why why = { "" };

		pkcs11_close();
		assert_int_equal(
		    pkcs11_key_open(&cases[i].pkcs11, cases[i].uri, &key, &why), OUTCOME_CERTIFICATE_REQUEST);
		assert_says(&why, cases[i].why);
		assert_null(strstr(why.text, PIN));
		assert_null(key);
	}
}

/* Whoever tries first tells the others; another PIN in the file is tried, once. */
static void
wrong_pin(void **state)
{
	struct bytes certificate;
	struct signer signer = { NULL, NULL };
	struct why why = { "" };
	const char *uri;
	int status;
	pid_t pid;

	(void)state;
	need_softhsm();
	uri = root_make(KEY_EC_P256, &certificate);
	pkcs11_close();
	file_write(hsm.pin_file, "2468-wrong\n");
	if ((pid = fork()) == 0)
		_exit(signer_open_token(certificate, &hsm.pkcs11, uri, &signer, &why) != OUTCOME_OK &&
			    strstr(why.text, "is wrong, and is not tried again") != NULL
			? 0
			: 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(signer_open_token(certificate, &hsm.pkcs11, uri, &signer, &why),
		    OUTCOME_CERTIFICATE_REQUEST);
		assert_says(&why, "was wrong before and is not tried again");
		assert_null(strstr(why.text, "2468"));
	}
	/* Alone, it is still known. */
	pins_free(hsm.pkcs11.pins);
	hsm.pkcs11.pins = NULL;
	file_write(hsm.pin_file, "3579-wrong\n");
	assert_int_not_equal(signer_open_token(certificate, &hsm.pkcs11, uri, &signer, &why), OUTCOME_OK);
	assert_says(&why, "is wrong, and is not tried again");
	assert_int_not_equal(signer_open_token(certificate, &hsm.pkcs11, uri, &signer, &why), OUTCOME_OK);
	assert_says(&why, "was wrong before");
	file_write(hsm.pin_file, PIN "\n");
	assert_ok(signer_open_token(certificate, &hsm.pkcs11, uri, &signer, &hsm.why));
	signer_release(&signer);
}

/* Nobody waits for ever on who opens the token; one who died has given it up. */
static void
turns(void **state)
{
	struct pins *pins = hsm.pkcs11.pins;
	uint8_t digest[PIN_DIGEST_SIZE], other[PIN_DIGEST_SIZE];
	struct secret pin = secret_copy("1", 1);
	int status;
	pid_t pid;

	(void)state;
	pins_digest(pins, "token", &pin, digest);
	pins_digest(pins, "toke", &pin, other);
	assert_memory_not_equal(digest, other, sizeof(digest));
	if ((pid = fork()) == 0) {
		bool taken = pins_take(pins);

		pins_set_wrong(pins, digest);
		_exit(taken ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(pins_take(pins));
	assert_true(pins_is_wrong(pins, digest));
	assert_false(pins_is_wrong(pins, other));
	if ((pid = fork()) == 0)
		_exit(pins_take(pins) ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	pins_give(pins);
	secret_release(&pin);
}

static void
away_and_back(void **state)
{
	struct signer signer = { NULL, NULL };
	struct bytes certificate;
	struct why why = { "" };
	const char *uri;

	(void)state;
	need_softhsm();
	uri = root_make(KEY_EC_P256, &certificate);
	assert_ok(signer_open_token(certificate, &hsm.pkcs11, uri, &signer, &hsm.why));
	assert_int_equal(rename(hsm.tokens, hsm.away), 0);
	assert_int_equal(signer_check(&signer, &why), OUTCOME_CERTIFICATE_REQUEST);
	assert_says(&why, "is the HSM there?");
	signer_release(&signer);
	pkcs11_close();
	assert_int_equal(
	    signer_open_token(certificate, &hsm.pkcs11, uri, &signer, &why), OUTCOME_CERTIFICATE_REQUEST);
	assert_int_equal(rename(hsm.away, hsm.tokens), 0);
	pkcs11_close();
	assert_ok(signer_open_token(certificate, &hsm.pkcs11, uri, &signer, &hsm.why));
	signer_release(&signer);
}

/* The PIN may be another's there. */
static void
two_of_a_name(void **state)
{
	gnutls_privkey_t key = NULL;
	struct why why = { "" };

	(void)state;
	need_softhsm();
	pkcs11_close();
	token_make("twin");
	token_make("twin");
	assert_int_equal(pkcs11_key_open(&hsm.pkcs11, "pkcs11:token=twin;id=%01", &key, &why),
	    OUTCOME_CERTIFICATE_REQUEST);
	assert_says(&why, "2 tokens match 'pkcs11:token=twin;id=%01': add serial=");
}

/* A module that does not even let itself be interrupted costs its process. */
static void
bounded(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		pkcs11_bound();
		watch_start();
		for (;;)
			(void)pause();
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
	/* What ends in time, and a process that did not ask for it, are left alone. */
	if ((pid = fork()) == 0) {
		watch_start();
		pkcs11_bound();
		watch_start();
		watch_stop();
		(void)poll(NULL, 0, 3500);
		_exit(EXIT_SUCCESS);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, EXIT_SUCCESS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(uris, setup, teardown),
		cmocka_unit_test_setup_teardown(made_and_opened, setup, teardown),
		cmocka_unit_test_setup_teardown(imported, setup, teardown),
		cmocka_unit_test_setup_teardown(of_another_certificate, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_pin, setup, teardown),
		cmocka_unit_test_setup_teardown(turns, setup, teardown),
		cmocka_unit_test_setup_teardown(away_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(two_of_a_name, setup, teardown),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests_name("pkcs11", tests, group_setup, group_teardown);
}
