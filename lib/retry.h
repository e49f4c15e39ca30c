/* retry.h - when to try again, and how often. Internal. Pure: time and chance go in as arguments. */
#ifndef DP_RETRY_H
#define DP_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* Chance: a small generator that its owner seeds, so that tests repeat. Any seed will do. */
typedef struct dp__chance {
  uint64_t state;
} dp__chance;

/* dp__chance_between - a number from low to high, both included. */
uint64_t dp__chance_between(dp__chance *chance, uint64_t low, uint64_t high);

/*
 * dp__retry_pause_ms - how long to wait before the next try: decorrelated jitter, from initial_ms up to
 * three times the pause before (last_ms; 0 = there was none), never over max_ms.
 */
uint32_t dp__retry_pause_ms(dp__chance *chance, uint32_t last_ms, uint32_t initial_ms,
                            uint32_t max_ms);

/* How many repeats a server gets: one for ten calls over ten seconds, and at least three a second, so
 * that an outage is not doubled by those who meet it. Zeroed = new. */
enum { DP__BUDGET_SLOTS = 10, DP__BUDGET_PERCENT = 10, DP__BUDGET_LEAST = 3 };

/* Zeroed but for percent and least = new. */
typedef struct dp__budget {
  uint32_t percent, least; /* 0 = the above */
  struct {
    uint64_t second;
    uint32_t calls, repeats;
  } slots[DP__BUDGET_SLOTS];
} dp__budget;

/* dp__budget_call - a call began. */
void dp__budget_call(dp__budget *budget, uint64_t now_us);
/* dp__budget_take - take a repeat at time at_us (now or when a pause will be over); 0 = taken, else how
 * many µs after at_us there may be one. */
uint64_t dp__budget_take(dp__budget *budget, uint64_t at_us);

/* dp__budget_taken - repeats in the last ten seconds. */
uint32_t dp__budget_taken(const dp__budget *budget, uint64_t now_us);

#endif
