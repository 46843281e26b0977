#include "bucket.h"

bool
bucket_take(_Atomic int64_t *earned_by_us, int64_t burst, int64_t earn_us)
{
	int64_t now = clock_steady_us(), before = atomic_load(earned_by_us), after;

	do {
		after = (before > now ? before : now) + earn_us;
		if (after - now > burst * earn_us)
			return false;
	} while (!atomic_compare_exchange_weak(earned_by_us, &before, after));
	return true;
}
