#include <muster/base/meter.h>

#include <stdatomic.h>
#include <sys/mman.h>

const int64_t meter_bound_us[METER_BUCKETS] = { 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
	1000000, 5000000 };

struct histogram {
	_Atomic uint64_t bucket[METER_BUCKETS + 1], sum_us;
};

/* Of one pair; a worker that dies in a request leaves busy set until the next one of its place begins, and an
 * issuer ready. */
struct place {
	_Atomic bool busy, ready;
};

struct meter {
	_Atomic uint64_t request[METER_STAGES][OUTCOME_COUNT];
	struct histogram total[METER_STAGES], database, signature;
	unsigned pairs;
	struct place place[];
};

struct meter *
meter_new(unsigned pairs)
{
	size_t size = sizeof(struct meter) + pairs * sizeof(struct place);
	struct meter *meter = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (meter == MAP_FAILED)
		return NULL;
	meter->pairs = pairs;
	return meter;
}

static void
histogram_add(struct histogram *histogram, int64_t us)
{
	size_t i = 0;

	while (i < METER_BUCKETS && us > meter_bound_us[i])
		i++;
	(void)atomic_fetch_add(&histogram->bucket[i], 1);
	(void)atomic_fetch_add(&histogram->sum_us, us > 0 ? (uint64_t)us : 0);
}

void
meter_request(struct meter *meter, unsigned stage, enum outcome outcome, const struct meter_times *times)
{
	if (meter == NULL || stage >= METER_STAGES || (unsigned)outcome >= OUTCOME_COUNT)
		return;
	(void)atomic_fetch_add(&meter->request[stage][outcome], 1);
	histogram_add(&meter->total[stage], times->total_us);
	if (times->database_us > 0)
		histogram_add(&meter->database, times->database_us);
	if (times->signature_us > 0)
		histogram_add(&meter->signature, times->signature_us);
}

void
meter_busy(struct meter *meter, unsigned pair, bool busy)
{
	if (meter != NULL && pair < meter->pairs)
		atomic_store(&meter->place[pair].busy, busy);
}

void
meter_ready(struct meter *meter, unsigned pair, bool ready)
{
	if (meter != NULL && pair < meter->pairs)
		atomic_store(&meter->place[pair].ready, ready);
}

static void
histogram_read(const struct histogram *from, struct meter_histogram *to)
{
	for (size_t i = 0; i <= METER_BUCKETS; i++)
		to->bucket[i] = atomic_load(&from->bucket[i]);
	to->sum_us = atomic_load(&from->sum_us);
}

void
meter_read(const struct meter *meter, struct meter_reading *reading)
{
	*reading = (struct meter_reading){ .pairs = 0 };
	if (meter == NULL)
		return;
	for (size_t stage = 0; stage < METER_STAGES; stage++) {
		for (size_t outcome = 0; outcome < OUTCOME_COUNT; outcome++)
			reading->request[stage][outcome] = atomic_load(&meter->request[stage][outcome]);
		histogram_read(&meter->total[stage], &reading->total[stage]);
	}
	histogram_read(&meter->database, &reading->database);
	histogram_read(&meter->signature, &reading->signature);
	reading->pairs = meter->pairs;
	for (unsigned i = 0; i < meter->pairs; i++) {
		reading->busy += atomic_load(&meter->place[i].busy);
		reading->ready += atomic_load(&meter->place[i].ready);
	}
}
