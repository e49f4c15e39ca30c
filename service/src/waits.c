/*
 * Why the link lies in the stream: a request may wait for a thousand streams, and one of them is
 * enough to answer it. With the link in what is waited for, waiting allocates nothing, can never
 * hold more than there are streams, and "a newer request takes the older's place" is moving one
 * node.
 *
 * Why planned_ms: the main thread sleeps until something is due. Readers come thousands of times a
 * second, nearly always with the same patience, so that a new one is due after all those before it;
 * waking the main thread for each would cost more than carrying its events.
 */
#include "waits.h"

#include <stddef.h>

void dpd_waits_init(dpd_waits *waits) {
  dpd_list_init(&waits->timed);
  waits->planned_ms = INT64_MAX;
}

void dpd_wait_init(dpd_wait *wait) {
  dpd_list_init(&wait->of_waiter);
  wait->waiter = NULL;
}

bool dpd_waiter_begin(dpd_waits *waits, dpd_waiter *waiter, int64_t due_ms) {
  dpd_list_init(&waiter->waits);
  waiter->due_ms = due_ms;
  dpd_list_append(&waits->timed, &waiter->timed);
  if (due_ms >= waits->planned_ms) {
    return false;
  }
  waits->planned_ms = due_ms;
  return true;
}

dpd_waiter *dpd_wait_end(dpd_wait *wait) {
  dpd_waiter *waiter = wait->waiter;
  if (waiter == NULL) {
    return NULL;
  }
  dpd_list_remove(&wait->of_waiter);
  wait->waiter = NULL;
  return dpd_list_empty(&waiter->waits) ? waiter : NULL;
}

dpd_waiter *dpd_wait_take(dpd_wait *wait, dpd_waiter *waiter) {
  dpd_waiter *left = dpd_wait_end(wait);
  wait->waiter = waiter;
  dpd_list_append(&waiter->waits, &wait->of_waiter);
  return left;
}

void dpd_waiter_end(dpd_waiter *waiter) {
  dpd_node *node;
  while ((node = dpd_list_first(&waiter->waits)) != NULL) {
    dpd_wait_end(DPD_CONTAINER(node, dpd_wait, of_waiter));
  }
  dpd_list_remove(&waiter->timed);
}

dpd_waiter *dpd_waits_due(dpd_waits *waits, int64_t now_ms, int64_t *next) {
  int64_t soonest = INT64_MAX;
  for (dpd_node *n = waits->timed.next; n != &waits->timed; n = n->next) {
    dpd_waiter *waiter = DPD_CONTAINER(n, dpd_waiter, timed);
    if (waiter->due_ms <= now_ms) {
      dpd_waiter_end(waiter);
      return waiter;
    }
    soonest = waiter->due_ms < soonest ? waiter->due_ms : soonest;
  }
  waits->planned_ms = soonest;
  if (soonest != INT64_MAX && soonest - now_ms < *next) {
    *next = soonest - now_ms;
  }
  return NULL;
}
