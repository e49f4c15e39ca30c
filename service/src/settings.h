/* settings.h - the keys of [service]: name, type, range, place. Private to config*.c. */
#ifndef DPD_SETTINGS_H
#define DPD_SETTINGS_H

#include "config.h"

typedef enum dpd_setting_type {
  DPD_SETTING_TEXT,      /* char * */
  DPD_SETTING_SWITCH,    /* bool */
  DPD_SETTING_LEVEL,     /* dp_log_level */
  DPD_SETTING_TRANSPORT, /* bool: libnng */
  DPD_SETTING_U32,
  DPD_SETTING_U64,
  DPD_SETTING_POOLING /* int32_t, 0 or 1 */
} dpd_setting_type;

typedef struct dpd_setting {
  const char *name;
  dpd_setting_type type;
  size_t offset;
  uint64_t least;
  uint64_t most;
} dpd_setting;

extern const dpd_setting dpd_settings[];
extern const size_t dpd_setting_count;

const dpd_setting *dpd_setting_of(const char *name);
/* dpd_setting_put - false, with what is allowed in why (size bytes). */
bool dpd_setting_put(dpd_config *config, const dpd_setting *setting, const char *value, char *why,
                     size_t size);
void dpd_setting_print(const dpd_config *config, const dpd_setting *setting, FILE *out);

/* dpd_parse_switch, dpd_parse_number - what INI values look like. */
bool dpd_parse_switch(const char *value, bool *out);
bool dpd_parse_number(const char *value, uint64_t least, uint64_t most, uint64_t *out);

#endif
