/*
 * Why rules only ever allow: whoever reads the config sees what somebody may do by finding the line
 * that says so. Names of users and groups become numbers when the config is read, since the kernel
 * tells us numbers, and a name service that hangs must not hang a call.
 */
#include "rules.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* Calls back with each name of "a, b c"; stops at the first false. */
static bool each_name(const char *list, bool (*visit)(const char *name, void *user), void *user) {
  char name[256];
  while (*list != '\0') {
    list += strspn(list, ", \t");
    size_t length = strcspn(list, ", \t");
    if (length >= sizeof(name)) {
      return false;
    }
    if (length > 0) {
      memcpy(name, list, length);
      name[length] = '\0';
      if (!visit(name, user)) {
        return false;
      }
    }
    list += length;
  }
  return true;
}

static bool number_of(const char *name, uint32_t *out) {
  char *end;
  errno = 0;
  unsigned long value = strtoul(name, &end, 10);
  if (!isdigit((unsigned char)*name) || *end != '\0' || errno != 0 || value >= UINT32_MAX) {
    return false;
  }
  *out = (uint32_t)value;
  return true;
}

static bool add_user(const char *name, void *user) {
  dpd_rule *rule = user;
  uint32_t uid;
  if (!number_of(name, &uid)) {
    const struct passwd *entry = getpwnam(name);
    if (entry == NULL) {
      return false;
    }
    uid = entry->pw_uid;
  }
  if (rule->user_count == DPD_RULE_NAMES) {
    return false;
  }
  rule->users[rule->user_count++] = uid;
  return true;
}

static bool add_group(const char *name, void *user) {
  dpd_rule *rule = user;
  uint32_t gid;
  if (!number_of(name, &gid)) {
    const struct group *entry = getgrnam(name);
    if (entry == NULL) {
      return false;
    }
    gid = entry->gr_gid;
  }
  if (rule->group_count == DPD_RULE_NAMES) {
    return false;
  }
  rule->groups[rule->group_count++] = gid;
  return true;
}

static const char *keep(char **out, const char *value) {
  *out = strdup(value);
  return *out == NULL ? "there is no memory" : NULL;
}

const char *dpd_rule_set(dpd_rule *rule, const char *key, const char *value) {
  if (strcmp(key, "users") == 0) {
    rule->everybody = false;
    return each_name(value, add_user, rule) ? NULL : "a user is unknown, or there are more than 64";
  }
  if (strcmp(key, "groups") == 0) {
    rule->everybody = false;
    return each_name(value, add_group, rule) ? NULL
                                             : "a group is unknown, or there are more than 64";
  }
  if (strcmp(key, "profiles") == 0) {
    return keep(&rule->profiles, value);
  }
  if (strcmp(key, "operations") == 0) {
    return keep(&rule->operations, value);
  }
  return "allowed are users, groups, profiles, operations";
}

void dpd_rule_clear(dpd_rule *rule) {
  free(rule->profiles);
  free(rule->operations);
  *rule = (dpd_rule){0};
}

static bool differs(const char *pattern, void *user) {
  return fnmatch(pattern, user, 0) != 0;
}

static bool listed(const char *list, const char *name) {
  return list == NULL || !each_name(list, differs, (void *)(uintptr_t)name);
}

static bool names_caller(const dpd_rule *rule, const dpd_caller *caller) {
  if (rule->everybody) {
    return true;
  }
  for (size_t i = 0; i < rule->user_count; i++) {
    if (rule->users[i] == caller->uid) {
      return true;
    }
  }
  for (size_t i = 0; i < rule->group_count; i++) {
    for (size_t j = 0; j < caller->group_count; j++) {
      if (rule->groups[i] == caller->groups[j]) {
        return true;
      }
    }
  }
  return false;
}

bool dpd_rules_allow(const dpd_rule *rules, size_t count, const dpd_caller *caller,
                     const char *profile, const char *operation) {
  for (size_t i = 0; i < count; i++) {
    if (names_caller(&rules[i], caller) && listed(rules[i].profiles, profile) &&
        listed(rules[i].operations, operation)) {
      return true;
    }
  }
  return count == 0;
}
