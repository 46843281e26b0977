/*
 * What a device says of itself: the ContextItems of a RequestSecurityToken, known
 * and unknown, in their order (MS-MDE2 3.4.4.1.1.1). All of it is asserted by the
 * client; nothing is evidence.
 */
#ifndef MUSTER_BASE_FACTS_H
#define MUSTER_BASE_FACTS_H

#include <muster/base/base.h>

struct arena;

#define FACTS_MAX 128		   /* items */
#define FACT_NAME_MAX 64	   /* bytes */
#define FACT_VALUE_MAX (64 * 1024) /* bytes */

struct fact {
	const char *name;  /* in its known spelling when the name is known, without case */
	const char *value; /* trimmed; may be empty */
};

struct facts {
	struct fact item[FACTS_MAX];
	size_t count;
};

/*
 * Add an item; name and value must live in the arena of the request. A known name
 * (DeviceID, HWDevID, OSVersion, ...) takes its known spelling, another one that of its
 * first occurrence. False when there are FACTS_MAX already, or name or value is too
 * long or not UTF-8, or the name is empty.
 */
bool facts_add(struct facts *, const char *name, const char *value);

/* The first value of that name (without case); NULL if there is none. */
const char *facts_get(const struct facts *, const char *name);

/*
 * The items as one JSON object in arena, {"DeviceID": "…", "MAC": ["…", "…"]}:
 * a name that occurs more than once has an array.
 */
char *facts_json(struct arena *, const struct facts *);

/*
 * The reverse of facts_json(); false when it is not such an object or exceeds the
 * limits. *facts is emptied first.
 */
bool facts_from_json(struct arena *, const char *json, struct facts *);

#endif
