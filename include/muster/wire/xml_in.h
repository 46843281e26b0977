/*
 * XML from strangers, by libxml2: bounded before and while parsing, no DTD, no
 * entities but the five of XML, no network. Elements are taken by (namespace, local
 * name), never by prefix, each expected one at most once.
 */
#ifndef MUSTER_WIRE_XML_IN_H
#define MUSTER_WIRE_XML_IN_H

#include <muster/base/arena.h>
#include <muster/base/outcome.h>

#include <libxml/tree.h>

#define XML_DEPTH_MAX 32
#define XML_ATTRIBUTES_MAX 64  /* an element, namespace declarations included */
#define XML_NAMESPACES_MAX 256 /* namespace declarations of the whole document */

/*
 * Parse one document. Leading white space and a byte order mark are skipped
 * (clients indent the XML declaration). Attributes are counted before libxml2 sees
 * the text: its check for duplicates takes quadratic time (libxml2 2.9.14: 23 s for
 * 50,000 attributes in one element). So are namespace declarations: it looks through
 * all that are in scope for each element (1,900 of them: 0.5 s for 512 KB).
 *
 * doc   the caller frees it with xml_free(); NULL on refusal
 * OUTCOME_MESSAGE_FORMAT  empty, not UTF-8, NUL inside, not well-formed, DOCTYPE, processing
 *                         instruction, too deep, too many attributes; why says which
 */
enum outcome xml_read(struct arena *, struct bytes, xmlDoc **doc, struct why *);

/* For CLEANUP(xml_free). */
void xml_free(xmlDoc **);

/* node is that element; ns NULL matches any namespace. */
bool xml_is(const xmlNode *, const char *ns, const char *name);

/* The first element child, and the next element sibling; NULL if none. */
xmlNode *xml_first(const xmlNode *parent);
xmlNode *xml_next(const xmlNode *);

/*
 * The child element of that name, NULL when there is none.
 * OUTCOME_MESSAGE_FORMAT when there are two
 */
enum outcome xml_child(
    const xmlNode *parent, const char *ns, const char *name, xmlNode **child, struct why *);

/* As xml_child(), but it must be there. */
enum outcome xml_need(const xmlNode *parent, const char *ns, const char *name, xmlNode **child, struct why *);

/*
 * All character data directly inside the element, comments skipped, in arena; ""
 * when empty. NULL for a NULL element. Element children do not contribute.
 */
char *xml_text_raw(struct arena *, const xmlNode *);

/* The same without XML white space at both ends. */
char *xml_text(struct arena *, const xmlNode *);

/* The attribute's value in arena, unqualified first, then in namespace ns (may be NULL); NULL if absent. */
char *xml_attribute(struct arena *, const xmlNode *, const char *ns, const char *name);

#endif
