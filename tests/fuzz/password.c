/* A password and a crypt(5) hash: two fields. Only settings that are cheap are hashed. */
#include "fuzz.h"

#include <muster/credentials/password.h>

#include <crypt.h>

char *__real_crypt_rn(const char *, const char *, void *, int);
char *__wrap_crypt_rn(const char *, const char *, void *, int);

/* MD5's rounds are fixed, NT has none, the others are at their least. */
char *
__wrap_crypt_rn(const char *text, const char *setting, void *data, int size)
{
	static const char *const cheap[] = { "$1$", "$3$", "$2b$04$", "$5$rounds=1000$", "$6$rounds=1000$",
		"$y$j75$" };

	for (size_t i = 0; i < ARRAY_SIZE(cheap); i++)
		if (strncmp(setting, cheap[i], strlen(cheap[i])) == 0)
			return __real_crypt_rn(text, setting, data, size);
	return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct bytes rest = { data, size };
	const char *text = fuzz_field(arena, &rest), *hash = fuzz_field(arena, &rest);
	CLEANUP(secret_release) struct secret password = secret_copy(text, strlen(text));

	fuzz_accepted = password_verify(&password, hash);
	FUZZ_CHECK(!fuzz_accepted || hash[0] == '$');
	arena_free(arena);
	return 0;
}
