/* A token bucket in one word of shared memory. */
#ifndef MUSTER_STAGES_BUCKET_H
#define MUSTER_STAGES_BUCKET_H

#include <muster/base/clock.h>

#include <stdatomic.h>

/*
 * Take one of at most burst, of which one is earned again every earn_us. False, and nothing taken, when there
 * is none.
 *
 * earned_by_us  the moment by which everything taken so far will have been earned again, at most a whole
 * burst ahead of now; 0 at first
 */
bool bucket_take(_Atomic int64_t *earned_by_us, int64_t burst, int64_t earn_us);

#endif
