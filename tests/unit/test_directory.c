/* Directories without a server: settings, names, filters, templates, reasons, and who is known to be away. */
#include <muster/credentials/directory.h>

#include "../../app/credentials/directory_name.h"
#include "../../app/credentials/directory_reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define LEAST \
	"\"name\":\"corp\",\"base\":\"dc=example,dc=test\",\"short_name_attribute\":\"uid\",\"upn_" \
	"attribute\":" \
	"\"mail\",\"connect_ms\":2000,\"answer_ms\":3000,\"total_ms\":10000,\"remember\":false"
#define SERVERS "\"servers\":[\"ldaps://dc1.example.test\",\"ldap://[2001:db8::1]:389\"]"
#define NAMES "\"name_attributes\":[\"mail\"]"
#define PROOF(more) "{\"directory\":{" LEAST "," SERVERS "," NAMES more "}}"

static const struct directory *
directory_of(struct arena *arena, const char *proof)
{
	const struct directory *directory;
	struct why why = { "" };

	if (directory_read(arena, proof, &directory, &why) != OUTCOME_OK || directory == NULL)
		fail_msg("%s: %s", proof, why.text);
	return directory;
}

static void
reads_all_settings(void **state)
{
	struct arena *arena = arena_new();
	const struct directory *d = directory_of(arena,
	    PROOF(",\"ca_file\":\"ca.pem\",\"service_dn\":\"cn=x\",\"service_password_file\":\"x.password\","
		  "\"filter\":\"(a=b)\",\"netbios_domains\":[\"CORP\"],\"upn_domain\":\"example.test\","
		  "\"display_name_attribute\":\"cn\",\"group_dn\":\"cn=g\",\"group_check\":\"nested\","
		  "\"new\":1"));

	(void)state;
	assert_string_equal(d->name, "corp");
	assert_int_equal(d->servers, 2);
	assert_string_equal(d->server[1], "ldap://[2001:db8::1]:389");
	assert_string_equal(d->ca_file, "ca.pem");
	assert_string_equal(d->service_dn, "cn=x");
	assert_string_equal(d->service_password, "x.password");
	assert_null(d->bind_template);
	assert_string_equal(d->filter, "(a=b)");
	assert_int_equal(d->netbios_domains, 1);
	assert_string_equal(d->upn_domain, "example.test");
	assert_int_equal(d->group, DIRECTORY_GROUP_NESTED);
	assert_string_equal(d->group_dn, "cn=g");
	assert_int_equal(d->total_ms, 10000);
	assert_false(d->remember);
	arena_free(arena);
}

static void
refuses_settings(void **state)
{
	static const struct {
		const char *proof, *says;
	} row[] = {
		{ "", "settings of the directory" },
		{ "[", "settings of the directory" },
		{ "{\"directory\":1}", "settings of the directory" },
		{ "{\"directory\":{" LEAST "," NAMES "}}", "there is no server" },
		{ "{\"directory\":{" LEAST "," SERVERS "}}", "no attribute holds names" },
		{ "{\"directory\":{" LEAST "," NAMES ",\"servers\":[\"http://x\"]}}",
		    "neither ldaps:// nor ldap://" },
		{ "{\"directory\":{" LEAST "," NAMES ",\"servers\":[\"ldapi://x\"]}}",
		    "neither ldaps:// nor ldap://" },
		{ "{\"directory\":{" LEAST "," NAMES ",\"servers\":[1]}}", "a list is too long" },
		{ "{\"directory\":{" LEAST "," NAMES
		  ",\"servers\":[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"]}}",
		    "a list is too long" },
		{ PROOF(",\"ca_file\":\"../x\""), "more than its name" },
		{ PROOF(",\"ca_file\":\".x\""), "more than its name" },
		{ PROOF(",\"ca_file\":\"\""), "more than its name" },
		{ PROOF(",\"service_dn\":\"cn=x\",\"service_password_file\":\"/etc/passwd\""),
		    "more than its name" },
		{ PROOF(",\"service_dn\":\"cn=x\""), "no password's file" },
		{ PROOF(",\"service_password_file\":\"x\""), "no password's file" },
		{ PROOF(",\"service_dn\":\"\",\"service_password_file\":\"x\""), "has no name" },
		{ PROOF(",\"bind_template\":\"uid=x\""), "no {user}" },
		{ PROOF(",\"group_dn\":\"cn=g\""), "how a group's members are told" },
		{ PROOF(",\"group_dn\":\"cn=g\",\"group_check\":\"all\""), "how a group's members are told" },
		{ PROOF(",\"upn_domain\":1"), "settings of the directory" },
		{ "{\"directory\":{" SERVERS "," NAMES
		  ",\"name\":\"c\",\"base\":\"\",\"short_name_attribute\":\"uid\",\"upn_attribute\":\"mail\","
		  "\"connect_ms\":0,\"answer_ms\":1,\"total_ms\":1,\"remember\":false}}",
		    "a time is out of bounds" },
		{ "{\"directory\":{" SERVERS "," NAMES
		  ",\"name\":\"c\",\"base\":\"\",\"short_name_attribute\":\"uid\",\"upn_attribute\":\"mail\","
		  "\"connect_ms\":1,\"answer_ms\":1,\"total_ms\":60000,\"remember\":false}}",
		    "a time is out of bounds" },
	};
	struct arena *arena = arena_new();
	const struct directory *directory;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct why why = { "" };

		if (directory_read(arena, row[i].proof, &directory, &why) != OUTCOME_ENROLLMENT_SERVER ||
		    directory != NULL || strstr(why.text, row[i].says) == NULL)
			fail_msg("row %zu: %s", i, why.text);
	}
	assert_int_equal(directory_read(arena, "{\"other\":1}", &directory, NULL), OUTCOME_OK);
	assert_null(directory);
	arena_free(arena);
}

static void
takes_names_apart(void **state)
{
	static const struct {
		const char *typed, *user, *whole; /* user NULL: refused */
	} row[] = {
		{ "ada", "ada", NULL },
		{ "ada@example.test", "ada", "ada@example.test" },
		{ " \tada@example.test\n", "ada", "ada@example.test" },
		{ "CORP\\ada", "ada", NULL },
		{ "corp\\ADA@example.test", "ADA", "ADA@example.test" },
		{ "CORP\\a\\b", "a\\b", NULL },
		{ "a@b@c", "a@b", "a@b@c" },
		{ "*", "*", NULL },
		{ "OTHER\\ada", NULL, NULL },
		{ "\\ada", NULL, NULL },
		{ "CORP\\", NULL, NULL },
		{ "@example.test", NULL, NULL },
		{ "", NULL, NULL },
		{ " ", NULL, NULL },
		{ "a\x01"
		  "da",
		    NULL, NULL },
		{ "a\nda", NULL, NULL },
		{ "a\xc2\x85"
		  "da",
		    NULL, NULL },
		{ "a\xff", NULL, NULL },
		{ NULL, NULL, NULL },
	};
	struct arena *arena = arena_new();
	const struct directory *directory = directory_of(arena, PROOF(",\"netbios_domains\":[\"corp\"]"));
	struct user_name name;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct why why = { "" };
		enum outcome o = user_name_read(arena, directory, row[i].typed, &name, &why);

		if ((o == OUTCOME_OK) != (row[i].user != NULL) || (o != OUTCOME_OK && why.text[0] == '\0'))
			fail_msg("row %zu: %s", i, why.text);
		if (o != OUTCOME_OK)
			continue;
		assert_string_equal(name.user, row[i].user);
		if (row[i].whole == NULL)
			assert_null(name.whole);
		else
			assert_string_equal(name.whole, row[i].whole);
	}
	arena_free(arena);
}

/* RFC 4515 section 3: what is special in a filter is not special in a name. */
static void
escapes_in_filters(void **state)
{
	static const struct {
		const char *typed, *filter;
	} row[] = {
		{ "ada", "(&(objectClass=user)(uid=ada))" },
		{ "ada@example.test",
		    "(&(objectClass=user)(|(mail=ada@example.test)(upn=ada@example.test)))" },
		{ "*", "(&(objectClass=user)(uid=\\2A))" },
		{ "*)(uid=*", "(&(objectClass=user)(uid=\\2A\\29\\28uid=\\2A))" },
		{ "x\\a\\2a", "(&(objectClass=user)(uid=a\\5C2a))" },
		{ "*@*", "(&(objectClass=user)(|(mail=\\2A@\\2A)(upn=\\2A@\\2A)))" },
	};
	struct arena *arena = arena_new();
	const struct directory *directory = directory_of(arena,
	    "{\"directory\":{" LEAST "," SERVERS
	    ",\"name_attributes\":[\"mail\",\"upn\"],\"filter\":\"(objectClass=user)\"}}");
	struct user_name name;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		assert_int_equal(user_name_read(arena, directory, row[i].typed, &name, NULL), OUTCOME_OK);
		assert_string_equal(user_name_filter(arena, directory, &name), row[i].filter);
	}
	name = user_name_nobody(arena);
	assert_non_null(strstr(user_name_filter(arena, directory, &name), "@nobody.invalid"));
	arena_free(arena);
}

/* RFC 4514 section 2.4, and Windows' own names. */
static void
fills_templates(void **state)
{
	static const struct {
		const char *bind_template, *typed, *who; /* who NULL: refused */
	} row[] = {
		{ "uid={user},ou=people,dc=example,dc=test", "ada@example.test",
		    "uid=ada,ou=people,dc=example,dc=test" },
		{ "uid={user},dc=test", "a,dc=other", "uid=a\\2Cdc\\3Dother,dc=test" },
		{ "uid={user},dc=test", "a+cn=x", "uid=a\\2Bcn\\3Dx,dc=test" },
		{ "uid={user},dc=test", "#41", "uid=\\2341,dc=test" },
		{ "cn=x {user} {user},dc=test", "ada", "cn=x ada ada,dc=test" },
		{ "{user}@example.test", "ada", "ada@example.test" },
		{ "{user}@example.test", "other@elsewhere.test", "other@example.test" },
		{ "CORP\\\\{user}", "ada", "CORP\\ada" },
		{ "CORP\\\\{user}", "a\\\\b\\\\c", NULL },
		{ "{user}@example.test", "a@b@c", NULL },
		{ "{user}@example.test", "cn=x,dc=test", NULL },
		{ "{user}@example.test", "a*", NULL },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const struct directory *directory = directory_of(
		    arena, arena_printf(arena, PROOF(",\"bind_template\":\"%s\""), row[i].bind_template));
		const char *who = NULL;
		struct user_name name;
		enum outcome o;

		assert_int_equal(user_name_read(arena, directory, row[i].typed, &name, NULL), OUTCOME_OK);
		o = user_name_bind(arena, directory, &name, &who, NULL);
		if ((o == OUTCOME_OK) != (row[i].who != NULL) ||
		    (o == OUTCOME_OK && strcmp(who, row[i].who) != 0))
			fail_msg("row %zu: %s", i, who);
	}
	arena_free(arena);
}

static void
tells_reasons(void **state)
{
	static const struct {
		int code;
		const char *diagnostic, *says;
	} row[] = {
		{ 49, "", "wrong password, or nobody has that name (LDAP 49)" },
		{ 49,
		    "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 52e, v2580",
		    "wrong password (Active Directory 52e)" },
		{ 49, "80090308: x: AcceptSecurityContext error, data 533, v1db1",
		    "is disabled (Active Directory 533)" },
		{ 49, "80090308: x: AcceptSecurityContext error, data 532, v1db1", "password has expired" },
		{ 49, "80090308: x: AcceptSecurityContext error, data 701, v1db1", "account has expired" },
		{ 49, "80090308: x: AcceptSecurityContext error, data 773, v1db1", "must be changed" },
		{ 49, "80090308: x: AcceptSecurityContext error, data 775, v1db1", "is locked" },
		{ 49, "80090308: x: AcceptSecurityContext error, data 530, v1db1", "at this time" },
		{ 49, "80090308: x: AcceptSecurityContext error, data 52", "nobody has that name (LDAP 49)" },
		{ 49, "80090308: x: AcceptSecurityContext error, data 52e52e52e",
		    "nobody has that name (LDAP 49)" },
		{ 49, "data 533", "nobody has that name (LDAP 49)" },
		{ 53, "whatever it says", "(LDAP 53)" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const struct answer answer = { row[i].code, row[i].diagnostic };
		const char *reason = bind_reason(arena, &answer);

		if (strstr(reason, row[i].says) == NULL || strstr(reason, "whatever") != NULL)
			fail_msg("row %zu: %s", i, reason);
	}
	assert_true(bind_code_is_misconfigured(LDAP_CONFIDENTIALITY_REQUIRED));
	assert_false(bind_code_is_misconfigured(LDAP_INVALID_CREDENTIALS));
	arena_free(arena);
}

int64_t __wrap_clock_steady_us(void);
static int64_t now_us = 1000 * 1000;

int64_t
__wrap_clock_steady_us(void)
{
	return now_us;
}

static void
leaves_out_who_is_away(void **state)
{
	struct outages *outages = outages_new();

	(void)state;
	assert_true(outages_allow(NULL, "one"));
	outages_note(NULL, "one", OUTAGE_MS);
	assert_true(outages_allow(outages, "one"));
	outages_note(outages, "one", OUTAGE_MS);
	assert_false(outages_allow(outages, "one"));
	assert_true(outages_allow(outages, "other"));
	outages_note(outages, "other", 0);
	assert_false(outages_allow(outages, "one"));
	/* When its time is over, one tries it for all. */
	now_us += (int64_t)OUTAGE_MS * 1000;
	assert_true(outages_allow(outages, "one"));
	assert_false(outages_allow(outages, "one"));
	outages_note(outages, "one", 0);
	assert_true(outages_allow(outages, "one"));
	assert_true(outages_allow(outages, "one"));
}

/* Nothing goes anywhere: there is not even a server. */
static void
an_empty_password_never_binds(void **state)
{
	static const char *const password[] = { "", " \r\n", "\n" };
	struct arena *arena = arena_new();
	const struct directory *directory = directory_of(arena, PROOF(""));
	struct directory_question question = {
		.arena = arena, .directory = directory, .user = "ada", .deadline = deadline_in_ms(1000)
	};
	struct person person;
	struct why why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(password); i++) {
		CLEANUP(secret_release) struct secret secret = secret_copy(password[i], strlen(password[i]));

		question.password = &secret;
		assert_int_equal(directory_prove(&question, &person, &why), OUTCOME_AUTHENTICATION);
		assert_non_null(strstr(why.text, "empty"));
	}
	question.password = &(struct secret){ NULL, 0 };
	assert_int_equal(directory_prove(&question, &person, &why), OUTCOME_AUTHENTICATION);
	CLEANUP(secret_release) struct secret nul = secret_copy("a\0b", 3);
	question.password = &nul;
	assert_int_equal(directory_prove(&question, &person, &why), OUTCOME_AUTHENTICATION);
	assert_non_null(strstr(why.text, "NUL"));
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_settings),
		cmocka_unit_test(refuses_settings),
		cmocka_unit_test(takes_names_apart),
		cmocka_unit_test(escapes_in_filters),
		cmocka_unit_test(fills_templates),
		cmocka_unit_test(tells_reasons),
		cmocka_unit_test(leaves_out_who_is_away),
		cmocka_unit_test(an_empty_password_never_binds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
