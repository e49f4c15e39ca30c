/* config.h - what the INI file says, checked and with defaults filled in. */
#ifndef DPD_CONFIG_H
#define DPD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <difypool/client.h>

#include "rules.h"
#include "spec.h"

enum { DPD_PROFILES_MAX = 256, DPD_RULES_MAX = 256 };

/* Bounds of PROTOCOL.md, section 10. */
typedef struct dpd_bounds {
  uint64_t message_max;
  uint64_t calls_per_client;
  uint64_t calls_max;
  uint64_t clients_max;
  uint64_t remember_bytes;
  uint64_t remember_ms;
  uint64_t profiles_per_user;
  uint64_t streams_per_user;
  uint64_t streams_max;
  uint64_t stream_bytes; /* held for the readers of all streams; each may hold one piece beyond it */
  uint64_t uploads_per_user;
  uint64_t uploads_max;
  uint64_t upload_window; /* bytes of one upload held for its transfer */
  uint64_t pushes_per_user;
  uint64_t pushes_max;
  uint64_t push_bytes; /* of pages that wait to be taken, of all pushes */
  uint64_t orphan_grace_ms;
  uint64_t write_grace_ms;
  uint64_t restart_guard_ms;
  uint64_t unread_per_client; /* answers that one connection has not read yet; then it is closed */
} dpd_bounds;

typedef struct dpd_config_profile {
  char name[65];
  dpd_spec spec;
  char *key_file; /* where the key comes from: at most one of the three */
  char *key_env;
  char *key_credential;
} dpd_config_profile;

typedef struct dpd_config {
  char *file;            /* NULL = there was none */
  char *socket;          /* NULL = the default place */
  char *group;           /* NULL = none */
  char *default_profile; /* NULL = "default", or the only one */
  bool libnng;           /* messages come through libnng's REP socket, not our own */
  bool shared;           /* other users may connect */
  bool connect_anywhere; /* a shared service's users may bring any base URL */
  dp_log_level log_level;
  bool log_json;
  uint32_t idle_exit_ms; /* on demand: end after so long without a connection */
  uint32_t stop_ms;      /* bound on a clean stop */
  dpd_bounds bounds;
  dp_client_options pool; /* numbers only */
  dpd_config_profile *profiles;
  size_t profile_count;
  dpd_rule *rules;
  size_t rule_count;
} dpd_config;

/* dpd_config_init - the defaults. */
void dpd_config_init(dpd_config *config);
/* dpd_config_clear - free all, keys overwritten. Idempotent. */
void dpd_config_clear(dpd_config *config);

/*
 * dpd_config_load - read a file over the defaults, keys included.
 * On false err's message says file, line, what is wrong, and its hint what is allowed; config is
 * cleared.
 */
bool dpd_config_load(dpd_config *config, const char *path, dp_error *err);

/* dpd_config_print - what is in force, in the form of the file, without keys. */
void dpd_config_print(const dpd_config *config, FILE *out);

/* dpd_config_default - the profile that a request without one means; NULL = none. */
const dpd_config_profile *dpd_config_default(const dpd_config *config);

#endif
