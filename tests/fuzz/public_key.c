/* SubjectPublicKeyInfo, as an issuer gets it from its worker. */
#include "fuzz.h"

#include <muster/authority/csr.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct csr_policy policy = { .minimum_key_length = 2048 };
	struct arena *arena = arena_new();
	struct csr csr = { 0 }, again = { 0 };
	struct why why;
	enum outcome o = csr_check_key(arena, (struct bytes){ data, size }, &policy, &csr, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_CERTIFICATE_REQUEST);
	if (o == OUTCOME_OK) {
		FUZZ_CHECK(strncmp(csr.algorithm, "RSA-", 4) == 0 || strncmp(csr.algorithm, "EC-P-", 5) == 0);
		FUZZ_CHECK(csr_check_key(arena, csr.public_key, &policy, &again, &why) == OUTCOME_OK);
		FUZZ_CHECK(bytes_equal(csr.public_key, again.public_key));
	}
	fuzz_accepted = o == OUTCOME_OK;
	arena_free(arena);
	return 0;
}
