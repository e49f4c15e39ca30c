/*
 * difypoold: from a command line to a running service, and back to an exit status.
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <difypool_proto.h>

#include "config.h"
#include "fault.h"
#include "lockfile.h"
#include "log.h"
#include "loop.h"
#include "notify.h"
#include "ondemand.h"
#include "options.h"
#include "place.h"
#include "places.h"
#include "probe.h"
#include "scratch.h"
#include "service.h"

enum { LOG_BYTES = 4 * 1024 * 1024 };

typedef struct start {
  dpd_options options;
  char config_path[DPD_PATH_MAX]; /* "" = none */
  char socket[DPD_PATH_MAX];
  int lock_fd;
  int report_fd;
} start;

static int complain(const dp_error *err) {
  fprintf(stderr, "difypoold: %s%s%s\n", err->message, err->hint[0] != '\0' ? " " : "", err->hint);
  return EXIT_FAILURE;
}

/* Keys are in memory: no core, no ptrace. As many descriptors as we may have. Few malloc arenas,
 * and big blocks that go back to the system at once: this process idles most of its life. */
static void settle_process(void) {
  struct rlimit files;
  struct rlimit none = {0, 0};
  prctl(PR_SET_DUMPABLE, 0);
  setrlimit(RLIMIT_CORE, &none);
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  umask(077);
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 256 * 1024);
  mallopt(M_TRIM_THRESHOLD, 512 * 1024);
}

static bool load_config(dpd_config *config, dp_error *err, void *user) {
  start *s = user;
  dpd_config_init(config);
  if (s->config_path[0] != '\0' && !dpd_config_load(config, s->config_path, err)) {
    return false;
  }
  if (s->options.has_level) {
    config->log_level = s->options.level;
  }
  config->log_json = config->log_json || s->options.log_json;
  if (s->options.idle_exit_ms != 0) {
    config->idle_exit_ms = s->options.idle_exit_ms;
  }
  if (s->options.on_demand && config->shared) {
    dpd_config_clear(config);
    return dpd_fault(err, DP_INVALID_REQUEST, "config",
                     "%s says shared = yes, but a service on demand is private.", s->config_path);
  }
  return true;
}

static void choose_config(start *s) {
  if (s->options.config != NULL) {
    snprintf(s->config_path, sizeof(s->config_path), "%s", s->options.config);
  } else if (!dpd_place_config(s->config_path, s->options.on_demand)) {
    s->config_path[0] = '\0';
  }
}

static bool choose_socket(start *s, const dpd_config *config, dp_error *err) {
  const char *named = s->options.socket != NULL ? s->options.socket : config->socket;
  if (named == NULL && !dpd_place_socket(s->socket, err)) {
    return false;
  }
  if (named != NULL) {
    snprintf(s->socket, sizeof(s->socket), "%s", named);
  }
  dpd_place place;
  return dpd_place_init(&place, s->socket, 0, 0, err); /* is it short enough for a socket? */
}

/* A service that an operator, or a test, starts: the lock, and nobody else behind the path. */
static bool take_place(start *s, const dpd_config *config, dp_error *err) {
  if (!config->shared && !dpd_place_private(s->socket, err)) {
    return false;
  }
  s->lock_fd = dpd_lock_take(s->socket, err);
  if (s->lock_fd < 0) {
    return false;
  }
  if (access(s->socket, F_OK) == 0 && !dpd_path_refused(s->socket)) {
    return dpd_fault(err, DP_BUSY, "socket",
                     "Something else listens on %s, or no socket stands there.", s->socket);
  }
  return true;
}

static void open_log_file(const start *s) {
  char path[DPD_PATH_MAX];
  if (dpd_place_log(path) && dpd_log_to_file(path, LOG_BYTES)) {
    return;
  }
  snprintf(path, sizeof(path), "%.*s.log", DPD_PATH_MAX - 8, s->socket);
  dpd_log_to_file(path, LOG_BYTES);
}

static int serve(start *s, dpd_config *config) {
  dp_error err;
  dpd_service *service;
  const dpd_loop_options options = {.on_demand = s->options.on_demand,
                                    .idle_exit_ms = config->idle_exit_ms,
                                    .stop_ms = config->stop_ms,
                                    .load = load_config,
                                    .user = s};
  dpd_loop_block_signals();
  if (!dpd_scratch_init() || !dpd_service_start(&service, config, s->socket, s->lock_fd,
                                                dpd_path_refused(s->socket), &err)) {
    dpd_log(DP_LOG_ERROR, "%s %s", err.message, err.hint);
    dpd_ondemand_report(s->report_fd, &err);
    return EXIT_FAILURE;
  }
  dpd_log(DP_LOG_INFO, "difypoold %s listens on %s (transport %s)", dp_version(), s->socket,
          service->transport->ops->version());
  dpd_ondemand_report(s->report_fd, NULL);
  dpd_notify("READY=1\nSTATUS=listening on %s", s->socket);
  dpd_loop_run(service, &options);
  enum { FLUSH_MS = 2000 };
  dpd_service_stop(service, FLUSH_MS);
  dpd_log(DP_LOG_INFO, "ended");
  dpd_log_close();
  dpd_scratch_free();
  return EXIT_SUCCESS;
}

static int check(start *s, dpd_config *config) {
  dp_error err;
  dp_client_options pool = config->pool;
  if (dp_client_options_fill(&pool, &err) != DP_OK || !choose_socket(s, config, &err)) {
    dpd_config_clear(config);
    return complain(&err);
  }
  dpd_config_print(config, stdout);
  printf("\n; socket in force: %s\n", s->socket);
  dpd_config_clear(config);
  return EXIT_SUCCESS;
}

/* True: go on and serve. Else *status is this process's. */
static bool launch(start *s, dpd_config *config, int *status) {
  dp_error err;
  *status = EXIT_FAILURE;
  if (!choose_socket(s, config, &err)) {
    complain(&err);
    return false;
  }
  if (!s->options.on_demand) {
    if (take_place(s, config, &err)) {
      return true;
    }
    complain(&err);
    return false;
  }
  switch (
      dpd_ondemand_launch(s->socket, !s->options.foreground, &s->lock_fd, &s->report_fd, &err)) {
  case DPD_LAUNCH_ANSWERS:
    *status = EXIT_SUCCESS;
    return false;
  case DPD_LAUNCH_FAILED:
    complain(&err);
    return false;
  case DPD_LAUNCH_SERVE:
    break;
  }
  if (!s->options.foreground) {
    dpd_ondemand_settle(s->lock_fd, s->report_fd);
    open_log_file(s);
  }
  return true;
}

int main(int argc, char **argv) {
  start s = {.lock_fd = -1, .report_fd = -1};
  switch (dpd_options_parse(&s.options, argc, argv)) {
  case DPD_OPTIONS_DONE:
    return EXIT_SUCCESS;
  case DPD_OPTIONS_WRONG:
    return 2;
  case DPD_OPTIONS_RUN:
    break;
  }
  settle_process();
  dpd_config config;
  dp_error err;
  choose_config(&s);
  if (!load_config(&config, &err, &s)) {
    return complain(&err);
  }
  dpd_log_set(config.log_level, config.log_json);
  if (s.options.check) {
    return check(&s, &config);
  }
  int status;
  if (!launch(&s, &config, &status)) {
    dpd_config_clear(&config);
    return status;
  }
  return serve(&s, &config);
}
