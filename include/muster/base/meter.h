/*
 * What a pool measures of itself, in memory that its processes share: requests by stage and outcome, how long
 * they and their parts took, which workers are busy, which issuers have their keys. Nothing of it is written
 * anywhere; it begins anew with the master. Writing costs some atomic additions; NULL measures nothing.
 */
#ifndef MUSTER_BASE_METER_H
#define MUSTER_BASE_METER_H

#include <muster/base/outcome.h>

/* As many stages as can be told apart: their numbers are the caller's. */
#define METER_STAGES 16

/* Upper bounds of the histograms' buckets, in microseconds; what is longer counts in one more. */
#define METER_BUCKETS 11
extern const int64_t meter_bound_us[METER_BUCKETS];

struct meter;

/* For a pool of so many pairs. NULL when there is no memory. Lives as long as the processes that share it. */
struct meter *meter_new(unsigned pairs);

/* How long a request took, from its first byte to its reply made; database and signature 0: there was none.
 */
struct meter_times {
	int64_t total_us, database_us, signature_us;
};

/* A request has its reply. stage below METER_STAGES; others are not counted. */
void meter_request(struct meter *, unsigned stage, enum outcome, const struct meter_times *);

/* The worker of a pair begins or ends a request; a pair's number is its place in the pool. */
void meter_busy(struct meter *, unsigned pair, bool busy);

/* The issuer of a pair could sign now, or not. */
void meter_ready(struct meter *, unsigned pair, bool ready);

/* Values of a histogram, and their sum. */
struct meter_histogram {
	uint64_t bucket[METER_BUCKETS + 1]; /* each alone, not yet summed up */
	uint64_t sum_us;
};

/* All of it at one moment, though not of one instant. */
struct meter_reading {
	uint64_t request[METER_STAGES][OUTCOME_COUNT];
	struct meter_histogram total[METER_STAGES], database, signature;
	unsigned pairs, busy;
	unsigned ready; /* issuers that could sign */
};

void meter_read(const struct meter *, struct meter_reading *);

#endif
