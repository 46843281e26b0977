/* Small questions about a text, and a reason made of it. */
#include "fuzz.h"

#include <muster/base/guid.h>
#include <muster/base/text.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	const char *text = arena_strndup(arena, (const char *)data, size);
	const char *trimmed = text_trim(arena, text), *cut = text_cut(arena, text, 64);
	char *clean = arena_strdup(arena, text);
	bool utf8 = text_is_utf8(data, size);
	enum outcome o = OUTCOME_OK;
	struct why why;

	FUZZ_CHECK(trimmed[0] == '\0' || strchr(" \t\r\n", trimmed[0]) == NULL);
	FUZZ_CHECK(strstr(text, trimmed) != NULL);
	FUZZ_CHECK(strlen(cut) <= 64 && strncmp(text, cut, strlen(cut)) == 0);
	FUZZ_CHECK(!utf8 || (strlen(text) == size && text_is_utf8(cut, strlen(cut))));
	FUZZ_CHECK(text_equal_fold(text, text_lower(arena, text)) && text_ends_fold(text, ""));
	FUZZ_CHECK(!guid_valid(text) || strlen(text) == 36);
	text_make_clean(clean);
	FUZZ_CHECK(fuzz_clean(clean) && (!fuzz_clean(text) || strcmp(clean, text) == 0));
	(void)refuse(&why, OUTCOME_MESSAGE_FORMAT, "%s", text);
	FUZZ_CHECK(fuzz_clean(why.text) && strlen(why.text) < WHY_MAX);
	FUZZ_CHECK(!outcome_from_name(text, &o) || strcmp(outcome_name(o), text) == 0);
	fuzz_accepted = utf8;
	arena_free(arena);
	return 0;
}
