/* pacer.h - a plan's calls a minute, kept to. Internal. Pure: time goes in as an argument. */
#ifndef DP_PACER_H
#define DP_PACER_H

#include <stdbool.h>
#include <stdint.h>

enum { DP__PACER_SLOTS = 120 };

/* A sliding window of 60 s in slots of half a second. */
typedef struct dp__pacer {
  uint32_t limit; /* calls a window; 0 = none known */
  uint32_t others; /* of them, what other machines were using when a refusal taught the limit */
  uint64_t others_until_us;
  uint64_t blocked_until_us; /* a refusal: nothing before */
  uint64_t slot_number[DP__PACER_SLOTS];
  uint32_t slot_count[DP__PACER_SLOTS];
} dp__pacer;

/* dp__pacer_admit - whether a counted call may go out now; then it is counted. Else *wait_us is when
 * to ask again. */
bool dp__pacer_admit(dp__pacer *pacer, uint64_t now_us, uint64_t *wait_us);
/* dp__pacer_refused - the server refused a call for its rate: learn the limit (10, 100 or 1,000). */
void dp__pacer_refused(dp__pacer *pacer, uint64_t now_us);

#endif
