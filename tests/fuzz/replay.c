/*
 * A target's main() without libFuzzer: runs over its seeds, or over the files given, and prints TAP. What
 * crashes ends the program in the middle of its plan.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>

static int number, failures;

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* A block of exactly its size, so that a sanitizer sees the first byte read beyond. */
static struct bytes
file_read(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	long size = 0;

	if (file != NULL && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0) {
		rewind(file);
		data = malloc((size_t)size);
	}
	if (file == NULL || (size > 0 && (data == NULL || fread(data, (size_t)size, 1, file) != 1))) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		exit(1);
	}
	fclose(file);
	return (struct bytes){ data, (size_t)size };
}

static const char *
verdict(const char *name)
{
	if (strncmp(name, "ok-", 3) == 0 && !fuzz_accepted)
		return "refused, but it must be taken";
	if (strncmp(name, "no-", 3) == 0 && fuzz_accepted)
		return "taken, but it must be refused";
	return NULL;
}

static void
replay(const char *path)
{
	const char *name = base_name(path), *problem;
	struct bytes input = file_read(path);

	printf("# %s\n", name);
	fflush(stdout);
	fuzz_accepted = false;
	(void)LLVMFuzzerTestOneInput(input.data, input.size);
	free((void *)(uintptr_t)input.data);
	problem = verdict(name);
	printf("%s %d - %s%s%s\n", problem == NULL ? "ok" : "not ok", ++number, name,
	    problem == NULL ? "" : ": ", problem == NULL ? "" : problem);
	failures += problem != NULL;
}

static int
is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
replay_seeds(const char *target)
{
	const char *root = getenv("MUSTER_SRCDIR");
	struct dirent **entry = NULL;
	char folder[4096], path[8192];
	int count;

	snprintf(folder, sizeof(folder), "%s/tests/fuzz/seeds/%s", root != NULL ? root : ".", target);
	count = scandir(folder, &entry, is_seed, alphasort);
	if (count <= 0) {
		printf("Bail out! no seeds in %s\n", folder);
		exit(1);
	}
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry[i]->d_name);
		replay(path);
		free(entry[i]);
	}
	free(entry);
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		replay_seeds(base_name(argv[0]));
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("1..%d\n", number);
	return failures > 0;
}
