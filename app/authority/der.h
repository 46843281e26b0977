/*
 * The few steps through DER (X.690) that a certificate request and the PKCS#7 around one need: one element
 * after another, by tag and length. What lies inside an element is looked at only by who asks for it.
 */
#ifndef MUSTER_APP_AUTHORITY_DER_H
#define MUSTER_APP_AUTHORITY_DER_H

#include <muster/base/bytes.h>

#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_OCTET_STRING 0x04
#define DER_OBJECT_IDENTIFIER 0x06
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_CONTEXT_0 0xa0
#define DER_CONTEXT_1 0xa1

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
