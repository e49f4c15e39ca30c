/*
 * Why a table: the same rows parse a line, print what is in force, and tell in an error what is
 * allowed, so the three cannot drift apart.
 */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"

#define AT(member) offsetof(dpd_config, member)

const dpd_setting dpd_settings[] = {
    {"socket", DPD_SETTING_TEXT, AT(socket), 0, 0},
    {"transport", DPD_SETTING_TRANSPORT, AT(libnng), 0, 0},
    {"shared", DPD_SETTING_SWITCH, AT(shared), 0, 1},
    {"group", DPD_SETTING_TEXT, AT(group), 0, 0},
    {"connect_anywhere", DPD_SETTING_SWITCH, AT(connect_anywhere), 0, 1},
    {"default_profile", DPD_SETTING_TEXT, AT(default_profile), 0, 0},
    {"log_level", DPD_SETTING_LEVEL, AT(log_level), 0, 0},
    {"log_json", DPD_SETTING_SWITCH, AT(log_json), 0, 1},
    {"idle_exit_ms", DPD_SETTING_U32, AT(idle_exit_ms), 100, 86400000},
    {"stop_ms", DPD_SETTING_U32, AT(stop_ms), 0, 600000},
    {"message_max", DPD_SETTING_U64, AT(bounds.message_max), 65536, 1073741824},
    {"calls_per_client", DPD_SETTING_U64, AT(bounds.calls_per_client), 1, 1000000},
    {"calls_max", DPD_SETTING_U64, AT(bounds.calls_max), 1, 1000000},
    {"clients_max", DPD_SETTING_U64, AT(bounds.clients_max), 1, 1000000},
    {"remember_bytes", DPD_SETTING_U64, AT(bounds.remember_bytes), 65536, UINT64_C(1) << 40},
    {"remember_ms", DPD_SETTING_U64, AT(bounds.remember_ms), 1000, 86400000},
    {"profiles_per_user", DPD_SETTING_U64, AT(bounds.profiles_per_user), 1, 100000},
    {"streams_per_user", DPD_SETTING_U64, AT(bounds.streams_per_user), 1, 100000},
    {"streams_max", DPD_SETTING_U64, AT(bounds.streams_max), 1, 100000},
    {"stream_bytes", DPD_SETTING_U64, AT(bounds.stream_bytes), 65536, UINT64_C(1) << 40},
    {"uploads_per_user", DPD_SETTING_U64, AT(bounds.uploads_per_user), 1, 100000},
    {"uploads_max", DPD_SETTING_U64, AT(bounds.uploads_max), 1, 100000},
    {"upload_window", DPD_SETTING_U64, AT(bounds.upload_window), 65536, 1073741824},
    {"pushes_per_user", DPD_SETTING_U64, AT(bounds.pushes_per_user), 1, 100000},
    {"pushes_max", DPD_SETTING_U64, AT(bounds.pushes_max), 1, 100000},
    {"push_bytes", DPD_SETTING_U64, AT(bounds.push_bytes), 65536, UINT64_C(1) << 40},
    {"orphan_grace_ms", DPD_SETTING_U64, AT(bounds.orphan_grace_ms), 0, 3600000},
    {"write_grace_ms", DPD_SETTING_U64, AT(bounds.write_grace_ms), 0, 600000},
    {"restart_guard_ms", DPD_SETTING_U64, AT(bounds.restart_guard_ms), 0, 86400000},
    {"unread_per_client", DPD_SETTING_U64, AT(bounds.unread_per_client), 16, 1000000},
    {"pooling", DPD_SETTING_POOLING, AT(pool.pooling), 0, 1},
    {"connections_per_host", DPD_SETTING_U32, AT(pool.connections_per_host), 1, 1024},
    {"streams_per_host", DPD_SETTING_U32, AT(pool.streams_per_host), 1, 4096},
    {"connections_total", DPD_SETTING_U32, AT(pool.connections_total), 1, 16384},
    {"concurrency_max", DPD_SETTING_U32, AT(pool.concurrency_max), 1, 1024},
    {"concurrency_start", DPD_SETTING_U32, AT(pool.concurrency_start), 1, 1024},
    {"idle_age_ms", DPD_SETTING_U32, AT(pool.idle_age_ms), 100, 3600000},
    {"wait_queue", DPD_SETTING_U32, AT(pool.wait_queue), 1, 1000000},
    {"connect_timeout_ms", DPD_SETTING_U32, AT(pool.connect_timeout_ms), 1, 600000},
    {"stall_timeout_ms", DPD_SETTING_U32, AT(pool.stall_timeout_ms), 1, 86400000},
    {"verify_window_ms", DPD_SETTING_U32, AT(pool.verify_window_ms), 1, 600000},
    {"breaker_failures", DPD_SETTING_U32, AT(pool.breaker_failures), 1, 10000},
    {"breaker_pause_ms", DPD_SETTING_U32, AT(pool.breaker_pause_ms), 10, 600000},
    {"breaker_pause_max_ms", DPD_SETTING_U32, AT(pool.breaker_pause_max_ms), 10, 600000},
    {"retry_percent", DPD_SETTING_U32, AT(pool.retry_percent), 1, 100},
    {"retry_per_s", DPD_SETTING_U32, AT(pool.retry_per_s), 1, 10000},
    {"body_max", DPD_SETTING_U64, AT(pool.body_max), 1024, UINT64_C(1) << 40},
    {"event_line_max", DPD_SETTING_U32, AT(pool.event_line_max), 1024, 1073741824},
    {"event_max", DPD_SETTING_U32, AT(pool.event_max), 1024, 1073741824},
    {"header_max", DPD_SETTING_U64, AT(pool.header_max), 1024, 16777216},
};
const size_t dpd_setting_count = sizeof(dpd_settings) / sizeof(dpd_settings[0]);

const dpd_setting *dpd_setting_of(const char *name) {
  for (size_t i = 0; i < dpd_setting_count; i++) {
    if (strcmp(dpd_settings[i].name, name) == 0) {
      return &dpd_settings[i];
    }
  }
  return NULL;
}

bool dpd_parse_switch(const char *value, bool *out) {
  static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
    if (strcasecmp(value, words[i]) == 0) {
      *out = i % 2 == 1;
      return true;
    }
  }
  return false;
}

bool dpd_parse_number(const char *value, uint64_t least, uint64_t most, uint64_t *out) {
  char *end;
  errno = 0;
  unsigned long long number = strtoull(value, &end, 10);
  if (!isdigit((unsigned char)*value) || *end != '\0' || errno != 0 || number < least ||
      number > most) {
    return false;
  }
  *out = number;
  return true;
}

static void *field(const dpd_config *config, const dpd_setting *setting) {
  return (char *)(uintptr_t)config + setting->offset;
}

static bool put_text(void *at, const char *value) {
  char *copy = strdup(value);
  if (copy == NULL) {
    return false;
  }
  char *old;
  memcpy(&old, at, sizeof(old));
  free(old);
  memcpy(at, &copy, sizeof(copy));
  return true;
}

static bool put_switch(const dpd_setting *setting, void *at, const char *value) {
  bool on;
  if (!dpd_parse_switch(value, &on)) {
    return false;
  }
  if (setting->type == DPD_SETTING_SWITCH) {
    memcpy(at, &on, sizeof(on));
  } else {
    int32_t number = on;
    memcpy(at, &number, sizeof(number));
  }
  return true;
}

static bool put_transport(void *at, const char *value) {
  bool libnng = strcmp(value, "libnng") == 0;
  memcpy(at, &libnng, sizeof(libnng));
  return libnng || strcmp(value, "own") == 0;
}

static bool put_number(const dpd_setting *setting, void *at, const char *value) {
  uint64_t number;
  if (!dpd_parse_number(value, setting->least, setting->most, &number)) {
    return false;
  }
  if (setting->type == DPD_SETTING_U32) {
    uint32_t narrow = (uint32_t)number;
    memcpy(at, &narrow, sizeof(narrow));
  } else {
    memcpy(at, &number, sizeof(number));
  }
  return true;
}

bool dpd_setting_put(dpd_config *config, const dpd_setting *setting, const char *value, char *why,
                     size_t size) {
  void *at = field(config, setting);
  dp_log_level level;
  switch (setting->type) {
  case DPD_SETTING_TEXT:
    snprintf(why, size, "there is no memory");
    return put_text(at, value);
  case DPD_SETTING_SWITCH:
  case DPD_SETTING_POOLING:
    snprintf(why, size, "allowed are yes and no");
    return put_switch(setting, at, value);
  case DPD_SETTING_TRANSPORT:
    snprintf(why, size, "allowed are own and libnng");
    return put_transport(at, value);
  case DPD_SETTING_LEVEL:
    snprintf(why, size, "allowed are error, warning, info, debug");
    if (!dpd_log_level_from(value, &level)) {
      return false;
    }
    memcpy(at, &level, sizeof(level));
    return true;
  default:
    snprintf(why, size, "allowed are whole numbers from %" PRIu64 " to %" PRIu64, setting->least,
             setting->most);
    return put_number(setting, at, value);
  }
}

static void print_text(const void *at, const char *name, FILE *out) {
  const char *text;
  memcpy(&text, at, sizeof(text));
  if (text == NULL) {
    fprintf(out, "; %s is not set\n", name);
  } else {
    fprintf(out, "%s = %s\n", name, text);
  }
}

void dpd_setting_print(const dpd_config *config, const dpd_setting *setting, FILE *out) {
  const void *at = field(config, setting);
  uint32_t narrow;
  uint64_t wide;
  bool on;
  switch (setting->type) {
  case DPD_SETTING_TEXT:
    print_text(at, setting->name, out);
    return;
  case DPD_SETTING_SWITCH:
    memcpy(&on, at, sizeof(on));
    fprintf(out, "%s = %s\n", setting->name, on ? "yes" : "no");
    return;
  case DPD_SETTING_POOLING:
    memcpy(&narrow, at, sizeof(narrow));
    fprintf(out, "%s = %s\n", setting->name, narrow != 0 ? "yes" : "no");
    return;
  case DPD_SETTING_TRANSPORT:
    fprintf(out, "%s = %s\n", setting->name, config->libnng ? "libnng" : "own");
    return;
  case DPD_SETTING_LEVEL:
    fprintf(out, "%s = %s\n", setting->name, dpd_log_level_name(config->log_level));
    return;
  case DPD_SETTING_U32:
    memcpy(&narrow, at, sizeof(narrow));
    wide = narrow;
    break;
  default:
    memcpy(&wide, at, sizeof(wide));
    break;
  }
  if (wide < setting->least) { /* it follows another one */
    fprintf(out, "; %s is not set\n", setting->name);
  } else {
    fprintf(out, "%s = %" PRIu64 "\n", setting->name, wide);
  }
}
