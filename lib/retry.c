/*
 * Repeats, so that they help and do not harm.
 *
 * Pauses are decorrelated jitter (each drawn between the first pause and three times the last), which
 * spreads callers that failed together best. The budget is per server: a single caller's three tries are
 * sensible, ten thousand callers' three tries are an attack on a server that is coming back.
 */
#include "retry.h"

uint64_t dp__chance_between(dp__chance *chance, uint64_t low, uint64_t high) {
  uint64_t z = (chance->state += 0x9e3779b97f4a7c15u); /* splitmix64 */
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  return high > low ? low + z % (high - low + 1) : low;
}

uint32_t dp__retry_pause_ms(dp__chance *chance, uint32_t last_ms, uint32_t initial_ms,
                            uint32_t max_ms) {
  uint64_t high = last_ms ? 3ull * last_ms : 3ull * initial_ms;
  uint64_t pause = dp__chance_between(chance, initial_ms, high);
  return (uint32_t)(pause > max_ms ? max_ms : pause);
}

static uint64_t second_of(uint64_t us) {
  return us / 1000000 + 1; /* a slot of zeros is of no second */
}

static unsigned slot_of(dp__budget *budget, uint64_t us) {
  uint64_t second = second_of(us);
  unsigned i = (unsigned)(second % DP__BUDGET_SLOTS);
  if (budget->slots[i].second != second) {
    budget->slots[i].second = second;
    budget->slots[i].calls = budget->slots[i].repeats = 0;
  }
  return i;
}

void dp__budget_call(dp__budget *budget, uint64_t now_us) {
  budget->slots[slot_of(budget, now_us)].calls++;
}

uint64_t dp__budget_take(dp__budget *budget, uint64_t at_us) {
  unsigned now = slot_of(budget, at_us);
  uint64_t second = second_of(at_us), calls = 0, repeats = 0;
  for (unsigned i = 0; i < DP__BUDGET_SLOTS; i++)
    if (budget->slots[i].second + DP__BUDGET_SLOTS > second) {
      calls += budget->slots[i].calls;
      repeats += budget->slots[i].repeats;
    }
  uint32_t least = budget->least ? budget->least : DP__BUDGET_LEAST;
  uint32_t percent = budget->percent ? budget->percent : DP__BUDGET_PERCENT;
  if (budget->slots[now].repeats < least || repeats < calls * percent / 100) {
    budget->slots[now].repeats++;
    return 0;
  }
  return second * 1000000 - at_us; /* the next second has places of its own */
}

uint32_t dp__budget_taken(const dp__budget *budget, uint64_t now_us) {
  uint32_t repeats = 0;
  for (unsigned i = 0; i < DP__BUDGET_SLOTS; i++)
    if (budget->slots[i].second + DP__BUDGET_SLOTS > second_of(now_us))
      repeats += budget->slots[i].repeats;
  return repeats;
}
