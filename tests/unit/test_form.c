/* Fields of forms: decoded, each at most once. */
#include <muster/wire/form.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <cmocka.h>

static void
values(void **state)
{
	static const struct {
		const char *form, *value; /* of the field "a"; NULL: absent */
		const char *why;	  /* NULL: read */
	} row[] = {
		{ "", NULL, NULL },
		{ "a", NULL, NULL },
		{ "a=", "", NULL },
		{ "a=b", "b", NULL },
		{ "b=1&a=2&c=3", "2", NULL },
		{ "a=b=c", "b=c", NULL },
		{ "&&a=1&", "1", NULL },
		{ "aa=1&A=2&%61=3", NULL, NULL },
		{ "a=ms-app%3A%2F%2Fwindows.immersivecontrolpanel", "ms-app://windows.immersivecontrolpanel",
		    NULL },
		{ "a=ms-app%3a%2f%2fx", "ms-app://x", NULL },
		{ "a=one+two%20three%2Bfour", "one two three+four", NULL },
		{ "a=caf%C3%A9", "caf\xc3\xa9", NULL },
		{ "a=%26b%3D1&b=2", "&b=1", NULL },
		{ "a=1&a=1", NULL, "the field a is there twice" },
		{ "a=&a=2", NULL, "the field a is there twice" },
		{ "a=%", NULL, "the field a is wrongly encoded" },
		{ "a=%4", NULL, "the field a is wrongly encoded" },
		{ "a=%4&b=1", NULL, "the field a is wrongly encoded" },
		{ "a=%4g", NULL, "the field a is wrongly encoded" },
		{ "a=%00", NULL, "the field a is wrongly encoded" },
		{ "a=%C3", NULL, "the field a is wrongly encoded" },
		{ "a=%ED%A0%80", NULL, "the field a is wrongly encoded" },
		{ "a=\xff", NULL, "the field a is wrongly encoded" },
		/* Not ours: not looked at. */
		{ "b=%&b=%00&a=1", "1", NULL },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const char *value = "untouched";
		struct why why = { "" };
		enum outcome o = form_value(arena, bytes_of(row[i].form), "a", &value, &why);
		bool same =
		    row[i].value == NULL ? value == NULL : value != NULL && strcmp(value, row[i].value) == 0;

		if (row[i].why == NULL ? o != OUTCOME_OK || !same
				       : o != OUTCOME_MESSAGE_FORMAT || strcmp(why.text, row[i].why) != 0)
			fail_msg("row %zu '%s': %s, '%s', '%s'", i, row[i].form, outcome_name(o),
			    value == NULL ? "-" : value, why.text);
	}
	arena_free(arena);
}

static void
no_bytes_at_all(void **state)
{
	struct arena *arena = arena_new();
	const char *value = "untouched";

	(void)state;
	assert_int_equal(form_value(arena, (struct bytes){ NULL, 0 }, "a", &value, NULL), OUTCOME_OK);
	assert_null(value);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(no_bytes_at_all),
	};

	return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
