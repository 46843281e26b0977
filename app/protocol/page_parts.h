/* What all pages are made of; the pages themselves are in muster/protocol/page.h. */
#ifndef MUSTER_PROTOCOL_PAGE_PARTS_H
#define MUSTER_PROTOCOL_PAGE_PARTS_H

#include <muster/protocol/page.h>
#include <muster/wire/xml_out.h>

/* The look of every page; it takes its accent from --accent and --on-accent. */
extern const char page_style[];

/*
 * Everything up to the page's own: head, the organization's logo or name, the heading. The page's own
 * follows in <main>.
 *
 * mark  stands before the title of the window ("Error"); may be NULL
 */
void page_open(struct xml_out *, const struct page *, const char *title, const char *mark);

/* Close what page_open() began. */
void page_close(struct xml_out *);

/* <name class="class">text</name>; nothing when the text is NULL or empty. */
void page_line(struct xml_out *, const char *name, const char *class, const char *text);

/* A button that submits the form it stands in. */
void page_button(struct xml_out *, const char *text);

/* A hidden field. */
void page_hidden(struct xml_out *, const char *name, const char *value);

#endif
