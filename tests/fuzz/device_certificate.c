/* A certificate that a server sent, as the simulated device looks into it. */
#include "../../app/muster-device/certificate.h"
#include "answers.h"
#include "certificates.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes der = { data, size }, issuing = fuzz_decoded(arena, FUZZ_ISSUING);
	struct bytes root = fuzz_decoded(arena, FUZZ_ROOT), key = fuzz_decoded(arena, FUZZ_PUBLIC_KEY);
	struct subject_name subject = { .count = 0 };
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };
	bool readable = certificate_subject(arena, der, &subject);

	FUZZ_CHECK(subject.count <= CERTIFICATE_NAME_PARTS);
	for (size_t i = 0; readable && i < subject.count; i++)
		FUZZ_CHECK(subject.part[i].type != NULL && subject.part[i].value != NULL);
	FUZZ_CHECK(certificate_not_after(der) >= -1);
	FUZZ_CHECK(readable || !certificate_is_root(der));
	(void)certificate_pem(arena, der);
	fuzz_accepted = certificate_check(der, issuing, root, key, &refusal, &notes);
	refusal_check(&refusal, &notes, fuzz_accepted);
	arena_free(arena);
	return 0;
}
