#include "files.h"

#include <gnutls/x509.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void
datum_free(gnutls_datum_t *datum)
{
	gnutls_free(datum->data);
}

static gnutls_datum_t
datum_of(struct bytes bytes)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)bytes.data, (unsigned)bytes.size };
}

enum outcome
file_load(struct arena *arena, const char *path, struct bytes *bytes, struct why *why)
{
	uint8_t *data = arena_alloc(arena, FILE_BYTES_MAX + 1);
	FILE *file = fopen(path, "rbe");
	size_t size;
	bool failed;

	if (file == NULL)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", path, strerror(errno));
	size = fread(data, 1, FILE_BYTES_MAX + 1, file);
	failed = ferror(file) != 0;
	(void)fclose(file);
	if (failed)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: cannot be read", path);
	if (size == 0 || size > FILE_BYTES_MAX)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", path,
		    size == 0 ? "empty" : "larger than any request, key or chain of certificates");
	*bytes = (struct bytes){ data, size };
	return OUTCOME_OK;
}

enum outcome
file_load_der(struct arena *arena, const char *path, const char *label, struct bytes *der, struct why *why)
{
	CLEANUP(datum_free) gnutls_datum_t out = { NULL, 0 };
	struct bytes file;
	gnutls_datum_t in;
	enum outcome o = file_load(arena, path, &file, why);

	if (o != OUTCOME_OK)
		return o;
	in = datum_of(file);
	if (memmem(file.data, file.size, "-----BEGIN ", 11) == NULL) {
		*der = file;
		return OUTCOME_OK;
	}
	if (gnutls_pem_base64_decode2(label, &in, &out) < 0)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: there is no \"%s\" in its PEM", path, label);
	*der = arena_copy(arena, out.data, out.size);
	return OUTCOME_OK;
}

static bool
text_write(int fd, const gnutls_datum_t *text)
{
	size_t done = 0;

	while (done < text->size) {
		ssize_t n = write(fd, text->data + done, text->size - done);

		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) == 0;
}

enum outcome
file_write_pem(const char *path, const char *label, struct bytes der, unsigned mode, struct why *why)
{
	CLEANUP(datum_free) gnutls_datum_t text = { NULL, 0 };
	gnutls_datum_t in = datum_of(der);
	int error, fd;
	bool written;

	if (gnutls_pem_base64_encode2(label, &in, &text) < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: PEM", path);
	fd = mode == 0 ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
		       : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
	if (fd < 0 && errno == EEXIST)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: is there already: name a new file", path);
	if (fd < 0)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", path, strerror(errno));
	written = text_write(fd, &text);
	error = errno;
	if (close(fd) == 0 && written)
		return OUTCOME_OK;
	if (mode != 0)
		(void)unlink(path);
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", path, strerror(error));
}
