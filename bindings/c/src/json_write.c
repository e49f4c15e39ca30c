/*
 * What service.* operations answer is msgpack; people, scripts and other JSON tools want text. The
 * value was checked with its reply, so its depth is bound and the recursion with it.
 */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "mp.h"

static void put_escaped(dpc__bytes *out, unsigned char c) {
  static const char codes[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
  const char *found = c ? strchr(codes, c) : NULL;
  if (found) {
    dpc__bytes_append(out, (char[]){'\\', names[found - codes]}, 2);
    return;
  }
  char text[8];
  int length = snprintf(text, sizeof text, "\\u%04x", c);
  dpc__bytes_append(out, text, (size_t)length);
}

static void put_string(dpc__bytes *out, const uint8_t *text, size_t length) {
  dpc__bytes_text(out, "\"");
  size_t from = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] >= 0x20 && text[i] != '"' && text[i] != '\\' && text[i] != 0x7f)
      continue;
    dpc__bytes_append(out, text + from, i - from);
    put_escaped(out, text[i]);
    from = i + 1;
  }
  dpc__bytes_append(out, text + from, length - from);
  dpc__bytes_text(out, "\"");
}

static void put_hex(dpc__bytes *out, const uint8_t *data, size_t length) {
  static const char digits[] = "0123456789abcdef";
  dpc__bytes_text(out, "\"");
  for (size_t i = 0; i < length; i++)
    dpc__bytes_append(out, (char[]){digits[data[i] >> 4], digits[data[i] & 15]}, 2);
  dpc__bytes_text(out, "\"");
}

/* The shortest text that reads back as the same double, with a point whatever the locale has. */
static void put_double(dpc__bytes *out, double value) {
  char text[40];
  for (int precision = 15; precision <= 17; precision++) {
    snprintf(text, sizeof text, "%.*g", precision, value);
    if (strtod(text, NULL) == value)
      break;
  }
  char *point = strchr(text, localeconv()->decimal_point[0]);
  if (point)
    *point = '.';
  dpc__bytes_text(out, text);
  if (!strpbrk(text, ".e"))
    dpc__bytes_text(out, ".0");
}

static void put_integer(dpc__bytes *out, const dpc__token *t) {
  char text[24];
  if (t->is_unsigned)
    snprintf(text, sizeof text, "%llu", (unsigned long long)t->number.u);
  else
    snprintf(text, sizeof text, "%lld", (long long)t->number.i);
  dpc__bytes_text(out, text);
}

static void put_entries(dpc__bytes *out, dpc_value value, bool map) {
  dpc_walk walk = dpc_value_walk(value);
  dpc_value key, entry;
  dpc__bytes_text(out, map ? "{" : "[");
  for (bool first = true; dpc_walk_next(&walk, &key, &entry); first = false) {
    if (!first)
      dpc__bytes_text(out, ",");
    if (map) {
      dpc__json_write(key, out);
      dpc__bytes_text(out, ":");
    }
    dpc__json_write(entry, out);
  }
  dpc__bytes_text(out, map ? "}" : "]");
}

void dpc__json_write(dpc_value value, dpc__bytes *out) {
  dpc__token t;
  if (!value.at || !dpc__mp_token(value.at, value.end, &t)) {
    dpc__bytes_text(out, "null");
    return;
  }
  switch (t.type) {
  case DPC_TYPE_NULL:
    dpc__bytes_text(out, "null");
    break;
  case DPC_TYPE_BOOL:
    dpc__bytes_text(out, t.number.b ? "true" : "false");
    break;
  case DPC_TYPE_INT:
    put_integer(out, &t);
    break;
  case DPC_TYPE_DOUBLE:
    put_double(out, t.number.d);
    break;
  case DPC_TYPE_TEXT:
    put_string(out, t.data, t.size);
    break;
  case DPC_TYPE_BYTES:
    put_hex(out, t.data, t.size);
    break;
  case DPC_TYPE_LIST:
  case DPC_TYPE_MAP:
    put_entries(out, value, t.type == DPC_TYPE_MAP);
    break;
  }
}

char *dpc_value_json(dpc_value value, size_t *length) {
  dpc__bytes out = {0};
  dpc__json_write(value, &out);
  if (length)
    *length = out.length;
  dpc__bytes_append(&out, "", 1);
  if (out.failed)
    dpc__bytes_clear(&out);
  return (char *)out.data;
}
