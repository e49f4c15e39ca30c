/*
 * Arguments: an ordered set in a small array. A call has a handful, so a look-up walks. What is wrong
 * with a value in itself (no UTF-8, no JSON, no number) is said here; what an operation allows is
 * known to its table entry (request.c).
 */
#include "arglist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "utf8.h"

enum { DATA_MAX = 1 << 30 };

dp_args *dp_args_new(void) {
  return calloc(1, sizeof(dp_args));
}

static void clear(dp__arg *arg) {
  free(arg->name);
  if (arg->data)
    explicit_bzero(arg->data, arg->length); /* it may be somebody's key */
  free(arg->data);
  dp__source_unref(arg->source);
}

void dp_args_free(dp_args *args) {
  if (!args)
    return;
  for (size_t i = 0; i < args->count; i++)
    clear(&args->list[i]);
  free(args->list);
  free(args);
}

const dp__arg *dp__args_find(const dp_args *args, const char *name) {
  for (size_t i = 0; args && name && i < args->count; i++)
    if (strcmp(args->list[i].name, name) == 0)
      return &args->list[i];
  return NULL;
}

const char *dp__args_text(const dp_args *args, const char *name) {
  const dp__arg *arg = dp__args_find(args, name);
  return arg && arg->kind == DP__ARG_TEXT ? arg->data : NULL;
}

static bool grow(dp_args *args) {
  if (args->count < args->capacity)
    return true;
  size_t capacity = args->capacity ? 2 * args->capacity : 8;
  dp__arg *list = realloc(args->list, capacity * sizeof *list);
  if (!list)
    return false;
  args->list = list;
  args->capacity = capacity;
  return true;
}

/* Put a finished argument in its place; takes its name and data over, on failure too. */
static dp_kind put(dp_args *args, dp__arg arg) {
  dp__arg *old = (dp__arg *)(uintptr_t)dp__args_find(args, arg.name);
  if (old) {
    clear(old);
    *old = arg;
    return DP_OK;
  }
  if (!grow(args)) {
    clear(&arg);
    return DP_INTERNAL;
  }
  args->list[args->count++] = arg;
  return DP_OK;
}

static dp_kind set(dp_args *args, const char *name, dp__arg arg, const void *data) {
  if (!args || !name || !*name || !dp__utf8_ok(name, strlen(name)))
    return DP_INVALID_REQUEST;
  if (arg.length > DATA_MAX)
    return DP_INVALID_REQUEST;
  bool has_data = arg.kind >= DP__ARG_TEXT && arg.kind <= DP__ARG_BYTES;
  arg.name = strdup(name);
  if (has_data) {
    arg.data = malloc(arg.length + 1);
    if (arg.data) {
      if (arg.length && data)
        memcpy(arg.data, data, arg.length);
      arg.data[arg.length] = '\0';
    }
  }
  if (!arg.name || (has_data && !arg.data)) {
    clear(&arg);
    return DP_INTERNAL;
  }
  return put(args, arg);
}

dp_kind dp_args_set_null(dp_args *args, const char *name) {
  return set(args, name, (dp__arg){.kind = DP__ARG_NULL}, NULL);
}

dp_kind dp_args_set_bool(dp_args *args, const char *name, bool value) {
  return set(args, name, (dp__arg){.kind = DP__ARG_BOOL, .value.truth = value}, NULL);
}

dp_kind dp_args_set_int(dp_args *args, const char *name, int64_t value) {
  return set(args, name, (dp__arg){.kind = DP__ARG_INT, .value.integer = value}, NULL);
}

dp_kind dp_args_set_double(dp_args *args, const char *name, double value) {
  if (!isfinite(value))
    return DP_INVALID_REQUEST;
  return set(args, name, (dp__arg){.kind = DP__ARG_DOUBLE, .value.real = value}, NULL);
}

dp_kind dp_args_set_text(dp_args *args, const char *name, const char *value, size_t length) {
  if ((!value && length) || !dp__utf8_ok(value ? value : "", length))
    return DP_INVALID_REQUEST;
  return set(args, name, (dp__arg){.kind = DP__ARG_TEXT, .length = length}, value);
}

dp_kind dp_args_set_string(dp_args *args, const char *name, const char *value) {
  return value ? dp_args_set_text(args, name, value, strlen(value)) : DP_INVALID_REQUEST;
}

dp_kind dp_args_set_json(dp_args *args, const char *name, const char *json) {
  if (!json || !dp__json_ok(json, strlen(json)))
    return DP_INVALID_REQUEST;
  return set(args, name, (dp__arg){.kind = DP__ARG_JSON, .length = strlen(json)}, json);
}

dp_kind dp_args_set_bytes(dp_args *args, const char *name, const void *bytes, size_t length) {
  if (!bytes && length)
    return DP_INVALID_REQUEST;
  return set(args, name, (dp__arg){.kind = DP__ARG_BYTES, .length = length}, bytes);
}

/* Takes the source over, on failure too. made: what came of making it. */
static dp_kind set_source(dp_args *args, const char *name, dp_kind made, dp__source *source) {
  if (made != DP_OK)
    return made;
  if (!args || !name || !*name || !dp__utf8_ok(name, strlen(name))) {
    dp__source_give_up(source);
    return DP_INVALID_REQUEST;
  }
  dp__arg arg = {.kind = DP__ARG_FILE, .name = strdup(name)};
  if (!arg.name || (!dp__args_find(args, name) && !grow(args))) {
    free(arg.name);
    dp__source_give_up(source);
    return DP_INTERNAL;
  }
  arg.source = source;
  return put(args, arg);
}

dp_kind dp_args_set_file(dp_args *args, const char *name, const char *filename, const char *type,
                         const void *bytes, size_t length) {
  dp__source *source = NULL;
  dp_kind kind = length > DATA_MAX ? DP_INVALID_REQUEST
                                   : dp__source_of_bytes(filename, type, bytes, length, &source);
  return set_source(args, name, kind, source);
}

dp_kind dp_args_set_source(dp_args *args, const char *name, const dp_file_source *given) {
  dp__source *source = NULL;
  dp_kind kind = dp__source_of_program(given, &source);
  return set_source(args, name, kind, source);
}

dp_kind dp_args_set_path(dp_args *args, const char *name, const char *path, const char *filename,
                         const char *type) {
  dp__source *source = NULL;
  dp_kind kind = dp__source_of_path(path, filename, type, &source);
  return set_source(args, name, kind, source);
}

size_t dp_args_count(const dp_args *args) {
  return args ? args->count : 0;
}

bool dp_args_has(const dp_args *args, const char *name) {
  return dp__args_find(args, name) != NULL;
}

dp_args *dp__args_copy(const dp_args *args) {
  dp_args *copy = dp_args_new();
  for (size_t i = 0; copy && args && i < args->count; i++) {
    dp__arg arg = args->list[i];
    const char *data = arg.data;
    arg.data = NULL;
    if (arg.source)
      dp__source_ref(arg.source); /* set takes it over */
    if (set(copy, arg.name, arg, data) != DP_OK) {
      dp_args_free(copy);
      copy = NULL;
    }
  }
  return copy;
}

void dp__args_remove(dp_args *args, const char *name) {
  dp__arg *arg = (dp__arg *)(uintptr_t)dp__args_find(args, name);
  if (!arg)
    return;
  clear(arg);
  size_t place = (size_t)(arg - args->list);
  memmove(arg, arg + 1, (args->count - place - 1) * sizeof *arg);
  args->count--;
}
