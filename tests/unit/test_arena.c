/* What an arena gives, forgets and overwrites, and how it ends when memory does. */
#include <muster/base/arena.h>

#include <fcntl.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* Around what is small, what fills a block and what has one of its own. */
static const size_t sizes[] = { 0, 1, 7, 8, 15, 16, 17, 255, 4096, 16383, 16384, 16385, 65535, 65536, 65537,
	1 << 20 };

/* The linker puts this in free()'s way (--wrap): what is freed must hold nothing of what was written. */
void __real_free(void *);
void __wrap_free(void *);
static const char *mark; /* looked for while it is set */
static size_t marks_seen, frees;

void
__wrap_free(void *data)
{
	if (mark != NULL && data != NULL) {
		frees++;
		if (memmem(data, malloc_usable_size(data), mark, strlen(mark)) != NULL)
			marks_seen++;
	}
	__real_free(data);
}

static bool
all_zero(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] != 0)
			return false;
	return true;
}

static void
zeroed_and_aligned(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			uint8_t *data = arena_alloc(arena, sizes[i]);

			if (data == NULL || (uintptr_t)data % _Alignof(max_align_t) != 0)
				fail_msg("size %zu: %p", sizes[i], (void *)data);
			if (!all_zero(data, sizes[i]))
				fail_msg("round %d, size %zu: not zeroed", round, sizes[i]);
			memset(data, 0xa5, sizes[i]);
		}
		arena_reset(arena);
	}
	arena_free(arena);
	arena_free(NULL);
}

/* Nothing given out overlaps with anything else, however sizes follow each other. */
static void
apart(void **state)
{
	struct arena *arena = arena_new();
	uint8_t *data[ARRAY_SIZE(sizes) * 20];
	size_t count = 0;

	(void)state;
	for (int round = 0; round < 20; round++)
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++, count++) {
			data[count] = arena_alloc(arena, sizes[i] % 20000);
			memset(data[count], (int)(count % 251), sizes[i] % 20000);
		}
	for (size_t i = 0; i < count; i++)
		for (size_t b = 0; b < sizes[i % ARRAY_SIZE(sizes)] % 20000; b++)
			if (data[i][b] != i % 251)
				fail_msg("allocation %zu, byte %zu", i, b);
	arena_free(arena);
}

/* Blocks that go back to the library were overwritten before. */
static void
wiped(void **state)
{
	(void)state;
	for (int reset = 0; reset < 2; reset++)
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct arena *arena = arena_new();
			char *text = arena_alloc(arena, sizes[i] + 16);

			(void)snprintf(text + sizes[i], 16, "a secret");
			marks_seen = frees = 0;
			mark = "a secret";
			if (reset == 1)
				arena_reset(arena);
			arena_free(arena);
			mark = NULL;
			if (frees == 0 || marks_seen > 0)
				fail_msg("size %zu, %s: %zu of %zu frees saw it", sizes[i],
				    reset == 1 ? "reset" : "free", marks_seen, frees);
		}
}

static void
copies(void **state)
{
	struct arena *arena = arena_new();
	char text[] = "text";
	struct bytes bytes;

	(void)state;
	assert_null(arena_strdup(arena, NULL));
	assert_null(arena_strndup(arena, NULL, 3));
	assert_string_equal(arena_strdup(arena, ""), "");
	assert_string_equal(arena_strdup(arena, text), "text");
	assert_ptr_not_equal(arena_strdup(arena, text), text);
	assert_string_equal(arena_strndup(arena, text, 0), "");
	assert_string_equal(arena_strndup(arena, text, 3), "tex");
	assert_string_equal(arena_strndup(arena, text, SIZE_MAX), "text");

	bytes = arena_copy(arena, NULL, 0);
	assert_null(bytes.data);
	assert_int_equal(bytes.size, 0);
	bytes = arena_copy(arena, "a\0b", 4);
	assert_int_equal(bytes.size, 4);
	assert_memory_equal(bytes.data, "a\0b", 4);
	bytes = arena_copy(arena, text, 0);
	assert_non_null(bytes.data);
	assert_int_equal(bytes.size, 0);
	arena_free(arena);
}

static void
printed(void **state)
{
	static const int widths[] = { 0, 1, 15, 16, 16383, 16384, 70000 };
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(arena_printf(arena, "%s-%d-%c", "a", 7, 'x'), "a-7-x");
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++)
		if (strlen(arena_printf(arena, "%*s", widths[i], "")) != (size_t)widths[i])
			fail_msg("width %d", widths[i]);
	arena_free(arena);
}

/* The process ends with status 70 and a line that says why; nobody gets a NULL. */
static void
out_of_memory_ends_the_process(void **state)
{
	char line[256] = "";
	int status, pipe_fd[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		(void)dup2(pipe_fd[1], STDERR_FILENO);
		(void)arena_alloc(arena_new(), SIZE_MAX);
		_exit(0);
	}
	(void)close(pipe_fd[1]);
	assert_true(read(pipe_fd[0], line, sizeof(line) - 1) > 0);
	(void)close(pipe_fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 70);
	assert_non_null(strstr(line, "level=error"));
	assert_non_null(strstr(line, "out of memory"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_and_aligned),
		cmocka_unit_test(apart),
		cmocka_unit_test(wiped),
		cmocka_unit_test(copies),
		cmocka_unit_test(printed),
		cmocka_unit_test(out_of_memory_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
