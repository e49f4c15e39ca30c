/* spec.h - the settings of one profile, owned: from the config, or from a service.connect. */
#ifndef DPD_SPEC_H
#define DPD_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <difypool/client.h>

#include "digest.h"

typedef struct dpd_spec {
  dp_profile_options options; /* its texts and bytes belong to the spec */
} dpd_spec;

typedef enum dpd_spec_type {
  DPD_SPEC_TEXT,
  DPD_SPEC_FILE, /* a text that names a file or directory */
  DPD_SPEC_SWITCH,
  DPD_SPEC_NUMBER,
  DPD_SPEC_BYTES
} dpd_spec_type;

/* One setting: its name in the config and in service.connect, and where it goes. */
typedef struct dpd_spec_row {
  const char *name;
  dpd_spec_type type;
  size_t offset; /* in dp_profile_options */
  uint32_t least;
  uint32_t most;
} dpd_spec_row;

extern const dpd_spec_row dpd_spec_rows[];
extern const size_t dpd_spec_row_count;

void dpd_spec_init(dpd_spec *spec);
/* dpd_spec_clear - free all; the key's memory is overwritten first. Idempotent. */
void dpd_spec_clear(dpd_spec *spec);

const dpd_spec_row *dpd_spec_row_of(const char *name);
/* dpd_spec_names - "a, b, c" of all settings, for hints. */
const char *dpd_spec_names(void);

/* Setters; the row says which fits. Each copies. False when memory is out or out of range. */
bool dpd_spec_set_text(dpd_spec *spec, const dpd_spec_row *row, const char *value);
bool dpd_spec_set_number(dpd_spec *spec, const dpd_spec_row *row, int64_t value);
bool dpd_spec_set_bytes(dpd_spec *spec, const dpd_spec_row *row, const void *data, size_t length);
const char *dpd_spec_text(const dpd_spec *spec, const dpd_spec_row *row);

/* dpd_spec_digest - equal for equal settings, key included; tells nothing of them. */
dpd_digest dpd_spec_digest(const dpd_spec *spec, const uint8_t hash_key[16]);

/* dpd_url_same - the same base URL, whatever the case of its host, "/v1" or a slash at the end. */
bool dpd_url_same(const char *a, const char *b);

#endif
