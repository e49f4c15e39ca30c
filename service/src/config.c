/*
 * Why strict: a misspelt key that is silently ignored is found months later, in an incident. So an
 * unknown section, key or value stops the start (or the reload) with file, line and what is
 * allowed.
 *
 * inih gives its handler no line numbers in Debian's build, and skips sections without keys. Both
 * are mended by the reader function that hands it each line.
 */
#include "config.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include <difypool_proto.h>

#include "fault.h"
#include "secret.h"
#include "settings.h"

typedef struct parse {
  dpd_config *config;
  const char *path;
  FILE *file;
  int line;
  bool failed; /* err has the first thing that is wrong */
  dp_error *err;
  char seen[64][24]; /* keys of the section at hand */
  size_t seen_count;
  char section[128];
} parse;

static bool wrong(parse *p, const char *what, const char *name, const char *hint) {
  if (!p->failed) {
    dpd_fault(p->err, DP_INVALID_REQUEST, "config", "%s:%d: %s \"%s\".", p->path, p->line, what,
              name);
    dpd_fault_hint(p->err, "%s", hint);
  }
  p->failed = true;
  return false;
}

static bool name_fits(const char *name) {
  size_t length = strlen(name);
  return length > 0 && length <= 64 && strpbrk(name, " \t,*?[]\"") == NULL && name[0] != '@';
}

static bool known_section(const char *name) {
  return strcmp(name, "service") == 0 ||
         (strncmp(name, "profile ", 8) == 0 && name_fits(name + 8)) ||
         (strncmp(name, "allow ", 6) == 0 && name_fits(name + 6));
}

static const char *const section_hint =
    "Allowed are [service], [profile NAME] and [allow NAME]; a NAME has up to 64 characters, no "
    "blanks, and does not begin with @.";

/* Sees every line before inih does. */
static char *read_line(char *buffer, int size, void *stream) {
  parse *p = stream;
  if (p->failed || fgets(buffer, size, p->file) == NULL) {
    return NULL;
  }
  p->line++;
  size_t length = strlen(buffer);
  if (length == (size_t)size - 1 && buffer[length - 1] != '\n') {
    wrong(p, "this line is too long; it begins with", "...", "A line may have about 190 bytes.");
    return NULL;
  }
  const char *start = buffer + strspn(buffer, " \t");
  if (*start == '[') {
    char name[128];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(start + 1, "]"), start + 1);
    p->seen_count = 0;
    if (!known_section(name)) {
      wrong(p, "unknown section", name, section_hint);
    }
  }
  return buffer;
}

static bool seen_before(parse *p, const char *key) {
  for (size_t i = 0; i < p->seen_count; i++) {
    if (strcmp(p->seen[i], key) == 0) {
      return true;
    }
  }
  if (p->seen_count < sizeof(p->seen) / sizeof(p->seen[0])) {
    snprintf(p->seen[p->seen_count++], sizeof(p->seen[0]), "%s", key);
  }
  return false;
}

static bool service_key(parse *p, const char *key, const char *value) {
  const dpd_setting *setting = dpd_setting_of(key);
  char why[128];
  if (setting == NULL) {
    return wrong(p, "unknown key in [service]:", key,
                 "Allowed are those that man 5 difypool.ini lists, or difypoold --check prints.");
  }
  if (!dpd_setting_put(p->config, setting, value, why, sizeof(why))) {
    char what[160];
    snprintf(what, sizeof(what), "\"%s\" cannot be", key);
    return wrong(p, what, value, why);
  }
  return true;
}

static dpd_config_profile *profile_of(dpd_config *config, const char *name) {
  for (size_t i = 0; i < config->profile_count; i++) {
    if (strcmp(config->profiles[i].name, name) == 0) {
      return &config->profiles[i];
    }
  }
  if (config->profile_count == DPD_PROFILES_MAX) {
    return NULL;
  }
  dpd_config_profile *grown =
      realloc(config->profiles, (config->profile_count + 1) * sizeof(*grown));
  if (grown == NULL) {
    return NULL;
  }
  config->profiles = grown;
  dpd_config_profile *profile = &grown[config->profile_count++];
  *profile = (dpd_config_profile){0};
  snprintf(profile->name, sizeof(profile->name), "%s", name);
  dpd_spec_init(&profile->spec);
  return profile;
}

static bool key_source(parse *p, dpd_config_profile *profile, const char *key, const char *value) {
  char **place = strcmp(key, "api_key_file") == 0  ? &profile->key_file
                 : strcmp(key, "api_key_env") == 0 ? &profile->key_env
                                                   : &profile->key_credential;
  if (profile->key_file != NULL || profile->key_env != NULL || profile->key_credential != NULL) {
    return wrong(p, "this profile has a key already, besides", key,
                 "One of api_key_file, api_key_env and api_key_credential.");
  }
  *place = strdup(value);
  return *place != NULL || wrong(p, "there is no memory for", key, "");
}

static bool spec_value(dpd_spec *spec, const dpd_spec_row *row, const char *value, char *why,
                       size_t size) {
  bool on;
  uint64_t number;
  switch (row->type) {
  case DPD_SPEC_SWITCH:
    snprintf(why, size, "allowed are yes and no");
    return dpd_parse_switch(value, &on) && dpd_spec_set_number(spec, row, on);
  case DPD_SPEC_NUMBER:
    snprintf(why, size, "allowed are whole numbers from %u to %u", row->least, row->most);
    return dpd_parse_number(value, row->least, row->most, &number) &&
           dpd_spec_set_number(spec, row, (int64_t)number);
  default:
    snprintf(why, size, "it may not be empty");
    return value[0] != '\0' && dpd_spec_set_text(spec, row, value);
  }
}

static bool profile_key(parse *p, const char *name, const char *key, const char *value) {
  dpd_config_profile *profile = profile_of(p->config, name);
  if (profile == NULL) {
    return wrong(p, "there is no room for the profile", name, "At most 256 profiles.");
  }
  if (strcmp(key, "api_key_file") == 0 || strcmp(key, "api_key_env") == 0 ||
      strcmp(key, "api_key_credential") == 0) {
    return key_source(p, profile, key, value);
  }
  if (strcmp(key, "api_key") == 0) {
    return wrong(p, "a key does not belong into this file:", key,
                 "Write it to a file of mode 0600 and name that with api_key_file, or use "
                 "api_key_env or api_key_credential.");
  }
  const dpd_spec_row *row = dpd_spec_row_of(key);
  if (row == NULL || row->type == DPD_SPEC_BYTES) {
    return wrong(p, "unknown key in [profile]:", key,
                 "Allowed are api_key_file, api_key_env, api_key_credential and the settings of "
                 "service.connect; see man 5 difypool.ini.");
  }
  char why[128];
  if (!spec_value(&profile->spec, row, value, why, sizeof(why))) {
    char what[160];
    snprintf(what, sizeof(what), "\"%s\" cannot be", key);
    return wrong(p, what, value, why);
  }
  return true;
}

static dpd_rule *rule_of(dpd_config *config, const char *name) {
  for (size_t i = 0; i < config->rule_count; i++) {
    if (strcmp(config->rules[i].name, name) == 0) {
      return &config->rules[i];
    }
  }
  dpd_rule *grown = config->rule_count < DPD_RULES_MAX
                        ? realloc(config->rules, (config->rule_count + 1) * sizeof(*grown))
                        : NULL;
  if (grown == NULL) {
    return NULL;
  }
  config->rules = grown;
  dpd_rule *rule = &grown[config->rule_count++];
  *rule = (dpd_rule){.everybody = true};
  snprintf(rule->name, sizeof(rule->name), "%s", name);
  return rule;
}

static bool allow_key(parse *p, const char *name, const char *key, const char *value) {
  dpd_rule *rule = rule_of(p->config, name);
  if (rule == NULL) {
    return wrong(p, "there is no room for the rule", name, "At most 256 rules.");
  }
  const char *trouble = dpd_rule_set(rule, key, value);
  return trouble == NULL || wrong(p, "this line of [allow] is not understood:", key, trouble);
}

static int on_key(void *user, const char *section, const char *key, const char *value) {
  parse *p = user;
  if (p->failed) {
    return 0;
  }
  if (strcmp(section, p->section) != 0) {
    snprintf(p->section, sizeof(p->section), "%s", section);
    p->seen_count = 0;
  }
  if (!known_section(section)) {
    return wrong(p, "a key outside every section, or an unknown one:", section, section_hint);
  }
  if (seen_before(p, key)) {
    return wrong(p, "this key comes twice (or a line begins with blanks):", key, "Once a section.");
  }
  if (strcmp(section, "service") == 0) {
    return service_key(p, key, value);
  }
  if (strncmp(section, "profile ", 8) == 0) {
    return profile_key(p, section + 8, key, value);
  }
  return allow_key(p, section + 6, key, value);
}

static bool load_key(dpd_config_profile *profile, dp_error *err) {
  char *key = NULL;
  if (profile->key_file != NULL) {
    key = dpd_secret_file(profile->key_file, err);
  } else if (profile->key_env != NULL) {
    key = dpd_secret_env(profile->key_env, err);
  } else if (profile->key_credential != NULL) {
    key = dpd_secret_credential(profile->key_credential, err);
  } else {
    return true; /* a profile may come without: for a proxy that adds the key */
  }
  if (key == NULL) {
    return false;
  }
  bool set = dpd_spec_set_text(&profile->spec, dpd_spec_row_of("api_key"), key);
  dpd_secret_free(key);
  return set || dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for a key.");
}

static bool check_whole(dpd_config *config, const char *path, dp_error *err) {
  for (size_t i = 0; i < config->profile_count; i++) {
    dpd_config_profile *profile = &config->profiles[i];
    if (profile->spec.options.base_url == NULL) {
      return dpd_fault(err, DP_INVALID_REQUEST, "config", "%s: [profile %s] has no base_url.", path,
                       profile->name);
    }
    if (!load_key(profile, err)) {
      return false;
    }
  }
  if (config->default_profile != NULL && dpd_config_default(config) == NULL) {
    return dpd_fault(err, DP_INVALID_REQUEST, "config",
                     "%s: default_profile names \"%s\", which has no section.", path,
                     config->default_profile);
  }
  if (config->group != NULL && !config->shared) {
    return dpd_fault(err, DP_INVALID_REQUEST, "config",
                     "%s: group is set, but the service is not shared.", path);
  }
  return true;
}

bool dpd_config_load(dpd_config *config, const char *path, dp_error *err) {
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    dpd_config_clear(config);
    return dpd_fault(err, DP_INVALID_REQUEST, "config", "Cannot read %s: %s.", path,
                     strerror(errno));
  }
  parse p = {.config = config, .path = path, .file = file, .err = err};
  int broken = ini_parse_stream(read_line, &p, on_key, &p);
  fclose(file);
  if (!p.failed && broken != 0) {
    p.line = broken > 0 ? broken : p.line;
    wrong(&p, "this line is not understood; an INI line is", "NAME = VALUE", section_hint);
  }
  config->file = strdup(path);
  if (p.failed || !check_whole(config, path, err)) {
    dpd_config_clear(config);
    return false;
  }
  return true;
}

void dpd_config_init(dpd_config *config) {
#define BOUND(name, value, text) .name = value,
  *config = (dpd_config){.log_level = DP_LOG_INFO,
                         .idle_exit_ms = 600000,
                         .stop_ms = 25000,
                         .bounds = {DP_BOUND_LIST(BOUND)},
                         .pool = DP_CLIENT_OPTIONS_INIT};
#undef BOUND
}

void dpd_config_clear(dpd_config *config) {
  for (size_t i = 0; i < config->profile_count; i++) {
    dpd_spec_clear(&config->profiles[i].spec);
    free(config->profiles[i].key_file);
    free(config->profiles[i].key_env);
    free(config->profiles[i].key_credential);
  }
  for (size_t i = 0; i < config->rule_count; i++) {
    dpd_rule_clear(&config->rules[i]);
  }
  free(config->profiles);
  free(config->rules);
  free(config->file);
  free(config->socket);
  free(config->group);
  free(config->default_profile);
  dpd_config_init(config);
}

const dpd_config_profile *dpd_config_default(const dpd_config *config) {
  const char *name = config->default_profile != NULL ? config->default_profile : "default";
  for (size_t i = 0; i < config->profile_count; i++) {
    if (strcmp(config->profiles[i].name, name) == 0) {
      return &config->profiles[i];
    }
  }
  return config->default_profile == NULL && config->profile_count == 1 ? config->profiles : NULL;
}

static void print_profile(const dpd_config_profile *profile, FILE *out) {
  fprintf(out, "\n[profile %s]\n", profile->name);
  for (size_t i = 0; i < dpd_spec_row_count; i++) {
    const dpd_spec_row *row = &dpd_spec_rows[i];
    const char *text = dpd_spec_text(&profile->spec, row);
    uint32_t number;
    memcpy(&number, (const char *)&profile->spec.options + row->offset, sizeof(number));
    if (strcmp(row->name, "api_key") == 0) {
      continue;
    }
    if (text != NULL) {
      fprintf(out, "%s = %s\n", row->name, text);
    } else if (row->type == DPD_SPEC_SWITCH) {
      fprintf(out, "%s = %s\n", row->name, number != 0 ? "yes" : "no");
    } else if (row->type == DPD_SPEC_NUMBER && number != 0) {
      fprintf(out, "%s = %u\n", row->name, number);
    }
  }
  const char *sources[][2] = {{"api_key_file", profile->key_file},
                              {"api_key_env", profile->key_env},
                              {"api_key_credential", profile->key_credential}};
  for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
    if (sources[i][1] != NULL) {
      fprintf(out, "%s = %s\n", sources[i][0], sources[i][1]);
    }
  }
}

static void print_numbers(const char *name, const uint32_t *numbers, size_t count, FILE *out) {
  for (size_t i = 0; i < count; i++) {
    fprintf(out, "%s%u%s", i == 0 ? name : ", ", numbers[i], i + 1 == count ? "\n" : "");
  }
}

void dpd_config_print(const dpd_config *config, FILE *out) {
  dpd_config shown = *config;
  dp_client_options_fill(&shown.pool, NULL); /* the library's defaults, where the file says nothing */
  fprintf(out, "; from %s\n[service]\n", config->file != NULL ? config->file : "defaults only");
  for (size_t i = 0; i < dpd_setting_count; i++) {
    dpd_setting_print(&shown, &dpd_settings[i], out);
  }
  for (size_t i = 0; i < config->profile_count; i++) {
    print_profile(&config->profiles[i], out);
  }
  for (size_t i = 0; i < config->rule_count; i++) {
    const dpd_rule *rule = &config->rules[i];
    fprintf(out, "\n[allow %s]\n", rule->name);
    print_numbers("users = ", rule->users, rule->user_count, out);
    print_numbers("groups = ", rule->groups, rule->group_count, out);
    if (rule->profiles != NULL) {
      fprintf(out, "profiles = %s\n", rule->profiles);
    }
    if (rule->operations != NULL) {
      fprintf(out, "operations = %s\n", rule->operations);
    }
  }
}
