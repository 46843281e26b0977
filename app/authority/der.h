/*
 * The few steps through DER (X.690) that a certificate request needs: one element after another,
 * by tag and length. What lies inside an element is looked at only by who asks for it.
 */
#ifndef MUSTER_APP_AUTHORITY_DER_H
#define MUSTER_APP_AUTHORITY_DER_H

#include <muster/base/bytes.h>

#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_SEQUENCE 0x30
#define DER_CONTEXT_0 0xa0

struct der_element {
	struct bytes whole;   /* with tag and length */
	struct bytes content; /* without */
};

/*
 * Take the first element from *rest, which must have this tag and a definite length in its
 * shortest form. False, and *rest untouched, when it has not.
 */
bool der_take(struct bytes *rest, uint8_t tag, struct der_element *);

#endif
