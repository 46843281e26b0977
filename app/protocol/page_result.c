#include "page_parts.h"

#define SCHEME "ms-app://"
#define NAME "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

bool
page_appru_valid(const char *appru)
{
	size_t size;

	if (appru == NULL || strlen(appru) > PAGE_APPRU_MAX ||
	    strncasecmp(appru, SCHEME, strlen(SCHEME)) != 0)
		return false;
	appru += strlen(SCHEME);
	size = strspn(appru, NAME);
	return size > 0 && strcmp(appru + size, appru[size] == '/' ? "/" : "") == 0;
}

/* The button stays as it is where scripts are off; where they are on nobody sees it for long. */
static void
submit_itself(struct xml_out *out, const struct page *page)
{
	xml_start(out, NULL, "script", NULL);
	xml_attr(out, "nonce", page->nonce);
	xml_raw(out, "document.forms[0].submit();");
	xml_end(out);
}

bool
page_result(
    struct arena *arena, const struct page *page, const char *appru, const char *wresult, struct bytes *bytes)
{
	CLEANUP(xml_out_free) struct xml_out *out = xml_out_new_html();
	const char *button = page_text(page, "result_button");

	if (page->nonce == NULL || !page_appru_valid(appru))
		return false;
	page_open(out, page, page_text(page, "result_title"), NULL);
	page_line(out, "p", "lead", page_text(page, "result_lead"));
	xml_start(out, NULL, "form", NULL);
	xml_attr(out, "method", "post");
	xml_attr(out, "action", appru);
	page_hidden(out, "wresult", wresult);
	page_button(out, button != NULL ? button : "OK");
	xml_end(out);
	submit_itself(out, page);
	page_close(out);
	return xml_out_finish(out, arena, bytes);
}
