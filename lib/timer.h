/* timer.h - many timers, one clock. Internal. Pure: time goes in as an argument. */
#ifndef DP_TIMER_H
#define DP_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded in what it is about; zeroed = not set. */
typedef struct dp__timer {
  uint64_t at_us;
  size_t place; /* in the heap, from 1; 0 = not set */
  void (*run)(struct dp__timer *timer);
} dp__timer;

typedef struct dp__timers {
  dp__timer **heap;
  size_t count, capacity;
} dp__timers;

void dp__timers_deinit(dp__timers *timers);
/* dp__timer_set - run once at at_us or later; moves a timer that is set. False when memory is
 * out. */
bool dp__timer_set(dp__timers *timers, dp__timer *timer, uint64_t at_us,
                   void (*run)(dp__timer *timer));
/* dp__timer_clear - harmless when not set. */
void dp__timer_clear(dp__timers *timers, dp__timer *timer);
/* dp__timers_next_us - when the next one is due; UINT64_MAX = none is set. */
uint64_t dp__timers_next_us(const dp__timers *timers);
/* dp__timers_run - run all that are due at now_us; those set meanwhile for now wait for the next
 * turn, so that a timer which sets itself again cannot hold the loop. */
void dp__timers_run(dp__timers *timers, uint64_t now_us);

#endif
