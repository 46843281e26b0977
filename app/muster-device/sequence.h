/*
 * Reading an xs:sequence as a schema-driven parser does: each element in its place, present even
 * when nil, nothing between. The first thing wrong sticks; ask once at the end.
 */
#ifndef MUSTER_DEVICE_SEQUENCE_H
#define MUSTER_DEVICE_SEQUENCE_H

#include <muster/wire/xml_in.h>

struct sequence {
	const char *ns;
	const xmlNode *parent;
	const xmlNode *next;
	bool failed;
	char what[256]; /* what is wrong, when failed */
};

/* Begin with the children of parent; a NULL parent is an empty sequence that has failed already. */
struct sequence sequence_of(const xmlNode *parent, const char *ns);

/* The next element must be that; NULL after a failure. */
const xmlNode *sequence_need(struct sequence *, const char *name);

/* The same, but xsi:nil="true" is allowed and gives NULL. */
const xmlNode *sequence_nillable(struct sequence *, const char *name);

/* The next element if it is that, else NULL and nothing is taken. */
const xmlNode *sequence_option(struct sequence *, const char *name);

/* Nothing of this namespace may follow (extensions of other namespaces may). True when all went well. */
bool sequence_end(struct sequence *);

/* An element that must be there with a decimal number from lowest to 2^32-1; 0 after a failure. */
uint32_t sequence_number(struct sequence *, struct arena *, const char *name, uint32_t lowest);

/* An element that must be there with "true" or "false" (or 1, 0). */
bool sequence_boolean(struct sequence *, struct arena *, const char *name);

/* The decimal number in text, white space at the ends allowed; false when it is none. */
bool number_read(const char *text, uint32_t *number);

#endif
