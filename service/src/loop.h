/* loop.h - the main thread: signals, timers, the question to ourselves, the end. */
#ifndef DPD_LOOP_H
#define DPD_LOOP_H

#include <stdbool.h>

#include "service.h"

typedef struct dpd_loop_options {
  bool on_demand; /* end when nobody is connected, or the path is no longer ours */
  uint32_t idle_exit_ms;
  uint32_t stop_ms; /* bound on a clean stop */
  /* Reads the config again, as at start. */
  bool (*load)(dpd_config *config, dp_error *err, void *user);
  void *user;
} dpd_loop_options;

/* dpd_loop_block_signals - before any thread is made, so that all inherit it. */
void dpd_loop_block_signals(void);
/* dpd_loop_run - until the service shall end; then it is drained, not yet stopped. */
void dpd_loop_run(dpd_service *s, const dpd_loop_options *options);

#endif
