/*
 * XML for devices and HTML for people, by libxml2's writer, which escapes. A failure sticks: write
 * everything, ask once at the end. Characters that XML 1.0 forbids become U+FFFD,
 * so that a stored value can never make a reply unreadable.
 */
#ifndef MUSTER_WIRE_XML_OUT_H
#define MUSTER_WIRE_XML_OUT_H

#include <muster/base/arena.h>
#include <muster/base/bytes.h>

struct xml_out;

/* A writer with its buffer; xml_out_free() or CLEANUP(xml_out_free). */
struct xml_out *xml_out_new(void);
void xml_out_free(struct xml_out **);

/*
 * The same for a page, <!DOCTYPE html> included: the calls below build a tree, which HTML's own rules make
 * text of at the end (HTML 13.3): void elements have no end tag, all others have one. Without namespaces.
 */
struct xml_out *xml_out_new_html(void);

/* <prefix:name xmlns:prefix="ns">; prefix NULL declares ns as default; ns NULL writes prefix:name as it is.
 */
void xml_start(struct xml_out *, const char *prefix, const char *name, const char *ns);
void xml_end(struct xml_out *);

/* An attribute of the element just started; name may be "s:mustUnderstand". NULL writes nothing. */
void xml_attr(struct xml_out *, const char *name, const char *value);

/* Text inside the open element; NULL writes nothing. */
void xml_chars(struct xml_out *, const char *text);

/* <name>text</name> in the current default namespace, or with a prefix in the name. */
void xml_element(struct xml_out *, const char *name, const char *text);

/*
 * What a script or style element of a page holds, as it is: a browser undoes no escaping there. Text with
 * '<' or '&' is a failure: the one could end the element, the other would differ for a reader of XML.
 */
void xml_raw(struct xml_out *, const char *text);

/*
 * End the document: its UTF-8 bytes without declaration, in arena. False when
 * anything failed on the way.
 */
bool xml_out_finish(struct xml_out *, struct arena *, struct bytes *);

#endif
