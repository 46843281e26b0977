/* The check-in endpoint with the database played: what is answered, what SQL is asked, what is logged. */
#include "protocol_test.h"

#include <muster/base/clock.h>
#include <muster/protocol/syncml.h>
#include <muster/stages/stages.h>

#include <gnutls/x509.h>

#include <fcntl.h>
#include <unistd.h>

#define PATH "/ManagementServer/MDM.svc"
#define DEVICE "0198f0c2-0000-7000-8000-000000000001"

static struct {
	enum outcome call;
	struct decision decision;
	const char *device_id;
	int asked;
	bool unenroll;
	const char *remote;
} play;

static struct worker worker;
static struct arena *arena;
static const char *certificate;
static int saved_stderr = -1, log_fd = -1;

enum outcome __wrap_store_check_in(struct store *, struct arena *, struct bytes sha256, const char *trace,
    const char *remote, bool unenroll, struct device_status *, struct why *);
enum outcome __wrap_store_refuse(struct store *, struct arena *, const struct refusal *, struct why *);

enum outcome
__wrap_store_check_in(struct store *store, struct arena *in, struct bytes sha256, const char *trace,
    const char *remote, bool unenroll, struct device_status *status, struct why *why)
{
	(void)store, (void)in;
	assert_int_equal(sha256.size, 32);
	assert_int_equal(strlen(trace), 36);
	play.asked++;
	play.unenroll = unenroll;
	play.remote = remote;
	*status = (struct device_status){ .decision = play.decision,
		.device = DEVICE,
		.account = "ada@example.test",
		.organization = "example",
		.state = "enrolled",
		.device_id = play.device_id };
	return play.call == OUTCOME_OK ? OUTCOME_OK : refuse(why, play.call, "no connection");
}

enum outcome
__wrap_store_refuse(struct store *store, struct arena *in, const struct refusal *refusal, struct why *why)
{
	(void)store, (void)in, (void)refusal, (void)why;
	return OUTCOME_OK;
}

static const char *
make_certificate(void)
{
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
	gnutls_datum_t pem;
	const char *text;

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_generate(
			     key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
	    0);
	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	assert_int_equal(gnutls_x509_crt_set_version(crt, 3), 0);
	assert_int_equal(gnutls_x509_crt_set_serial(crt, "\x01", 1), 0);
	assert_int_equal(gnutls_x509_crt_set_activation_time(crt, time(NULL) - 60), 0);
	assert_int_equal(gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600), 0);
	assert_int_equal(gnutls_x509_crt_set_dn(crt, "CN=" DEVICE, NULL), 0);
	assert_int_equal(gnutls_x509_crt_set_key(crt, key), 0);
	assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), 0);
	text = arena_strndup(arena, (const char *)pem.data, pem.size);
	gnutls_free(pem.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	return text;
}

static int
start(void **state)
{
	(void)state;
	worker = (struct worker){ .budget = budget_new(), .issuer_fd = -1 };
	arena = arena_new();
	certificate = make_certificate();
	saved_stderr = dup(STDERR_FILENO);
	log_fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return saved_stderr != -1 && log_fd != -1 ? 0 : -1;
}

static int
stop(void **state)
{
	(void)state;
	arena_free(arena);
	close(saved_stderr);
	close(log_fd);
	return 0;
}

struct trial {
	const char *name, *method, *type, *verify;
	const char *file, *body; /* one of them */
	bool no_host, too_large, truncated, no_certificate;
	size_t padding;
	enum outcome call, outcome;
	int status;
	const char *expects; /* in the body */
	int asked;
};

static void
serve(const struct trial *trial, struct request *request, struct reply *reply)
{
	struct bytes body =
	    trial->file != NULL ? file_read(arena, "requests", trial->file) : bytes_of(trial->body);
	uint8_t *padded = arena_alloc(arena, body.size + trial->padding);

	memset(padded, ' ', body.size + trial->padding);
	if (body.size > 0)
		memcpy(padded, body.data, body.size);
	play.asked = 0;
	play.call = trial->call;
	play.decision = (struct decision){ .outcome = trial->outcome, .why = "device is retired: sold" };
	*request = (struct request){ .arena = arena,
		.trace = guid_new(),
		.started_us = clock_steady_us(),
		.deadline = deadline_in_ms(12000),
		.method = trial->method != NULL ? trial->method : "POST",
		.path = PATH,
		.query = "mode=Maintenance&Platform=WoA",
		.content_type = trial->type != NULL ? trial->type : SYNCML_CONTENT_TYPE,
		.remote = "192.0.2.7",
		.client_verify = trial->no_host ? NULL
		    : trial->verify != NULL	? trial->verify
						: "SUCCESS",
		.client_certificate = trial->no_host || trial->no_certificate ? NULL : certificate,
		.body = { padded, body.size + trial->padding },
		.too_large = trial->too_large,
		.truncated = trial->truncated };
	(void)!ftruncate(log_fd, 0);
	(void)lseek(log_fd, 0, SEEK_SET);
	(void)dup2(log_fd, STDERR_FILENO);
	stages_serve(&worker, request, reply);
	(void)dup2(saved_stderr, STDERR_FILENO);
}

static const char *
logged(void)
{
	char *text = arena_alloc(arena, 8192);
	ssize_t size = pread(log_fd, text, 8191, 0);

	return size > 0 ? text : "";
}

#define FIRST "check-in-windows11.xml"
#define LEAVES "check-in-unenroll.xml"

static const struct trial rows[] = {
	{ .name = "first message",
	    .file = FIRST,
	    .status = 200,
	    .expects = "<Cmd>SyncHdr</Cmd><Data>200</Data>",
	    .asked = 1 },
	{ .name = "ends",
	    .file = FIRST,
	    .status = 200,
	    .expects = "<Final/></SyncBody></SyncML>",
	    .asked = 1 },
	{ .name = "with a charset",
	    .type = "Application/vnd.SyncML.DM+xml; charset=utf-8",
	    .file = FIRST,
	    .status = 200,
	    .asked = 1 },
	{ .name = "unenrolls",
	    .file = LEAVES,
	    .status = 200,
	    .expects = "<CmdRef>3</CmdRef><Cmd>Alert</Cmd><Data>200</Data>",
	    .asked = 1 },
	{ .name = "not the device host", .file = FIRST, .no_host = true, .status = 404 },
	{ .name = "GET", .method = "GET", .file = FIRST, .status = 405 },
	{ .name = "WBXML", .type = "application/vnd.syncml.dm+wbxml", .file = FIRST, .status = 415 },
	{ .name = "longer type", .type = "application/vnd.syncml.dm+xmlx", .file = FIRST, .status = 415 },
	{ .name = "SOAP", .type = "application/soap+xml", .file = FIRST, .status = 415 },
	{ .name = "no type", .type = "", .file = FIRST, .status = 415 },
	{ .name = "just fits", .body = "", .file = FIRST, .padding = 60 * 1024, .status = 200, .asked = 1 },
	{ .name = "more than 64 KiB", .file = FIRST, .padding = 64 * 1024, .status = 413 },
	{ .name = "much more", .body = "", .too_large = true, .status = 413 },
	{ .name = "cut off", .file = FIRST, .truncated = true, .status = 400, .expects = "ended before" },
	{ .name = "no certificate",
	    .verify = "NONE",
	    .no_certificate = true,
	    .file = FIRST,
	    .status = 403,
	    .expects = "no client certificate" },
	{ .name = "not verified",
	    .verify = "FAILED:self-signed certificate",
	    .file = FIRST,
	    .status = 403,
	    .expects = "not verified" },
	{ .name = "no SyncML", .body = "<x/>", .status = 400, .expects = "SyncML of 1.2 expected" },
	{ .name = "no XML", .body = "x", .status = 400, .expects = "XML" },
	{ .name = "retired",
	    .file = FIRST,
	    .outcome = OUTCOME_FORBIDDEN,
	    .status = 403,
	    .expects = "device is retired: sold",
	    .asked = 1 },
	{ .name = "no database",
	    .file = FIRST,
	    .call = OUTCOME_ENROLLMENT_SERVER,
	    .status = 503,
	    .asked = 1 },
	{ .name = "a standby",
	    .file = LEAVES,
	    .outcome = OUTCOME_ENROLLMENT_SERVER,
	    .status = 503,
	    .asked = 1 },
};

static void
answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct trial *row = &rows[i];
		struct request request;
		struct reply reply;

		serve(row, &request, &reply);
		if (reply.status != row->status || play.asked != row->asked)
			fail_msg("%s: %d, asked %d times", row->name, reply.status, play.asked);
		if (row->expects != NULL &&
		    memmem(reply.body.data, reply.body.size, row->expects, strlen(row->expects)) == NULL)
			fail_msg("%s: %.*s", row->name, (int)reply.body.size, (const char *)reply.body.data);
		if (row->status == 200)
			assert_string_equal(reply.content_type, SYNCML_CONTENT_TYPE);
	}
}

static void
unenrolls(void **state)
{
	struct request request;
	struct reply reply;

	(void)state;
	serve(&(struct trial){ .file = LEAVES }, &request, &reply);
	assert_true(play.unenroll);
	assert_string_equal(play.remote, "192.0.2.7");
	assert_non_null(strstr(logged(), "stage=check-in outcome=OK status=200"));
	assert_non_null(strstr(logged(), "recorded=yes"));
	serve(&(struct trial){ .file = FIRST }, &request, &reply);
	assert_false(play.unenroll);
}

/* The certificate says who it is; another name in the message is only noted. */
static void
sources(void **state)
{
	static const struct {
		const char *device_id;
		bool noted;
	} row[] = {
		{ "6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d", false },
		{ NULL, false },
		{ "other", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct request request;
		struct reply reply;

		play.device_id = row[i].device_id;
		serve(&(struct trial){ .file = FIRST }, &request, &reply);
		assert_int_equal(reply.status, 200);
		assert_int_equal(strstr(logged(), "note=") != NULL, row[i].noted);
	}
	play.device_id = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(unenrolls),
		cmocka_unit_test(sources),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
