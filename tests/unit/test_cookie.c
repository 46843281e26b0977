/* Cookies: ours alone, and only when there is one. */
#include <muster/wire/cookie.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
values(void **state)
{
	static const struct {
		const char *header, *value; /* of the cookie "a"; NULL: none */
	} row[] = {
		{ NULL, NULL },
		{ "", NULL },
		{ "a", NULL },
		{ "a=", "" },
		{ "a=1", "1" },
		{ "b=2; a=1; c=3", "1" },
		{ "b=2;a=1;c=3", "1" },
		{ "  a=1", "1" },
		{ "a=1;", "1" },
		{ "a=1=2", "1=2" },
		{ "aa=1; ba=2; A=3", NULL },
		{ "b=a=1", NULL },
		{ "b=\"x; a=1\"", "1\"" },
		{ "a=1; a=2", NULL },
		{ "a=1; b=2; a=1", NULL },
		{ "a =1", NULL },
		{ ";;;a=1;;", "1" },
		{ "a=1 ; b=2", "1 " },
		{ "a=\xff", "\xff" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct arena *arena = arena_new();
		const char *found = cookie_value(arena, row[i].header, "a");

		if (found == NULL ? row[i].value != NULL
				  : row[i].value == NULL || strcmp(found, row[i].value) != 0)
			fail_msg("'%s': '%s', expected '%s'",
			    row[i].header != NULL ? row[i].header : "(null)",
			    found != NULL ? found : "(null)", row[i].value != NULL ? row[i].value : "(null)");
		arena_free(arena);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
