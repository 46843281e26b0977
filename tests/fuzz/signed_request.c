/*
 * The PKCS#7 of a renewal. What is read lies within the message, and is nobody's until it is verified: here
 * it is held against a certificate that signed none of the seeds.
 */
#include "certificates.h"
#include "fuzz.h"

#include <muster/authority/csr.h>
#include <muster/authority/signed_request.h>

static bool
within(struct bytes part, const uint8_t *data, size_t size)
{
	return part.size > 0 && part.data > data && part.data + part.size <= data + size;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct csr_policy policy = { .minimum_key_length = 2048, .allow_sha1 = true };
	struct arena *arena = arena_new();
	struct signed_request request;
	struct bytes leaf = { NULL, 0 };
	struct csr csr;
	struct why why = { "" };
	enum outcome o = signed_request_read(arena, (struct bytes){ data, size }, &request, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_CERTIFICATE_REQUEST);
	fuzz_accepted = o == OUTCOME_OK;
	if (o == OUTCOME_OK) {
		FUZZ_CHECK(within(request.request, data, size));
		FUZZ_CHECK(request.issuer.size > 0);
		FUZZ_CHECK(request.serial.size > 0 && request.serial.size <= SIGNED_REQUEST_SERIAL_MAX);
		FUZZ_CHECK(bytes_from_base64(arena, FUZZ_LEAF, &leaf));
		o = signed_request_verify(&request, leaf, true, &why);
		FUZZ_OUTCOME(o, &why, OUTCOME_NOT_ELIGIBLE_TO_RENEW);
		FUZZ_CHECK(o != OUTCOME_OK);
		o = csr_check(arena, request.request, &policy, &csr, &why);
		FUZZ_OUTCOME(o, &why, OUTCOME_CERTIFICATE_REQUEST);
	}
	arena_free(arena);
	return 0;
}
