/* Fields of a form as browsers send them (application/x-www-form-urlencoded, WHATWG URL 5): a query or a
 * body. */
#ifndef MUSTER_WIRE_FORM_H
#define MUSTER_WIRE_FORM_H

#include <muster/base/arena.h>
#include <muster/base/bytes.h>
#include <muster/base/outcome.h>

/*
 * The value of a field, decoded, in arena; NULL when the form has no such field. Other fields are not looked
 * at: what a stranger adds to a query does no harm. The caller bounds the form's size.
 *
 * name   literal, of letters that need no encoding
 * OUTCOME_MESSAGE_FORMAT  the field is there twice, or its value is wrongly encoded, not UTF-8, or holds a
 * NUL
 */
enum outcome form_value(
    struct arena *, struct bytes form, const char *name, const char **value, struct why *);

#endif
