/* Measuring in shared memory: by many processes, in the right bucket, and nothing that is not there. */
#include <muster/base/meter.h>

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define PROCESSES 4
#define EACH 1000

static const struct meter_times quick = { .total_us = 1000 };

static void
processes_share(void **state)
{
	struct meter *meter = meter_new(PROCESSES);
	static struct meter_reading reading;

	(void)state;
	assert_non_null(meter);
	for (unsigned i = 0; i < PROCESSES; i++)
		if (fork() == 0) {
			for (int n = 0; n < EACH; n++)
				meter_request(meter, 3, OUTCOME_OK, &quick);
			meter_busy(meter, i, i % 2 == 0);
			meter_ready(meter, i, i > 0);
			_exit(0);
		}
	while (wait(NULL) != -1)
		continue;
	meter_read(meter, &reading);
	assert_int_equal(reading.request[3][OUTCOME_OK], PROCESSES * EACH);
	assert_int_equal(reading.total[3].bucket[0], PROCESSES * EACH);
	assert_int_equal(reading.total[3].sum_us, PROCESSES * EACH * 1000);
	assert_int_equal(reading.pairs, PROCESSES);
	assert_int_equal(reading.busy, PROCESSES / 2);
	assert_int_equal(reading.ready, PROCESSES - 1);
}

static void
values_are_in_their_bucket(void **state)
{
	struct meter *meter = meter_new(1);
	static struct meter_reading reading;

	(void)state;
	for (size_t i = 0; i < METER_BUCKETS; i++) {
		meter_request(meter, 0, OUTCOME_OK,
		    &(struct meter_times){ meter_bound_us[i], meter_bound_us[i] + 1, 0 });
		assert_true(i == 0 || meter_bound_us[i] > meter_bound_us[i - 1]);
	}
	meter_request(meter, 0, OUTCOME_OK, &(struct meter_times){ -5, 0, 1 });
	meter_read(meter, &reading);
	assert_int_equal(reading.total[0].bucket[0], 2);
	for (size_t i = 1; i < METER_BUCKETS; i++)
		assert_int_equal(reading.total[0].bucket[i], 1);
	assert_int_equal(reading.total[0].bucket[METER_BUCKETS], 0);
	assert_int_equal(reading.database.bucket[0], 0);
	assert_int_equal(reading.database.bucket[METER_BUCKETS], 1);
	assert_int_equal(reading.signature.bucket[0], 1);
	assert_int_equal(reading.signature.sum_us, 1);
}

static void
what_is_not_there_is_not_counted(void **state)
{
	struct meter *meter = meter_new(2);
	static struct meter_reading reading;
	static const struct meter_reading nothing;

	(void)state;
	meter_request(meter, METER_STAGES, OUTCOME_OK, &quick);
	meter_request(meter, 0, (enum outcome)OUTCOME_COUNT, &quick);
	meter_busy(meter, 2, true);
	meter_ready(meter, 2, true);
	meter_read(meter, &reading);
	assert_int_equal(reading.pairs, 2);
	reading.pairs = 0;
	assert_memory_equal(&reading, &nothing, sizeof(reading));
	meter_request(NULL, 0, OUTCOME_OK, &quick);
	meter_busy(NULL, 0, true);
	meter_ready(NULL, 0, true);
	meter_read(NULL, &reading);
	assert_memory_equal(&reading, &nothing, sizeof(reading));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes_share),
		cmocka_unit_test(values_are_in_their_bucket),
		cmocka_unit_test(what_is_not_there_is_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
