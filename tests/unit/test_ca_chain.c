/* Authorities that are made, and what is shown of them. */
#include "../../app/muster-ca/chain.h"
#include "../../app/muster-ca/show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define DAY INT64_C(86400)
#define NOW INT64_C(1795500000)		   /* 2026-11-24 */
#define LEAP_DAY INT64_C(1835438400)	   /* 2028-02-29 12:00 */
#define FIRST_OF_MARCH INT64_C(1867060800) /* 2029-03-01 12:00 */

struct fixture {
	struct arena *arena;
	struct secret passphrase;
	struct made root, issuing;
	struct signer signer; /* the root's */
};

static enum outcome
make(struct fixture *f, const char *name, int years, const struct signer *parent, int64_t now,
    struct made *made, struct why *why)
{
	const struct making making = { name, "Exämple", KEY_EC_P256, years, &f->passphrase, NULL };

	return chain_make(f->arena, &making, parent, now, made, why);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = arena_new();
	f->passphrase = secret_copy("correct horse", strlen("correct horse"));
	if (make(f, "Exämple root", 20, NULL, NOW, &f->root, NULL) != OUTCOME_OK ||
	    signer_open(f->root.certificate, f->root.pkcs8, &f->passphrase, &f->signer, NULL) != OUTCOME_OK ||
	    make(f, "Exämple issuing", 10, &f->signer, NOW, &f->issuing, NULL) != OUTCOME_OK)
		return -1;
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	signer_release(&f->signer);
	secret_release(&f->passphrase);
	arena_free(f->arena);
	free(f);
	return 0;
}

/* A day before now, for slow clocks, to the same day of the last year. */
static void
validity(void **state)
{
	struct fixture *f = *state;
	struct certificate_view view;
	struct made made;

	assert_int_equal(f->root.not_before, NOW - DAY);
	assert_int_equal(f->root.not_after, NOW + (20 * 365 + 5) * DAY);
	assert_int_equal(certificate_view(f->arena, f->root.certificate, &view, NULL), OUTCOME_OK);
	assert_int_equal(view.not_before, f->root.not_before);
	assert_int_equal(view.not_after, f->root.not_after);
	assert_int_equal(f->issuing.not_after, NOW + (10 * 365 + 3) * DAY);
	assert_int_equal(make(f, "Leap", 1, NULL, LEAP_DAY, &made, NULL), OUTCOME_OK);
	assert_int_equal(made.not_after, FIRST_OF_MARCH);
}

static void
below_its_root(void **state)
{
	struct fixture *f = *state;
	struct signer opened = { NULL, NULL };
	struct made late, never;
	struct why why;

	assert_int_equal(
	    signer_open(f->issuing.certificate, f->issuing.pkcs8, &f->passphrase, &opened, NULL), OUTCOME_OK);
	assert_int_equal(gnutls_x509_crt_check_issuer(opened.certificate, f->signer.certificate), 1);
	signer_release(&opened);
	/* Cut where the root ends, and refused where it has. */
	assert_int_equal(make(f, "Late", 10, &f->signer, f->root.not_after - DAY, &late, &why), OUTCOME_OK);
	assert_int_equal(late.not_after, f->root.not_after);
	assert_int_not_equal(make(f, "Never", 10, &f->signer, f->root.not_after, &never, &why), OUTCOME_OK);
	assert_non_null(strstr(why.text, "the root has ended"));
}

static char *
shown(struct fixture *f, const struct authority *list, size_t count, bool pem)
{
	const struct authorities all = { list, count };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct why why = { "" };

	if (show_list(out, f->arena, &all, pem, &why) != OUTCOME_OK)
		fail_msg("%s", why.text);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
shown_as_text(void **state)
{
	struct fixture *f = *state;
	const struct authority list[] = {
		{ .name = "A",
		    .has_key = true,
		    .organizations = "one, two",
		    .certificate = f->issuing.certificate },
		{ .name = "B", .has_key = true, .certificate = f->issuing.certificate },
		{ .name = "C", .root = true, .certificate = f->root.certificate },
	};
	static const char *const has[] = {
		("issuing authority \"A\"\n  subject      CN=Exämple issuing,O=Exämple\n"
		 "  issuer       CN=Exämple root,O=Exämple\n  key          EC-P-256\n"
		 "  private key  in the database, encrypted under the passphrase\n"),
		"\n  valid from   2026-11-23T06:00:00.000Z\n  valid until  2036-11-24T06:00:00.000Z\n",
		"\n  signs for    one, two\n\nissuing authority \"B\"\n",
		"\n  signs for    no organization at present\n",
		"\n\nroot authority \"C\"\n",
		"\n  private key  kept elsewhere\n",
		"\n  signs for    issuing authorities only\n",
	};
	struct certificate_view view;
	char *text = shown(f, list, ARRAY_SIZE(list), false);

	for (size_t i = 0; i < ARRAY_SIZE(has); i++)
		if (strstr(text, has[i]) == NULL)
			fail_msg("\"%s\" is not in: %s", has[i], text);
	assert_int_equal(certificate_view(f->arena, f->root.certificate, &view, NULL), OUTCOME_OK);
	assert_non_null(strstr(text, arena_printf(f->arena, "\n  SHA-1        %s\n", view.sha1)));
	assert_non_null(strstr(text, arena_printf(f->arena, "\n  SHA-256      %s\n", view.sha256)));
	assert_non_null(strstr(text, arena_printf(f->arena, "\n  serial       %s\n", view.serial)));
	free(text);
}

/* As they come, and nothing between them. */
static void
shown_as_pem(void **state)
{
	struct fixture *f = *state;
	const struct authority list[] = {
		{ .name = "A", .certificate = f->issuing.certificate },
		{ .name = "C", .root = true, .certificate = f->root.certificate },
	};
	char *text = shown(f, list, ARRAY_SIZE(list), true), *second;
	struct bytes der;

	assert_int_equal(strncmp(text, "-----BEGIN CERTIFICATE-----\n", 28), 0);
	assert_int_equal(certificate_from_pem(f->arena, text, &der, NULL), OUTCOME_OK);
	assert_true(bytes_equal(der, f->issuing.certificate));
	second = strstr(text, "-----END CERTIFICATE-----\n");
	assert_non_null(second);
	second += strlen("-----END CERTIFICATE-----\n");
	assert_int_equal(strncmp(second, "-----BEGIN CERTIFICATE-----\n", 28), 0);
	assert_int_equal(certificate_from_pem(f->arena, second, &der, NULL), OUTCOME_OK);
	assert_true(bytes_equal(der, f->root.certificate));
	free(text);
}

static void
unreadable(void **state)
{
	struct fixture *f = *state;
	const struct authority one = { .name = "Broken", .certificate = bytes_of("no certificate") };
	FILE *out = fopen("/dev/null", "w");
	struct why why;

	assert_non_null(out);
	assert_int_not_equal(authority_print(out, f->arena, &one, &why), OUTCOME_OK);
	assert_int_equal(strncmp(why.text, "authority \"Broken\": ", 20), 0);
	assert_int_equal(fclose(out), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(validity),
		cmocka_unit_test(below_its_root),
		cmocka_unit_test(shown_as_text),
		cmocka_unit_test(shown_as_pem),
		cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
