/*
 * A look at XML text before a parser does: what would cost it time or memory, and
 * what has no business in a request.
 */
#ifndef MUSTER_WIRE_XML_SCAN_H
#define MUSTER_WIRE_XML_SCAN_H

#include <muster/base/bytes.h>
#include <muster/base/outcome.h>

/*
 * Read the text once, in linear time and without memory. On well-formed XML it
 * counts exactly; on other text it may miscount, which the parser then refuses.
 *
 * text  UTF-8 that begins with '<'
 * OUTCOME_MESSAGE_FORMAT  a DOCTYPE, a processing instruction, a declared encoding other than
 *                         UTF-8, deeper than XML_DEPTH_MAX, more than XML_ATTRIBUTES_MAX
 *                         attributes in an element, more than XML_NAMESPACES_MAX namespaces
 */
enum outcome xml_scan(struct bytes text, struct why *);

#endif
