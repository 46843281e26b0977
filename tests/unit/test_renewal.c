/* Renewals with database and issuer played: what is asked, told, recorded and logged, in which order. */
#include "protocol_test.h"

#include <muster/authority/ask.h>
#include <muster/authority/certificate.h>
#include <muster/base/text.h>
#include <muster/stages/stages.h>
#include <muster/store/renewal.h>

#include "make_chain.h"
#include "make_pkcs7.h"

#include <fcntl.h>
#include <unistd.h>

#define ACCOUNT "01938f3e-0000-7000-8000-000000000001"
#define DEVICE "01938f3e-0000-7000-8000-000000000002"
#define PATH "/EnrollmentServer/acme/Renewal.svc"

static struct {
	struct arena *arena;
	struct made_certificate authority, device, ended;
	gnutls_privkey_t key;
	char *pem, *ended_pem;
	struct bytes signed_request, foreign; /* by the device, by its new key */
} made;

static struct {
	bool unknown; /* no certificate has that serial number */
	struct decision decision, issuer;
	int considered, asked, recorded;
	const char *organization, *claim;
	struct bytes serial;
	struct ask ask;
	struct refusal refusal;
} play;

enum outcome __wrap_store_consider_renewal(struct store *, struct arena *, const char *, struct bytes,
    const char *, const char *, struct renewal *, struct why *);
enum outcome __wrap_store_refuse(struct store *, struct arena *, const struct refusal *, struct why *);
enum outcome __wrap_issuer_ask(
    int, struct arena *, const struct ask *, struct deadline, struct answer *, bool *, struct why *);

enum outcome
__wrap_store_consider_renewal(struct store *store, struct arena *arena, const char *organization,
    struct bytes serial, const char *claim, const char *remote, struct renewal *renewal, struct why *why)
{
	(void)store, (void)arena, (void)remote, (void)why;
	play.considered++;
	play.organization = organization;
	play.claim = claim;
	play.serial = serial;
	*renewal = (struct renewal){ .decision = play.decision, .organization = "acme" };
	if (play.unknown)
		return OUTCOME_OK;
	renewal->account = ACCOUNT;
	renewal->upn = "ada@example.test";
	renewal->device = DEVICE;
	renewal->sha256 = bytes_of("0123456789abcdef0123456789abcdef");
	renewal->certificate = made.device.der;
	renewal->minimum_key_length = 2048;
	renewal->provisioning = (struct provisioning){ .provider_id = "Muster",
		.renewal_url = "https://device.example.test/x",
		.renew_period_days = 42,
		.renew_retry_days = 5 };
	renewal->device_enrollment = true;
	return OUTCOME_OK;
}

enum outcome
__wrap_store_refuse(struct store *store, struct arena *arena, const struct refusal *refusal, struct why *why)
{
	(void)store, (void)why;
	play.recorded++;
	play.refusal = *refusal;
	play.refusal.why = arena_strdup(arena, refusal->why);
	return OUTCOME_OK;
}

enum outcome
__wrap_issuer_ask(int fd, struct arena *arena, const struct ask *ask, struct deadline deadline,
    struct answer *answer, bool *lost, struct why *why)
{
	(void)fd, (void)arena, (void)deadline;
	play.asked++;
	play.ask = *ask;
	*lost = false;
	*answer = (struct answer){ .decision = play.issuer };
	if (play.issuer.outcome != OUTCOME_OK)
		return refuse(why, play.issuer.outcome, "%s", play.issuer.why);
	answer->issued = (struct issued){ .device = DEVICE, .certificate = bytes_of("certificate") };
	return OUTCOME_OK;
}

/* --- one exchange --- */

static struct worker worker;
static int saved_stderr = -1, null_fd = -1;

static struct bytes
signed_by(gnutls_privkey_t key, struct bytes request)
{
	const struct pkcs7_parts parts = { .content = request,
		.key = key,
		.signer_name = issuer_and_serial(made.arena, made.device.crt),
		.digest_algorithm = LITERAL(OID_SHA256),
		.signature_algorithm = LITERAL(SHA256_ECDSA),
		.digest = GNUTLS_DIG_SHA256 };

	return pkcs7_of(made.arena, &parts);
}

static int
all_make(void **state)
{
	const struct made_wish authority = { "Issuing", true, false, -3600, 86400, NULL };
	gnutls_privkey_t fresh;
	struct csr_parts parts;

	(void)state;
	made.arena = arena_new();
	made.authority = make_certificate(made.arena, &authority, NULL);
	made.device = make_certificate(
	    made.arena, &(struct made_wish){ DEVICE, false, false, -3600, 86400, NULL }, &made.authority);
	made.ended = make_certificate(
	    made.arena, &(struct made_wish){ DEVICE, false, false, -7200, -60, NULL }, &made.authority);
	if (certificate_to_pem(made.arena, made.device.der, &made.pem, NULL) != OUTCOME_OK ||
	    certificate_to_pem(made.arena, made.ended.der, &made.ended_pem, NULL) != OUTCOME_OK ||
	    gnutls_privkey_init(&made.key) < 0 ||
	    gnutls_privkey_import_x509(made.key, made.device.key, 0) < 0 || gnutls_privkey_init(&fresh) < 0 ||
	    gnutls_privkey_generate(
		fresh, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) < 0)
		return -1;
	parts = windows_parts(made.arena, fresh);
	parts.algorithm = LITERAL(SHA256_ECDSA);
	made.signed_request = signed_by(made.key, csr_of(made.arena, fresh, &parts));
	made.foreign = signed_by(fresh, csr_of(made.arena, fresh, &parts));
	gnutls_privkey_deinit(fresh);
	worker = (struct worker){ .budget = budget_new(), .issuer_fd = -1 };
	saved_stderr = dup(STDERR_FILENO);
	null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return worker.budget != NULL && null_fd != -1 ? 0 : -1;
}

static int
all_free(void **state)
{
	(void)state;
	gnutls_privkey_deinit(made.key);
	free_certificate(&made.authority, true);
	free_certificate(&made.device, true);
	free_certificate(&made.ended, true);
	arena_free(made.arena);
	return 0;
}

/* The web server's words and the certificate that it exports. */
static void
exchange(struct arena *arena, struct bytes der, const char *verify, const char *pem, struct reply *reply)
{
	static const char rst[] =
	    "<RequestSecurityToken xmlns=\"" NS_WST "\"><TokenType>" TOKEN_TYPE_ENROLLMENT "</TokenType>"
	    "<RequestType>" REQUEST_TYPE_RENEW "</RequestType><BinarySecurityToken ValueType=\"" NS_WSSE
	    "#PKCS7\">%s</BinarySecurityToken></RequestSecurityToken>";
	char *body = envelope_of(arena, "", arena_printf(arena, rst, bytes_to_base64(arena, der)));
	struct request request = { .arena = arena,
		.trace = guid_new(),
		.started_us = clock_steady_us(),
		.deadline = deadline_in_ms(12000),
		.method = "POST",
		.path = PATH,
		.query = "",
		.content_type = SOAP_CONTENT_TYPE,
		.remote = "192.0.2.7",
		.client_verify = verify,
		.client_certificate = pem,
		.body = bytes_of(body) };

	(void)dup2(null_fd, STDERR_FILENO);
	stages_serve(&worker, &request, reply);
	(void)dup2(saved_stderr, STDERR_FILENO);
}

static const char *
claim_with(struct arena *arena, const char *tls, struct bytes certificate)
{
	return certificate.size == 0
	    ? arena_printf(arena, "{\"kind\":\"renewal\",\"tls\":\"%s\"}", tls)
	    : arena_printf(arena, "{\"kind\":\"renewal\",\"tls\":\"%s\",\"tls_sha256\":\"%s\"}", tls,
		  text_lower(arena, bytes_to_hex(arena, digest_of(arena, GNUTLS_DIG_SHA256, certificate))));
}

static void
renews(void **state)
{
	struct arena *arena = arena_new();
	struct reply reply;

	(void)state;
	memset(&play, 0, sizeof(play));
	exchange(arena, made.signed_request, "SUCCESS", made.pem, &reply);
	assert_int_equal(reply.status, 200);
	assert_int_equal(play.asked, 1);
	assert_int_equal(play.recorded, 0);
	assert_string_equal(play.organization, "acme");
	assert_string_equal(play.ask.organization, "acme");
	assert_string_equal(play.ask.account, ACCOUNT);
	assert_string_equal(play.ask.device, DEVICE);
	assert_string_equal(
	    play.ask.renews, "3031323334353637383961626364656630313233343536373839616263646566");
	assert_string_equal(play.ask.claim, claim_with(arena, "verified", made.device.der));
	assert_true(play.ask.public_key.size > 0);
	assert_non_null(
	    memmem(reply.body.data, reply.body.size, "RequestSecurityTokenResponseCollection", 38));
	arena_free(arena);
}

/* What SQL is told of the connection. */
static void
tells_of_the_connection(void **state)
{
	const struct bytes none = { NULL, 0 };
	const struct {
		const char *verify, *pem, *tls;
		struct bytes certificate;
	} row[] = {
		{ NULL, NULL, "none", none },
		{ "NONE", NULL, "none", none },
		{ "", "", "none", none },
		{ "SUCCESS", made.pem, "verified", made.device.der },
		{ "SUCCESS", NULL, "none", none },
		{ "SUCCESS", "garbage", "none", none },
		{ "FAILED:certificate has expired", NULL, "expired", none },
		{ "FAILED:error:0000000A:lib(0)::reason(10)", NULL, "expired", none },
		{ "FAILED:self-signed certificate", NULL, "failed", none },
		{ "FAILED:certificate has expired", made.ended_pem, "expired", made.ended.der },
		{ "FAILED:certificate has expired", made.pem, "failed", made.device.der },
		{ "FAILED:self-signed certificate", made.pem, "failed", made.device.der },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct arena *arena = arena_new();
		struct reply reply;

		memset(&play, 0, sizeof(play));
		exchange(arena, made.signed_request, row[i].verify, row[i].pem, &reply);
		row_text(row[i].verify == NULL ? "no TLS" : row[i].verify, play.claim,
		    claim_with(arena, row[i].tls, row[i].certificate));
		arena_free(arena);
	}
}

/* Nobody learns what SQL decided who has not signed with the certificate; only the device's own is its. */
static void
tells_each_only_what_is_proven(void **state)
{
	const struct decision no = { .outcome = OUTCOME_IN_MAINTENANCE, .why = "the database's reason" };
	const struct {
		const char *name;
		struct bytes der;
		bool unknown, issuer;
		enum outcome told;
		const char *why;
		bool proven;
	} row[] = {
		{ "nothing signed", LITERAL("\x30\x00"), false, false, OUTCOME_CERTIFICATE_REQUEST, NULL,
		    false },
		{ "not on record", made.signed_request, true, false, OUTCOME_IN_MAINTENANCE, NULL, false },
		{ "by another key", made.foreign, false, false, OUTCOME_NOT_ELIGIBLE_TO_RENEW, NULL, false },
		{ "the decision", made.signed_request, false, false, OUTCOME_IN_MAINTENANCE,
		    "the database's reason", true },
		{ "the issuer's", made.signed_request, false, true, OUTCOME_IN_MAINTENANCE,
		    "the database's reason", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct arena *arena = arena_new();
		struct reply reply;

		memset(&play, 0, sizeof(play));
		play.unknown = row[i].unknown;
		*(row[i].issuer ? &play.issuer : &play.decision) = no;
		exchange(arena, row[i].der, "SUCCESS", made.pem, &reply);
		row_equal(row[i].name, reply.status, 500);
		row_equal(row[i].name, play.refusal.outcome, row[i].told);
		row_text(row[i].name, play.refusal.stage, "renewal");
		if (row[i].why != NULL)
			row_text(row[i].name, play.refusal.why, row[i].why);
		row_equal(row[i].name, play.refusal.device != NULL, row[i].proven);
		row_equal(row[i].name, play.refusal.account != NULL, row[i].proven);
		row_equal(row[i].name, play.asked, row[i].issuer);
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renews),
		cmocka_unit_test(tells_of_the_connection),
		cmocka_unit_test(tells_each_only_what_is_proven),
	};

	return cmocka_run_group_tests(tests, all_make, all_free);
}
