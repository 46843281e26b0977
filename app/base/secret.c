#include <muster/base/secret.h>

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_FILE_MAX 4096

struct secret
secret_copy(const void *data, size_t size)
{
	struct secret secret = { malloc(size + 1), size };

	if (secret.data == NULL)
		_exit(70);
	if (size > 0)
		memcpy(secret.data, data, size);
	secret.data[size] = '\0';
	return secret;
}

void
secret_release(struct secret *secret)
{
	if (secret->data != NULL) {
		secret_wipe(secret->data, secret->size);
		free(secret->data);
	}
	*secret = (struct secret){ NULL, 0 };
}

void
secret_wipe(void *memory, size_t size)
{
	if (size > 0)
		gnutls_memset(memory, 0, size);
}

bool
secret_equal(struct bytes a, struct bytes b)
{
	return a.size == b.size && (a.size == 0 || gnutls_memcmp(a.data, b.data, a.size) == 0);
}

/* Only the owner may read it; systemd hands credentials to a service with group read for its own group. */
static enum outcome
check_mode(int fd, const char *path, bool credential, struct why *why)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s is not a regular file", path);
	if ((st.st_mode & (credential ? 037 : 077)) != 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s can be read by others: run chmod 600 %s", path, path);
	return OUTCOME_OK;
}

static enum outcome
read_line(int fd, const char *path, struct secret *secret, struct why *why)
{
	char buffer[SECRET_FILE_MAX + 1];
	size_t size = 0;
	ssize_t got;

	while (size < sizeof(buffer) && (got = read(fd, buffer + size, sizeof(buffer) - size)) > 0)
		size += (size_t)got;
	for (size_t i = 0; i < size; i++)
		if (buffer[i] == '\n' || buffer[i] == '\r' || buffer[i] == '\0')
			size = i;
	if (size > 0 && size <= SECRET_FILE_MAX)
		*secret = secret_copy(buffer, size);
	secret_wipe(buffer, sizeof(buffer));
	if (size == 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s has no text in its first line", path);
	if (size > SECRET_FILE_MAX)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s has more than %d bytes in its first line", path, SECRET_FILE_MAX);
	return OUTCOME_OK;
}

enum outcome
secret_read_file(const char *path, struct secret *secret, struct why *why)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	bool credential = directory != NULL && strchr(path, '/') == NULL;
	char full[4096];
	enum outcome outcome;
	int fd;

	*secret = (struct secret){ NULL, 0 };
	if (snprintf(full, sizeof(full), "%s%s%s", credential ? directory : "", credential ? "/" : "",
		path) >= (int)sizeof(full))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "the path of a secret is too long");
	if ((fd = open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "cannot open %s: %s", full, strerror(errno));
	outcome = check_mode(fd, full, credential, why);
	if (outcome == OUTCOME_OK)
		outcome = read_line(fd, full, secret, why);
	(void)close(fd);
	return outcome;
}
