/* proofs.h - what the judges of proofs share. Internal. Pure. */
#ifndef DP_PROOFS_H
#define DP_PROOFS_H

#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "verify.h"

static inline json_t *dp__proof_json(const char *text, size_t length) {
  return text ? json_loadb(text, length, JSON_ALLOW_NUL, NULL) : NULL;
}

static inline json_t *dp__proof_body(const dp__request *r) {
  return dp__proof_json(r->body, r->body_length);
}

static inline bool dp__proof_is_text(const json_t *a, const char *text, size_t length) {
  return json_is_string(a) && json_string_length(a) == length &&
         memcmp(json_string_value(a), text, length) == 0;
}

/* A parameter of the request's path becomes one of the look. */
static inline bool dp__proof_param(const dp__request *r, const char *name, dp_args *args) {
  size_t length = 0;
  const char *value = dp__request_param(r, name, &length);
  return value && dp_args_set_text(args, name, value, length) == DP_OK;
}

/* It happened, and this is its answer; value NULL = an empty one. */
static inline bool dp__proof_made(dp__proven *proven, int32_t status, const json_t *value) {
  *proven = (dp__proven){.status = status};
  if (!value)
    return true;
  proven->json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
  proven->length = proven->json ? strlen(proven->json) : 0;
  return proven->json != NULL;
}

/* Deletes and bindings are documented as 204; what comes is a 200 whose body is that number. */
static inline bool dp__proof_gone(dp__proven *proven) {
  json_t *number = json_integer(204);
  bool made = number && dp__proof_made(proven, 200, number);
  json_decref(number);
  return made;
}

/* dp__entry_prover_for - of operations that are proven by an entry of a list; NULL = it is none. */
const dp__prover *dp__entry_prover_for(dp_op op);

#endif
