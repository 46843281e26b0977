/* A certificate in DER: what is shown of it, and there and back through PEM. */
#include "fuzz.h"

#include <muster/authority/certificate.h>

static bool
is_hex(const char *text)
{
	return strspn(text, "0123456789ABCDEF") == strlen(text);
}

static void
view_check(const struct certificate_view *view)
{
	FUZZ_CHECK(fuzz_clean(view->subject) && fuzz_clean(view->issuer) && fuzz_clean(view->key));
	FUZZ_CHECK(is_hex(view->serial) && is_hex(view->sha256) && is_hex(view->sha1));
	FUZZ_CHECK(strlen(view->sha256) == 64 && strlen(view->sha1) == 40);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes der = { data, size }, again;
	struct certificate_view view;
	struct why why;
	char *pem;
	enum outcome o = certificate_view(arena, der, &view, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_CERTIFICATE_REQUEST);
	if (o == OUTCOME_OK) {
		view_check(&view);
		FUZZ_CHECK(certificate_to_pem(arena, der, &pem, &why) == OUTCOME_OK);
		/* PEM is a third longer than DER. */
		FUZZ_CHECK(certificate_from_pem(arena, pem, &again, &why) == OUTCOME_OK
			? bytes_equal(der, again)
			: strlen(pem) > 64 * 1024);
	}
	fuzz_accepted = o == OUTCOME_OK;
	arena_free(arena);
	return 0;
}
