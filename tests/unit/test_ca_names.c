/* What new authorities are called. */
#include "../../app/muster-ca/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define X10 "xxxxxxxxxx"
#define AE10 "ääääääääää"

static const struct authority some[] = {
	{ .id = "0198f0c2-0000-7000-8000-000000000001", .name = "Example issuing" },
	{ .id = "0198f0c2-0000-7000-8000-000000000002",
	    .name = "Example root",
	    .root = true,
	    .has_key = true },
	{ .id = "0198f0c2-0000-7000-8000-000000000003", .name = "Only root", .root = true },
	{ .id = "0198f0c2-0000-7000-8000-000000000004", .name = "example issuing 2" },
};
static const struct authorities there = { some, ARRAY_SIZE(some) };

static void
chosen(void **state)
{
	static const struct {
		const char *given, *organization;
		bool new_root;
		const char *root, *issuing, *subject;
	} row[] = {
		{ NULL, "Fresh", true, "Fresh root", "Fresh issuing", "Fresh" },
		{ NULL, "Example", true, "Example root 3", "Example issuing 3", "Example" },
		{ NULL, "EXAMPLE", false, "EXAMPLE root 3", "EXAMPLE issuing 3", "EXAMPLE" },
		{ NULL, "Only", true, "Only root 2", "Only issuing 2", "Only" },
		{ NULL, "Only", false, "Only root", "Only issuing", "Only" },
		{ "Shared", NULL, true, "Shared root", "Shared issuing", "Shared" },
		{ "Grüße", "Example", true, "Grüße root", "Grüße issuing", "Example" },
		{ "Only", "Example", false, "Only root", "Only issuing", "Example" },
		/* 56 characters are the longest that was given, and bytes do not matter there. */
		{ X10 X10 X10 X10 X10 "123456", NULL, true, X10 X10 X10 X10 X10 "123456 root",
		    X10 X10 X10 X10 X10 "123456 issuing", X10 X10 X10 X10 X10 "123456" },
		{ AE10 AE10 AE10 AE10 AE10, NULL, true, AE10 AE10 AE10 AE10 AE10 " root",
		    AE10 AE10 AE10 AE10 AE10 " issuing", AE10 AE10 AE10 AE10 AE10 },
		/* An organization's own may be longer than a certificate takes. */
		{ NULL, X10 X10 X10 X10 X10 " " X10 X10, true, X10 X10 X10 X10 X10 " root",
		    X10 X10 X10 X10 X10 " issuing", X10 X10 X10 X10 X10 " " X10 "xxx" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct names names;
		struct why why = { "" };

		if (names_choose(arena, &there, row[i].given, row[i].organization, row[i].new_root, &names,
			&why) != OUTCOME_OK)
			fail_msg("row %zu: %s", i, why.text);
		if (strcmp(names.root, row[i].root) != 0 || strcmp(names.issuing, row[i].issuing) != 0 ||
		    strcmp(names.organization, row[i].subject) != 0)
			fail_msg("row %zu: \"%s\", \"%s\", \"%s\"", i, names.root, names.issuing,
			    names.organization);
	}
	arena_free(arena);
}

static void
refused(void **state)
{
	static const struct {
		const char *given;
		bool new_root;
		const char *says;
	} row[] = {
		{ "", true, "1 to 56 characters" },
		{ " Shared", true, "blanks" },
		{ "Shared ", true, "blanks" },
		{ "Sha\nred", true, "control" },
		{ "Sha\x7fred", true, "control" },
		{ "Sha\xc2\x85red", true, "control" },
		{ "Sha\xffred", true, "--name \"Sha?red\"" },
		{ X10 X10 X10 X10 X10 "1234567", true, "56" },
		{ "example", true, "an authority \"example issuing\" already" },
		{ "EXAMPLE", false, "\"EXAMPLE issuing\" already" },
		{ "only", true, "\"only root\" already" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct names names;
		struct why why = { "" };

		if (names_choose(arena, &there, row[i].given, NULL, row[i].new_root, &names, &why) ==
		    OUTCOME_OK)
			fail_msg("row %zu: %s", i, names.issuing);
		if (strstr(why.text, row[i].says) == NULL)
			fail_msg("row %zu: %s", i, why.text);
	}
	arena_free(arena);
}

static void
found_by_name_or_id(void **state)
{
	(void)state;
	assert_ptr_equal(authorities_find(&there, "EXAMPLE root"), &some[1]);
	assert_ptr_equal(authorities_find(&there, "0198F0C2-0000-7000-8000-000000000003"), &some[2]);
	assert_null(authorities_find(&there, "Example"));
	assert_null(authorities_find(&there, ""));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(chosen),
		cmocka_unit_test(refused),
		cmocka_unit_test(found_by_name_or_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
