/*
 * The issuer against a database that is played here (the linker puts these functions in the place of the
 * store's): what it asks for, what it does when the answer is "stale", "lost" or "no".
 */
#include <muster/authority/ask.h>
#include <muster/authority/certificate.h>
#include <muster/authority/crl.h>
#include <muster/base/guid.h>
#include <muster/issuer/issuer.h>
#include <muster/store/crl.h>
#include <muster/store/issuer.h>
#include <muster/store/renewal.h>

#include <gnutls/crypto.h>
#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "make_csr.h"

#define TRACE "0193a1de-0000-7000-8000-000000000002"
#define ACCOUNT "0193a1de-0000-7000-8000-000000000003"
#define AUTHORITY "0193a1de-0000-7000-8000-000000000004"
#define DAY (24 * 3600)
#define CALLS_MAX 8

/* What the database says to one call of record. */
enum reply { RECORDS, REPEATS, REPEATS_PART, REFUSES, STALE, LOST, LOST_LONG, FAILS };

/* The enrollment that a repeated one repeats; it is the first that was seen. */
#define EARLIER_ROOT "the root that signed then"

static struct {
	struct arena *arena;
	char passphrase_file[64];
	struct bytes root, issuing, root_key, issuing_key, other_key, sealing_key, device_key, ec_key;
	struct secret passphrase;
	int64_t patience_ms; /* the worker's */
	/* How the database behaves. */
	bool away;
	struct issuer_configuration configuration;
	struct stored_authority authority;
	struct stored_profile profile;
	const enum reply *script;
	/* What it saw. */
	int loads, calls;
	struct record seen[CALLS_MAX];
	struct bytes renews[CALLS_MAX]; /* empty: a first issue */
	struct bytes kept;
	/* Lists of revoked certificates. */
	bool due, begun_elsewhere, stored_elsewhere;
	int begun, committed, rolled_back;
	struct crl_begun list;
	struct bytes list_der;
} db;

struct pg *__wrap_pg_new(const char *, const char *);
void __wrap_pg_free(struct pg *);
enum outcome __wrap_store_issuer_configuration(
    struct pg *, struct arena *, struct deadline, struct issuer_configuration *, struct why *);
enum outcome __wrap_store_record(struct pg *, struct arena *, struct deadline, const struct record *,
    struct decision *, bool *, struct recorded *, enum pg_end *, int64_t *, struct why *);

enum outcome __wrap_store_renew(struct pg *, struct arena *, struct deadline, const struct record *,
    struct bytes, struct decision *, bool *, struct recorded *, enum pg_end *, int64_t *, struct why *);

struct pg *
__wrap_pg_new(const char *conninfo, const char *application_name)
{
	assert_string_equal(conninfo, "service=test");
	assert_non_null(application_name);
	return NULL;
}

void
__wrap_pg_free(struct pg *pg)
{
	assert_null(pg);
}

enum outcome
__wrap_store_issuer_configuration(struct pg *pg, struct arena *arena, struct deadline deadline,
    struct issuer_configuration *configuration, struct why *why)
{
	(void)pg, (void)deadline;
	db.loads++;
	if (db.away)
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "no database");
	*configuration = db.configuration;
	if (db.configuration.authorities > 0) {
		configuration->authority = arena_alloc(arena, sizeof(db.authority));
		*configuration->authority = db.authority;
	}
	configuration->profile = arena_alloc(arena, sizeof(db.profile));
	*configuration->profile = db.profile;
	configuration->sealing_key =
	    arena_copy(arena, db.configuration.sealing_key.data, db.configuration.sealing_key.size);
	return OUTCOME_OK;
}

static struct record
record_kept(const struct record *record)
{
	struct arena *a = db.arena;
	struct record kept = *record;

	kept.grant = arena_strdup(a, record->grant);
	kept.trace = arena_strdup(a, record->trace);
	kept.organization = arena_strdup(a, record->organization);
	kept.account = arena_strdup(a, record->account);
	kept.authority = arena_strdup(a, record->authority);
	kept.facts = arena_strdup(a, record->facts);
	kept.claim = arena_strdup(a, record->claim);
	kept.serial = arena_copy(a, record->serial.data, record->serial.size);
	kept.sha256 = arena_copy(a, record->sha256.data, record->sha256.size);
	kept.certificate = arena_copy(a, record->certificate.data, record->certificate.size);
	kept.dm_secrets = arena_copy(a, record->dm_secrets.data, record->dm_secrets.size);
	return kept;
}

enum outcome
__wrap_store_record(struct pg *pg, struct arena *arena, struct deadline deadline, const struct record *record,
    struct decision *decision, bool *stale, struct recorded *recorded, enum pg_end *end, int64_t *us,
    struct why *why)
{
	enum reply reply = db.script[db.calls];

	(void)pg, (void)arena;
	assert_in_range(db.calls, 0, CALLS_MAX - 1);
	db.seen[db.calls++] = record_kept(record);
	*us += 1000;
	*stale = false;
	*end = PG_DONE;
	switch (reply) {
	case RECORDS:
		if (db.kept.size == 0)
			db.kept = db.seen[db.calls - 1].certificate;
		*recorded = (struct recorded){ .certificate = db.kept, .device = record->grant };
		*decision = (struct decision){ .outcome = OUTCOME_OK };
		return OUTCOME_OK;
	case REPEATS:
	case REPEATS_PART:
		*recorded = (struct recorded){ .certificate = db.seen[0].certificate,
			.device = db.seen[0].grant,
			.dm_secrets = db.seen[0].dm_secrets,
			.root = bytes_of(reply == REPEATS ? EARLIER_ROOT : "") };
		*decision = (struct decision){ .outcome = OUTCOME_OK };
		return OUTCOME_OK;
	case REFUSES:
		*decision = (struct decision){ OUTCOME_DEVICE_CAP_REACHED, "5 of 5", "Zu viele", "de",
			"{\"limit\": 5}" };
		return OUTCOME_OK;
	case STALE:
		*stale = true;
		db.configuration.generation++;
		*decision = (struct decision){ .outcome = OUTCOME_ENROLLMENT_SERVER, .why = "stale" };
		return OUTCOME_OK;
	case LOST:
	case LOST_LONG:
		if (reply == LOST_LONG)
			usleep((useconds_t)deadline_left_ms(deadline) * 1000);
		*end = PG_LOST;
		/* The first call was committed all the same. */
		if (db.kept.size == 0)
			db.kept = db.seen[db.calls - 1].certificate;
		return refuse(why, OUTCOME_ENROLLMENT_SERVER, "lost");
	case FAILS: *end = PG_ERROR; return refuse(why, OUTCOME_ENROLLMENT_SERVER, "no");
	}
	return OUTCOME_INTERNAL_SERVICE_FAULT;
}

/* By the same script; what it repeats is another's, with the authority that signed it then. */
enum outcome
__wrap_store_renew(struct pg *pg, struct arena *arena, struct deadline deadline, const struct record *record,
    struct bytes renews, struct decision *decision, bool *stale, struct recorded *recorded, enum pg_end *end,
    int64_t *us, struct why *why)
{
	db.renews[db.calls] = arena_copy(db.arena, renews.data, renews.size);
	return __wrap_store_record(pg, arena, deadline, record, decision, stale, recorded, end, us, why);
}

/* --- lists of revoked certificates --- */

enum outcome __wrap_store_crl_due(
    struct pg *, struct arena *, struct deadline, const char *[CRL_DUE_MAX], size_t *, struct why *);
enum outcome __wrap_store_begin(struct pg *, struct deadline, struct why *);
enum outcome __wrap_store_commit(struct pg *, struct deadline, struct why *);
void __wrap_store_rollback(struct pg *, struct deadline);
enum outcome __wrap_store_crl_begin(
    struct pg *, struct deadline, const char *, struct crl_begun *, bool *, struct why *);
enum outcome __wrap_store_crl_entries(struct pg *, struct arena *, struct deadline, const char *,
    const struct crl_entry **, size_t *, struct why *);
enum outcome __wrap_store_crl(struct pg *, struct arena *, struct deadline, const char *,
    const struct crl_begun *, struct bytes, bool *, struct why *);

enum outcome
__wrap_store_crl_due(struct pg *pg, struct arena *arena, struct deadline deadline,
    const char *authority[CRL_DUE_MAX], size_t *due, struct why *why)
{
	(void)pg, (void)deadline, (void)why;
	authority[0] = arena_strdup(arena, AUTHORITY);
	*due = db.due ? 1 : 0;
	return OUTCOME_OK;
}

enum outcome
__wrap_store_begin(struct pg *pg, struct deadline deadline, struct why *why)
{
	(void)pg, (void)deadline, (void)why;
	db.begun++;
	return OUTCOME_OK;
}

enum outcome
__wrap_store_commit(struct pg *pg, struct deadline deadline, struct why *why)
{
	(void)pg, (void)deadline, (void)why;
	db.committed++;
	db.due = false;
	return OUTCOME_OK;
}

void
__wrap_store_rollback(struct pg *pg, struct deadline deadline)
{
	(void)pg, (void)deadline;
	db.rolled_back++;
	db.due = false;
}

enum outcome
__wrap_store_crl_begin(struct pg *pg, struct deadline deadline, const char *authority,
    struct crl_begun *begun, bool *found, struct why *why)
{
	int64_t now = clock_now_ms() / 1000;

	(void)pg, (void)deadline, (void)why;
	assert_string_equal(authority, AUTHORITY);
	*found = !db.begun_elsewhere;
	*begun = (struct crl_begun){ .number = 41, .this_update = now - 600, .next_update = now + DAY };
	return OUTCOME_OK;
}

enum outcome
__wrap_store_crl_entries(struct pg *pg, struct arena *arena, struct deadline deadline, const char *authority,
    const struct crl_entry **entry, size_t *entries, struct why *why)
{
	static const uint8_t serial[] = { 0x40, 1 };
	struct crl_entry *list = arena_alloc(arena, sizeof(*list));

	(void)pg, (void)deadline, (void)why;
	assert_string_equal(authority, AUTHORITY);
	*list = (struct crl_entry){ { serial, sizeof(serial) }, clock_now_ms() / 1000 };
	*entry = list;
	*entries = 1;
	return OUTCOME_OK;
}

enum outcome
__wrap_store_crl(struct pg *pg, struct arena *arena, struct deadline deadline, const char *authority,
    const struct crl_begun *begun, struct bytes der, bool *stored, struct why *why)
{
	(void)pg, (void)arena, (void)deadline, (void)why;
	assert_string_equal(authority, AUTHORITY);
	db.list = *begun;
	db.list_der = arena_copy(db.arena, der.data, der.size);
	*stored = !db.stored_elsewhere;
	return OUTCOME_OK;
}

/* --- the authority, made once --- */

static void
passphrase_write(const char *text)
{
	FILE *file = fopen(db.passphrase_file, "w");

	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static struct bytes
device_key_of(enum key_type type)
{
	gnutls_privkey_t key;
	struct bytes public;

	assert_int_equal(keystore_generate(type, &key, NULL), OUTCOME_OK);
	public = public_key_of(db.arena, key);
	gnutls_privkey_deinit(key);
	return public;
}

static void
authority_make(void)
{
	int64_t now = clock_now_ms() / 1000;
	struct signer root = { NULL, NULL };
	gnutls_privkey_t root_key, key;

	assert_int_equal(keystore_generate(KEY_EC_P256, &root_key, NULL), OUTCOME_OK);
	assert_int_equal(keystore_generate(KEY_EC_P256, &key, NULL), OUTCOME_OK);
	assert_int_equal(certificate_sign_authority(db.arena, NULL, root_key, "Root", "Example", NULL, NULL,

			     now - DAY, now + 100 * DAY, &db.root, NULL),
	    OUTCOME_OK);
	assert_int_equal(keystore_seal(db.arena, root_key, &db.passphrase, &db.root_key, NULL), OUTCOME_OK);
	assert_int_equal(signer_open(db.root, db.root_key, &db.passphrase, &root, NULL), OUTCOME_OK);
	assert_int_equal(certificate_sign_authority(db.arena, &root, key, "Issuing", "Example", NULL, NULL,

			     now - DAY, now + 90 * DAY, &db.issuing, NULL),
	    OUTCOME_OK);
	assert_int_equal(keystore_seal(db.arena, key, &db.passphrase, &db.issuing_key, NULL), OUTCOME_OK);
	signer_release(&root);
	gnutls_privkey_deinit(root_key);
	gnutls_privkey_deinit(key);
}

static int
database_make(void **state)
{
	int fd;

	(void)state;
	db.arena = arena_new();
	(void)snprintf(db.passphrase_file, sizeof(db.passphrase_file), "/tmp/muster-issuer-XXXXXX");
	fd = mkstemp(db.passphrase_file);
	assert_true(fd >= 0);
	close(fd);
	db.passphrase = secret_copy("correct", 7);
	authority_make();
	db.device_key = device_key_of(KEY_RSA_2048);
	db.ec_key = device_key_of(KEY_EC_P384);
	assert_int_equal(sealing_key_new(db.arena, &db.passphrase, &db.sealing_key, NULL), OUTCOME_OK);
	return 0;
}

static int
database_free(void **state)
{
	(void)state;
	unlink(db.passphrase_file);
	secret_release(&db.passphrase);
	arena_free(db.arena);
	return 0;
}

/* Before each test: all is well, and it records what comes. */
static int
database_reset(void **state)
{
	static const enum reply records[CALLS_MAX] = { RECORDS };

	(void)state;
	passphrase_write("correct\n");
	db.away = false;
	db.patience_ms = 12000;
	db.authority = (struct stored_authority){ .id = AUTHORITY,
		.name = "Issuing",
		.private_key = db.issuing_key,
		.certificate = db.issuing,
		.root = db.root };
	db.profile = (struct stored_profile){ "example", AUTHORITY, 30 * DAY, 600, 2048 };
	db.configuration = (struct issuer_configuration){ .generation = 7, .authorities = 1, .profiles = 1 };
	db.configuration.sealing_key = db.sealing_key;
	db.script = records;
	db.loads = db.calls = 0;
	memset(db.renews, 0, sizeof(db.renews));
	db.kept = (struct bytes){ NULL, 0 };
	db.due = db.begun_elsewhere = db.stored_elsewhere = false;
	db.begun = db.committed = db.rolled_back = 0;
	db.list_der = (struct bytes){ NULL, 0 };
	return 0;
}

/* --- an issuer in a thread, and what its worker says --- */

struct running {
	struct issuer_options options;
	pthread_t thread;
	int worker_fd, status;
	struct arena *arena;
};

static void *
issuer_thread(void *argument)
{
	static const volatile int never;
	struct running *running = argument;

	running->status = issuer_run(&running->options, &never);
	return NULL;
}

static void
issuer_start(struct running *running)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	*running = (struct running){
		.options = { .fd = fd[1], .database = "service=test", .passphrase_file = db.passphrase_file },
		.worker_fd = fd[0],
		.arena = arena_new(),
	};
	assert_int_equal(pthread_create(&running->thread, NULL, issuer_thread, running), 0);
}

static void
issuer_end(struct running *running, int status)
{
	close(running->worker_fd);
	assert_int_equal(pthread_join(running->thread, NULL), 0);
	close(running->options.fd);
	arena_free(running->arena);
	assert_int_equal(running->status, status);
}

static const struct ask honest = {
	.organization = "example",
	.account = ACCOUNT,
	.trace = TRACE,
	.facts = "{\"DeviceName\":\"ada-pc\",\"MAC\":[\"1\",\"2\"]}",
	.claim = "{\"kind\":\"password\"}",
};

static enum outcome
ask_with(struct running *running, const struct ask *ask, struct answer *answer, struct why *why)
{
	struct ask complete = *ask;
	enum outcome o;
	bool lost;

	if (complete.public_key.size == 0)
		complete.public_key = db.device_key;
	o = issuer_ask(running->worker_fd, running->arena, &complete, deadline_in_ms(db.patience_ms), answer,
	    &lost, why);
	assert_false(lost);
	return o;
}

/* One ask to an issuer of its own. */
static enum outcome
ask_once(const struct ask *ask, struct running *running, struct answer *answer, struct why *why)
{
	issuer_start(running);
	return ask_with(running, ask, answer, why);
}

static void
assert_refused(const struct ask *ask, enum outcome expected, const char *part)
{
	struct running running;
	struct answer answer;
	struct why why = { "" };
	enum outcome o = ask_once(ask, &running, &answer, &why);

	if (o != expected || strstr(why.text, part) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", outcome_name(o), why.text, part);
	issuer_end(&running, EXIT_SUCCESS);
}

/* --- the tests --- */

static void
assert_secrets(const struct record *record, const struct dm_secrets *secrets)
{
	struct secret key, plain;
	json_t *object;

	assert_int_equal(sealing_key_open(db.sealing_key, &db.passphrase, &key, NULL), OUTCOME_OK);
	assert_int_equal(unseal(&key, record->grant, record->dm_secrets, &plain, NULL), OUTCOME_OK);
	object = json_loads(plain.data, 0, NULL);
	assert_string_equal(
	    json_string_value(json_object_get(object, "client_secret")), secrets->client_secret);
	assert_string_equal(
	    json_string_value(json_object_get(object, "client_nonce")), secrets->client_nonce);
	assert_string_equal(json_string_value(json_object_get(object, "server_name")), secrets->server_name);
	assert_string_equal(
	    json_string_value(json_object_get(object, "server_secret")), secrets->server_secret);
	assert_string_equal(
	    json_string_value(json_object_get(object, "server_nonce")), secrets->server_nonce);
	assert_string_equal(secrets->server_name, record->grant);
	assert_int_equal(strlen(secrets->client_secret), 32);
	assert_string_not_equal(secrets->client_secret, secrets->server_secret);
	assert_string_not_equal(secrets->client_nonce, secrets->server_nonce);
	json_decref(object);
	secret_release(&key);
	secret_release(&plain);
}

static void
test_issues(void **state)
{
	int64_t now = clock_now_ms() / 1000;
	struct certificate_view view;
	struct running running;
	struct answer answer;
	struct why why = { "" };

	(void)state;
	assert_int_equal(ask_once(&honest, &running, &answer, &why), OUTCOME_OK);
	assert_int_equal(db.calls, 1);
	assert_true(guid_valid(answer.issued.device));
	assert_string_equal(answer.issued.device, db.seen[0].grant);
	assert_true(bytes_equal(answer.issued.certificate, db.kept));
	assert_true(bytes_equal(answer.issued.issuing, db.issuing));
	assert_true(bytes_equal(answer.issued.root, db.root));
	assert_int_equal(answer.issued.database_us, 1000);
	assert_in_range(answer.issued.signature_us, 1, 1000000);
	assert_secrets(&db.seen[0], &answer.issued.secrets);

	assert_int_equal(certificate_view(running.arena, db.kept, &view, NULL), OUTCOME_OK);
	assert_string_equal(view.subject, arena_printf(running.arena, "CN=%s", answer.issued.device));
	assert_string_equal(view.issuer, "CN=Issuing,O=Example");
	assert_string_equal(view.serial, bytes_to_hex(running.arena, db.seen[0].serial));
	assert_string_equal(view.sha256, bytes_to_hex(running.arena, db.seen[0].sha256));
	assert_in_range(view.not_before - (now - 600), 0, 5);
	assert_in_range(view.not_after - (now + 30 * DAY), 0, 5);
	assert_int_equal(db.seen[0].not_before, view.not_before);
	assert_int_equal(db.seen[0].not_after, view.not_after);
	assert_int_equal(db.seen[0].generation, 7);
	assert_string_equal(db.seen[0].organization, "example");
	assert_string_equal(db.seen[0].account, ACCOUNT);
	assert_string_equal(db.seen[0].authority, AUTHORITY);
	assert_string_equal(db.seen[0].trace, TRACE);
	assert_non_null(strstr(db.seen[0].facts, "ada-pc"));
	assert_string_equal(db.seen[0].claim, honest.claim);
	issuer_end(&running, EXIT_SUCCESS);
}

#define DEVICE "0193a1de-0000-7000-8000-00000000000d"
#define OLD "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct ask
renewing(void)
{
	struct ask ask = honest;

	ask.renews = OLD;
	ask.device = DEVICE;
	ask.claim = "{\"kind\":\"renewal\"}";
	return ask;
}

/* The subject stays, the serial number does not; no secrets are made, and no authority is sent unasked. */
static void
test_renews(void **state)
{
	const struct ask ask = renewing();
	struct certificate_view view;
	struct running running;
	struct answer answer;

	(void)state;
	assert_int_equal(ask_once(&ask, &running, &answer, NULL), OUTCOME_OK);
	assert_int_equal(db.calls, 1);
	assert_string_equal(answer.issued.device, DEVICE);
	assert_string_equal(db.seen[0].grant, DEVICE);
	assert_string_equal(db.seen[0].claim, ask.claim);
	assert_int_equal(db.seen[0].dm_secrets.size, 0);
	assert_string_equal(bytes_to_hex(running.arena, db.renews[0]),
	    "00112233445566778899AABBCCDDEEFF"
	    "00112233445566778899AABBCCDDEEFF");
	assert_true(bytes_equal(answer.issued.certificate, db.kept));
	assert_int_equal(answer.issued.issuing.size + answer.issued.root.size, 0);
	assert_null(answer.issued.secrets.client_secret);
	assert_int_equal(certificate_view(running.arena, db.kept, &view, NULL), OUTCOME_OK);
	assert_string_equal(view.subject, "CN=" DEVICE);
	issuer_end(&running, EXIT_SUCCESS);
}

/* What an earlier call recorded is what is told, with the authority that comes with it. */
static void
test_renews_again(void **state)
{
	static const enum reply script[] = { RECORDS, REPEATS };
	const struct ask ask = renewing();
	struct running running;
	struct answer first, second;

	(void)state;
	db.script = script;
	assert_int_equal(ask_once(&ask, &running, &first, NULL), OUTCOME_OK);
	assert_int_equal(ask_with(&running, &ask, &second, NULL), OUTCOME_OK);
	assert_true(bytes_equal(first.issued.certificate, second.issued.certificate));
	assert_false(bytes_equal(db.seen[1].certificate, second.issued.certificate));
	assert_true(bytes_equal(second.issued.root, bytes_of(EARLIER_ROOT)));
	issuer_end(&running, EXIT_SUCCESS);
}

/* A COMMIT of unknown end is asked again, for the same certificate; the issuer's own letters count. */
static void
test_renews_after_a_loss(void **state)
{
	static const enum reply script[] = { LOST, STALE, RECORDS };
	struct ask ask = renewing();
	struct running running;
	struct answer answer;

	(void)state;
	db.script = script;
	ask.device = "0193A1DE-0000-7000-8000-00000000000D";
	assert_int_equal(ask_once(&ask, &running, &answer, NULL), OUTCOME_OK);
	assert_int_equal(db.calls, 3);
	assert_true(bytes_equal(db.seen[0].certificate, db.seen[1].certificate));
	assert_string_equal(db.seen[2].grant, DEVICE);
	for (int i = 0; i < db.calls; i++)
		assert_int_equal(db.renews[i].size, 32);
	issuer_end(&running, EXIT_SUCCESS);
}

/* The certificate ends with its authority at the latest. */
static void
test_short_authority(void **state)
{
	struct certificate_view issuing, view;
	struct running running;
	struct answer answer;

	(void)state;
	db.profile.validity_seconds = 3650 * DAY;
	assert_int_equal(ask_once(&honest, &running, &answer, NULL), OUTCOME_OK);
	assert_int_equal(certificate_view(running.arena, db.issuing, &issuing, NULL), OUTCOME_OK);
	assert_int_equal(certificate_view(running.arena, answer.issued.certificate, &view, NULL), OUTCOME_OK);
	assert_int_equal(view.not_after, issuing.not_after);
	issuer_end(&running, EXIT_SUCCESS);
}

/* Where a root signs devices itself there is no issuing CA to install. */
static void
test_root_signs(void **state)
{
	struct running running;
	struct answer answer;

	(void)state;
	db.authority.certificate = db.root;
	db.authority.private_key = db.root_key;
	assert_int_equal(ask_once(&honest, &running, &answer, NULL), OUTCOME_OK);
	assert_int_equal(answer.issued.issuing.size, 0);
	assert_true(bytes_equal(answer.issued.root, db.root));
	issuer_end(&running, EXIT_SUCCESS);
}

static void
test_bad_asks(void **state)
{
	struct ask ask;
	char remote[200];

	(void)state;
#define ASK(...) (ask = honest, __VA_ARGS__, &ask)
	assert_refused(ASK(ask.organization = "Example"), OUTCOME_INTERNAL_SERVICE_FAULT, "organization");
	assert_refused(ASK(ask.organization = ""), OUTCOME_INTERNAL_SERVICE_FAULT, "organization");
	assert_refused(ASK(ask.account = "1"), OUTCOME_INTERNAL_SERVICE_FAULT, "no GUID");
	assert_refused(ASK(ask.trace = ""), OUTCOME_INTERNAL_SERVICE_FAULT, "no GUID");
	assert_refused(ASK(ask.attempt = "x"), OUTCOME_INTERNAL_SERVICE_FAULT, "no GUID");
	assert_refused(ASK(ask.renews = "00", ask.device = DEVICE), OUTCOME_INTERNAL_SERVICE_FAULT, "renew");
	assert_refused(
	    ASK(ask.renews = OLD "00", ask.device = DEVICE), OUTCOME_INTERNAL_SERVICE_FAULT, "renew");
	assert_refused(ASK(ask.renews = OLD, ask.device = "x"), OUTCOME_INTERNAL_SERVICE_FAULT, "renew");
	assert_refused(ASK(ask.facts = "[]"), OUTCOME_INTERNAL_SERVICE_FAULT, "facts");
	assert_refused(ASK(ask.facts = "{\"a\":1}"), OUTCOME_INTERNAL_SERVICE_FAULT, "facts");
	memset(remote, '1', sizeof(remote));
	remote[sizeof(remote) - 1] = '\0';
	assert_refused(ASK(ask.remote = remote), OUTCOME_INTERNAL_SERVICE_FAULT, "address");
	assert_refused(
	    ASK(ask.public_key = LITERAL("\x30\x00")), OUTCOME_CERTIFICATE_REQUEST, "SubjectPublicKeyInfo");
	assert_int_equal(db.calls, 0);
	db.profile.minimum_key_length = 3072;
	assert_refused(&honest, OUTCOME_CERTIFICATE_REQUEST, "minimum is 3072");
	assert_int_equal(db.calls, 0);
#undef ASK
}

static void
test_refusal(void **state)
{
	static const enum reply script[] = { REFUSES };
	struct running running;
	struct answer answer;
	struct why why;

	(void)state;
	db.script = script;
	assert_int_equal(ask_once(&honest, &running, &answer, &why), OUTCOME_DEVICE_CAP_REACHED);
	assert_string_equal(why.text, "5 of 5");
	assert_string_equal(answer.decision.text, "Zu viele");
	assert_string_equal(answer.decision.language, "de");
	assert_string_equal(answer.decision.details, "{\"limit\": 5}");
	assert_null(answer.issued.device);
	issuer_end(&running, EXIT_SUCCESS);
}

/* The record has an earlier enrollment by the same token and key: its answer, to the last secret. */
static void
test_repeats(void **state)
{
	static const enum reply script[] = { RECORDS, REPEATS, REPEATS_PART };
	struct running running;
	struct answer first, again;
	struct why why = { "" };

	(void)state;
	db.script = script;
	issuer_start(&running);
	assert_int_equal(ask_with(&running, &honest, &first, &why), OUTCOME_OK);
	assert_int_equal(ask_with(&running, &honest, &again, &why), OUTCOME_OK);
	assert_string_not_equal(db.seen[1].grant, db.seen[0].grant);
	assert_string_equal(again.issued.device, first.issued.device);
	assert_true(bytes_equal(again.issued.certificate, first.issued.certificate));
	assert_secrets(&db.seen[0], &again.issued.secrets);
	assert_true(bytes_equal(again.issued.root, bytes_of(EARLIER_ROOT)));
	assert_int_equal(again.issued.issuing.size, 0);
	assert_int_equal(ask_with(&running, &honest, &again, &why), OUTCOME_INTERNAL_SERVICE_FAULT);
	assert_non_null(strstr(why.text, "lacks its secrets or its root"));
	assert_null(again.issued.device);
	issuer_end(&running, EXIT_SUCCESS);
}

/* Lost, and lost again: the very same record until the database tells, then what it has. */
static void
test_lost(void **state)
{
	static const enum reply script[] = { LOST, LOST, FAILS, RECORDS };
	struct running running;
	struct answer answer;

	(void)state;
	db.script = script;
	assert_int_equal(ask_once(&honest, &running, &answer, NULL), OUTCOME_OK);
	assert_int_equal(db.calls, 4);
	for (int i = 1; i < 4; i++) {
		assert_string_equal(db.seen[i].grant, db.seen[0].grant);
		assert_true(bytes_equal(db.seen[i].certificate, db.seen[0].certificate));
		assert_true(bytes_equal(db.seen[i].dm_secrets, db.seen[0].dm_secrets));
	}
	assert_true(bytes_equal(answer.issued.certificate, db.seen[0].certificate));
	issuer_end(&running, EXIT_SUCCESS);
}

/* It tries on for a while, and answers before the worker gives up: the worker would have said
 * CertificateRequest. */
static void
test_lost_for_good(void **state)
{
	static const enum reply script[] = { LOST_LONG, LOST_LONG, LOST_LONG, LOST_LONG };
	int64_t began = clock_steady_us();
	struct running running;
	struct answer answer;
	struct why why;

	(void)state;
	db.script = script;
	db.patience_ms = 3000;
	assert_int_equal(ask_once(&honest, &running, &answer, &why), OUTCOME_ENROLLMENT_SERVER);
	assert_non_null(strstr(why.text, db.seen[0].grant));
	assert_true(clock_steady_us() - began >= 1000000);
	issuer_end(&running, EXIT_SUCCESS);
}

/* An error is no loss: nothing was recorded, and nothing is asked again. */
static void
test_error(void **state)
{
	static const enum reply script[] = { FAILS };

	(void)state;
	db.script = script;
	assert_refused(&honest, OUTCOME_ENROLLMENT_SERVER, "no");
	assert_int_equal(db.calls, 1);
}

/* Built anew under the same grant, with the new generation. */
static void
test_stale(void **state)
{
	static const enum reply script[] = { STALE, STALE, RECORDS };
	struct running running;
	struct answer answer;

	(void)state;
	db.script = script;
	assert_int_equal(ask_once(&honest, &running, &answer, NULL), OUTCOME_OK);
	assert_int_equal(db.calls, 3);
	assert_int_equal(db.loads, 3);
	assert_int_equal(db.seen[0].generation, 7);
	assert_int_equal(db.seen[2].generation, 9);
	assert_string_equal(db.seen[2].grant, db.seen[0].grant);
	assert_false(bytes_equal(db.seen[2].serial, db.seen[0].serial));
	assert_true(bytes_equal(answer.issued.certificate, db.seen[2].certificate));
	assert_secrets(&db.seen[2], &answer.issued.secrets);
	issuer_end(&running, EXIT_SUCCESS);
}

static void
test_always_stale(void **state)
{
	static const enum reply script[] = { STALE, STALE, STALE, STALE };

	(void)state;
	db.script = script;
	assert_refused(&honest, OUTCOME_ENROLLMENT_SERVER, "faster");
}

/* A key that has not changed is not opened again: the passphrase may even be gone meanwhile. */
static void
test_keys_kept(void **state)
{
	static const enum reply script[] = { RECORDS, STALE, RECORDS };
	struct running running;
	struct answer answer;

	(void)state;
	db.script = script;
	assert_int_equal(ask_once(&honest, &running, &answer, NULL), OUTCOME_OK);
	passphrase_write("wrong\n");
	assert_int_equal(ask_with(&running, &honest, &answer, NULL), OUTCOME_OK);
	assert_int_equal(db.calls, 3);
	issuer_end(&running, EXIT_SUCCESS);
}

static struct bytes
issuing_key_under(const struct secret *passphrase)
{
	gnutls_privkey_t key = NULL;
	struct bytes sealed = { NULL, 0 };

	assert_int_equal(keystore_open(db.issuing_key, &db.passphrase, &key, NULL), OUTCOME_OK);
	assert_int_equal(keystore_seal(db.arena, key, passphrase, &sealed, NULL), OUTCOME_OK);
	gnutls_privkey_deinit(key);
	return sealed;
}

/* Nor one that was only encrypted anew: the file may have the earlier passphrase yet. */
static void
test_keys_under_another_passphrase(void **state)
{
	static const enum reply script[] = { RECORDS, STALE, RECORDS, STALE, STALE };
	struct secret other = secret_copy("another", 7), key = { NULL, 0 };
	struct running running;
	struct answer answer;
	struct why why;
	uint8_t sha256[32];

	(void)state;
	db.script = script;
	assert_int_equal(ask_once(&honest, &running, &answer, NULL), OUTCOME_OK);
	assert_int_equal(sealing_key_open(db.sealing_key, &db.passphrase, &key, NULL), OUTCOME_OK);
	assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA256, key.data, key.size, sha256), 0);
	assert_int_equal(
	    sealing_key_seal(db.arena, &key, &other, &db.configuration.sealing_key, NULL), OUTCOME_OK);
	db.configuration.sealing_key_sha256 = arena_copy(db.arena, sha256, sizeof(sha256));
	db.authority.private_key = issuing_key_under(&other);
	assert_int_equal(ask_with(&running, &honest, &answer, NULL), OUTCOME_OK);
	/* Another sealing key, or none, is not taken for the one that is open. */
	sha256[0] ^= 1;
	assert_int_equal(sealing_key_new(db.arena, &other, &db.configuration.sealing_key, NULL), OUTCOME_OK);
	db.configuration.sealing_key_sha256 = arena_copy(db.arena, sha256, sizeof(sha256));
	assert_int_equal(ask_with(&running, &honest, &answer, &why), OUTCOME_CERTIFICATE_REQUEST);
	assert_non_null(strstr(why.text, "sealing key does not open"));
	issuer_end(&running, EXIT_SUCCESS);
	secret_release(&other);
	secret_release(&key);
}

/* Organizations come after the start; strangers do not make it read all the time. */
static void
test_new_organization(void **state)
{
	struct running running;
	struct answer answer;
	struct why why;
	int loads;

	(void)state;
	db.profile.organization = "another";
	assert_int_equal(ask_once(&honest, &running, &answer, &why), OUTCOME_CERTIFICATE_REQUEST);
	assert_non_null(strstr(why.text, "muster-ca init --organization example"));
	loads = db.loads;
	assert_int_equal(ask_with(&running, &honest, &answer, NULL), OUTCOME_CERTIFICATE_REQUEST);
	assert_int_equal(db.loads, loads);
	usleep(1100 * 1000);
	db.profile.organization = "example";
	assert_int_equal(ask_with(&running, &honest, &answer, NULL), OUTCOME_OK);
	assert_int_equal(db.loads, loads + 1);
	issuer_end(&running, EXIT_SUCCESS);
}

static void
test_database_away(void **state)
{
	struct running running;
	struct answer answer;
	struct why why;

	(void)state;
	db.away = true;
	assert_int_equal(ask_once(&honest, &running, &answer, &why), OUTCOME_ENROLLMENT_SERVER);
	assert_string_equal(why.text, "no database");
	db.away = false;
	assert_int_equal(ask_with(&running, &honest, &answer, NULL), OUTCOME_OK);
	issuer_end(&running, EXIT_SUCCESS);
}

static void
test_unopenable(void **state)
{
	(void)state;
	passphrase_write("wrong\n");
	assert_refused(&honest, OUTCOME_CERTIFICATE_REQUEST, "authority \"Issuing\"");
	assert_refused(&honest, OUTCOME_CERTIFICATE_REQUEST, "passphrase is wrong");
	assert_int_equal(unlink(db.passphrase_file), 0);
	assert_refused(&honest, OUTCOME_CERTIFICATE_REQUEST, db.passphrase_file);
	passphrase_write("correct\n");
	db.authority.private_key = db.root_key;
	assert_refused(&honest, OUTCOME_CERTIFICATE_REQUEST, "belongs to another certificate");
	db.authority.private_key = db.issuing_key;
	db.profile.authority = TRACE;
	assert_refused(&honest, OUTCOME_CERTIFICATE_REQUEST, "there is no authority");
	db.profile.authority = AUTHORITY;
	db.configuration.sealing_key = (struct bytes){ NULL, 0 };
	assert_refused(&honest, OUTCOME_CERTIFICATE_REQUEST, "muster-ca init");
	db.configuration.sealing_key = db.issuing_key;
	assert_refused(&honest, OUTCOME_CERTIFICATE_REQUEST, "sealing key");
	assert_int_equal(db.calls, 0);
}

/* A right passphrase helps without a restart. */
static void
test_passphrase_mended(void **state)
{
	struct running running;
	struct answer answer;

	(void)state;
	passphrase_write("wrong\n");
	assert_int_equal(ask_once(&honest, &running, &answer, NULL), OUTCOME_CERTIFICATE_REQUEST);
	passphrase_write("correct\n");
	usleep(5100 * 1000);
	assert_int_equal(ask_with(&running, &honest, &answer, NULL), OUTCOME_OK);
	issuer_end(&running, EXIT_SUCCESS);
}

static void
test_broken_worker(void **state)
{
	struct running running;

	(void)state;
	issuer_start(&running);
	assert_int_equal(write(running.worker_fd, "GET / HTTP/1.0\r\n\r\n", 18), 18);
	issuer_end(&running, EXIT_FAILURE);
}

/* What an issuer does about lists between its start and the first ask's end. */
static void
issue_one(void)
{
	struct running running;
	struct answer answer;
	struct why why = { "" };

	assert_int_equal(ask_once(&honest, &running, &answer, &why), OUTCOME_OK);
	issuer_end(&running, EXIT_SUCCESS);
}

static void
test_list_due(void **state)
{
	struct crl_view view;
	struct bytes der;

	(void)state;
	db.due = true;
	issue_one();
	assert_int_equal(db.begun, 1);
	assert_int_equal(db.committed, 1);
	assert_int_equal(db.rolled_back, 0);
	assert_int_equal(db.list.entries, 1);
	assert_int_equal(crl_read(db.arena, db.list_der, db.issuing, &der, &view, NULL), OUTCOME_OK);
	assert_int_equal(view.number, 41);
	assert_int_equal(view.entries, 1);
	assert_int_equal(view.next_update, db.list.next_update);
}

/* Another issuer is at it, or was faster; nothing is due. */
static void
test_list_elsewhere(void **state)
{
	(void)state;
	issue_one();
	assert_int_equal(db.begun, 0);

	db.calls = 0;
	db.due = db.begun_elsewhere = true;
	issue_one();
	assert_int_equal(db.begun, 1);
	assert_int_equal(db.rolled_back, 1);
	assert_null(db.list_der.data);

	db.calls = 0;
	db.due = db.stored_elsewhere = true;
	db.begun_elsewhere = false;
	issue_one();
	assert_int_equal(db.rolled_back, 2);
	assert_int_equal(db.committed, 0);
}

/* A key that does not open makes no list, and keeps nobody from the next ask. */
static void
test_list_without_key(void **state)
{
	struct running running;
	struct answer answer;
	struct why why = { "" };

	(void)state;
	passphrase_write("wrong\n");
	db.due = true;
	assert_int_equal(ask_once(&honest, &running, &answer, &why), OUTCOME_CERTIFICATE_REQUEST);
	issuer_end(&running, EXIT_SUCCESS);
	assert_int_equal(db.begun, 0);
	assert_null(db.list_der.data);
}

#define FRESH(test) cmocka_unit_test_setup(test, database_reset)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(test_issues),
		FRESH(test_renews),
		FRESH(test_renews_again),
		FRESH(test_renews_after_a_loss),
		FRESH(test_short_authority),
		FRESH(test_root_signs),
		FRESH(test_bad_asks),
		FRESH(test_refusal),
		FRESH(test_repeats),
		FRESH(test_lost),
		FRESH(test_lost_for_good),
		FRESH(test_error),
		FRESH(test_stale),
		FRESH(test_always_stale),
		FRESH(test_keys_kept),
		FRESH(test_keys_under_another_passphrase),
		FRESH(test_new_organization),
		FRESH(test_database_away),
		FRESH(test_unopenable),
		FRESH(test_passphrase_mended),
		FRESH(test_broken_worker),
		FRESH(test_list_due),
		FRESH(test_list_elsewhere),
		FRESH(test_list_without_key),
	};

	return cmocka_run_group_tests_name("issuer", tests, database_make, database_free);
}
