/* Encrypted PKCS#8 out of the database. The seeds' passphrase is "fuzz". */
#include "fuzz.h"

#include <muster/authority/keystore.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(secret_release) struct secret passphrase = secret_copy("fuzz", 4);
	gnutls_privkey_t key = NULL;
	struct why why;
	enum outcome o = keystore_open((struct bytes){ data, size }, &passphrase, &key, &why);

	FUZZ_OUTCOME(o, &why, OUTCOME_CERTIFICATE_REQUEST);
	FUZZ_CHECK((key != NULL) == (o == OUTCOME_OK));
	FUZZ_CHECK(o == OUTCOME_OK || strstr(why.text, "fuzz") == NULL);
	fuzz_accepted = o == OUTCOME_OK;
	if (key != NULL)
		gnutls_privkey_deinit(key);
	return 0;
}
