/* The simulated device's broker: what it finds in pages, and what it takes for the end. */
#include "../../app/muster-device/broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define GUID "018f3c5e-7b2a-7c11-9d0e-0123456789ab"
#define RESULT "<form method=post action='" BROKER_APPRU "'><input type=hidden name=wresult value=abc></form>"
#define ASK "<form method=post><input name=user><input type=password name=password></form>"

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void
forms(void **state)
{
	struct html_page page;
	const struct html_form *form = &page.form[0];

	(void)state;
	assert_true(html_page_read(arena,
	    bytes_of(
		"<!DOCTYPE html><title>x</title><main><p role=alert>Not\n  <b>right</b> </p>"
		"<form method=POST action=' a?b=c&amp;d '><div><input name=u value='&quot;&#xe9;'></div>"
		"<input type=HIDDEN name=h value=1><input type=Password name=p><input type=submit name=s>"
		"<input type=text><button name=b>x</button></form><input name=outside>"
		"<code>" GUID "</code><code>2</code><form></form></main>"),
	    &page));
	assert_int_equal(page.forms, 2);
	assert_string_equal(form->method, "post");
	assert_string_equal(form->action, "a?b=c&d");
	assert_int_equal(form->fields, 3);
	assert_string_equal(html_form_field(form, "u")->value, "\"\xc3\xa9");
	assert_string_equal(html_form_kind(form, HTML_FIELD_HIDDEN)->value, "1");
	assert_string_equal(html_form_kind(form, HTML_FIELD_PASSWORD)->name, "p");
	assert_null(html_form_field(form, "outside"));
	assert_string_equal(page.form[1].method, "get");
	assert_string_equal(page.form[1].action, "");
	assert_int_equal(page.form[1].fields, 0);
	assert_string_equal(page.alert, "Not right");
	assert_string_equal(page.code, GUID);
}

static void
no_page(void **state)
{
	struct html_page page;
	char *nested = arena_alloc(arena, 10000 * 5 + 1);
	const char *many = "";

	(void)state;
	assert_false(html_page_read(arena, (struct bytes){ NULL, 0 }, &page));
	for (int i = 0; i <= HTML_FORMS_MAX; i++)
		many = arena_printf(arena, "%s<form></form>", many);
	assert_false(html_page_read(arena, bytes_of(many), &page));
	many = "<form>";
	for (int i = 0; i <= HTML_FIELDS_MAX; i++)
		many = arena_printf(arena, "%s<input name=i%d>", many, i);
	assert_false(html_page_read(arena, bytes_of(many), &page));
	for (int i = 0; i < 10000; i++)
		memcpy(nested + i * 5, "<div>", 5);
	if (html_page_read(arena, bytes_of(nested), &page))
		assert_int_equal(page.forms, 0);
}

static void
steps(void **state)
{
	static const struct {
		const char *html;
		bool answered;
		enum broker_step step;
		const char *what;
	} row[] = {
		{ ASK, false, BROKER_FORM, "" },
		{ RESULT, false, BROKER_TOKEN, "" },
		{ RESULT, true, BROKER_TOKEN, "" },
		{ "<form action=/search><input name=q></form>" RESULT, true, BROKER_TOKEN, "" },
		{ "<form method=post action='MS-APP://Windows.ImmersiveControlPanel/'><input name=wresult "
		  "value=a></form>",
		    true, BROKER_TOKEN, "" },
		{ "<form method=post action=next><input type=hidden name=SAMLRequest value=x></form>", false,
		    BROKER_FORM, "" },
		{ "<p role=alert>Wrong</p>" ASK, true, BROKER_REFUSED,
		    "the page asks for the password again: Wrong" },
		{ "<p role=alert>Maintenance</p>", false, BROKER_REFUSED,
		    "the page leads no further: Maintenance" },
		{ "<form method=post action=next><input type=hidden name=x></form>", true, BROKER_REFUSED,
		    "the page leads no further" },
		{ "<form method=post action='http://mdm.test/'><input name=wresult value=a></form>", true,
		    BROKER_REFUSED, "the form posts to \"http://mdm.test/\" instead of appru" },
		{ "<form method=post action='ms-app://other'><input name=wresult value=a></form>", true,
		    BROKER_REFUSED, "the form posts to \"ms-app://other\" instead of appru" },
		{ "<form method=post action='ms-appx-web://a'><input name=wresult value=a></form>", true,
		    BROKER_REFUSED, "the form posts to \"ms-appx-web://a\" instead of appru" },
		{ "<form method=post><input name=wresult value=a></form>", true, BROKER_REFUSED,
		    "the form posts to \"\" instead of appru" },
		{ "<form action='" BROKER_APPRU "'><input name=wresult value=a></form>", true, BROKER_REFUSED,
		    "the form's method is get instead of post" },
		{ "<form method=post action='" BROKER_APPRU "'></form>", true, BROKER_REFUSED,
		    "the form to appru has no wresult" },
		{ "<form method=post action='" BROKER_APPRU "'><input name=wresult value=''></form>", true,
		    BROKER_REFUSED, "the form to appru has no wresult" },
		{ "<form method=post action='" BROKER_APPRU "'><input name=Wresult value='a'></form>", true,
		    BROKER_REFUSED, "the form to appru has no wresult" },
		{ "", false, BROKER_REFUSED, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct refusal refusal = { 0 };
		struct notes notes = { 0 };
		struct html_page page;
		const struct html_form *form = NULL;
		enum broker_step step = BROKER_REFUSED;

		if (html_page_read(arena, bytes_of(row[i].html), &page))
			step = broker_look(&page, row[i].answered, &form, &refusal, &notes);
		if (step != row[i].step || strcmp(refusal.what, row[i].what) != 0 || notes.count > 0)
			fail_msg("row %zu: step %d, '%s'", i, (int)step, refusal.what);
		if (step == BROKER_REFUSED && *row[i].html != '\0')
			assert_int_equal(refusal.hresult, HRESULT_WEB_SIGN_IN);
	}
}

/* A page's own words come from the server, with its trace id. */
static void
errors_are_the_servers(void **state)
{
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };
	struct html_page page;
	const struct html_form *form;

	(void)state;
	assert_true(
	    html_page_read(arena, bytes_of("<p role=alert>Disabled</p><p><code>" GUID "</code></p>"), &page));
	assert_int_equal(broker_look(&page, true, &form, &refusal, &notes), BROKER_REFUSED);
	assert_true(refusal.by_server);
	assert_string_equal(refusal.message, "Disabled");
	assert_string_equal(refusal.trace, GUID);
}

static void
more_fields_are_noted(void **state)
{
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };
	struct html_page page;
	const struct html_form *form;

	(void)state;
	assert_true(html_page_read(arena,
	    bytes_of("<form method=post action='" BROKER_APPRU
		     "'><input name=wresult value=a><input name=wctx value=b></form>"),
	    &page));
	assert_int_equal(broker_look(&page, true, &form, &refusal, &notes), BROKER_TOKEN);
	assert_int_equal(notes.count, 1);
}

static void
links(void **state)
{
	static const struct {
		const char *link, *url;
	} row[] = {
		{ "", "https://a.test/b/c?d=e" },
		{ "f", "https://a.test/b/f" },
		{ "?g", "https://a.test/b/c?g" },
		{ "/h#i", "https://a.test/h" },
		{ "//j.test/k", "https://j.test/k" },
		{ "https://l.test:8443/", "https://l.test:8443/" },
		{ "http://m.test/", NULL },
		{ "javascript:alert(1)", NULL },
		{ "ms-app://n", NULL },
		{ "file:///etc/passwd", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const char *url = http_resolve(arena, "https://a.test/b/c?d=e#f", row[i].link);

		if (url == NULL ? row[i].url != NULL : row[i].url == NULL || strcmp(url, row[i].url) != 0)
			fail_msg("%s: %s", row[i].link, url != NULL ? url : "(null)");
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(no_page),
		cmocka_unit_test(steps),
		cmocka_unit_test(errors_are_the_servers),
		cmocka_unit_test(more_fields_are_noted),
		cmocka_unit_test(links),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
