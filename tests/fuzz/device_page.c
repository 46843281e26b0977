/* A page as the simulated device's broker reads it. */
#include "../../app/muster-device/broker.h"
#include "answers.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct html_page *page = arena_alloc(arena, sizeof(*page));
	const struct html_form *form = NULL;
	struct refusal refusal = { 0 };
	struct notes notes = { 0 };
	enum broker_step step;

	if (html_page_read(arena, (struct bytes){ data, size }, page)) {
		step = broker_look(page, false, &form, &refusal, &notes);
		refusal_check(&refusal, &notes, step != BROKER_REFUSED);
		fuzz_accepted = step == BROKER_TOKEN;
		if (fuzz_accepted)
			FUZZ_CHECK(strcmp(form->method, "post") == 0 && form->fields > 0 &&
			    *html_form_field(form, "wresult")->value != '\0');
		if (step == BROKER_FORM)
			(void)http_resolve(arena, "https://a.test/b?c", form->action);
	}
	arena_free(arena);
	return 0;
}
