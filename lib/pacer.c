/*
 * The pace of a workspace.
 *
 * Dify Cloud counts calls to knowledge bases over a sliding window, refused ones too, so running into
 * the limit makes it last longer. The pacer counts what the server counts and holds a call back until
 * there is room. Without a configured limit, the first refusal teaches it: plans allow 10, 100 or
 * 1,000 a minute, so the limit is the least of these that holds what was let through, and what is
 * missing from it others have used. Of several calls that were out at once each may be refused: those
 * teach nothing new.
 */
#include "pacer.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t plans[] = {10, 100, 1000};
enum { PLANS = sizeof plans / sizeof *plans };

void dp__pacer_deinit(dp__pacer *pacer) {
  free(pacer->times);
  pacer->times = NULL;
  pacer->first = pacer->count = pacer->capacity = 0;
}

uint64_t dp__pacer_window_us(const dp__pacer *pacer) {
  return pacer->window_us ? pacer->window_us : DP__PACER_WINDOW_US;
}

/* The lowest bit of an entry says that it was refused. */
static uint64_t *entry_at(const dp__pacer *pacer, size_t i) {
  return &pacer->times[(pacer->first + i) % pacer->capacity];
}

static uint64_t time_at(const dp__pacer *pacer, size_t i) {
  return *entry_at(pacer, i) >> 1;
}

static void forget_old(dp__pacer *pacer, uint64_t now_us) {
  while (pacer->count && time_at(pacer, 0) + dp__pacer_window_us(pacer) <= now_us) {
    pacer->refused -= *entry_at(pacer, 0) & 1;
    pacer->first = (pacer->first + 1) % pacer->capacity;
    pacer->count--;
  }
  if (now_us >= pacer->others_until_us)
    pacer->others = 0;
}

/* When the n-th oldest thing in the window leaves it (n from 1); the others' leave all at once. */
static uint64_t nth_leaves_us(const dp__pacer *pacer, size_t n) {
  size_t i = 0;
  bool others = pacer->others > 0;
  while (n > 0 && (i < pacer->count || others)) {
    uint64_t own = i < pacer->count ? time_at(pacer, i) + dp__pacer_window_us(pacer) : UINT64_MAX;
    bool others_first = others && pacer->others_until_us <= own;
    size_t leave = others_first ? pacer->others : 1;
    uint64_t at = others_first ? pacer->others_until_us : own;
    if (leave >= n)
      return at;
    n -= leave;
    if (others_first)
      others = false;
    else
      i++;
  }
  return UINT64_MAX;
}

uint64_t dp__pacer_wait_us(dp__pacer *pacer, size_t ahead, uint64_t now_us) {
  if (pacer->limit == 0)
    return 0;
  forget_old(pacer, now_us);
  uint64_t used = (uint64_t)pacer->count + pacer->out + pacer->others + ahead;
  if (used < pacer->limit)
    return 0;
  size_t n = (size_t)(used - pacer->limit + 1);
  uint64_t at = nth_leaves_us(pacer, n);
  if (at != UINT64_MAX)
    return at - now_us;
  /* What is out, or goes before it, leaves a whole window after it was answered. */
  size_t known = pacer->count + pacer->others;
  return dp__pacer_window_us(pacer) * (1 + (n - known - 1) / pacer->limit);
}

uint32_t dp__pacer_used(dp__pacer *pacer, uint64_t now_us) {
  forget_old(pacer, now_us);
  return (uint32_t)pacer->count + pacer->out;
}

void dp__pacer_go(dp__pacer *pacer) {
  pacer->out++;
}

void dp__pacer_unsent(dp__pacer *pacer) {
  pacer->out--;
}

static bool grow(dp__pacer *pacer) {
  if (pacer->count < pacer->capacity)
    return true;
  size_t capacity = pacer->capacity ? 2 * pacer->capacity : 32;
  uint64_t *times = malloc(capacity * sizeof *times);
  if (!times)
    return false;
  for (size_t i = 0; i < pacer->count; i++)
    times[i] = *entry_at(pacer, i);
  free(pacer->times);
  pacer->times = times;
  pacer->first = 0;
  pacer->capacity = capacity;
  return true;
}

void dp__pacer_answered(dp__pacer *pacer, uint64_t now_us) {
  pacer->out--;
  forget_old(pacer, now_us);
  if (!grow(pacer)) { /* no memory: the newest stands for both */
    if (pacer->count)
      *entry_at(pacer, pacer->count - 1) = now_us << 1 | (*entry_at(pacer, pacer->count - 1) & 1);
    return;
  }
  *entry_at(pacer, pacer->count++) = now_us << 1;
}

static void mark_refused(dp__pacer *pacer) {
  uint64_t *last = pacer->count ? entry_at(pacer, pacer->count - 1) : NULL;
  if (!last || (*last & 1))
    return;
  *last |= 1;
  pacer->refused++;
}

/* The least plan that holds what was let through. */
static uint32_t plan_for(size_t through) {
  unsigned plan = 0;
  while (plan + 1 < PLANS && plans[plan] < through)
    plan++;
  return plans[plan];
}

void dp__pacer_refused(dp__pacer *pacer, uint64_t now_us) {
  forget_old(pacer, now_us);
  mark_refused(pacer);
  size_t through = pacer->count - pacer->refused;
  if (!pacer->configured && pacer->limit < plan_for(through))
    pacer->limit = plan_for(through);
  size_t own = pacer->count ? pacer->count - 1 : 0; /* refused ones before this count, too */
  uint32_t others = pacer->limit > own ? pacer->limit - (uint32_t)own : 0;
  if (others <= pacer->others) /* known already: of several that were out, the first told it */
    return;
  pacer->others = others;
  pacer->others_until_us = now_us + dp__pacer_window_us(pacer);
}
