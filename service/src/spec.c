/*
 * Why a table: a setting has one name, in the config as in service.connect, one type and one range.
 * Everything that walks settings (parsing, hints, comparing, freeing) walks this table, so a new
 * setting is one row.
 */
#include "spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AT(member) offsetof(dp_profile_options, member)

const dpd_spec_row dpd_spec_rows[] = {
    {"base_url", DPD_SPEC_TEXT, AT(base_url), 0, 0},
    {"api_key", DPD_SPEC_TEXT, AT(api_key), 0, 0},
    {"workspace", DPD_SPEC_TEXT, AT(workspace), 0, 0},
    {"ca_file", DPD_SPEC_FILE, AT(ca_file), 0, 0},
    {"ca_dir", DPD_SPEC_FILE, AT(ca_dir), 0, 0},
    {"ca_bytes", DPD_SPEC_BYTES, AT(ca_bytes), 0, 0},
    {"client_cert", DPD_SPEC_FILE, AT(client_cert), 0, 0},
    {"client_key", DPD_SPEC_FILE, AT(client_key), 0, 0},
    {"proxy", DPD_SPEC_TEXT, AT(proxy), 0, 0},
    {"no_proxy", DPD_SPEC_TEXT, AT(no_proxy), 0, 0},
    {"user_agent", DPD_SPEC_TEXT, AT(user_agent), 0, 0},
    {"resolve", DPD_SPEC_TEXT, AT(resolve), 0, 0},
    {"verify", DPD_SPEC_SWITCH, AT(verify), 0, 1},
    {"pooling", DPD_SPEC_SWITCH, AT(pooling), 0, 1},
    {"retry", DPD_SPEC_SWITCH, AT(retry), 0, 1},
    {"breaker", DPD_SPEC_SWITCH, AT(breaker), 0, 1},
    {"cache", DPD_SPEC_SWITCH, AT(cache), 0, 1},
    {"retry_attempts", DPD_SPEC_NUMBER, AT(retry_attempts), 0, 10},
    {"retry_initial_ms", DPD_SPEC_NUMBER, AT(retry_initial_ms), 0, 600000},
    {"retry_max_ms", DPD_SPEC_NUMBER, AT(retry_max_ms), 0, 600000},
    {"connections", DPD_SPEC_NUMBER, AT(connections), 0, 1024},
    {"warm", DPD_SPEC_NUMBER, AT(warm), 0, 1024},
    {"pace_per_minute", DPD_SPEC_NUMBER, AT(pace_per_minute), 0, 1000000},
    {"pace_window_ms", DPD_SPEC_NUMBER, AT(pace_window_ms), 0, 600000},
    {"concurrency_max", DPD_SPEC_NUMBER, AT(concurrency_max), 0, 1024},
    {"latency_ceiling_ms", DPD_SPEC_NUMBER, AT(latency_ceiling_ms), 0, 600000},
};
const size_t dpd_spec_row_count = sizeof(dpd_spec_rows) / sizeof(dpd_spec_rows[0]);

static bool holds_text(const dpd_spec_row *row) {
  return row->type == DPD_SPEC_TEXT || row->type == DPD_SPEC_FILE;
}

static void *field(const dpd_spec *spec, const dpd_spec_row *row) {
  return (char *)(uintptr_t)&spec->options + row->offset;
}

/* Reading and writing through memcpy: a field's type is known to the row only. */
static char *get_pointer(const dpd_spec *spec, const dpd_spec_row *row) {
  char *pointer;
  memcpy(&pointer, field(spec, row), sizeof(pointer));
  return pointer;
}

static void set_pointer(dpd_spec *spec, const dpd_spec_row *row, char *pointer) {
  memcpy(field(spec, row), &pointer, sizeof(pointer));
}

void dpd_spec_init(dpd_spec *spec) {
  *spec = (dpd_spec){.options = DP_PROFILE_OPTIONS_INIT};
}

void dpd_spec_clear(dpd_spec *spec) {
  for (size_t i = 0; i < dpd_spec_row_count; i++) {
    const dpd_spec_row *row = &dpd_spec_rows[i];
    if (!holds_text(row) && row->type != DPD_SPEC_BYTES) {
      continue;
    }
    char *pointer = get_pointer(spec, row);
    if (pointer != NULL && holds_text(row)) {
      explicit_bzero(pointer, strlen(pointer));
    }
    free(pointer);
    set_pointer(spec, row, NULL);
  }
  dpd_spec_init(spec);
}

const dpd_spec_row *dpd_spec_row_of(const char *name) {
  for (size_t i = 0; i < dpd_spec_row_count; i++) {
    if (strcmp(dpd_spec_rows[i].name, name) == 0) {
      return &dpd_spec_rows[i];
    }
  }
  return NULL;
}

const char *dpd_spec_names(void) {
  return "base_url, api_key, workspace, ca_file, ca_dir, ca_bytes, client_cert, client_key, proxy, "
         "no_proxy, user_agent, resolve, verify, pooling, retry, breaker, cache, retry_attempts, "
         "retry_initial_ms, retry_max_ms, connections, warm, pace_per_minute, pace_window_ms, "
         "concurrency_max, latency_ceiling_ms";
}

bool dpd_spec_set_text(dpd_spec *spec, const dpd_spec_row *row, const char *value) {
  char *copy = strdup(value);
  if (copy == NULL) {
    return false;
  }
  free(get_pointer(spec, row));
  set_pointer(spec, row, copy);
  return true;
}

bool dpd_spec_set_number(dpd_spec *spec, const dpd_spec_row *row, int64_t value) {
  if (value < (int64_t)row->least || value > (int64_t)row->most) {
    return false;
  }
  uint32_t number = (uint32_t)value; /* switches are int32_t: the same bytes for 0 and 1 */
  memcpy(field(spec, row), &number, sizeof(number));
  return true;
}

bool dpd_spec_set_bytes(dpd_spec *spec, const dpd_spec_row *row, const void *data, size_t length) {
  char *copy = malloc(length + 1);
  if (copy == NULL) {
    return false;
  }
  memcpy(copy, data, length);
  copy[length] = '\0';
  free(get_pointer(spec, row));
  set_pointer(spec, row, copy);
  spec->options.ca_length = length;
  return true;
}

const char *dpd_spec_text(const dpd_spec *spec, const dpd_spec_row *row) {
  return holds_text(row) ? get_pointer(spec, row) : NULL;
}

static void feed_field(dpd_sip *sip, const dpd_spec *spec, const dpd_spec_row *row) {
  if (row->type == DPD_SPEC_SWITCH || row->type == DPD_SPEC_NUMBER) {
    dpd_sip_feed(sip, field(spec, row), sizeof(uint32_t));
    return;
  }
  const char *pointer = get_pointer(spec, row);
  uint64_t length = pointer == NULL               ? UINT64_MAX
                    : row->type == DPD_SPEC_BYTES ? spec->options.ca_length
                                                  : strlen(pointer);
  dpd_sip_feed(sip, &length, sizeof(length));
  if (pointer != NULL) {
    dpd_sip_feed(sip, pointer, length);
  }
}

dpd_digest dpd_spec_digest(const dpd_spec *spec, const uint8_t hash_key[16]) {
  dpd_sip sip;
  dpd_sip_init(&sip, hash_key);
  for (size_t i = 0; i < dpd_spec_row_count; i++) {
    feed_field(&sip, spec, &dpd_spec_rows[i]);
  }
  return dpd_sip_finish(&sip);
}

static size_t trimmed(const char *url) {
  size_t length = strlen(url);
  while (length > 0 && url[length - 1] == '/') {
    length--;
  }
  if (length >= 3 && strncmp(url + length - 3, "/v1", 3) == 0) {
    length -= 3;
  }
  while (length > 0 && url[length - 1] == '/') {
    length--;
  }
  return length;
}

/* How much of a URL is scheme, host and port, in which case does not matter. */
static size_t origin_length(const char *url, size_t length) {
  const char *host = strstr(url, "://");
  if (host == NULL) {
    return 0;
  }
  host += 3;
  size_t end = (size_t)(host - url) + strcspn(host, "/");
  return end < length ? end : length;
}

bool dpd_url_same(const char *a, const char *b) {
  size_t length = trimmed(a);
  size_t origin = origin_length(a, length);
  return length == trimmed(b) && origin == origin_length(b, length) &&
         strncasecmp(a, b, origin) == 0 && memcmp(a + origin, b + origin, length - origin) == 0;
}
