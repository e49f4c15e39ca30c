/*
 * Why by hand: the message is in memory already and has been checked; building a JSON tree of it
 * only to print it again would cost more than the call. Nesting is bounded by the guard.
 */
#include "args.h"

#include <float.h>
#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "message.h"
#include "utf8.h"

static void write_escape(dpd_text *out, unsigned char c) {
  static const char *const named[] = {
      ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};
  if (c == '"' || c == '\\') {
    char pair[2] = {'\\', (char)c};
    dpd_text_append(out, pair, sizeof(pair));
  } else if (c <= '\r' && named[c] != NULL) {
    dpd_text_append(out, named[c], 2);
  } else {
    dpd_text_printf(out, "\\u%04x", c);
  }
}

static void write_string(dpd_text *out, const char *text, size_t length) {
  dpd_text_append(out, "\"", 1);
  size_t start = 0;
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c >= 0x20 && c != '"' && c != '\\') {
      continue;
    }
    dpd_text_append(out, text + start, i - start);
    write_escape(out, c);
    start = i + 1;
  }
  dpd_text_append(out, text + start, length - start);
  dpd_text_append(out, "\"", 1);
}

/* The shortest text that reads back as the same double; JSON wants a point whatever the locale. */
static void write_double(dpd_text *out, double value) {
  char text[40];
  int digits = DBL_DIG;
  do {
    snprintf(text, sizeof(text), "%.*g", digits, value);
  } while (strtod(text, NULL) != value && ++digits <= DBL_DECIMAL_DIG);
  char *comma = strchr(text, ',');
  if (comma != NULL) {
    *comma = '.';
  }
  dpd_text_puts(out, text);
  if (strpbrk(text, ".e") == NULL) {
    dpd_text_puts(out, ".0");
  }
}

static bool write_array(dpd_text *out, const msgpack_object_array *array) {
  dpd_text_append(out, "[", 1);
  for (uint32_t i = 0; i < array->size; i++) {
    if (i > 0) {
      dpd_text_append(out, ",", 1);
    }
    if (!dpd_json_write(out, &array->ptr[i])) {
      return false;
    }
  }
  dpd_text_append(out, "]", 1);
  return true;
}

static bool write_map(dpd_text *out, const msgpack_object_map *map) {
  dpd_text_append(out, "{", 1);
  for (uint32_t i = 0; i < map->size; i++) {
    if (i > 0) {
      dpd_text_append(out, ",", 1);
    }
    write_string(out, map->ptr[i].key.via.str.ptr, map->ptr[i].key.via.str.size);
    dpd_text_append(out, ":", 1);
    if (!dpd_json_write(out, &map->ptr[i].val)) {
      return false;
    }
  }
  dpd_text_append(out, "}", 1);
  return true;
}

static bool write_bytes(dpd_text *out, const msgpack_object_bin *bin) {
  if (!dpd_utf8_valid(bin->ptr, bin->size)) {
    return false;
  }
  write_string(out, bin->ptr, bin->size);
  return true;
}

bool dpd_json_write(dpd_text *out, const msgpack_object *value) {
  switch (value->type) {
  case MSGPACK_OBJECT_BOOLEAN:
    dpd_text_puts(out, value->via.boolean ? "true" : "false");
    return true;
  case MSGPACK_OBJECT_POSITIVE_INTEGER:
    dpd_text_printf(out, "%" PRIu64, value->via.u64);
    return true;
  case MSGPACK_OBJECT_NEGATIVE_INTEGER:
    dpd_text_printf(out, "%" PRId64, value->via.i64);
    return true;
  case MSGPACK_OBJECT_FLOAT32:
  case MSGPACK_OBJECT_FLOAT64:
    write_double(out, value->via.f64);
    return true;
  case MSGPACK_OBJECT_STR:
    write_string(out, value->via.str.ptr, value->via.str.size);
    return true;
  case MSGPACK_OBJECT_BIN:
    return write_bytes(out, &value->via.bin);
  case MSGPACK_OBJECT_ARRAY:
    return write_array(out, &value->via.array);
  case MSGPACK_OBJECT_MAP:
    return write_map(out, &value->via.map);
  default:
    dpd_text_puts(out, "null");
    return true;
  }
}

static dp_kind set_json(dp_args *args, const char *name, const msgpack_object *value,
                        dpd_text *scratch) {
  enum { KEEP = 65536 };
  dpd_text_reset(scratch, KEEP);
  if (!dpd_json_write(scratch, value)) {
    return DP_INVALID_REQUEST;
  }
  return scratch->failed ? DP_INTERNAL : dp_args_set_json(args, name, scratch->data);
}

static dp_kind set_value(dp_args *args, const char *name, const msgpack_object *value,
                         dpd_text *scratch) {
  switch (value->type) {
  case MSGPACK_OBJECT_NIL:
    return dp_args_set_null(args, name);
  case MSGPACK_OBJECT_BOOLEAN:
    return dp_args_set_bool(args, name, value->via.boolean);
  case MSGPACK_OBJECT_POSITIVE_INTEGER:
    if (value->via.u64 > INT64_MAX) {
      return set_json(args, name, value, scratch);
    }
    return dp_args_set_int(args, name, (int64_t)value->via.u64);
  case MSGPACK_OBJECT_NEGATIVE_INTEGER:
    return dp_args_set_int(args, name, value->via.i64);
  case MSGPACK_OBJECT_FLOAT32:
  case MSGPACK_OBJECT_FLOAT64:
    return dp_args_set_double(args, name, value->via.f64);
  case MSGPACK_OBJECT_STR:
    return dp_args_set_text(args, name, value->via.str.ptr, value->via.str.size);
  case MSGPACK_OBJECT_BIN:
    return dp_args_set_bytes(args, name, value->via.bin.ptr, value->via.bin.size);
  default:
    return set_json(args, name, value, scratch);
  }
}

static bool set_entry(dp_args *args, const msgpack_object_kv *entry, dpd_text *scratch,
                      dp_error *err) {
  enum { NAME_MAX_BYTES = 255 };
  char name[NAME_MAX_BYTES + 1];
  uint32_t length = entry->key.via.str.size;
  if (length == 0 || length > NAME_MAX_BYTES ||
      memchr(entry->key.via.str.ptr, '\0', length) != NULL) {
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_argument_name",
                     "An argument's name is empty, longer than 255 bytes, or holds a NUL.");
  }
  memcpy(name, entry->key.via.str.ptr, length);
  name[length] = '\0';
  switch (set_value(args, name, &entry->val, scratch)) {
  case DP_OK:
    return true;
  case DP_INVALID_REQUEST:
    return dpd_fault(
        err, DP_INVALID_REQUEST, "invalid_argument",
        "The argument \"%.64s\" cannot be carried: it holds bytes where JSON needs text, "
        "or a text that is not allowed there.",
        name);
  default:
    return dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for the arguments.");
  }
}

enum { FILE_NAME_MAX = 4096, FILE_TYPE_MAX = 255 };

typedef struct file_map {
  char name[FILE_NAME_MAX + 1];
  char type[FILE_TYPE_MAX + 1];
  const msgpack_object *data;
} file_map;

static bool read_file_key(file_map *f, const msgpack_object_kv *pair, dp_error *err) {
  const msgpack_object *value = &pair->val;
  if (dpd_key_is(&pair->key, "name")) {
    return dpd_read_text("name", value, f->name, sizeof(f->name), err);
  }
  if (dpd_key_is(&pair->key, "type")) {
    return value->type == MSGPACK_OBJECT_NIL ||
           dpd_read_text("type", value, f->type, sizeof(f->type), err);
  }
  if (dpd_key_is(&pair->key, "data") && value->type == MSGPACK_OBJECT_BIN) {
    f->data = value;
    return true;
  }
  dpd_fault(err, DP_INVALID_REQUEST, "invalid_argument",
            "A file is a map of \"name\" (text), \"type\" (text, may be left out) and \"data\" (bin).");
  return dpd_fault_hint(err, "Larger ones go in pieces: upload.open.");
}

static bool set_file(dp_args *args, const char *name, const msgpack_object *map, dp_error *err) {
  file_map f = {.data = NULL};
  for (uint32_t i = 0; i < map->via.map.size; i++) {
    if (!read_file_key(&f, &map->via.map.ptr[i], err)) {
      return false;
    }
  }
  if (f.data == NULL || f.name[0] == '\0') {
    return dpd_fault(err, DP_INVALID_REQUEST, "missing_argument", "The file \"%s\" needs \"%s\".",
                     name, f.data == NULL ? "data" : "name");
  }
  switch (dp_args_set_file(args, name, f.name, f.type[0] != '\0' ? f.type : NULL,
                           f.data->via.bin.ptr, f.data->via.bin.size)) {
  case DP_OK:
    return true;
  case DP_INVALID_REQUEST:
    return dpd_fault(err, DP_INVALID_REQUEST, "invalid_argument",
                     "The file's name holds control characters, or its type is none.");
  default:
    return dpd_fault(err, DP_INTERNAL, "memory", "There is no memory for the arguments.");
  }
}

/* file: the argument that may be one; NULL = there is none. */
static bool fill(dp_args *args, const msgpack_object_kv *entry, const char *file, dpd_text *scratch,
                 dp_error *err) {
  bool is_file =
      file != NULL && dpd_key_is(&entry->key, file) && entry->val.type == MSGPACK_OBJECT_MAP;
  return is_file ? set_file(args, file, &entry->val, err) : set_entry(args, entry, scratch, err);
}

bool dpd_args_fill(dp_args *args, const msgpack_object *map, dp_op op, dpd_text *scratch,
                   dp_error *err) {
  const char *file = dp_op_file(op);
  for (uint32_t i = 0; i < map->via.map.size; i++) {
    if (!fill(args, &map->via.map.ptr[i], file, scratch, err)) {
      return false;
    }
  }
  return true;
}

bool dpd_args_fill_page(dp_args *args, const msgpack_object *map, dpd_text *scratch, dp_error *err) {
  for (uint32_t i = 0; i < map->via.map.size; i++) {
    const msgpack_object_kv *entry = &map->via.map.ptr[i];
    if (entry->val.type != MSGPACK_OBJECT_NIL && !fill(args, entry, "file", scratch, err)) {
      return false;
    }
  }
  return true;
}
