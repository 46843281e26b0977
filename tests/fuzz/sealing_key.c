/* The sealing key out of the database. The seeds' passphrase is "fuzz". */
#include "fuzz.h"

#include <muster/authority/keystore.h>

#define VERSION_SIZE 1
#define ROUNDS_SIZE 4
#define ROUNDS_MAX 4096 /* more is only slow */

static bool
is_slow(const uint8_t *data, size_t size)
{
	const uint8_t *rounds = data + VERSION_SIZE;

	return size >= VERSION_SIZE + ROUNDS_SIZE &&
	    (rounds[0] != 0 || rounds[1] != 0 || rounds[2] > ROUNDS_MAX >> 8);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(secret_release) struct secret passphrase = secret_copy("fuzz", 4);
	CLEANUP(secret_release) struct secret key = { NULL, 0 };
	struct why why;
	enum outcome o;

	if (is_slow(data, size))
		return 0;
	o = sealing_key_open((struct bytes){ data, size }, &passphrase, &key, &why);
	FUZZ_OUTCOME(o, &why, OUTCOME_CERTIFICATE_REQUEST);
	FUZZ_CHECK(o == OUTCOME_OK ? key.size == SEALING_KEY_SIZE : key.data == NULL);
	fuzz_accepted = o == OUTCOME_OK;
	return 0;
}
