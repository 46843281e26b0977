/* Signers' certificates, made by openssl (tests/unit/requests/signed): what is read of them and when they are
 * good. */
#include <muster/base/clock.h>
#include <muster/credentials/client_certificate.h>
#include <muster/credentials/signed_time.h>
#include <muster/wire/xml_in.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define WSU "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

static struct bytes
file_read(struct arena *arena, const char *name)
{
	const char *root = getenv("MUSTER_SRCDIR");
	char *path = arena_printf(arena, "%s/tests/unit/requests/signed/%s", root != NULL ? root : ".", name);
	FILE *file = fopen(path, "rb");
	uint8_t *data = arena_alloc(arena, 1 << 16);
	size_t size;

	if (file == NULL)
		fail_msg("%s: cannot open", path);
	size = fread(data, 1, 1 << 16, file);
	fclose(file);
	return (struct bytes){ data, size };
}

static void
expect(const char *name, enum outcome got, enum outcome wanted, const struct why *why, const char *reason)
{
	if (got != wanted || (reason != NULL && strstr(why->text, reason) == NULL))
		fail_msg("%s: %s (%s), expected %s (%s)", name, outcome_name(got), why->text,
		    outcome_name(wanted), reason != NULL ? reason : "");
}

/* --- what is read --- */

static const char *
joined(struct arena *arena, const struct certificate_names *names)
{
	const char *all = "";

	for (size_t i = 0; i < names->count; i++)
		all = arena_printf(arena, "%s%s%s", all, i > 0 ? "|" : "", names->name[i]);
	return all;
}

static const struct {
	const char *file, *subject, *issuer, *upn, *email, *common_name;
	bool is_authority;
} read_rows[] = {
	{ "rsa.der", "CN=Ada Lovelace,O=Example Ltd", "CN=Example authority,O=Example Ltd",
	    "ada@example.test", "", "Ada Lovelace", false },
	{ "other.der", "CN=bob@example.test", "CN=Example authority,O=Example Ltd", "", "bob@example.test",
	    "bob@example.test", false },
	{ "named.der", "CN=second@example.test,CN=first@example.test", "CN=Example authority,O=Example Ltd",
	    "first@example.test", "first@example.test|second@example.test",
	    "first@example.test|second@example.test", false },
	{ "authority.der", "CN=Example authority,O=Example Ltd", "CN=Example authority,O=Example Ltd", "", "",
	    "Example authority", true },
};

static void
reads_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(read_rows); i++) {
		struct arena *arena = arena_new();
		struct client_certificate certificate;
		struct why why = { "" };

		expect(read_rows[i].file,
		    client_certificate_read(arena, file_read(arena, read_rows[i].file), &certificate, &why),
		    OUTCOME_OK, &why, NULL);
		assert_string_equal(certificate.subject, read_rows[i].subject);
		assert_string_equal(certificate.issuer, read_rows[i].issuer);
		assert_string_equal(joined(arena, &certificate.upn), read_rows[i].upn);
		assert_string_equal(joined(arena, &certificate.email), read_rows[i].email);
		assert_string_equal(joined(arena, &certificate.common_name), read_rows[i].common_name);
		assert_int_equal(certificate.is_authority, read_rows[i].is_authority);
		assert_int_equal(strspn(certificate.sha256, "0123456789abcdef"), 64);
		assert_int_equal(strspn(certificate.issuer_sha256, "0123456789abcdef"), 64);
		arena_free(arena);
	}
}

/* What a certificate says of its issuer is what the issuer says of itself. */
static void
names_its_issuer(void **state)
{
	struct arena *arena = arena_new();
	struct client_certificate leaf, authority, stranger;

	(void)state;
	assert_int_equal(
	    client_certificate_read(arena, file_read(arena, "rsa.der"), &leaf, NULL), OUTCOME_OK);
	assert_int_equal(
	    client_certificate_read(arena, file_read(arena, "authority.der"), &authority, NULL), OUTCOME_OK);
	assert_int_equal(
	    client_certificate_read(arena, file_read(arena, "stranger.der"), &stranger, NULL), OUTCOME_OK);
	assert_string_equal(leaf.issuer_sha256, authority.subject_sha256);
	assert_string_not_equal(leaf.issuer_sha256, stranger.subject_sha256);
	arena_free(arena);
}

static void
refuses_what_is_none(void **state)
{
	struct arena *arena = arena_new();
	struct bytes whole = file_read(arena, "rsa.der");
	struct client_certificate certificate;
	struct why why = { "" };

	(void)state;
	for (size_t size = 0; size < whole.size; size += size < 16 ? 1 : 97)
		expect("cut",
		    client_certificate_read(arena, (struct bytes){ whole.data, size }, &certificate, &why),
		    OUTCOME_INVALID_SECURITY, &why, "no certificate");
	expect("text", client_certificate_read(arena, bytes_of("MIIC"), &certificate, &why),
	    OUTCOME_INVALID_SECURITY, &why, "no certificate");
	arena_free(arena);
}

/* --- when it is good --- */

static const struct {
	const char *file;
	int64_t days; /* after the certificate's beginning */
	enum outcome outcome;
	const char *reason;
} usable[] = {
	{ "rsa.der", 1, OUTCOME_OK, NULL },
	{ "ec-P-256.der", 1, OUTCOME_OK, NULL },
	{ "ec-P-384.der", 1, OUTCOME_OK, NULL },
	{ "ec-P-521.der", 1, OUTCOME_OK, NULL },
	{ "foreign.der", 1, OUTCOME_OK, NULL }, /* who is trusted is another question */
	{ "rsa.der", -1, OUTCOME_AUTHENTICATION, "is not valid before" },
	{ "rsa.der", 14600, OUTCOME_AUTHENTICATION, "ended on" },
	{ "rsa.der", 14599, OUTCOME_OK, NULL },
	{ "expired.der", 2, OUTCOME_AUTHENTICATION, "ended on" },
	{ "server.der", 1, OUTCOME_AUTHENTICATION, "not for client authentication" },
	{ "anyuse.der", 1, OUTCOME_AUTHENTICATION, "not for client authentication" },
	{ "authority.der", 1, OUTCOME_AUTHENTICATION, "is an authority's" },
	{ "short.der", 1, OUTCOME_AUTHENTICATION, "RSA of 1024 bits" },
	{ "ed25519.der", 1, OUTCOME_AUTHENTICATION, "EdDSA" },
};

static void
is_usable(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(usable); i++) {
		struct arena *arena = arena_new();
		struct client_certificate certificate;
		struct why why = { "" };

		assert_int_equal(
		    client_certificate_read(arena, file_read(arena, usable[i].file), &certificate, NULL),
		    OUTCOME_OK);
		expect(usable[i].file,
		    client_certificate_usable(
			arena, &certificate, certificate.not_before + usable[i].days * 86400, &why),
		    usable[i].outcome, &why, usable[i].reason);
		arena_free(arena);
	}
}

static const struct {
	const char *file, *authority[3];
	enum outcome outcome;
} trusted[] = {
	{ "rsa.der", { "authority.der" }, OUTCOME_OK },
	{ "rsa.der", { "stranger.der", "authority.der" }, OUTCOME_OK },
	{ "expired.der", { "authority.der" }, OUTCOME_OK }, /* its time is another question */
	{ "rsa.der", { NULL }, OUTCOME_AUTHENTICATION },
	{ "rsa.der", { "stranger.der" }, OUTCOME_AUTHENTICATION },
	{ "foreign.der", { "authority.der" }, OUTCOME_AUTHENTICATION },
	{ "rsa.der", { "other.der" }, OUTCOME_AUTHENTICATION }, /* no authority */
	{ "rsa.der", { "rsa.xml" }, OUTCOME_INTERNAL_SERVICE_FAULT },
};

static void
is_trusted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(trusted); i++) {
		struct arena *arena = arena_new();
		struct bytes authority[3];
		struct why why = { "" };
		size_t count = 0;

		for (; trusted[i].authority[count] != NULL; count++)
			authority[count] = file_read(arena, trusted[i].authority[count]);
		expect(trusted[i].file,
		    client_certificate_trusted(file_read(arena, trusted[i].file), authority, count, &why),
		    trusted[i].outcome, &why, NULL);
		arena_free(arena);
	}
}

/* --- its time --- */

#define STAMP(created, expires) \
	"<u:Timestamp>" \
	"<u:Created>" created "</u:Created><u:Expires>" expires "</u:Expires></u:Timestamp>"

static const struct {
	const char *inside; /* of Security */
	int64_t skew;	    /* seconds; it is 2026-11-24T10:00:00Z */
	enum outcome outcome;
	const char *reason;
} stamps[] = {
	{ STAMP("2026-11-24T10:00:00Z", "2026-11-24T10:05:00Z"), 0, OUTCOME_OK, NULL },
	{ STAMP("\n2026-11-24T11:00:00+01:00 ", "2026-11-24T10:05:00Z"), 0, OUTCOME_OK, NULL },
	{ STAMP("2026-11-24T10:04:59Z", "2026-11-24T10:09:00Z"), 300, OUTCOME_OK, NULL },
	{ STAMP("2026-11-24T10:05:00.001Z", "2026-11-24T10:09:00Z"), 300, OUTCOME_AUTHENTICATION, "ahead" },
	{ STAMP("2026-11-24T09:50:00Z", "2026-11-24T09:55:00.001Z"), 300, OUTCOME_OK, NULL },
	{ STAMP("2026-11-24T09:50:00Z", "2026-11-24T09:55:00Z"), 300, OUTCOME_AUTHENTICATION, "300 s ago" },
	{ STAMP("2026-11-24T09:50:00Z", "2026-11-24T09:55:00Z"), 900, OUTCOME_OK, NULL },
	{ STAMP("2026-11-24T10:00:00Z", "2026-11-25T10:00:00.001Z"), 300, OUTCOME_AUTHENTICATION,
	    "a day at most" },
	{ STAMP("2026-11-24T10:00:00Z", "2026-11-24T09:59:59Z"), 300, OUTCOME_AUTHENTICATION,
	    "a day at most" },
	{ "", 300, OUTCOME_AUTHENTICATION, "no Timestamp" },
	{ "<Timestamp/>", 300, OUTCOME_AUTHENTICATION, "no Timestamp" }, /* of another namespace */
	{ STAMP("2026-11-24T10:00:00Z", "2026-11-24T10:05:00Z") "<u:Timestamp/>", 300,
	    OUTCOME_INVALID_SECURITY, "more than one Timestamp" },
	{ "<u:Timestamp><u:Created>2026-11-24T10:00:00Z</u:Created></u:Timestamp>", 300,
	    OUTCOME_INVALID_SECURITY, "without Expires" },
	{ "<u:Timestamp><u:Expires>2026-11-24T10:00:00Z</u:Expires></u:Timestamp>", 300,
	    OUTCOME_INVALID_SECURITY, "without Created" },
	{ "<u:Timestamp><u:Created/><u:Created/></u:Timestamp>", 300, OUTCOME_INVALID_SECURITY,
	    "more than one Created" },
	{ STAMP("yesterday", "2026-11-24T10:05:00Z"), 300, OUTCOME_INVALID_SECURITY,
	    "'yesterday' is no time" },
	{ STAMP("2026-11-24T10:00:00Z", ""), 300, OUTCOME_INVALID_SECURITY, "Expires '' is no time" },
};

static void
is_of_now(void **state)
{
	int64_t now = 0;

	(void)state;
	assert_true(clock_from_text("2026-11-24T10:00:00Z", &now));
	for (size_t i = 0; i < ARRAY_SIZE(stamps); i++) {
		struct arena *arena = arena_new();
		struct signed_time stamp;
		struct why why = { "" };
		xmlDoc *doc = NULL;
		enum outcome o;

		assert_int_equal(xml_read(arena,
				     bytes_of(arena_printf(arena,
					 "<Security xmlns:u=\"" WSU "\">%s</Security>", stamps[i].inside)),
				     &doc, NULL),
		    OUTCOME_OK);
		o = signed_time_read(arena, xmlDocGetRootElement(doc), &stamp, &why);
		if (o == OUTCOME_OK)
			o = signed_time_check(arena, &stamp, now, stamps[i].skew * 1000, &why);
		expect(stamps[i].inside, o, stamps[i].outcome, &why, stamps[i].reason);
		xml_free(&doc);
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_names),
		cmocka_unit_test(names_its_issuer),
		cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(is_usable),
		cmocka_unit_test(is_trusted),
		cmocka_unit_test(is_of_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
