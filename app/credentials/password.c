#include <muster/credentials/password.h>

#include <muster/base/text.h>

#include <crypt.h>
#include <errno.h>

/*
 * A setting of the default scheme and cost, for those who have no hash: who asks with a
 * stranger's name waits as long as who asks with a wrong password.
 */
static const char *
dummy_setting(void)
{
	static char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	if (setting[0] == '\0' && crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) == NULL)
		abort();
	return setting;
}

/* Traditional DES sees eight characters only; every other scheme begins with '$' (crypt(5)). */
static bool
hash_usable(const char *hash)
{
	int rc;

	if (hash == NULL || hash[0] != '$')
		return false;
	rc = crypt_checksalt(hash);
	return rc == CRYPT_SALT_OK || rc == CRYPT_SALT_METHOD_LEGACY || rc == CRYPT_SALT_TOO_CHEAP;
}

/* One hash of text; true when it is the one expected. expected NULL only spends the time. */
static bool
hash_matches(const char *text, const char *expected)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	const char *hash;
	bool same;

	if (data == NULL)
		abort();
	hash = crypt_rn(text, expected != NULL ? expected : dummy_setting(), data, sizeof(*data));
	same = hash != NULL && expected != NULL && secret_equal(bytes_of(hash), bytes_of(expected));
	secret_wipe(data, sizeof(*data));
	free(data);
	return same;
}

/* The password without XML white space at both ends. */
static struct secret
secret_trimmed(const struct secret *password)
{
	const char *start = password->data, *end = password->data + password->size;

	while (start < end && text_is_space(*start))
		start++;
	while (end > start && text_is_space(end[-1]))
		end--;
	return secret_copy(start, (size_t)(end - start));
}

unsigned
password_hashes(const struct secret *password)
{
	CLEANUP(secret_release) struct secret trimmed = { NULL, 0 };

	if (password->data == NULL || strlen(password->data) != password->size)
		return 0;
	trimmed = secret_trimmed(password);
	return trimmed.size == password->size || trimmed.size == 0 ? 1 : 2;
}

bool
password_verify(const struct secret *password, const char *hash)
{
	CLEANUP(secret_release) struct secret trimmed = { NULL, 0 };
	const char *expected = hash_usable(hash) ? hash : NULL;

	if (password->data == NULL || strlen(password->data) != password->size)
		return false;
	if (hash_matches(password->data, expected))
		return true;
	trimmed = secret_trimmed(password);
	if (trimmed.size == password->size || trimmed.size == 0)
		return false;
	return hash_matches(trimmed.data, expected);
}

static enum outcome
password_check(const struct secret *password, struct why *why)
{
	if (password->data == NULL || password->size == 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "the password is empty");
	if (strlen(password->data) != password->size)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "the password has a NUL byte in it");
	if (password->size >= CRYPT_MAX_PASSPHRASE_SIZE)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "the password has %zu bytes, crypt(3) takes %d", password->size,
		    CRYPT_MAX_PASSPHRASE_SIZE - 1);
	return OUTCOME_OK;
}

enum outcome
password_hash(const struct secret *password, char *hash, size_t size, struct why *why)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *data;
	const char *made;
	enum outcome o;

	if ((o = password_check(password, why)) != OUTCOME_OK)
		return o;
	if (crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "yescrypt setting: %s", strerror(errno));
	if ((data = calloc(1, sizeof(*data))) == NULL)
		abort();
	made = crypt_rn(password->data, setting, data, sizeof(*data));
	if (made == NULL)
		o = refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "yescrypt: %s", strerror(errno));
	else if ((size_t)snprintf(hash, size, "%s", made) >= size)
		o = refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "yescrypt: the hash does not fit %zu bytes", size);
	secret_wipe(data, sizeof(*data));
	free(data);
	return o;
}
