/*
 * Why bounded to 1 MiB: jansson parses about 50 MB/s, on the thread that carries everybody's calls.
 * Why a failure is no error: the caller asked for a convenience; an odd value (an integer over
 * 2^63, 1e400) must not cost the answer, so the bytes go as they came.
 */
#include <jansson.h>

#include <string.h>
#include <strings.h>

#include "encode.h"

enum { DECODE_MAX = 1048576, DEPTH_MAX = 64 };

static bool pack_json(msgpack_packer *packer, json_t *value, unsigned depth);

static bool pack_object(msgpack_packer *packer, json_t *object, unsigned depth) {
  const char *key;
  json_t *value;
  msgpack_pack_map(packer, json_object_size(object));
  json_object_foreach(object, key, value) {
    dpd_pack_text(packer, key);
    if (!pack_json(packer, value, depth)) {
      return false;
    }
  }
  return true;
}

static bool pack_array(msgpack_packer *packer, json_t *array, unsigned depth) {
  size_t index;
  json_t *value;
  msgpack_pack_array(packer, json_array_size(array));
  json_array_foreach(array, index, value) {
    if (!pack_json(packer, value, depth)) {
      return false;
    }
  }
  return true;
}

static bool pack_json(msgpack_packer *packer, json_t *value, unsigned depth) {
  if (depth > DEPTH_MAX) {
    return false;
  }
  switch (json_typeof(value)) {
  case JSON_OBJECT:
    return pack_object(packer, value, depth + 1);
  case JSON_ARRAY:
    return pack_array(packer, value, depth + 1);
  case JSON_STRING:
    msgpack_pack_str(packer, json_string_length(value));
    msgpack_pack_str_body(packer, json_string_value(value), json_string_length(value));
    return true;
  case JSON_INTEGER:
    msgpack_pack_int64(packer, json_integer_value(value));
    return true;
  case JSON_REAL:
    msgpack_pack_double(packer, json_real_value(value));
    return true;
  case JSON_TRUE:
    msgpack_pack_true(packer);
    return true;
  case JSON_FALSE:
    msgpack_pack_false(packer);
    return true;
  case JSON_NULL:
    msgpack_pack_nil(packer);
    return true;
  }
  return false;
}

static bool is_json(const char *type) {
  size_t length = strcspn(type, "; \t");
  return (length == 16 && strncasecmp(type, "application/json", 16) == 0) ||
         (length > 5 && strncasecmp(type + length - 5, "+json", 5) == 0);
}

bool dpd_json_to_msgpack(const void *json, size_t length, dpd_text *out) {
  json_t *value = json_loadb(json, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
  if (value == NULL) {
    return false;
  }
  msgpack_packer packer;
  dpd_packer_init(&packer, out);
  bool packed = pack_json(&packer, value, 0) && !out->failed;
  json_decref(value);
  return packed;
}

bool dpd_decode_body(const dp_reply *reply, dpd_text *out) {
  size_t length;
  const void *body = dp_reply_body(reply, &length);
  return length > 0 && length <= DECODE_MAX && is_json(dp_reply_type(reply)) &&
         dpd_json_to_msgpack(body, length, out);
}
