/* histogram.h - quantiles of times without keeping the times. Internal. Pure. */
#ifndef DP_HISTOGRAM_H
#define DP_HISTOGRAM_H

#include <stdint.h>

/* 8 buckets for each power of two up to 2^40 µs (12 days): an error of at most 1/8. */
enum { DP__HISTOGRAM_BUCKETS = 8 * 41 };

typedef struct dp__histogram {
  uint32_t buckets[DP__HISTOGRAM_BUCKETS];
  uint32_t count;
  uint64_t max_us;
} dp__histogram;

/* dp__histogram_add - one more value; when there are 2,048, all counts are halved, so that the
 * quantiles speak of the last thousand or two. */
void dp__histogram_add(dp__histogram *histogram, uint64_t us);
/* dp__histogram_quantile - the value below which that share (0..1) lies, rounded up to its bucket's
 * end; 0 when empty. */
uint64_t dp__histogram_quantile(const dp__histogram *histogram, double share);

#endif
