#include <muster/stages/stages.h>

#include <stdatomic.h>
#include <sys/mman.h>

/*
 * A token bucket in one word: the moment by which everything taken so far will have been earned
 * again. It may lie at most a whole burst ahead of now.
 */
#define BURST 1000
#define EARN_US (1000 * 1000 / 20) /* 20 a second */

struct budget {
	_Atomic int64_t earned_by_us;
};

struct budget *
budget_new(void)
{
	struct budget *budget =
	    mmap(NULL, sizeof(*budget), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return budget == MAP_FAILED ? NULL : budget;
}

bool
budget_take(struct budget *budget)
{
	int64_t now = clock_steady_us(), before = atomic_load(&budget->earned_by_us), after;

	do {
		after = (before > now ? before : now) + EARN_US;
		if (after - now > (int64_t)BURST * EARN_US)
			return false;
	} while (!atomic_compare_exchange_weak(&budget->earned_by_us, &before, after));
	return true;
}
