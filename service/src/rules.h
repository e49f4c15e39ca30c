/* rules.h - who may do what: the [allow NAME] sections. */
#ifndef DPD_RULES_H
#define DPD_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

/* What the profiles that a caller brings itself (service.connect) are called in rules. */
#define DPD_RULE_OWN "@own"

enum { DPD_RULE_NAMES = 64 };

typedef struct dpd_rule {
  char name[65];
  uint32_t users[DPD_RULE_NAMES];
  size_t user_count;
  uint32_t groups[DPD_RULE_NAMES];
  size_t group_count;
  bool everybody;   /* neither users nor groups were named */
  char *profiles;   /* "a, b" or NULL = all */
  char *operations; /* "documents.*, datasets.list" or NULL = all */
} dpd_rule;

typedef struct dpd_caller {
  uint32_t uid;
  const gid_t *groups; /* of the caller, its primary one first */
  size_t group_count;
} dpd_caller;

/* dpd_rule_set - one "users", "groups", "profiles" or "operations" line. NULL on success, else what
 * is wrong with it, in static text. */
const char *dpd_rule_set(dpd_rule *rule, const char *key, const char *value);
void dpd_rule_clear(dpd_rule *rule);

/* dpd_rules_allow - whether one rule names caller, profile and operation. No rules = all is
 * allowed. */
bool dpd_rules_allow(const dpd_rule *rules, size_t count, const dpd_caller *caller,
                     const char *profile, const char *operation);

#endif
