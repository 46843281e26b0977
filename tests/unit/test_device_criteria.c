/* SSLCLIENTCERTSEARCHCRITERIA: RFC 2396 escaping, alternatives, what matches. */
#include "../../app/muster-device/criteria.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

static const struct {
	const char *text;
	bool parses;
	size_t subjects, stores;
	const char *first; /* value of the first part of the first subject */
} parses[] = {
	{ "Subject=CN%3Dabc&Stores=MY%5CUser", true, 1, 1, "abc" },
	{ "Stores=My%5cSystem&Subject=CN%3dabc", true, 1, 1, "abc" },
	{ "Subject=CN%3Da%20b%2CO%3Dx&Stores=MY%5CUser", true, 1, 1, "a b" },
	{ "Subject=CN%3Da,O%3Dx&Stores=MY%5CUser", true, 1, 1, "a" },
	{ "Subject=CN%3Da%5C%2Cb&Stores=MY%5CUser", true, 1, 1, "a,b" },
	{ "Subject=CN%3Da%EF%80%80CN%3Db&Stores=MY%5CUser%EF%80%80MY%5CSystem", true, 2, 2, "a" },
	{ "Subject=CN%3Dabc", true, 1, 0, "abc" },
	{ "Stores=MY%5CUser", true, 0, 1, NULL },
	{ "Subject=CN%3D%C3%A9&Stores=MY%5CUser", true, 1, 1, "\xC3\xA9" },
	{ "", false, 0, 0, NULL },
	{ "Subject=", false, 0, 0, NULL },
	{ "Subject=CN%3Dabc&", false, 0, 0, NULL },
	{ "subject=CN%3Dabc", false, 0, 0, NULL },
	{ "Issuer=CN%3Dabc", false, 0, 0, NULL },
	{ "Subject=CN=abc", false, 0, 0, NULL },
	{ "Subject=CN%3Da b", false, 0, 0, NULL },
	{ "Subject=CN%253Dabc", false, 0, 0, NULL },
	{ "Subject=CN%3Da%2541", false, 0, 0, NULL },
	{ "Subject=CN%3Dabc&amp;Stores=MY%5CUser", false, 0, 0, NULL },
	{ "Subject=CN%3Da&Subject=CN%3Db", false, 0, 0, NULL },
	{ "Subject=CN%3Da%", false, 0, 0, NULL },
	{ "Subject=CN%3Da%4", false, 0, 0, NULL },
	{ "Subject=CN%3Da%ZZ", false, 0, 0, NULL },
	{ "Subject=CN%3Da%00b", false, 0, 0, NULL },
	{ "Subject=CN%3Da%FF", false, 0, 0, NULL },
	{ "Subject=CN%3Da%EF%80%80", false, 0, 0, NULL },
	{ "Subject=abc", false, 0, 0, NULL },
	{ "Subject=%3Dabc", false, 0, 0, NULL },
	{ "Subject=CN%3Da%2C", false, 0, 0, NULL },
	{ "Stores=MY\\User", false, 0, 0, NULL },
	{ "Stores=Root%5CSystem", false, 0, 0, NULL },
	{ "Stores=MY", false, 0, 0, NULL },
	{ "Subject=a%EF%80%80a%EF%80%80a%EF%80%80a%EF%80%80a%EF%80%80a%EF%80%80a%EF%80%80a%EF%80%80a", false,
	    0, 0, NULL },
};

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parses); i++) {
		struct arena *arena = arena_new();
		struct criteria criteria;
		struct refusal refusal = { .hresult = 0 };
		bool ok = criteria_parse(arena, parses[i].text, &criteria, &refusal);

		if (ok != parses[i].parses || (!ok && refusal.hresult != HRESULT_PROV_NOT_FOUND) ||
		    (ok && (criteria.subjects != parses[i].subjects || criteria.stores != parses[i].stores)))
			fail_msg("%s: %d, %zu subjects, %zu stores", parses[i].text, ok, criteria.subjects,
			    criteria.stores);
		if (parses[i].first != NULL)
			assert_string_equal(criteria.subject[0].part[0].value, parses[i].first);
		arena_free(arena);
	}
}

static const struct {
	const char *text;
	enum certificate_store store;
	bool matches;
} matches[] = {
	{ "Subject=CN%3Dada,O%3DCorp&Stores=MY%5CUser", STORE_MY_USER, true },
	{ "Subject=O%3DCorp,CN%3Dada&Stores=MY%5CUser", STORE_MY_USER, true },
	{ "Subject=cn%3Dada,o%3DCorp&Stores=MY%5CUser", STORE_MY_USER, true },
	{ "Subject=CN%3Dx%EF%80%80CN%3Dada,O%3DCorp", STORE_MY_USER, true },
	{ "Stores=MY%5CUser", STORE_MY_USER, true },
	{ "Subject=CN%3Dada,O%3DCorp&Stores=MY%5CUser", STORE_MY_SYSTEM, false },
	{ "Subject=CN%3Dada&Stores=MY%5CUser", STORE_MY_USER, false },
	{ "Subject=CN%3DADA,O%3DCorp&Stores=MY%5CUser", STORE_MY_USER, false },
	{ "Subject=CN%3Dada,OU%3DCorp&Stores=MY%5CUser", STORE_MY_USER, false },
	{ "Subject=CN%3Dada,O%3DCorp", STORE_ROOT_SYSTEM, false },
};

static void
test_match(void **state)
{
	struct subject_name name = { .part = { { "CN", "ada" }, { "O", "Corp" } }, .count = 2 };
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(matches); i++) {
		struct criteria criteria;
		struct refusal refusal;

		assert_true(criteria_parse(arena, matches[i].text, &criteria, &refusal));
		if (criteria_match(&criteria, &name, matches[i].store) != matches[i].matches)
			fail_msg("%s", matches[i].text);
	}
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_parse), cmocka_unit_test(test_match) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
