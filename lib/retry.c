/*
 * Repeats.
 *
 * Two things keep them from doing harm. The pauses are random (decorrelated jitter), so that calls
 * that failed together do not come back together. And a budget, shared by all calls to a server, keeps
 * an outage from being doubled: repeats may be a tenth of the calls, and three a second in any case,
 * so that a quiet program can repeat at all.
 */
#include "retry.h"

static const double share = 0.1, per_second = 3.0, most = 30.0;

static void refill(dp__budget *budget, uint64_t now_us) {
  if (budget->at_us == 0)
    budget->tokens = per_second;
  else if (now_us > budget->at_us)
    budget->tokens += per_second * (double)(now_us - budget->at_us) / 1e6;
  budget->at_us = now_us;
  if (budget->tokens > most)
    budget->tokens = most;
}

void dp__budget_call(dp__budget *budget) {
  if (budget->tokens < most)
    budget->tokens += share;
}

bool dp__budget_spend(dp__budget *budget, uint64_t now_us, uint64_t *wait_us) {
  refill(budget, now_us);
  *wait_us = 0;
  if (budget->tokens >= 1.0) {
    budget->tokens -= 1.0;
    return true;
  }
  *wait_us = (uint64_t)((1.0 - budget->tokens) / per_second * 1e6) + 1;
  return false;
}

uint64_t dp__backoff_next(dp__backoff *backoff, uint64_t random) {
  uint64_t low = 1000ull * backoff->initial_ms, cap = 1000ull * backoff->max_ms;
  uint64_t high = backoff->last_us ? 3 * backoff->last_us : low;
  if (high < low)
    high = low;
  uint64_t pause = low + random % (high - low + 1);
  backoff->last_us = pause < cap ? pause : cap;
  return backoff->last_us;
}
