/* ceiling.h - how many bulk calls of a profile run at once, so that they are answered within a
 * time. Internal. Pure. */
#ifndef DP_CEILING_H
#define DP_CEILING_H

#include <stdbool.h>
#include <stdint.h>

typedef struct dp__ceiling {
  uint32_t ceiling_ms; /* 0 = there is none */
  uint32_t bound, limit, running;
  uint32_t tag; /* of the limit in force: what began under another one says nothing of it */
  uint32_t count, above; /* of the calls that began under it */
  bool wanted;           /* a call was held back since */
} dp__ceiling;

void dp__ceiling_init(dp__ceiling *ceiling, uint32_t ceiling_ms, uint32_t bound);
/* dp__ceiling_admits - whether one more may run. */
bool dp__ceiling_admits(dp__ceiling *ceiling);
/* dp__ceiling_begin - one more runs; the tag goes to dp__ceiling_sample. */
uint32_t dp__ceiling_begin(dp__ceiling *ceiling);
void dp__ceiling_end(dp__ceiling *ceiling);
/* dp__ceiling_sample - one of them was answered after so long. */
void dp__ceiling_sample(dp__ceiling *ceiling, uint32_t tag, uint64_t latency_us);

#endif
