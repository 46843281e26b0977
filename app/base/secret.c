#include <muster/base/secret.h>

#include <muster/base/arena.h>

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_FILE_MAX 4096

struct secret
secret_copy(const void *data, size_t size)
{
	struct secret secret = { malloc(size + 1), size };

	if (secret.data == NULL)
		arena_out_of_memory();
	if (size > 0)
		memcpy(secret.data, data, size);
	secret.data[size] = '\0';
	return secret;
}

void
secret_release(struct secret *secret)
{
	if (secret->data != NULL)
		secret_wipe(secret->data, secret->size);
	free(secret->data);
	*secret = (struct secret){ NULL, 0 };
}

void
secret_wipe(void *data, size_t size)
{
	if (size == 0)
		return;
	gnutls_memset(data, 0, size);
}

bool
secret_equal(struct bytes a, struct bytes b)
{
	return a.size == b.size && (a.size == 0 || gnutls_memcmp(a.data, b.data, a.size) == 0);
}

static void
fd_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Where the secret is, and whether systemd put it there: it gives a service's group the right to read. */
static bool
locate(const char *name, char *path, size_t size, bool *credential)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	size_t length = directory == NULL ? 0 : strlen(directory);
	int written;

	if (length > 0 && strchr(name, '/') == NULL) {
		*credential = true;
		written = snprintf(path, size, "%s/%s", directory, name);
	} else {
		*credential = length > 0 && strncmp(name, directory, length) == 0 && name[length] == '/';
		written = snprintf(path, size, "%s", name);
	}
	return written >= 0 && (size_t)written < size;
}

/* A secret that others can read is none: say so before it is used. */
static enum outcome
check_file(int fd, const char *path, bool credential, struct why *why)
{
	mode_t forbidden = credential ? 037 : 077;
	struct stat status;

	if (fstat(fd, &status) < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: not a file", path);
	if ((status.st_mode & forbidden) != 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s: others than its owner may read it (mode %04o): chmod 600 %s", path,
		    (unsigned int)(status.st_mode & 07777), path);
	return OUTCOME_OK;
}

/* Read until size bytes or the end; -1 on error. */
static ssize_t
read_all(int fd, char *data, size_t size)
{
	size_t filled = 0;

	while (filled < size) {
		ssize_t got = read(fd, data + filled, size - filled);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		filled += (size_t)got;
	}
	return (ssize_t)filled;
}

static enum outcome
take_line(const char *data, size_t size, const char *path, struct secret *secret, struct why *why)
{
	const char *end = memchr(data, '\n', size);
	size_t length = end == NULL ? size : (size_t)(end - data);

	if (length > 0 && end != NULL && data[length - 1] == '\r')
		length--;
	if (length == 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s: empty: write the secret as its first line", path);
	if (length > SECRET_FILE_MAX)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: its first line exceeds %d bytes",
		    path, SECRET_FILE_MAX);
	if (memchr(data, '\0', length) != NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT,
		    "%s: not text (its first line holds a NUL): write the secret as text", path);
	*secret = secret_copy(data, length);
	return OUTCOME_OK;
}

enum outcome
secret_read_file(const char *name, struct secret *secret, struct why *why)
{
	CLEANUP(fd_close) int fd = -1;
	char path[PATH_MAX], data[SECRET_FILE_MAX + 2];
	bool credential = false;
	enum outcome outcome;
	ssize_t size;

	*secret = (struct secret){ NULL, 0 };
	if (!locate(name, path, sizeof(path), &credential))
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: the name is too long", name);
	/* Non-blocking: a FIFO without a writer must not hold up the start. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", path, strerror(errno));
	if ((outcome = check_file(fd, path, credential, why)) != OUTCOME_OK)
		return outcome;
	size = read_all(fd, data, sizeof(data));
	if (size < 0)
		outcome = refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", path, strerror(errno));
	else
		outcome = take_line(data, (size_t)size, path, secret, why);
	secret_wipe(data, sizeof(data));
	return outcome;
}
