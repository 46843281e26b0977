/* A sealed secret, and any bytes sealed and opened again. The seeds' key is 32 times 'k', for "device". */
#include "fuzz.h"

#include <muster/authority/keystore.h>

static const struct secret key = { (char *)(uintptr_t) "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", SEALING_KEY_SIZE };

static void
seal_check(struct arena *arena, struct bytes plain)
{
	CLEANUP(secret_release) struct secret opened = { NULL, 0 };
	struct bytes sealed;
	struct why why;

	FUZZ_CHECK(seal(arena, &key, "device", plain, &sealed, &why) == OUTCOME_OK);
	FUZZ_CHECK(unseal(&key, "other", sealed, &opened, &why) == OUTCOME_CERTIFICATE_REQUEST);
	FUZZ_CHECK(unseal(&key, "device", sealed, &opened, &why) == OUTCOME_OK);
	FUZZ_CHECK(bytes_equal(plain, (struct bytes){ (const uint8_t *)opened.data, opened.size }));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(secret_release) struct secret plain = { NULL, 0 };
	struct arena *arena = arena_new();
	struct bytes input = { data, size };
	struct why why;
	enum outcome o = unseal(&key, "device", input, &plain, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_CERTIFICATE_REQUEST);
	FUZZ_CHECK((plain.data != NULL) == (o == OUTCOME_OK));
	if (size <= 64 * 1024)
		seal_check(arena, input);
	fuzz_accepted = o == OUTCOME_OK;
	arena_free(arena);
	return 0;
}
