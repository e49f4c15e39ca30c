/* breaker.h - leave a server alone that is down. Internal. Pure: time goes in as an argument. */
#ifndef DP_BREAKER_H
#define DP_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum dp__breaker_state {
  DP__BREAKER_CLOSED,   /* calls pass */
  DP__BREAKER_OPEN,     /* none pass until open_until_us */
  DP__BREAKER_HALF_OPEN /* one is out to see */
} dp__breaker_state;

enum {
  DP__BREAKER_SLOTS = 10,
  DP__BREAKER_FAILURES = 5,
  DP__BREAKER_PAUSE_MS = 1000,
  DP__BREAKER_PAUSE_MAX_MS = 2500
};

/* When it opens, and for how long. */
typedef struct dp__breaker_bounds {
  uint32_t failures, pause_ms, pause_max_ms; /* 0 = the above */
} dp__breaker_bounds;

/* Zeroed but for its bounds = new. */
typedef struct dp__breaker {
  dp__breaker_bounds bounds;
  dp__breaker_state state;
  uint64_t open_until_us;
  uint32_t row;      /* bad ones since the last good one */
  uint32_t pause_ms; /* how long it opened last; doubles with each failed probe */
  struct {
    uint64_t second; /* which second the slot counts */
    uint32_t good, bad;
  } slots[DP__BREAKER_SLOTS]; /* a sliding window of ten seconds */
} dp__breaker;

/* What a finished call says of its server. A 4xx is an answer: the server is well. */
typedef enum dp__health { DP__HEALTH_GOOD, DP__HEALTH_BAD, DP__HEALTH_UNKNOWN } dp__health;

/* dp__breaker_admit - whether a call may go out. True in half open for the one probe. Otherwise
 * *wait_us is how long until it is worth asking again. */
bool dp__breaker_admit(dp__breaker *breaker, uint64_t now_us, uint64_t *wait_us);
/* dp__breaker_report - what came of an admitted call. Every admitted call must be reported; one that
 * was cancelled is UNKNOWN and gives a probe's place back. */
void dp__breaker_report(dp__breaker *breaker, dp__health health, uint64_t now_us);
const char *dp__breaker_name(dp__breaker_state state); /* "closed", "open", "half_open" */

#endif
