/* Times of many exchanges, and failures by kind. Not locked: its owner does that. */
#ifndef MUSTER_DEVICE_STATISTICS_H
#define MUSTER_DEVICE_STATISTICS_H

#include "enrollment.h"

#define KINDS_MAX 64

struct failure_kind {
	const char *stage;
	enum hresult hresult;
	size_t count;
	char what[256]; /* of the first one */
	char trace[80];
};

struct statistics {
	int64_t *us[STAGE_COUNT + 1]; /* the last one: the whole enrollment */
	size_t count[STAGE_COUNT + 1];
	struct failure_kind kind[KINDS_MAX];
	size_t kinds, failures, notes;
	char first_note[256];
};

/* Room for that many devices; false when there is no memory. */
bool statistics_new(struct statistics *, size_t devices);
void statistics_release(struct statistics *);

/* Count one enrollment that took us microseconds in all. */
void statistics_add(struct statistics *, const struct enrollment *, int64_t us);

/* The value below which the given share of sorted values lies (nearest rank); 0 for none. */
int64_t statistics_percentile(const int64_t *sorted, size_t count, unsigned percent);

/* Sort and print the table to stdout, or as JSON with the figures given. */
void statistics_print(struct statistics *);
void statistics_print_json(
    struct statistics *, size_t devices, unsigned concurrent, double seconds, bool kept);

#endif
