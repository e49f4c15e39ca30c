/*
 * The pacer of one workspace.
 *
 * Dify Cloud counts the calls of a workspace over a sliding minute, refused ones too, so running into
 * the limit makes it worse. We count what the server counts. The limit is one of three numbers and is
 * learnt from a refusal: it is the smallest of them that is not below our own count, and what is
 * missing to it was used by somebody else, who is granted that much for one window.
 */
#include "pacer.h"

static const uint64_t SLOT_US = 500000, WINDOW_US = 60000000;

static uint64_t number_of(uint64_t now_us) {
  return now_us / SLOT_US + 1;
}

static uint32_t in_window(const dp__pacer *pacer, uint64_t now_us) {
  uint32_t count = 0;
  for (unsigned i = 0; i < DP__PACER_SLOTS; i++)
    if (pacer->slot_number[i] + DP__PACER_SLOTS > number_of(now_us))
      count += pacer->slot_count[i];
  return count;
}

static void count(dp__pacer *pacer, uint64_t now_us) {
  unsigned i = (unsigned)(number_of(now_us) % DP__PACER_SLOTS);
  if (pacer->slot_number[i] != number_of(now_us)) {
    pacer->slot_number[i] = number_of(now_us);
    pacer->slot_count[i] = 0;
  }
  pacer->slot_count[i]++;
}

/* When the oldest slot that holds something leaves the window. */
static uint64_t until_next(const dp__pacer *pacer, uint64_t now_us) {
  uint64_t oldest = UINT64_MAX;
  for (unsigned i = 0; i < DP__PACER_SLOTS; i++)
    if (pacer->slot_count[i] && pacer->slot_number[i] + DP__PACER_SLOTS > number_of(now_us) &&
        pacer->slot_number[i] < oldest)
      oldest = pacer->slot_number[i];
  if (oldest == UINT64_MAX)
    return SLOT_US;
  return (oldest + DP__PACER_SLOTS - 1) * SLOT_US - now_us;
}

bool dp__pacer_admit(dp__pacer *pacer, uint64_t now_us, uint64_t *wait_us) {
  *wait_us = 0;
  if (now_us < pacer->blocked_until_us) {
    *wait_us = pacer->blocked_until_us - now_us;
    return false;
  }
  uint32_t others = now_us < pacer->others_until_us ? pacer->others : 0;
  if (pacer->limit && in_window(pacer, now_us) + others >= pacer->limit) {
    *wait_us = until_next(pacer, now_us);
    return false;
  }
  count(pacer, now_us);
  return true;
}

void dp__pacer_refused(dp__pacer *pacer, uint64_t now_us) {
  static const uint32_t plans[] = {10, 100, 1000};
  uint32_t own = in_window(pacer, now_us);
  if (pacer->limit == 0 || own < pacer->limit) {
    uint32_t plan = plans[2];
    for (unsigned i = 0; i < 3; i++)
      if (own <= plans[i] + 1) {
        plan = plans[i];
        break;
      }
    if (pacer->limit == 0)
      pacer->limit = plan;
    pacer->others = own < pacer->limit ? pacer->limit - own : 0;
    pacer->others_until_us = now_us + WINDOW_US;
  }
  uint64_t wait = until_next(pacer, now_us);
  pacer->blocked_until_us = now_us + wait;
}
