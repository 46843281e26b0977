/*
 * Canonical XML without comments, by libxml2: the octets that an XML signature is over. The tree is taken as
 * it was parsed; nothing is rebuilt.
 */
#ifndef MUSTER_WIRE_XML_CANONICAL_H
#define MUSTER_WIRE_XML_CANONICAL_H

#include <muster/base/arena.h>
#include <muster/base/outcome.h>

#include <libxml/tree.h>

/* Canonical XML 1.0, and Exclusive XML Canonicalization 1.0 without a PrefixList. */
enum xml_canonical { XML_CANONICAL_INCLUSIVE, XML_CANONICAL_EXCLUSIVE };

/*
 * What of a document is written: the element within with all that is in it (NULL: the whole document), but
 * without the element except and all that is in it (NULL: nothing is left out).
 */
struct xml_part {
	const xmlNode *within, *except;
};

/* The bounds below: what libxml2 does takes elements × declarations². */
#define XML_CANONICAL_ELEMENTS_MAX 2048
#define XML_CANONICAL_NAMESPACES_MAX 64

/*
 * Write the part of the document.
 *
 * out  in arena
 * OUTCOME_MESSAGE_FORMAT  more elements or namespace declarations in the document than the bounds above
 * OUTCOME_INVALID_SECURITY  it has no canonical form (a relative namespace URI), or the part is empty
 */
enum outcome xml_canonicalize(
    struct arena *, xmlDoc *, const struct xml_part *, enum xml_canonical, struct bytes *out, struct why *);

/* node is that element, or stands somewhere inside it. */
bool xml_is_inside(const xmlNode *node, const xmlNode *element);

/* The node after this one in document order, down from root; NULL after the last. */
xmlNode *xml_after(const xmlNode *node, const xmlNode *root);

#endif
