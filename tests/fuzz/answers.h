/* What must be so of everything that the simulated device concludes from an answer. */
#ifndef MUSTER_TESTS_FUZZ_ANSWERS_H
#define MUSTER_TESTS_FUZZ_ANSWERS_H

#include "../../app/muster-device/refusal.h"
#include "fuzz.h"

/* Ends within its size and is UTF-8 that controls no terminal. */
static inline void
answers_text_check(const char *text, size_t size)
{
	FUZZ_CHECK(strnlen(text, size) < size && fuzz_clean(text));
}

#define TEXT_CHECK(field) answers_text_check((field), sizeof(field))

static inline void
notes_check(const struct notes *notes)
{
	for (size_t i = 0; i < notes->count && i < NOTES_MAX; i++) {
		TEXT_CHECK(notes->text[i]);
		FUZZ_CHECK(notes->text[i][0] != '\0');
	}
}

/* Refused with a reason, or not at all. */
static inline void
refusal_check(const struct refusal *refusal, const struct notes *notes, bool taken)
{
	FUZZ_CHECK(taken == (refusal->hresult == 0));
	FUZZ_CHECK(taken || refusal->what[0] != '\0');
	TEXT_CHECK(refusal->subcode);
	TEXT_CHECK(refusal->error_type);
	TEXT_CHECK(refusal->reason);
	TEXT_CHECK(refusal->message);
	TEXT_CHECK(refusal->trace);
	TEXT_CHECK(refusal->what);
	FUZZ_CHECK(hresult_constant(refusal->hresult) != NULL);
	if (notes != NULL)
		notes_check(notes);
}

#endif
