/*
 * Turns.
 *
 * In one queue for all, whoever brings ten thousand calls has everybody else wait behind them. So
 * each share (a caller) has a queue of its own, and the shares take turns, a call a turn. That
 * alone would still let a caller with one call now and then wait for a turn of each of the greedy
 * ones. So who comes with nothing waiting goes first, once, as in fq_codel's list of new flows; and
 * so that nobody gains by coming with one call at a time as fast as he can, a share that had its
 * turn keeps its place among the others, empty as it may be, until that place comes to the front.
 *
 * Turns are by calls, not by what they cost: their cost is known only afterwards, and the dearest
 * is some ten times the mean.
 */
#include "fair.h"

#include <stdlib.h>

/* --- flows, by share
 * --------------------------------------------------------------------------------- */

static dp__flow **chain_of(dp__fair *fair, uint64_t share) {
  uint64_t hash = share * 0x9e3779b97f4a7c15u;
  return &fair->chains[hash >> 58];
}

static dp__flow *find(const dp__fair *fair, uint64_t share) {
  dp__flow *flow = *chain_of((dp__fair *)(uintptr_t)fair, share);
  while (flow && flow->share != share)
    flow = flow->chain;
  return flow;
}

static void link_before(dp__fair *fair, dp__flow *flow, dp__flow *next) {
  dp__flow *before = next ? next->before : fair->last;
  flow->next = next;
  flow->before = before;
  *(before ? &before->next : &fair->first) = flow;
  *(next ? &next->before : &fair->last) = flow;
}

static void unlink_flow(dp__fair *fair, dp__flow *flow) {
  if (fair->fresh_last == flow)
    fair->fresh_last = flow->before; /* all that stand before a fresh one are fresh */
  *(flow->before ? &flow->before->next : &fair->first) = flow->next;
  *(flow->next ? &flow->next->before : &fair->last) = flow->before;
}

static void drop(dp__fair *fair, dp__flow *flow) {
  unlink_flow(fair, flow);
  fair->flows--;
  if (flow == &fair->common) {
    *flow = (dp__flow){0};
    return;
  }
  dp__flow **link = chain_of(fair, flow->share);
  while (*link != flow)
    link = &(*link)->chain;
  *link = flow->chain;
  free(flow);
}

static dp__flow *begin(dp__fair *fair, uint64_t share) {
  dp__flow *flow = calloc(1, sizeof *flow);
  if (flow) {
    dp__flow **chain = chain_of(fair, share);
    flow->share = share;
    flow->chain = *chain;
    *chain = flow;
  } else {
    flow = &fair->common;
    if (flow->before || fair->first == flow)
      return flow;
  }
  flow->fresh = true;
  fair->flows++;
  link_before(fair, flow, fair->fresh_last ? fair->fresh_last->next : fair->first);
  fair->fresh_last = flow;
  return flow;
}

/* --- items
 * ------------------------------------------------------------------------------------------- */

void dp__fair_add(dp__fair *fair, dp__fair_item *item, uint64_t share,
                  bool (*goes_before)(const dp__fair_item *a, const dp__fair_item *b)) {
  dp__flow *flow = find(fair, share);
  if (!flow)
    flow = begin(fair, share);
  dp__fair_item *before = flow->last;
  while (before && goes_before && goes_before(item, before))
    before = before->before;
  item->flow = flow;
  item->before = before;
  item->next = before ? before->next : flow->first;
  *(before ? &before->next : &flow->first) = item;
  *(item->next ? &item->next->before : &flow->last) = item;
  flow->count++;
  fair->count++;
}

static dp__flow *take_out(dp__fair *fair, dp__fair_item *item) {
  dp__flow *flow = item->flow;
  *(item->before ? &item->before->next : &flow->first) = item->next;
  *(item->next ? &item->next->before : &flow->last) = item->before;
  *item = (dp__fair_item){0};
  flow->count--;
  fair->count--;
  return flow;
}

/* Nobody waits: nobody is owed a turn. */
static bool forget_all(dp__fair *fair) {
  while (fair->count == 0 && fair->first)
    drop(fair, fair->first);
  return fair->count == 0;
}

void dp__fair_remove(dp__fair *fair, dp__fair_item *item) {
  dp__flow *flow = take_out(fair, item);
  if (!forget_all(fair) && flow->count == 0 && flow->fresh)
    drop(fair, flow);
}

dp__fair_item *dp__fair_next(const dp__fair *fair, bool (*fits)(const dp__fair_item *item)) {
  for (dp__flow *flow = fair->first; flow; flow = flow->next) {
    dp__fair_item *item = flow->first;
    for (unsigned i = 0; item && i < DP__FAIR_LOOKS; i++, item = item->next)
      if (!fits || fits(item))
        return item;
  }
  return NULL;
}

/* Places that came to the front, and are empty, are given up. */
static void pass(dp__fair *fair, dp__flow *until) {
  for (dp__flow *flow = fair->first, *next; flow && flow != until; flow = next) {
    next = flow->next;
    if (flow->count == 0)
      drop(fair, flow);
  }
}

void dp__fair_take(dp__fair *fair, dp__fair_item *item) {
  dp__flow *flow = take_out(fair, item);
  if (forget_all(fair))
    return;
  bool was_fresh = flow->fresh;
  if (!was_fresh)
    pass(fair, flow);
  if (flow->count == 0 && !was_fresh) {
    drop(fair, flow);
    return;
  }
  unlink_flow(fair, flow);
  flow->fresh = false;
  link_before(fair, flow, NULL);
}

uint32_t dp__fair_ahead(const dp__fair *fair, uint64_t share, uint32_t position) {
  uint32_t ahead = position;
  for (const dp__flow *flow = fair->first; flow; flow = flow->next)
    if (flow->share != share)
      ahead += flow->count < position ? flow->count : position;
  return ahead;
}

const dp__flow *dp__fair_flow(const dp__fair *fair, uint64_t share) {
  const dp__flow *flow = find(fair, share);
  return flow && flow->count ? flow : NULL;
}
