/* PKCS#10; the key that is taken from it meets the issuer's own check, too, and stays as it is. */
#include "fuzz.h"

#include <muster/authority/csr.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct csr_policy policy = { .minimum_key_length = 2048, .allow_sha1 = true };
	struct arena *arena = arena_new();
	struct csr csr = { 0 }, again = { 0 };
	struct why why;
	enum outcome o = csr_check(arena, (struct bytes){ data, size }, &policy, &csr, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_CERTIFICATE_REQUEST);
	if (o == OUTCOME_OK) {
		FUZZ_CHECK(csr_check_key(arena, csr.public_key, &policy, &again, &why) == OUTCOME_OK);
		FUZZ_CHECK(bytes_equal(csr.public_key, again.public_key));
		FUZZ_CHECK(strcmp(csr.algorithm, again.algorithm) == 0);
	}
	fuzz_accepted = o == OUTCOME_OK;
	arena_free(arena);
	return 0;
}
