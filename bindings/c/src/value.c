/*
 * The public side of msgpack in place. A view was checked as part of its reply, so a token that
 * cannot be read means a view that the caller made up; it reads as null.
 */
#include <string.h>

#include "mp.h"

static dpc__token token_of(dpc_value value) {
  dpc__token token;
  return value.at && dpc__mp_token(value.at, value.end, &token)
             ? token
             : (dpc__token){.type = DPC_TYPE_NULL, .data = value.end};
}

/* Steps over one value: `open` counts what is still to come of it and of all it holds. */
static const uint8_t *behind(dpc_value value) {
  uint64_t open = 1;
  const uint8_t *at = value.at;
  dpc__token t;
  while (open && dpc__mp_token(at, value.end, &t)) {
    bool text = t.type == DPC_TYPE_TEXT || t.type == DPC_TYPE_BYTES;
    at = t.data + (text ? t.size : 0);
    open += t.type == DPC_TYPE_LIST ? t.size : t.type == DPC_TYPE_MAP ? 2 * (uint64_t)t.size : 0;
    open--;
  }
  return open ? value.end : at;
}

dpc_type dpc_value_type(dpc_value value) {
  return token_of(value).type;
}

size_t dpc_value_count(dpc_value value) {
  dpc__token t = token_of(value);
  return t.type == DPC_TYPE_LIST || t.type == DPC_TYPE_MAP ? t.size : 0;
}

dpc_walk dpc_value_walk(dpc_value value) {
  dpc__token t = token_of(value);
  if (t.type != DPC_TYPE_LIST && t.type != DPC_TYPE_MAP)
    return (dpc_walk){.left = 0};
  return (dpc_walk){{t.data, value.end}, t.size, t.type == DPC_TYPE_MAP};
}

static dpc_value step(dpc_walk *walk) {
  dpc_value value = {walk->rest.at, behind(walk->rest)};
  walk->rest.at = value.end;
  return value;
}

bool dpc_walk_next(dpc_walk *walk, dpc_value *key, dpc_value *value) {
  if (!walk->left)
    return false;
  walk->left--;
  dpc_value name = walk->keyed ? step(walk) : (dpc_value){NULL, NULL};
  if (key)
    *key = name;
  *value = step(walk);
  return true;
}

bool dpc_value_get(dpc_value map, const char *key, dpc_value *out) {
  dpc_walk walk = dpc_value_walk(map);
  dpc_value name;
  size_t length = strlen(key), size;
  while (walk.keyed && dpc_walk_next(&walk, &name, out)) {
    const char *text = dpc_value_text(name, &size);
    if (text && size == length && memcmp(text, key, size) == 0)
      return true;
  }
  *out = (dpc_value){NULL, NULL};
  return false;
}

bool dpc_value_bool(dpc_value value, bool fallback) {
  dpc__token t = token_of(value);
  return t.type == DPC_TYPE_BOOL ? t.number.b : fallback;
}

int64_t dpc_value_int(dpc_value value, int64_t fallback) {
  dpc__token t = token_of(value);
  if (t.type != DPC_TYPE_INT)
    return fallback;
  return t.is_unsigned && t.number.u > INT64_MAX ? INT64_MAX : t.number.i;
}

uint64_t dpc_value_uint(dpc_value value, uint64_t fallback) {
  dpc__token t = token_of(value);
  return t.type == DPC_TYPE_INT && (t.is_unsigned || t.number.i >= 0) ? t.number.u : fallback;
}

double dpc_value_double(dpc_value value, double fallback) {
  dpc__token t = token_of(value);
  if (t.type == DPC_TYPE_INT)
    return t.is_unsigned ? (double)t.number.u : (double)t.number.i;
  return t.type == DPC_TYPE_DOUBLE ? t.number.d : fallback;
}

const char *dpc_value_text(dpc_value value, size_t *length) {
  dpc__token t = token_of(value);
  bool text = t.type == DPC_TYPE_TEXT || t.type == DPC_TYPE_BYTES;
  *length = text ? t.size : 0;
  return text ? (const char *)t.data : NULL;
}
