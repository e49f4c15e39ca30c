/* limiter.h - how many calls at once a server gets. Internal. Pure. */
#ifndef DP_LIMITER_H
#define DP_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

/* What one finished call says of its server's load. */
typedef struct dp__sample {
  uint64_t now_us;
  uint64_t latency_us; /* request sent until answer */
  uint32_t in_flight;  /* calls that ran when it ended, itself included */
  bool overloaded;     /* 429, 503, 504, a time-out */
} dp__sample;

typedef struct dp__limiter {
  uint32_t bound; /* never more than that */
  uint32_t limit; /* in force */
} dp__limiter;

void dp__limiter_init(dp__limiter *limiter, uint32_t bound);
/* dp__limiter_sample - learn from a finished call. */
void dp__limiter_sample(dp__limiter *limiter, const dp__sample *sample);

#endif
