#include <muster/store/worker.h>

#include <muster/base/json.h>

#include "row.h"

/* The columns of page(), in its order. */
enum { OUTCOME, WHY, ORGANIZATION, NAME, COLOR, COLOR_ON, LOGO, LANGUAGE, WORDS, COLUMNS };

/* {"sign_in_title": "Sign in", …}: its strings, in arena; the rest of it counts as absent. */
static void
texts_read(struct arena *arena, const char *words, struct presentation *presentation)
{
	CLEANUP(json_cleanup)
	json_t *object = words != NULL ? json_loads(words, JSON_REJECT_DUPLICATES, NULL) : NULL;
	struct page_text *texts = arena_alloc(arena, json_object_size(object) * sizeof(*texts));
	const char *key;
	json_t *value;

	presentation->texts = texts;
	json_object_foreach(object, key, value)
	{
		if (json_is_string(value))
			texts[presentation->text_count++] =
			    (struct page_text){ .key = arena_strdup(arena, key),
				    .text = arena_strdup(arena, json_string_value(value)) };
	}
}

enum outcome
store_page(struct store *store, struct arena *arena, const char *organization, const char *languages,
    struct presentation *presentation, struct why *why)
{
	static const char sql[] =
	    "SELECT outcome, why, organization, name, color, color_on, logo, language, words"
	    " FROM muster_worker.page($1, $2)";
	static const struct decision_columns decision = { OUTCOME, WHY, -1, -1, -1 };
	const struct pg_param param[] = { PG_TEXT(organization), PG_TEXT(languages) };
	CLEANUP(pg_result_free) PGresult *result = NULL;
	enum outcome o;

	*presentation = (struct presentation){ 0 };
	if ((o = row_call(store, "page", sql, param, ARRAY_SIZE(param), COLUMNS, &result, why)) != OUTCOME_OK)
		return o;
	presentation->organization = pg_text(arena, result, 0, ORGANIZATION);
	presentation->name = pg_text(arena, result, 0, NAME);
	presentation->color = pg_text(arena, result, 0, COLOR);
	presentation->color_on = pg_text(arena, result, 0, COLOR_ON);
	presentation->logo = pg_text(arena, result, 0, LOGO);
	presentation->language = pg_text(arena, result, 0, LANGUAGE);
	texts_read(arena, pg_text(arena, result, 0, WORDS), presentation);
	return row_decision(arena, result, decision, &presentation->decision, why);
}
