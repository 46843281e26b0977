#include <muster/stages/stages.h>

#include <sys/mman.h>

#include "bucket.h"

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
	return bucket_take(&budget->earned_by_us, BURST, EARN_US);
}
