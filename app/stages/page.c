#include <muster/stages/pages.h>

#include <muster/stages/decide.h>
#include <muster/wire/form.h>
#include <muster/wire/languages.h>

#define FORM_TYPE "application/x-www-form-urlencoded"

/* A page without anything of an organization: what is left when nothing could be loaded. */
static struct page *
page_new(struct exchange *ex)
{
	struct page *page = arena_alloc(ex->request->arena, sizeof(*page));

	page->trace = ex->request->trace.text;
	page->nonce = page_nonce(ex->request->arena);
	page->framed = ex->framed;
	return page;
}

enum outcome
stage_page(struct exchange *ex)
{
	struct arena *arena = ex->request->arena;
	struct presentation p = { .text_count = 0 };
	struct page *page = page_new(ex);
	enum outcome o;

	stage_limit_database(ex);
	if ((o = store_page(&ex->worker->store, arena, ex->organization,
		 languages_read(arena, request_variable(ex->request, "HTTP_ACCEPT_LANGUAGE")), &p,
		 &ex->why)) != OUTCOME_OK)
		return o;
	page->language = p.language;
	page->organization = p.name;
	page->color = p.color;
	page->on_color = p.color_on;
	page->logo = p.logo;
	page->texts = p.texts;
	page->text_count = p.text_count;
	ex->page = page;
	return stage_decide(ex, &p.decision);
}

enum outcome
stage_page_reply(struct exchange *ex, bool written, struct bytes body)
{
	if (!written)
		return refuse(&ex->why, OUTCOME_INTERNAL_SERVICE_FAULT, "the page could not be written");
	page_reply(ex->request, ex->reply, ex->page, body);
	return OUTCOME_OK;
}

void
stage_page_error(struct exchange *ex, enum outcome outcome)
{
	const struct page *page = ex->page != NULL ? ex->page : page_new(ex);
	struct bytes body;

	ex->reply->header_count = 0;
	if (page_error(ex->request->arena, page, outcome, ex->text, ex->language, &body))
		page_reply(ex->request, ex->reply, page, body);
	else
		reply_plain(ex->request, ex->reply, 500, "internal error");
}

enum outcome
stage_appru(struct exchange *ex, const char **appru)
{
	enum outcome o =
	    form_value(ex->request->arena, bytes_of(ex->request->query), "appru", appru, &ex->why);

	if (o != OUTCOME_OK)
		return o;
	if (*appru == NULL)
		return refuse(&ex->why, OUTCOME_MESSAGE_FORMAT, "MS-MDE2 3.2: no appru in the query");
	if (!page_appru_valid(*appru))
		return refuse(&ex->why, OUTCOME_MESSAGE_FORMAT, "appru '%.100s' is no ms-app URI", *appru);
	return OUTCOME_OK;
}

static bool
is_form(const char *content_type)
{
	size_t size = strlen(FORM_TYPE);

	return strncasecmp(content_type, FORM_TYPE, size) == 0 &&
	    (content_type[size] == '\0' || strchr("; \t", content_type[size]) != NULL);
}

enum outcome
stage_check_form(struct exchange *ex)
{
	const struct request *request = ex->request;

	if (!is_form(request->content_type))
		return refuse(&ex->why, OUTCOME_UNSUPPORTED_MEDIA_TYPE, "Content-Type '%s': send " FORM_TYPE,
		    request->content_type);
	if (request->too_large || request->body.size > FORM_MAX)
		return refuse(&ex->why, OUTCOME_TOO_LARGE, "the body has more than %d bytes", FORM_MAX);
	if (request->truncated)
		return refuse(&ex->why, OUTCOME_MESSAGE_FORMAT, "the body ended before its Content-Length");
	return OUTCOME_OK;
}
