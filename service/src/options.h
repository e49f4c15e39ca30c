/* options.h - the command line of difypoold. */
#ifndef DPD_OPTIONS_H
#define DPD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <difypool/client.h>

typedef struct dpd_options {
  const char *config; /* -c; NULL = the default places */
  const char *socket; /* --socket; NULL = the config's, or the default place */
  bool on_demand;
  bool check;
  bool foreground; /* with --on-demand: do not detach */
  bool has_level;
  dp_log_level level;
  bool log_json;
  uint32_t idle_exit_ms; /* 0 = the config's */
} dpd_options;

typedef enum dpd_options_result {
  DPD_OPTIONS_RUN,
  DPD_OPTIONS_DONE,
  DPD_OPTIONS_WRONG
} dpd_options_result;

/* dpd_options_parse - DONE: --help or --version was answered. WRONG: standard error says what. */
dpd_options_result dpd_options_parse(dpd_options *out, int argc, char **argv);

#endif
