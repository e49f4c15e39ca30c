/*
 * Why a thread: the engine answers the service's question about its counters in a turn of its own
 * loop, so an engine that is held (by a file that does not open, a resolver that does not return)
 * keeps whoever asks. The main loop must not be kept, and only looks at when the last answer came.
 */
#include "pulse.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "clock.h"

struct dpd_pulse {
  dp_client *client;
  int every_ms;
  pthread_t thread;
  pthread_cond_t wake;
  pthread_mutex_t lock; /* what follows */
  int64_t answered_ms;
  bool ending;
};

/* With the lock. */
static void pause_between(dpd_pulse *pulse) {
  int64_t until_ms = dpd_now_ms() + pulse->every_ms;
  struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
  while (!pulse->ending &&
         pthread_cond_timedwait(&pulse->wake, &pulse->lock, &until) != ETIMEDOUT) {
  }
}

static void *ask(void *user) {
  dpd_pulse *pulse = user;
  pthread_mutex_lock(&pulse->lock);
  while (!pulse->ending) {
    pthread_mutex_unlock(&pulse->lock);
    dp_stats stats = DP_STATS_INIT;
    dp_client_stats(pulse->client, &stats); /* that it returns is the answer */
    dp_stats_clear(&stats);
    pthread_mutex_lock(&pulse->lock);
    pulse->answered_ms = dpd_now_ms();
    pause_between(pulse);
  }
  pthread_mutex_unlock(&pulse->lock);
  return NULL;
}

dpd_pulse *dpd_pulse_start(dp_client *client, int every_ms) {
  dpd_pulse *pulse = calloc(1, sizeof(*pulse));
  pthread_condattr_t monotonic;
  if (pulse == NULL) {
    return NULL;
  }
  *pulse = (dpd_pulse){.client = client, .every_ms = every_ms, .answered_ms = dpd_now_ms()};
  pthread_mutex_init(&pulse->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&pulse->wake, &monotonic);
  pthread_condattr_destroy(&monotonic);
  if (pthread_create(&pulse->thread, NULL, ask, pulse) == 0) {
    pthread_setname_np(pulse->thread, "pulse");
    return pulse;
  }
  pthread_cond_destroy(&pulse->wake);
  pthread_mutex_destroy(&pulse->lock);
  free(pulse);
  return NULL;
}

int64_t dpd_pulse_silent_ms(dpd_pulse *pulse, int64_t now_ms) {
  if (pulse == NULL) {
    return 0;
  }
  pthread_mutex_lock(&pulse->lock);
  int64_t silent_ms = now_ms - pulse->answered_ms;
  pthread_mutex_unlock(&pulse->lock);
  return silent_ms;
}

void dpd_pulse_stop(dpd_pulse *pulse) {
  if (pulse == NULL) {
    return;
  }
  pthread_mutex_lock(&pulse->lock);
  pulse->ending = true;
  pthread_cond_signal(&pulse->wake);
  pthread_mutex_unlock(&pulse->lock);
  pthread_join(pulse->thread, NULL);
  pthread_cond_destroy(&pulse->wake);
  pthread_mutex_destroy(&pulse->lock);
  free(pulse);
}
