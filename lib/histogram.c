/*
 * A log-linear histogram, as HdrHistogram has it, in 1.3 KB a host.
 *
 * Someone who reads a status wants to know how long calls take now, to about ten percent. Halving
 * the counts from time to time lets old ones fade without keeping a single sample.
 */
#include "histogram.h"

enum { FADE_AT = 2048, SUB = 8 };

static unsigned bucket_of(uint64_t us) {
  if (us < SUB)
    return (unsigned)us;
  unsigned log = 63u - (unsigned)__builtin_clzll(us);
  unsigned bucket = (log - 2) * SUB + (unsigned)((us >> (log - 3)) & (SUB - 1));
  return bucket < DP__HISTOGRAM_BUCKETS ? bucket : DP__HISTOGRAM_BUCKETS - 1;
}

/* The largest value of a bucket. */
static uint64_t end_of(unsigned bucket) {
  if (bucket < SUB)
    return bucket;
  unsigned log = bucket / SUB + 2;
  uint64_t step = 1ull << (log - 3);
  return (SUB + bucket % SUB + 1) * step - 1;
}

static void fade(dp__histogram *histogram) {
  uint64_t most = 0;
  histogram->count = 0;
  for (unsigned i = 0; i < DP__HISTOGRAM_BUCKETS; i++) {
    histogram->buckets[i] /= 2;
    histogram->count += histogram->buckets[i];
    most = histogram->buckets[i] ? end_of(i) : most;
  }
  if (histogram->max_us > most)
    histogram->max_us = most;
}

void dp__histogram_add(dp__histogram *histogram, uint64_t us) {
  if (histogram->count >= FADE_AT)
    fade(histogram);
  histogram->buckets[bucket_of(us)]++;
  histogram->count++;
  if (us > histogram->max_us)
    histogram->max_us = us;
}

uint64_t dp__histogram_quantile(const dp__histogram *histogram, double share) {
  if (histogram->count == 0)
    return 0;
  double want = share * histogram->count;
  uint64_t seen = 0;
  for (unsigned i = 0; i < DP__HISTOGRAM_BUCKETS; i++) {
    seen += histogram->buckets[i];
    if ((double)seen >= want && histogram->buckets[i])
      return end_of(i) < histogram->max_us ? end_of(i) : histogram->max_us;
  }
  return histogram->max_us;
}
