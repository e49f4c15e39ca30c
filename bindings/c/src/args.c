/*
 * Each value is kept as the msgpack that will travel, packed when it is set: so a call only puts
 * them one behind the other. What was set may be a key (service.connect); everything is wiped.
 */
#include "args.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "json.h"
#include "mp.h"
#include "utf8.h"

typedef struct entry {
  char *name;
  dpc__bytes value;
} entry;

struct dpc_args {
  entry *entries;
  size_t count, capacity;
};

dpc_args *dpc_args_new(void) {
  return calloc(1, sizeof(dpc_args));
}

void dpc_args_free(dpc_args *args) {
  if (!args)
    return;
  for (size_t i = 0; i < args->count; i++) {
    free(args->entries[i].name);
    dpc__bytes_wipe(&args->entries[i].value);
  }
  free(args->entries);
  free(args);
}

static entry *find(const dpc_args *args, const char *name) {
  for (size_t i = 0; i < args->count; i++)
    if (strcmp(args->entries[i].name, name) == 0)
      return &args->entries[i];
  return NULL;
}

static entry *add(dpc_args *args, const char *name) {
  if (args->count == args->capacity) {
    size_t capacity = args->capacity ? 2 * args->capacity : 8;
    entry *entries = reallocarray(args->entries, capacity, sizeof *entries);
    if (!entries)
      return NULL;
    args->entries = entries;
    args->capacity = capacity;
  }
  char *copy = strdup(name);
  if (!copy)
    return NULL;
  args->entries[args->count] = (entry){.name = copy};
  return &args->entries[args->count++];
}

/* Takes value over, whatever comes of it. */
static dpc_kind put(dpc_args *args, const char *name, dpc__bytes *value) {
  entry *place = value->failed ? NULL : find(args, name);
  if (!value->failed && !place)
    place = add(args, name);
  if (!place) {
    dpc__bytes_wipe(value);
    return DPC_INTERNAL;
  }
  dpc__bytes_wipe(&place->value);
  place->value = *value;
  return DPC_OK;
}

static bool usable(const dpc_args *args, const char *name) {
  return args && name && *name && dpc__utf8_valid(name, strlen(name));
}

dpc_kind dpc_args_set_null(dpc_args *args, const char *name) {
  if (!usable(args, name))
    return DPC_INVALID_REQUEST;
  dpc__bytes value = {0};
  dpc__pack_nil(&value);
  return put(args, name, &value);
}

dpc_kind dpc_args_set_bool(dpc_args *args, const char *name, bool flag) {
  if (!usable(args, name))
    return DPC_INVALID_REQUEST;
  dpc__bytes value = {0};
  dpc__pack_bool(&value, flag);
  return put(args, name, &value);
}

dpc_kind dpc_args_set_int(dpc_args *args, const char *name, int64_t number) {
  if (!usable(args, name))
    return DPC_INVALID_REQUEST;
  dpc__bytes value = {0};
  dpc__pack_int(&value, number);
  return put(args, name, &value);
}

dpc_kind dpc_args_set_double(dpc_args *args, const char *name, double number) {
  if (!usable(args, name) || !isfinite(number))
    return DPC_INVALID_REQUEST;
  dpc__bytes value = {0};
  dpc__pack_double(&value, number);
  return put(args, name, &value);
}

dpc_kind dpc_args_set_string(dpc_args *args, const char *name, const char *text) {
  return text ? dpc_args_set_text(args, name, text, strlen(text)) : DPC_INVALID_REQUEST;
}

dpc_kind dpc_args_set_text(dpc_args *args, const char *name, const char *text, size_t length) {
  if (!usable(args, name) || (!text && length) || (length && !dpc__utf8_valid(text, length)))
    return DPC_INVALID_REQUEST;
  dpc__bytes value = {0};
  dpc__pack_str(&value, text ? text : "", length);
  return put(args, name, &value);
}

dpc_kind dpc_args_set_json(dpc_args *args, const char *name, const char *json) {
  dpc__bytes value = {0};
  if (!usable(args, name) || !json || dpc__json_read(json, strlen(json), &value)) {
    bool memory = value.failed;
    dpc__bytes_wipe(&value);
    return memory ? DPC_INTERNAL : DPC_INVALID_REQUEST;
  }
  return put(args, name, &value);
}

dpc_kind dpc_args_set_bytes(dpc_args *args, const char *name, const void *data, size_t length) {
  if (!usable(args, name) || (!data && length))
    return DPC_INVALID_REQUEST;
  dpc__bytes value = {0};
  dpc__pack_bin(&value, data ? data : "", length);
  return put(args, name, &value);
}

dpc_kind dpc__args_set_packed(dpc_args *args, const char *name, dpc__bytes *value) {
  return put(args, name, value);
}

dpc_kind dpc_args_set_args(dpc_args *args, const char *name, const dpc_args *inner) {
  if (!usable(args, name) || !inner || inner == args)
    return DPC_INVALID_REQUEST;
  dpc__bytes value = {0};
  dpc__pack_map(&value, inner->count);
  dpc__args_put(inner, &value);
  return put(args, name, &value);
}

dpc_kind dpc_args_set_file(dpc_args *args, const char *name, const char *file_name,
                           const char *type, const void *data, size_t length) {
  if (!usable(args, name) || !file_name || !*file_name || (!data && length) ||
      !dpc__utf8_valid(file_name, strlen(file_name)) ||
      (type && !dpc__utf8_valid(type, strlen(type))))
    return DPC_INVALID_REQUEST;
  dpc__bytes value = {0};
  dpc__pack_map(&value, type ? 3 : 2);
  dpc__pack_text(&value, "name");
  dpc__pack_text(&value, file_name);
  if (type) {
    dpc__pack_text(&value, "type");
    dpc__pack_text(&value, type);
  }
  dpc__pack_text(&value, "data");
  dpc__pack_bin(&value, data ? data : "", length);
  return put(args, name, &value);
}

dpc_args *dpc_args_copy(const dpc_args *args) {
  dpc_args *copy = dpc_args_new();
  bool ok = copy;
  for (size_t i = 0; ok && i < dpc__args_count_of(args); i++) {
    dpc__bytes value = {0};
    dpc__bytes_append(&value, args->entries[i].value.data, args->entries[i].value.length);
    ok = put(copy, args->entries[i].name, &value) == DPC_OK;
  }
  if (ok)
    return copy;
  dpc_args_free(copy);
  return NULL;
}

size_t dpc_args_count(const dpc_args *args) {
  return dpc__args_count_of(args);
}

bool dpc_args_has(const dpc_args *args, const char *name) {
  return args && name && find(args, name);
}

size_t dpc__args_count_of(const dpc_args *args) {
  return args ? args->count : 0;
}

bool dpc__args_is_text(const dpc_args *args, const char *name, const char *text) {
  const entry *place = args ? find(args, name) : NULL;
  dpc__token token;
  return place &&
         dpc__mp_token(place->value.data, place->value.data + place->value.length, &token) &&
         token.type == DPC_TYPE_TEXT && token.size == strlen(text) &&
         strncasecmp((const char *)token.data, text, token.size) == 0;
}

void dpc__args_put(const dpc_args *args, dpc__bytes *out) {
  for (size_t i = 0; i < dpc__args_count_of(args); i++) {
    dpc__pack_text(out, args->entries[i].name);
    dpc__bytes_append(out, args->entries[i].value.data, args->entries[i].value.length);
  }
}
