/* Outcomes and their names, both ways; what a reason may hold. */
#include <muster/base/outcome.h>
#include <muster/base/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* In the order of the enumeration; SQL has the same. */
static const char *const names[] = { "OK", "MessageFormat", "Authentication", "Authorization",
	"CertificateRequest", "EnrollmentServer", "InternalServiceFault", "InvalidSecurity",
	"DeviceCapReached", "DeviceNotSupported", "NotSupported", "NotEligibleToRenew", "InMaintenance",
	"UserLicense", "InvalidEnrollmentData", "CustomServerError", "Forbidden", "NotFound",
	"MethodNotAllowed", "TooLarge", "UnsupportedMediaType", "Unavailable" };

static void
names_are_one_to_one(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(names), OUTCOME_COUNT);
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		enum outcome outcome = i == 0 ? OUTCOME_UNAVAILABLE : OUTCOME_OK;

		if (strcmp(outcome_name((enum outcome)i), names[i]) != 0)
			fail_msg("outcome %d: %s", i, outcome_name((enum outcome)i));
		if (!outcome_from_name(names[i], &outcome) || outcome != (enum outcome)i)
			fail_msg("%s: %d came back", names[i], (int)outcome);
	}
	/* What SQL could never have said is the worst, not a crash. */
	assert_string_equal(outcome_name((enum outcome)OUTCOME_COUNT), "InternalServiceFault");
}

static void
unknown_names(void **state)
{
	static const char *const row[] = { NULL, "", "ok", "OK ", " OK", "O", "MessageFormat ",
		"messageformat", "OUTCOME_OK", "Unavailable\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		enum outcome outcome = OUTCOME_TOO_LARGE;

		if (outcome_from_name(row[i], &outcome) || outcome != OUTCOME_TOO_LARGE)
			fail_msg("row %zu", i);
	}
}

static void
reasons_are_clean(void **state)
{
	static const char *const row[][2] = {
		{ "no RequestType", "no RequestType" },
		{ "", "" },
		{ "a\nb\rc\td", "a?b?c?d" },
		{ "\x1b[31m", "?[31m" },
		{ "\x7f", "?" },
		{ "\xc2\x80\xc2\x9f\xc2\xa0", "??\xc2\xa0" },
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x92", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x92" },
		{ "a\xff"
		  "b",
		    "a?b" },
		{ "\xe2\x82", "??" },
		{ "\xed\xa0\x80", "???" },
		{ "\xc0\x8a", "??" },
		{ "100%s%n", "100%s%n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct why why;

		memset(&why, 'x', sizeof(why));
		if (refuse(&why, OUTCOME_FORBIDDEN, "%s", row[i][0]) != OUTCOME_FORBIDDEN ||
		    strcmp(why.text, row[i][1]) != 0)
			fail_msg("row %zu: '%s'", i, why.text);
	}
	assert_int_equal(refuse(NULL, OUTCOME_NOT_FOUND, "%s", "nobody listens"), OUTCOME_NOT_FOUND);
}

/* Characters of each length, shifted by each number of bytes: the cut never leaves a piece. */
static void
cut_at_a_character(void **state)
{
	static const char *const unit[] = { "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\x92", "\xff", "\n",
		"\xc2\x85" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unit); i++)
		for (size_t shift = 0; shift < 4; shift++) {
			char text[8 * WHY_MAX] = "abc";
			size_t size = shift, length = strlen(unit[i]), left;
			struct why why;

			while (size + length < sizeof(text)) {
				memcpy(text + size, unit[i], length);
				size += length;
			}
			text[size] = '\0';
			memset(&why, 'x', sizeof(why));
			(void)refuse(&why, OUTCOME_FORBIDDEN, "%s", text);
			left = WHY_MAX - 1 - strnlen(why.text, WHY_MAX);
			if (!text_is_utf8(why.text, strlen(why.text)) || left >= 4)
				fail_msg("unit %zu, shift %zu: %zu bytes free", i, shift, left);
		}
}

static void
a_reason_may_quote_itself(void **state)
{
	struct why why;

	(void)state;
	(void)refuse(&why, OUTCOME_FORBIDDEN, "no host answers");
	(void)refuse(&why, OUTCOME_FORBIDDEN, "database: %s (tried moments ago)", why.text);
	assert_string_equal(why.text, "database: no host answers (tried moments ago)");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_one_to_one),
		cmocka_unit_test(unknown_names),
		cmocka_unit_test(reasons_are_clean),
		cmocka_unit_test(cut_at_a_character),
		cmocka_unit_test(a_reason_may_quote_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
