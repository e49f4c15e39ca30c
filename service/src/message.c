/*
 * Why a table of readers: PROTOCOL.md gives each key a type and a range, and every refusal has to
 * name the key and say what is allowed. One row a key keeps that promise in one place.
 */
#include "message.h"

#include <inttypes.h>
#include <string.h>

#include <difypool_proto.h>

#include "fault.h"
#include "utf8.h"

typedef bool (*reader)(dpd_request *out, const msgpack_object *value, dp_error *err);

typedef struct row {
  const char *name;
  reader read;
} row;

bool dpd_key_is(const msgpack_object *key, const char *name) {
  return key->type == MSGPACK_OBJECT_STR && key->via.str.size == strlen(name) &&
         memcmp(key->via.str.ptr, name, key->via.str.size) == 0;
}

bool dpd_read_bool(const char *name, const msgpack_object *value, bool *out, dp_error *err) {
  if (value->type != MSGPACK_OBJECT_BOOLEAN) {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_type", "\"%s\" must be true or false.",
                     name);
  }
  *out = value->via.boolean;
  return true;
}

bool dpd_read_range(const char *name, const msgpack_object *value, int64_t least, int64_t most,
                    int64_t *out, dp_error *err) {
  int64_t number = 0;
  bool fits = false;
  if (value->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
    number = (int64_t)value->via.u64;
    fits = value->via.u64 <= INT64_MAX;
  } else if (value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
    number = value->via.i64;
    fits = true;
  } else {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_type", "\"%s\" must be an integer.", name);
  }
  if (!fits || number < least || number > most) {
    return dpd_fault(err, DP_INVALID_REQUEST, "out_of_range",
                     "\"%s\" must be from %" PRId64 " to %" PRId64 ".", name, least, most);
  }
  *out = number;
  return true;
}

/* Text, or bytes that are text. */
static bool text_of(const char *name, const msgpack_object *value, const char **text,
                    uint32_t *length, dp_error *err) {
  if (value->type == MSGPACK_OBJECT_STR) {
    *text = value->via.str.ptr;
    *length = value->via.str.size;
    return true;
  }
  if (value->type == MSGPACK_OBJECT_BIN &&
      dpd_utf8_valid(value->via.bin.ptr, value->via.bin.size)) {
    *text = value->via.bin.ptr;
    *length = value->via.bin.size;
    return true;
  }
  return dpd_fault(err, DP_INVALID_REQUEST, "invalid_type", "\"%s\" must be a string.", name);
}

bool dpd_read_text(const char *name, const msgpack_object *value, char *out, size_t size,
                   dp_error *err) {
  const char *text;
  uint32_t length;
  if (!text_of(name, value, &text, &length, err)) {
    return false;
  }
  if (length >= size) {
    return dpd_fault(err, DP_INVALID_REQUEST, "too_long", "\"%s\" is longer than %zu bytes.", name,
                     size - 1);
  }
  if (memchr(text, '\0', length) != NULL) {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_value", "\"%s\" holds a NUL.", name);
  }
  memcpy(out, text, length);
  out[length] = '\0';
  return true;
}

bool dpd_read_id(const char *name, const msgpack_object *value, uint8_t out[DPD_ID_SIZE],
                 dp_error *err) {
  if (value->type != MSGPACK_OBJECT_BIN || value->via.bin.size != DPD_ID_SIZE) {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_type", "\"%s\" must be a bin of 16 bytes.",
                     name);
  }
  memcpy(out, value->via.bin.ptr, DPD_ID_SIZE);
  return true;
}

static bool read_v(dpd_request *out, const msgpack_object *value, dp_error *err) {
  (void)out;
  if (value->type == MSGPACK_OBJECT_POSITIVE_INTEGER && value->via.u64 == DP_PROTOCOL_VERSION) {
    return true;
  }
  dpd_fault(err, DP_INVALID_REQUEST, "version",
            "This service speaks version %d of the protocol only.", DP_PROTOCOL_VERSION);
  return dpd_fault_hint(err, "Send \"v\": %d, or use a client of the service's age.",
                        DP_PROTOCOL_VERSION);
}

static bool read_id(dpd_request *out, const msgpack_object *value, dp_error *err) {
  return dpd_read_id(DP_KEY_ID, value, out->id, err);
}

static bool read_op(dpd_request *out, const msgpack_object *value, dp_error *err) {
  return dpd_read_text(DP_KEY_OP, value, out->op, sizeof(out->op), err);
}

static bool read_args(dpd_request *out, const msgpack_object *value, dp_error *err) {
  if (value->type != MSGPACK_OBJECT_MAP) {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_type", "\"%s\" must be a map.", DP_KEY_ARGS);
  }
  out->args = value;
  return true;
}

static bool read_epoch(dpd_request *out, const msgpack_object *value, dp_error *err) {
  out->has_epoch = dpd_read_id(DP_KEY_EPOCH, value, out->epoch, err);
  return out->has_epoch;
}

static bool read_again(dpd_request *out, const msgpack_object *value, dp_error *err) {
  return dpd_read_bool(DP_KEY_AGAIN, value, &out->again, err);
}

static bool read_profile(dpd_request *out, const msgpack_object *value, dp_error *err) {
  return dpd_read_text(DP_KEY_PROFILE, value, out->profile, sizeof(out->profile), err);
}

static bool read_deadline(dpd_request *out, const msgpack_object *value, dp_error *err) {
  int64_t number;
  if (!dpd_read_range(DP_KEY_DEADLINE_MS, value, 1, 86400000, &number, err)) {
    return false;
  }
  out->deadline_ms = (uint32_t)number;
  out->has_deadline = true;
  return true;
}

static bool read_priority(dpd_request *out, const msgpack_object *value, dp_error *err) {
  static const char *const names[] = {[DP_PRIORITY_NORMAL] = "normal",
                                      [DP_PRIORITY_INTERACTIVE] = "interactive",
                                      [DP_PRIORITY_BULK] = "bulk"};
  for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (dpd_key_is(value, names[i])) {
      out->priority = (dp_priority)i;
      return true;
    }
  }
  return dpd_fault(err, DP_INVALID_REQUEST, "invalid_value",
                   "\"%s\" must be \"interactive\", \"normal\" or \"bulk\".", DP_KEY_PRIORITY);
}

static bool read_decode(dpd_request *out, const msgpack_object *value, dp_error *err) {
  return dpd_read_bool(DP_KEY_DECODE, value, &out->decode, err);
}

static bool read_cache(dpd_request *out, const msgpack_object *value, dp_error *err) {
  int64_t number;
  if (!dpd_read_range(DP_KEY_CACHE, value, 0, 3600000, &number, err)) {
    return false;
  }
  out->cache_ms = (uint32_t)number;
  return true;
}

static bool read_flag(dpd_request *out, const msgpack_object *value, const char *name,
                      uint32_t flag, bool when, dp_error *err) {
  bool set;
  if (!dpd_read_bool(name, value, &set, err)) {
    return false;
  }
  if (set == when) {
    out->flags |= flag;
  }
  return true;
}

static bool read_validate(dpd_request *out, const msgpack_object *value, dp_error *err) {
  return read_flag(out, value, DP_KEY_VALIDATE, DP_CALL_NO_VALIDATE, false, err);
}

static bool read_hazard(dpd_request *out, const msgpack_object *value, dp_error *err) {
  return read_flag(out, value, DP_KEY_ALLOW_HAZARD, DP_CALL_ALLOW_HAZARD, true, err);
}

static bool read_wait(dpd_request *out, const msgpack_object *value, dp_error *err) {
  return read_flag(out, value, DP_KEY_WAIT, DP_CALL_WAIT, true, err);
}

static bool read_blocking(dpd_request *out, const msgpack_object *value, dp_error *err) {
  return read_flag(out, value, DP_KEY_BLOCKING, DP_CALL_BLOCKING, true, err);
}

static bool unknown_key(const msgpack_object *key, const char *where, const char *allowed,
                        dp_error *err) {
  int length = key->via.str.size > 64 ? 64 : (int)key->via.str.size;
  dpd_fault(err, DP_INVALID_REQUEST, "unknown_key", "%s has an unknown key \"%.*s\".", where,
            length, key->via.str.ptr);
  return dpd_fault_hint(err, "Known are: %s.", allowed);
}

static bool read_map(dpd_request *out, const msgpack_object *map, const row *rows, size_t count,
                     const char *where, const char *allowed, dp_error *err) {
  for (uint32_t i = 0; i < map->via.map.size; i++) {
    const msgpack_object_kv *pair = &map->via.map.ptr[i];
    size_t r = 0;
    while (r < count && !dpd_key_is(&pair->key, rows[r].name)) {
      r++;
    }
    if (r == count) {
      return unknown_key(&pair->key, where, allowed, err);
    }
    if (!rows[r].read(out, &pair->val, err)) {
      return false;
    }
  }
  return true;
}

#define LISTED(NAME, name) name " "

static bool read_options(dpd_request *out, const msgpack_object *value, dp_error *err) {
  static const row rows[] = {{DP_KEY_VALIDATE, read_validate},
                             {DP_KEY_ALLOW_HAZARD, read_hazard},
                             {DP_KEY_WAIT, read_wait},
                             {DP_KEY_BLOCKING, read_blocking}};
  if (value->type != MSGPACK_OBJECT_MAP) {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_type", "\"%s\" must be a map.",
                     DP_KEY_OPTIONS);
  }
  return read_map(out, value, rows, sizeof(rows) / sizeof(rows[0]), "\"options\"",
                  DP_KEYS_OPTIONS(LISTED), err);
}

static const row request_rows[] = {
    {DP_KEY_V, read_v},
    {DP_KEY_ID, read_id},
    {DP_KEY_OP, read_op},
    {DP_KEY_ARGS, read_args},
    {DP_KEY_EPOCH, read_epoch},
    {DP_KEY_AGAIN, read_again},
    {DP_KEY_PROFILE, read_profile},
    {DP_KEY_DEADLINE_MS, read_deadline},
    {DP_KEY_PRIORITY, read_priority},
    {DP_KEY_DECODE, read_decode},
    {DP_KEY_CACHE, read_cache},
    {DP_KEY_OPTIONS, read_options},
};

static bool has_key(const msgpack_object *map, const char *name) {
  for (uint32_t i = 0; i < map->via.map.size; i++) {
    if (dpd_key_is(&map->via.map.ptr[i].key, name)) {
      return true;
    }
  }
  return false;
}

bool dpd_request_decode(dpd_request *out, const msgpack_object *map, dp_error *err) {
  *out = (dpd_request){.deadline_ms = DPD_DEADLINE_DEFAULT_MS};
  if (map->type != MSGPACK_OBJECT_MAP) {
    return dpd_fault(err, DP_INVALID_REQUEST, "not_a_map", "A request is a map.");
  }
  if (!read_map(out, map, request_rows, sizeof(request_rows) / sizeof(request_rows[0]),
                "The request", DP_KEYS_REQUEST(LISTED), err)) {
    return false;
  }
  static const char *const required[] = {DP_KEY_V, DP_KEY_ID, DP_KEY_OP};
  for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
    if (!has_key(map, required[i])) {
      return dpd_fault(err, DP_INVALID_REQUEST, "missing_key", "The request has no \"%s\".",
                       required[i]);
    }
  }
  return true;
}
