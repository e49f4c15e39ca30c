/* retry.h - whether and when to try again. Internal. Pure. */
#ifndef DP_RETRY_H
#define DP_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* What may be spent on repeats: a share of the calls, and a few a second in any case. */
typedef struct dp__budget {
  double tokens;
  uint64_t at_us;
} dp__budget;

/* dp__budget_call - a call goes out: it earns a tenth of a repeat. */
void dp__budget_call(dp__budget *budget);
/* dp__budget_spend - take one repeat; false and *wait_us if there is none yet. */
bool dp__budget_spend(dp__budget *budget, uint64_t now_us, uint64_t *wait_us);

typedef struct dp__backoff {
  uint32_t initial_ms, max_ms;
  uint64_t last_us; /* the pause before; 0 = none yet */
} dp__backoff;

/* dp__backoff_next - the next pause, by decorrelated jitter: between initial and three times the last
 * one, at most max. random: any 64 random bits. */
uint64_t dp__backoff_next(dp__backoff *backoff, uint64_t random);

#endif
