/* clock.h - the two clocks: one that never steps, for every span; one for people. */
#ifndef DPD_CLOCK_H
#define DPD_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t dpd_clock_us(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Spans and deadlines. A stepped wall clock does not reach it. */
static inline int64_t dpd_now_us(void) {
  return dpd_clock_us(CLOCK_MONOTONIC);
}

static inline int64_t dpd_now_ms(void) {
  return dpd_now_us() / 1000;
}

/* What a log line and service.info show. */
static inline int64_t dpd_wall_ms(void) {
  return dpd_clock_us(CLOCK_REALTIME) / 1000;
}

#endif
