#include <muster/base/arena.h>

#include <muster/base/log.h>

#include <unistd.h>

#define BLOCK_SIZE ((size_t)64 * 1024)

/* Allocations beyond this have a block of their own. With sanitizers all have, so that each byte beyond an
 * allocation is seen. */
#ifdef MUSTER_SANITIZE
#define SHARED_MAX ((size_t)0)
#else
#define SHARED_MAX (BLOCK_SIZE / 4)
#endif

/* Bytes beyond used are zero at all times: arena_alloc() need not clear them. */
struct block {
	struct block *next;
	size_t size, used;
	max_align_t bytes[];
};

struct arena {
	struct block *shared; /* where small allocations go; its next are full */
	struct block *single; /* one allocation each */
};

void
arena_out_of_memory(void)
{
	log_message(LOG_ERROR_LEVEL, "out of memory: give the process more, or look for what takes it");
	_exit(70);
}

static struct block *
block_new(size_t size, struct block *next)
{
	struct block *block;

	if (size > SIZE_MAX - sizeof(*block) || (block = calloc(1, sizeof(*block) + size)) == NULL)
		arena_out_of_memory();
	block->next = next;
	block->size = size;
	return block;
}

static void
block_wipe(struct block *block)
{
	explicit_bzero(block->bytes, block->used);
	block->used = 0;
}

static void
blocks_free(struct block *block)
{
	struct block *next;

	for (; block != NULL; block = next) {
		next = block->next;
		block_wipe(block);
		free(block);
	}
}

struct arena *
arena_new(void)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena == NULL)
		arena_out_of_memory();
	arena->shared = block_new(BLOCK_SIZE, NULL);
	return arena;
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	blocks_free(arena->shared);
	blocks_free(arena->single);
	free(arena);
}

void
arena_reset(struct arena *arena)
{
	blocks_free(arena->single);
	arena->single = NULL;
	blocks_free(arena->shared->next);
	arena->shared->next = NULL;
	block_wipe(arena->shared);
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t rounded;
	void *data;

	if (size > SHARED_MAX) {
		arena->single = block_new(size, arena->single);
		arena->single->used = size;
		return arena->single->bytes;
	}
	rounded = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (rounded == 0)
		rounded = sizeof(max_align_t);
	if (rounded > arena->shared->size - arena->shared->used)
		arena->shared = block_new(BLOCK_SIZE, arena->shared);
	data = (uint8_t *)arena->shared->bytes + arena->shared->used;
	arena->shared->used += rounded;
	return data;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_strndup(arena, text, strlen(text));
}

char *
arena_strndup(struct arena *arena, const char *text, size_t size)
{
	char *copy;

	if (text == NULL)
		return NULL;
	size = strnlen(text, size);
	copy = arena_alloc(arena, size + 1);
	memcpy(copy, text, size);
	return copy;
}

struct bytes
arena_copy(struct arena *arena, const void *data, size_t size)
{
	void *copy;

	if (data == NULL)
		return (struct bytes){ NULL, 0 };
	copy = arena_alloc(arena, size);
	memcpy(copy, data, size);
	return (struct bytes){ copy, size };
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list values;
	char *text;

	va_start(values, format);
	text = arena_vprintf(arena, format, values);
	va_end(values);
	return text;
}

char *
arena_vprintf(struct arena *arena, const char *format, va_list values)
{
	va_list again;
	char *text;
	int size;

	va_copy(again, values);
	size = vsnprintf(NULL, 0, format, values);
	if (size < 0)
		arena_out_of_memory();
	text = arena_alloc(arena, (size_t)size + 1);
	(void)vsnprintf(text, (size_t)size + 1, format, again);
	va_end(again);
	return text;
}
