#include "whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum outcome
failed(const char *path, struct why *why)
{
	return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: %s", path, strerror(errno));
}

enum outcome
whole_load(struct arena *arena, const char *path, size_t max, struct bytes *content, struct why *why)
{
	FILE *file = fopen(path, "rbe");
	struct stat status;
	uint8_t *data;
	size_t room, size;
	bool broken;

	if (file == NULL)
		return failed(path, why);
	room = fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) && (uintmax_t)status.st_size < max
	    ? (size_t)status.st_size + 1
	    : max + 1;
	data = arena_alloc(arena, room);
	size = fread(data, 1, room, file);
	broken = ferror(file) != 0;
	(void)fclose(file);
	if (broken)
		return refuse(why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: cannot be read", path);
	if (size > max)
		return refuse(
		    why, OUTCOME_INTERNAL_SERVICE_FAULT, "%s: more than %zu bytes are not taken", path, max);
	*content = (struct bytes){ data, size };
	return OUTCOME_OK;
}

static bool
holds(struct arena *arena, const char *path, struct bytes content)
{
	struct bytes there;

	return whole_load(arena, path, content.size + 1, &there, NULL) == OUTCOME_OK &&
	    bytes_equal(there, content);
}

static bool
write_all(int fd, struct bytes content)
{
	for (size_t done = 0; done < content.size;) {
		ssize_t size = write(fd, content.data + done, content.size - done);

		if (size < 0 && errno != EINTR)
			return false;
		done += size > 0 ? (size_t)size : 0;
	}
	return fchmod(fd, 0644) == 0 && fsync(fd) == 0;
}

enum outcome
whole_replace(struct arena *arena, const char *path, struct bytes content, bool *changed, struct why *why)
{
	char *beside = arena_printf(arena, "%s.XXXXXX", path);
	bool written;
	int fd;

	*changed = !holds(arena, path, content);
	if (!*changed)
		return OUTCOME_OK;
	if ((fd = mkostemp(beside, O_CLOEXEC)) == -1)
		return failed(beside, why);
	written = write_all(fd, content);
	written = close(fd) == 0 && written;
	if (written && rename(beside, path) == 0)
		return OUTCOME_OK;
	(void)failed(path, why);
	(void)unlink(beside);
	return OUTCOME_INTERNAL_SERVICE_FAULT;
}
