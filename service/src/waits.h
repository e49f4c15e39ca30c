/* waits.h - who waits for which streams. Pure: time goes in. */
#ifndef DPD_WAITS_H
#define DPD_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"

/* One request that waits for any of several streams. */
typedef struct dpd_waiter {
  dpd_list waits; /* of the streams that it still waits for, in the order it named them */
  dpd_node timed;
  int64_t due_ms;
} dpd_waiter;

/* Part of a stream: who waits for it. One at a time. */
typedef struct dpd_wait {
  dpd_node of_waiter;
  dpd_waiter *waiter; /* NULL = nobody */
} dpd_wait;

typedef struct dpd_waits {
  dpd_list timed;
  int64_t planned_ms; /* when dpd_waits_due will be asked at the latest */
} dpd_waits;

void dpd_waits_init(dpd_waits *waits);
void dpd_wait_init(dpd_wait *wait);

/* dpd_waiter_begin - it waits from now on, for nothing yet. True: dpd_waits_due must be asked
 * sooner than it was going to be. */
bool dpd_waiter_begin(dpd_waits *waits, dpd_waiter *waiter, int64_t due_ms);
/* dpd_wait_take - it waits for this one now, and whoever did so before does not. That one, if it is
 * left waiting for nothing, else NULL. */
dpd_waiter *dpd_wait_take(dpd_wait *wait, dpd_waiter *waiter);
/* dpd_wait_end - nobody waits for this one any more. As above. */
dpd_waiter *dpd_wait_end(dpd_wait *wait);
/* dpd_waiter_end - it waits for nothing any more. */
void dpd_waiter_end(dpd_waiter *waiter);
/* dpd_waits_due - one whose time is over, and which waits no more; NULL = none, and *next is
 * lowered to the ms until there is one. */
dpd_waiter *dpd_waits_due(dpd_waits *waits, int64_t now_ms, int64_t *next);

#endif
