/* Pages as a browser reads them: by an HTML parser. */
#include <muster/protocol/fault.h>
#include <muster/protocol/page.h>

#include "protocol_test.h"

#include <libxml/HTMLparser.h>

static const struct page_text texts[] = {
	{ "direction", "ltr" },
	{ "sign_in_title", "Sign in" },
	{ "sign_in_lead", "Use your work account." },
	{ "sign_in_button", "Sign in" },
	{ "user_label", "User name" },
	{ "password_label", "Password" },
	{ "wrong_password", "The user name or the password is not right." },
	{ "result_title", "You are signed in" },
	{ "result_lead", "Your device goes on by itself." },
	{ "result_button", "Continue" },
	{ "error_mark", "Error" },
	{ "error_title", "This did not work" },
	{ "error_hint", "Tell support the trace ID." },
	{ "error_Authorization", "You may not." },
	{ "trace_id", "Trace ID:" },
};

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

static struct page
page_of(const char *organization)
{
	return (struct page){ .language = "en",
		.organization = organization,
		.color = "#104010",
		.on_color = "#ffffff",
		.texts = texts,
		.text_count = ARRAY_SIZE(texts),
		.trace = TRACE,
		.nonce = "bm9uY2U=" };
}

/* HTML 4's parser does not know <main>, and says so: errors are not shown. */
static struct reply_doc
page_parse(struct bytes bytes)
{
	struct reply_doc page;

	page.doc = htmlReadMemory((const char *)bytes.data, (int)bytes.size, NULL, "UTF-8",
	    HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
	assert_non_null(page.doc);
	page.xpath = xmlXPathNewContext(page.doc);
	return page;
}

static const char *
text_of(struct bytes bytes)
{
	return arena_strndup(arena, (const char *)bytes.data, bytes.size);
}

static void
appru(void **state)
{
	static const struct {
		const char *appru;
		bool valid;
	} row[] = {
		{ "ms-app://windows.immersivecontrolpanel", true },
		{ "ms-app://windows.immersivecontrolpanel/", true },
		{ "MS-APP://Windows.ImmersiveControlPanel", true },
		{ "ms-app://s-1-15-2-2434737943-167758768-3180539153-984336765-1107280622-3591121930-"
		  "2677285773",
		    true },
		{ "ms-app://a", true },
		{ NULL, false },
		{ "", false },
		{ "ms-app:", false },
		{ "ms-app://", false },
		{ "ms-app:///", false },
		{ "ms-app:/a", false },
		{ " ms-app://a", false },
		{ "ms-app://a ", false },
		{ "ms-app://a\n", false },
		{ "ms-app://a//", false },
		{ "ms-app://a/b", false },
		{ "ms-app://a?b", false },
		{ "ms-app://a#b", false },
		{ "ms-app://a\" onclick=\"x", false },
		{ "ms-app://a'><script>", false },
		{ "ms-app://a%22", false },
		{ "ms-app://user@host", false },
		{ "ms-app://a:1", false },
		{ "ms-appx://a", false },
		{ "ms-appx-web://a", false },
		{ "https://windows.immersivecontrolpanel", false },
		{ "javascript:alert(1)", false },
		{ "javascript:ms-app://a", false },
		{ "//ms-app://a", false },
		{ "ms-app://\xc3\xa9", false },
	};
	char *longest = arena_alloc(arena, PAGE_APPRU_MAX + 2);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		row_equal(row[i].appru != NULL ? row[i].appru : "(null)", page_appru_valid(row[i].appru),
		    row[i].valid);
	memset(longest, 'a', PAGE_APPRU_MAX);
	memcpy(longest, "ms-app://", 9);
	assert_true(page_appru_valid(longest));
	longest[PAGE_APPRU_MAX] = 'a';
	assert_false(page_appru_valid(longest));
}

static void
result_is_the_form_that_the_broker_takes(void **state)
{
	struct page page = page_of("Contoso");
	struct bytes bytes;
	struct reply_doc doc;

	(void)state;
	assert_true(page_result(arena, &page, "ms-app://windows.immersivecontrolpanel", "abc_-DEF", &bytes));
	doc = page_parse(bytes);
	assert_int_equal(xpath_count(arena, &doc, "//form"), 1);
	xpath_check(arena, &doc, "//form/@method", "post");
	xpath_check(arena, &doc, "//form/@action", "ms-app://windows.immersivecontrolpanel");
	assert_int_equal(xpath_count(arena, &doc, "//form//input"), 1);
	xpath_check(arena, &doc, "//form//input/@type", "hidden");
	xpath_check(arena, &doc, "//form//input/@name", "wresult");
	xpath_check(arena, &doc, "//form//input/@value", "abc_-DEF");
	xpath_check(arena, &doc, "//form//button[@type='submit']", "Continue");
	xpath_check(arena, &doc, "//script[@nonce='bm9uY2U=']", "document.forms[0].submit();");
	assert_int_equal(xpath_count(arena, &doc, "//script"), 1);
	reply_free(&doc);
	assert_false(page_result(arena, &page, "https://example.test/", "abc", &bytes));
	page.nonce = NULL;
	assert_false(page_result(arena, &page, "ms-app://a", "abc", &bytes));
}

/* Every value a stranger or an administrator chooses comes back as it was, and adds no element. */
static void
values_stay_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
		const char *value = nasty[i];
		const struct page_text own[] = { { "direction", nasty[i] }, { "user_label", nasty[i] },
			{ "sign_in_title", nasty[i] }, { "wrong", nasty[i] } };
		struct page page = page_of(nasty[i]);
		struct bytes bytes, plain;
		struct reply_doc doc, other;

		page.logo = nasty[i];
		page.language = nasty[i];
		page.texts = own;
		page.text_count = ARRAY_SIZE(own);
		assert_true(page_sign_in(
		    arena, &page, &(struct sign_in_form){ nasty[i], nasty[i], "wrong" }, &bytes));
		doc = page_parse(bytes);
		xpath_check(arena, &doc, "//input[@name='user']/@value", value);
		xpath_check(arena, &doc, "//input[@name='csrf']/@value", value);
		xpath_check(arena, &doc, "//label[@for='user']", value);
		xpath_check(arena, &doc, "//*[@id='problem']", value);
		xpath_check(arena, &doc, "//h1", value);
		xpath_check(arena, &doc, "//img/@alt", value);
		xpath_check(arena, &doc, "/html/@lang", value);
		xpath_check(arena, &doc, "/html/@dir", value);
		page = page_of("x");
		page.logo = "data:image/png;base64,AAAA";
		assert_true(
		    page_sign_in(arena, &page, &(struct sign_in_form){ "a", "b", "wrong_password" }, &plain));
		other = page_parse(plain);
		/* Without a lead, since the texts above have none. */
		assert_int_equal(
		    xpath_count(arena, &doc, "//*"), xpath_count(arena, &other, "//*[not(@class='lead')]"));
		reply_free(&other);
		reply_free(&doc);
	}
}

static void
form_has_labels_and_the_right_focus(void **state)
{
	static const struct {
		const char *name;
		struct sign_in_form form;
		const char *focus;
		bool wrong;
	} row[] = {
		{ "empty", { NULL, "c", NULL }, "user", false },
		{ "hint", { "anna@contoso.test", "c", NULL }, "password", false },
		{ "wrong", { "anna@contoso.test", "c", "wrong_password" }, "password", true },
		{ "wrong, no name", { "", "c", "wrong_password" }, "user", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct page page = page_of("Contoso");
		struct bytes bytes;
		struct reply_doc doc;
		int wrong = row[i].wrong ? 2 : 0;

		assert_true(page_sign_in(arena, &page, &row[i].form, &bytes));
		doc = page_parse(bytes);
		row_equal(row[i].name, xpath_count(arena, &doc, "//form[@method='post'][not(@action)]"), 1);
		row_equal(row[i].name,
		    xpath_count(arena, &doc, "//input[not(@type='hidden')][@id=//label/@for]"), 2);
		row_equal(row[i].name, xpath_count(arena, &doc, "//input[@autofocus]"), 1);
		row_text(row[i].name, xpath_text(arena, &doc, "//input[@autofocus]/@name"), row[i].focus);
		row_equal(row[i].name,
		    xpath_count(arena, &doc,
			"//input[@aria-invalid='true'][@aria-describedby=//*[@role='alert']/@id]"),
		    wrong);
		row_equal(row[i].name, xpath_count(arena, &doc, "//*[@role='alert']"), wrong / 2);
		row_text(row[i].name, xpath_text(arena, &doc, "//title"),
		    row[i].wrong ? "Error: Sign in \xe2\x80\x93 Contoso" : "Sign in \xe2\x80\x93 Contoso");
		row_text(row[i].name, xpath_text(arena, &doc, "//input[@type='password']/@value"), "");
		row_equal(row[i].name, xpath_count(arena, &doc, "//script|//link|//@onclick|//@style"), 0);
		reply_free(&doc);
	}
}

static void
error_tells_the_reason_and_the_trace(void **state)
{
	static const struct {
		enum outcome outcome;
		const char *text, *language, *sentence, *lang;
	} row[] = {
		{ OUTCOME_AUTHORIZATION, NULL, NULL, "You may not.", "en" },
		{ OUTCOME_CUSTOM_SERVER_ERROR, "Heute nicht <b>", "de", "Heute nicht <b>", "de" },
		{ OUTCOME_CUSTOM_SERVER_ERROR, "Not today", NULL, "Not today", "en" },
		{ OUTCOME_IN_MAINTENANCE, NULL, NULL, NULL, "en" },
		{ OUTCOME_NOT_FOUND, NULL, NULL, NULL, "en" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct page page = page_of(NULL);
		enum outcome told = fault_for(row[i].outcome).subcode != NULL
		    ? row[i].outcome
		    : OUTCOME_INTERNAL_SERVICE_FAULT;
		const char *sentence = row[i].sentence != NULL ? row[i].sentence : fault_for(told).text;
		struct bytes bytes;
		struct reply_doc doc;

		assert_true(page_error(arena, &page, row[i].outcome, row[i].text, row[i].language, &bytes));
		doc = page_parse(bytes);
		row_text(sentence, xpath_text(arena, &doc, "//*[@role='alert']"), sentence);
		row_text(sentence, xpath_text(arena, &doc, "//*[@role='alert']/@lang"), row[i].lang);
		xpath_check(arena, &doc, "//code", TRACE);
		xpath_check(arena, &doc, "//title", "Error: This did not work");
		reply_free(&doc);
	}
}

/* With no text at all, as when the database is away: English, and still whole. */
static void
error_without_texts(void **state)
{
	struct page page = { .trace = TRACE, .nonce = page_nonce(arena) };
	struct bytes bytes;
	struct reply_doc doc;

	(void)state;
	assert_true(page_error(arena, &page, OUTCOME_ENROLLMENT_SERVER, NULL, NULL, &bytes));
	doc = page_parse(bytes);
	xpath_check(arena, &doc, "/html/@lang", "en");
	xpath_check(arena, &doc, "//h1", "This did not work");
	xpath_check(arena, &doc, "//*[@role='alert']", fault_for(OUTCOME_ENROLLMENT_SERVER).text);
	xpath_check(arena, &doc, "//*[@class='trace']", "Trace ID " TRACE);
	reply_free(&doc);
}

/* What only a byte-wise look shows: the void elements, the doctype, and style and script unescaped. */
static void
serialised_as_html5(void **state)
{
	struct page page = page_of("A & B");
	struct bytes bytes;
	const char *text;

	(void)state;
	page.logo = "data:image/png;base64,AAAA";
	assert_true(page_result(arena, &page, "ms-app://a", "t", &bytes));
	text = text_of(bytes);
	assert_int_equal(strncmp(text, "<!DOCTYPE html>", 15), 0);
	assert_non_null(strstr(text, "charset=UTF-8"));
	assert_null(strstr(text, "/>"));
	assert_null(strstr(text, "</input>"));
	assert_null(strstr(text, "</img>"));
	assert_null(strstr(text, "</meta>"));
	assert_non_null(strstr(text, "--accent:#104010;--on-accent:#ffffff"));
	assert_non_null(strstr(text, "system-ui,'Segoe UI'"));
	assert_non_null(strstr(text, "A &amp; B"));
	assert_non_null(strstr(text, "</script></main></body></html>"));
}

static const char *
header_of(const struct reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->header_count; i++) {
		if (strcmp(reply->header[i].name, name) == 0)
			return reply->header[i].value;
	}
	return "";
}

static void
headers(void **state)
{
	struct request request = { .arena = arena };
	struct page page = page_of("Contoso");
	struct reply reply = { 0 };

	(void)state;
	page_reply(&request, &reply, &page, bytes_of("x"));
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.content_type, "text/html; charset=utf-8");
	assert_string_equal(header_of(&reply, "Content-Security-Policy"),
	    "default-src 'none'; style-src 'nonce-bm9uY2U='; script-src 'nonce-bm9uY2U='; img-src data:; "
	    "form-action 'self' ms-app:; base-uri 'none'; frame-ancestors 'none'");
	assert_string_equal(header_of(&reply, "Referrer-Policy"), "no-referrer");
	page.framed = true;
	reply = (struct reply){ 0 };
	page_reply(&request, &reply, &page, bytes_of("x"));
	assert_null(strstr(header_of(&reply, "Content-Security-Policy"), "frame-ancestors"));
}

/* 24 characters of base64, another each time. */
static void
nonces(void **state)
{
	const char *one = page_nonce(arena), *other = page_nonce(arena);

	(void)state;
	assert_int_equal(strlen(one), 24);
	assert_string_not_equal(one, other);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(appru),
		cmocka_unit_test(result_is_the_form_that_the_broker_takes),
		cmocka_unit_test(values_stay_values),
		cmocka_unit_test(form_has_labels_and_the_right_focus),
		cmocka_unit_test(error_tells_the_reason_and_the_trace),
		cmocka_unit_test(error_without_texts),
		cmocka_unit_test(serialised_as_html5),
		cmocka_unit_test(headers),
		cmocka_unit_test(nonces),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
