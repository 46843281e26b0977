#include <muster/base/arena.h>
#include <muster/base/secret.h>

#include <stdalign.h>
#include <unistd.h>

#define BLOCK_SIZE (64 * 1024)

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) uint8_t data[];
};

struct arena {
	struct block *first;
};

/* Nothing sensible can be done without memory: the master starts another process. */
static void
out_of_memory(void)
{
	static const char message[] = "level=error message=\"out of memory\"\n";

	(void)!write(STDERR_FILENO, message, sizeof(message) - 1);
	_exit(70);
}

static struct block *
block_new(size_t size)
{
	struct block *block;

	if (size > SIZE_MAX - sizeof(*block) || (block = calloc(1, sizeof(*block) + size)) == NULL)
		out_of_memory();
	block->size = size;
	return block;
}

struct arena *
arena_new(void)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena == NULL)
		out_of_memory();
	arena->first = block_new(BLOCK_SIZE);
	return arena;
}

static void
blocks_free(struct block *block)
{
	struct block *next;

	for (; block != NULL; block = next) {
		next = block->next;
		secret_wipe(block->data, block->used);
		free(block);
	}
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	blocks_free(arena->first);
	free(arena);
}

void
arena_reset(struct arena *arena)
{
	struct block *kept = arena->first;

	/* The first block ever made is the last of the list: the only one of standard size for certain. */
	while (kept->next != NULL)
		kept = kept->next;
	if (kept != arena->first) {
		struct block *before = arena->first;

		while (before->next != kept)
			before = before->next;
		before->next = NULL;
		blocks_free(arena->first);
	}
	secret_wipe(kept->data, kept->used);
	kept->used = 0;
	arena->first = kept;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	struct block *block = arena->first;
	size_t room = alignof(max_align_t);
	void *memory;

	if (size > SIZE_MAX - room)
		out_of_memory();
	size = size == 0 ? room : (size + room - 1) / room * room;
	if (size > block->size - block->used) {
		block = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE);
		block->next = arena->first;
		arena->first = block;
	}
	memory = block->data + block->used;
	block->used += size;
	return memory;
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

char *
arena_strdup(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_strndup(arena, text, strlen(text));
}

struct bytes
arena_copy(struct arena *arena, const void *data, size_t size)
{
	uint8_t *copy = arena_alloc(arena, size);

	if (size > 0)
		memcpy(copy, data, size);
	return (struct bytes){ copy, size };
}

char *
arena_vprintf(struct arena *arena, const char *format, va_list list)
{
	va_list again;
	char *text;
	int size;

	va_copy(again, list);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0)
		out_of_memory();
	text = arena_alloc(arena, (size_t)size + 1);
	(void)vsnprintf(text, (size_t)size + 1, format, list);
	return text;
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list list;
	char *text;

	va_start(list, format);
	text = arena_vprintf(arena, format, list);
	va_end(list);
	return text;
}
