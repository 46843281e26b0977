#include "protocol_test.h"

#include <muster/protocol/fault.h>

#include <ctype.h>

/* faults.md's two tables once more, by hand: what the code must agree with. */
static const struct {
	enum outcome outcome;
	const char *name, *subcode, *error_type;
} faults[] = {
	{ OUTCOME_MESSAGE_FORMAT, "MessageFormat", "s:MessageFormat", "" },
	{ OUTCOME_AUTHENTICATION, "Authentication", "s:Authentication", "" },
	{ OUTCOME_AUTHORIZATION, "Authorization", "s:Authorization", "" },
	{ OUTCOME_CERTIFICATE_REQUEST, "CertificateRequest", "s:CertificateRequest", "" },
	{ OUTCOME_ENROLLMENT_SERVER, "EnrollmentServer", "s:EnrollmentServer", "" },
	{ OUTCOME_INTERNAL_SERVICE_FAULT, "InternalServiceFault", "a:InternalServiceFault", "" },
	{ OUTCOME_INVALID_SECURITY, "InvalidSecurity", "a:InvalidSecurity", "" },
	{ OUTCOME_DEVICE_CAP_REACHED, "DeviceCapReached", "s:Authorization", "DeviceCapReached" },
	{ OUTCOME_DEVICE_NOT_SUPPORTED, "DeviceNotSupported", "s:Authorization", "DeviceNotSupported" },
	{ OUTCOME_NOT_SUPPORTED, "NotSupported", "s:Authorization", "NotSupported" },
	{ OUTCOME_NOT_ELIGIBLE_TO_RENEW, "NotEligibleToRenew", "s:Authorization", "NotEligibleToRenew" },
	{ OUTCOME_IN_MAINTENANCE, "InMaintenance", "s:Authorization", "InMaintenance" },
	{ OUTCOME_USER_LICENSE, "UserLicense", "s:Authorization", "UserLicense" },
	{ OUTCOME_INVALID_ENROLLMENT_DATA, "InvalidEnrollmentData", "s:Authorization",
	    "InvalidEnrollmentData" },
	{ OUTCOME_CUSTOM_SERVER_ERROR, "CustomServerError", "s:Authorization", "CustomServerError" },
};

static struct reply_doc
written(
    struct arena *arena, enum outcome outcome, const char *message_id, const char *text, const char *language)
{
	struct bytes bytes;

	assert_true(fault_write(arena, outcome, ACTION_RSTRC, message_id, TRACE, text, language, &bytes));
	return reply_parse(bytes);
}

/* The XPaths that the Windows client evaluates, in its order. */
static void
client_finds_the_code(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct arena *arena = arena_new();
		struct reply_doc reply = written(arena, faults[i].outcome, MESSAGE_ID, NULL, NULL);

		xpath_check(arena, &reply, "//s:Fault//s:Detail//f:DeviceEnrollmentServiceError//f:ErrorType",
		    faults[i].error_type);
		xpath_check(arena, &reply, "//s:Fault//s:Code//s:Subcode//s:Value", faults[i].subcode);
		xpath_check(arena, &reply, "//s:Fault//f:TraceId", TRACE);
		xpath_check(arena, &reply, "/s:Envelope/s:Body/s:Fault/s:Code/s:Value", "s:Receiver");
		xpath_check(arena, &reply, "//s:Fault/s:Reason/s:Text", fault_for(faults[i].outcome).text);
		xpath_check(arena, &reply, "//f:DeviceEnrollmentServiceError/f:Message",
		    fault_for(faults[i].outcome).text);
		xpath_check(arena, &reply, "//s:Reason/s:Text/@xml:lang", "en-US");
		xpath_check(arena, &reply, "/s:Envelope/s:Header/a:RelatesTo", MESSAGE_ID);
		xpath_check(arena, &reply, "/s:Envelope/s:Header/a:Action", ACTION_RSTRC);
		assert_int_equal(xpath_count(arena, &reply, "//f:ErrorType"), *faults[i].error_type != '\0');
		assert_int_equal(xpath_count(arena, &reply, "//f:TraceId"), 1);
		reply_free(&reply);
		arena_free(arena);
	}
}

/* QNames in text are only good when their prefixes are bound in scope. */
static void
binds_the_prefixes_of_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct arena *arena = arena_new();
		struct reply_doc reply = written(arena, faults[i].outcome, NULL, NULL, NULL);

		xpath_check(arena, &reply, "//s:Subcode/s:Value/namespace::*[name()='s']", NS_SOAP12);
		xpath_check(arena, &reply, "//s:Subcode/s:Value/namespace::*[name()='a']", NS_ADDRESSING);
		reply_free(&reply);
		arena_free(arena);
	}
}

static void
every_outcome_has_its_answer(void **state)
{
	(void)state;
	for (int o = 0; o < OUTCOME_COUNT; o++) {
		struct fault fault = fault_for((enum outcome)o);
		size_t i = 0;

		while (i < ARRAY_SIZE(faults) && faults[i].outcome != (enum outcome)o)
			i++;
		if (i == ARRAY_SIZE(faults)) {
			assert_null(fault.subcode);
			continue;
		}
		row_text(faults[i].name, outcome_name((enum outcome)o), faults[i].name);
		row_text(faults[i].name, fault.subcode, faults[i].subcode);
		row_text(
		    faults[i].name, fault.error_type != NULL ? fault.error_type : "", faults[i].error_type);
		assert_true(strlen(fault.text) > 20);
	}
}

/* Clients search for code names in the Reason, too: not even in another case. */
static void
no_text_names_a_code(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		const char *text = fault_for(faults[i].outcome).text;

		for (size_t j = 0; j < ARRAY_SIZE(faults); j++) {
			if (strcasestr(text, faults[j].name) != NULL)
				fail_msg("the text of %s names %s", faults[i].name, faults[j].name);
		}
		assert_false(fault_names_code(text));
	}
}

static void
recognises_every_name(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		assert_true(fault_names_code(faults[i].name));
		assert_true(fault_names_code(arena_printf(arena, "see(%s)!", faults[i].name)));
	}
	assert_false(fault_names_code("You may not enroll, ask Ada"));
	assert_false(fault_names_code("not supported"));
	assert_false(fault_names_code(""));
	assert_false(fault_names_code(NULL));
	arena_free(arena);
}

static void
carries_a_custom_text(void **state)
{
	struct arena *arena = arena_new();
	struct reply_doc reply = written(
	    arena, OUTCOME_CUSTOM_SERVER_ERROR, MESSAGE_ID, "Bitte melden Sie sich in Raum 5.", "de-DE");

	(void)state;
	xpath_check(arena, &reply, "//s:Reason/s:Text", "Bitte melden Sie sich in Raum 5.");
	xpath_check(arena, &reply, "//f:Message", "Bitte melden Sie sich in Raum 5.");
	xpath_check(arena, &reply, "//s:Reason/s:Text/@xml:lang", "de-DE");
	reply_free(&reply);
	arena_free(arena);
}

/* A text that could be taken for another code, or tells nothing, gives way, and its language with it. */
static void
replaces_a_text_that_misleads(void **state)
{
	static const char *const texts[] = { "NotEligibleToRenew: come back later", "Authorization needed",
		"", " \r\n\t" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct arena *arena = arena_new();
		struct reply_doc reply =
		    written(arena, OUTCOME_CUSTOM_SERVER_ERROR, MESSAGE_ID, texts[i], "fr-FR");

		xpath_check(arena, &reply, "//s:Reason/s:Text", fault_for(OUTCOME_CUSTOM_SERVER_ERROR).text);
		xpath_check(arena, &reply, "//s:Reason/s:Text/@xml:lang", "en-US");
		reply_free(&reply);
		arena_free(arena);
	}
}

static void
a_text_without_a_language_is_english(void **state)
{
	static const char *const languages[] = { NULL, "", " " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(languages); i++) {
		struct arena *arena = arena_new();
		struct reply_doc reply =
		    written(arena, OUTCOME_CUSTOM_SERVER_ERROR, MESSAGE_ID, "Come to room 5.", languages[i]);

		xpath_check(arena, &reply, "//s:Reason/s:Text", "Come to room 5.");
		xpath_check(arena, &reply, "//s:Reason/s:Text/@xml:lang", "en-US");
		reply_free(&reply);
		arena_free(arena);
	}
}

static void
markup_comes_back_as_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nasty); i++) {
		struct arena *arena = arena_new();
		struct reply_doc reply =
		    written(arena, OUTCOME_CUSTOM_SERVER_ERROR, nasty[i], nasty[i], nasty[i]);

		xpath_check(arena, &reply, "//s:Reason/s:Text", nasty[i]);
		xpath_check(arena, &reply, "//s:Reason/s:Text/@xml:lang", nasty[i]);
		xpath_check(arena, &reply, "//f:DeviceEnrollmentServiceError/f:Message", nasty[i]);
		xpath_check(arena, &reply, "//a:RelatesTo", nasty[i]);
		xpath_check(arena, &reply, "//f:ErrorType", "CustomServerError");
		reply_free(&reply);
		arena_free(arena);
	}
}

/* What is no fault must not leave as a fault without a code. */
static void
other_outcomes_become_internal(void **state)
{
	struct arena *arena = arena_new();
	struct reply_doc reply = written(arena, OUTCOME_NOT_FOUND, NULL, NULL, NULL);

	(void)state;
	xpath_check(arena, &reply, "//s:Subcode/s:Value", "a:InternalServiceFault");
	assert_int_equal(xpath_count(arena, &reply, "//a:RelatesTo"), 0);
	reply_free(&reply);
	arena_free(arena);
}

static void
matches_the_golden_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct arena *arena = arena_new();
		struct bytes bytes;

		assert_true(fault_write(
		    arena, faults[i].outcome, ACTION_RSTRC, MESSAGE_ID, TRACE, NULL, NULL, &bytes));
		golden_check(arena, arena_printf(arena, "fault-%s.xml", faults[i].name), bytes);
		arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_finds_the_code),
		cmocka_unit_test(binds_the_prefixes_of_values),
		cmocka_unit_test(every_outcome_has_its_answer),
		cmocka_unit_test(no_text_names_a_code),
		cmocka_unit_test(recognises_every_name),
		cmocka_unit_test(carries_a_custom_text),
		cmocka_unit_test(replaces_a_text_that_misleads),
		cmocka_unit_test(a_text_without_a_language_is_english),
		cmocka_unit_test(markup_comes_back_as_text),
		cmocka_unit_test(other_outcomes_become_internal),
		cmocka_unit_test(matches_the_golden_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
