/* pacer.h - no more calls a minute than the plan allows. Internal. Pure: time goes in as an argument. */
#ifndef DP_PACER_H
#define DP_PACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DP__PACER_WINDOW_US = 60000000 };

/*
 * One workspace's sliding window. Zeroed but for window_us and limit = new. A call is counted from
 * the moment it is let go until a window after its answer, since nobody knows when within that time
 * the server counted it.
 */
typedef struct dp__pacer {
  uint64_t window_us; /* 0 = DP__PACER_WINDOW_US */
  uint32_t limit;     /* calls a window; 0 = none is known */
  bool configured;    /* limit is the owner's word and is not learnt */
  uint32_t out;       /* let go and not answered */
  uint32_t others;    /* what somebody else used when we were refused … */
  uint64_t others_until_us; /* … which has left the window by then */
  uint64_t *times;    /* when answers came, and whether refused; a ring, oldest first */
  size_t first, count, capacity;
  size_t refused; /* of those */
} dp__pacer;

void dp__pacer_deinit(dp__pacer *pacer);
uint64_t dp__pacer_window_us(const dp__pacer *pacer);
/* dp__pacer_used - how many of ours count now, those that are out included. */
uint32_t dp__pacer_used(dp__pacer *pacer, uint64_t now_us);

/* dp__pacer_wait_us - 0: a call may go now, if ahead others that wait go before it; else the least time
 * until it may. Answers that are still out can make it longer. */
uint64_t dp__pacer_wait_us(dp__pacer *pacer, size_t ahead, uint64_t now_us);

/* dp__pacer_go - a call that counts is let go. Each is followed by one answered or one unsent. */
void dp__pacer_go(dp__pacer *pacer);
/* dp__pacer_answered - it was answered, or may have reached the server. */
void dp__pacer_answered(dp__pacer *pacer, uint64_t now_us);
/* dp__pacer_unsent - no byte of it can have reached the server. */
void dp__pacer_unsent(dp__pacer *pacer);
/* dp__pacer_refused - after dp__pacer_answered, where the answer was the plan's refusal: learn. */
void dp__pacer_refused(dp__pacer *pacer, uint64_t now_us);

#endif
