/*
 * The wap-provisioningdoc as a tree of characteristics and parameters (MS-MDE2 2.2.9.1), and
 * checking a characteristic's parameters against a table.
 */
#ifndef MUSTER_DEVICE_WAP_H
#define MUSTER_DEVICE_WAP_H

#include "refusal.h"

#include <muster/base/arena.h>
#include <muster/base/bytes.h>

struct parm {
	const char *name;
	const char *value;    /* NULL: no value, a flag */
	const char *datatype; /* NULL: not given */
};

struct characteristic {
	const char *type;
	struct parm *parm;
	size_t parms;
	struct characteristic *child;
	size_t children;
};

/*
 * Read a document strictly: version 1.1, elements without namespace, characteristic (type) and parm
 * (name, value, datatype) and nothing else, no text.
 *
 * root  the document itself, with an empty type
 * HRESULT_PROV_UNKNOWN
 */
bool wap_read(struct arena *, struct bytes document, struct characteristic *root, struct refusal *);

/* The value of a parameter; NULL when it is not there (or a flag without value). */
const char *wap_value(const struct characteristic *, const char *name);

/* It is there, with or without value. */
bool wap_has(const struct characteristic *, const char *name);

/* The only child of that type (letter case counts); NULL when there is none or more than one. */
const struct characteristic *wap_child(const struct characteristic *, const char *type);

enum parm_kind { PARM_TEXT, PARM_NUMBER, PARM_BOOLEAN, PARM_FLAG, PARM_REFUSED };

struct parm_rule {
	const char *name;
	enum parm_kind kind;
	bool typed; /* a number or boolean must carry its datatype (DMClient, WSTEP) */
	uint32_t lowest, highest;
};

/*
 * Every parameter must be in the rules, at most once, with a value of its kind and a datatype
 * that fits it.
 *
 * where    for the sentence: "APPLICATION"
 * hresult  of a refusal
 */
bool wap_check(const struct characteristic *, const char *where, const struct parm_rule *rules, size_t count,
    enum hresult hresult, struct refusal *);

/* A number that wap_check() has passed, or the fallback when it is not there. */
uint32_t wap_number(const struct characteristic *, const char *name, uint32_t fallback);

#endif
