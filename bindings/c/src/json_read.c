/*
 * Arguments may be given as JSON, but travel as msgpack; this is the way between, strict to RFC
 * 8259 (which allows a repeated name; the service does not, and says so). Numbers are where such a
 * translation usually lies: an integer is kept exact or refused, never rounded into a double.
 *
 * msgpack wants the count of entries before the first one, which is not known here: a container's
 * head is written with a count of 32 bits that is filled in at its end.
 */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "utf8.h"

typedef struct reader {
  const char *at, *end;
  dpc__bytes *out;
  const char *flaw;
} reader;

static bool fail(reader *r, const char *flaw) {
  if (!r->flaw)
    r->flaw = flaw;
  return false;
}

static void skip_space(reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
    r->at++;
}

static bool take(reader *r, char c) {
  skip_space(r);
  if (r->at == r->end || *r->at != c)
    return false;
  r->at++;
  return true;
}

static bool hex4(reader *r, unsigned *code) {
  *code = 0;
  for (int i = 0; i < 4; i++, r->at++) {
    if (r->at == r->end)
      return fail(r, "a \\u escape is cut short");
    char c = *r->at;
    unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                     : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                            : 16;
    if (digit == 16)
      return fail(r, "a \\u escape has something other than four hex digits");
    *code = *code << 4 | digit;
  }
  return true;
}

static bool unicode_escape(reader *r, dpc__bytes *text) {
  unsigned code, low;
  if (!hex4(r, &code))
    return false;
  if (code >= 0xd800 && code <= 0xdbff) {
    if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
      return fail(r, "a \\u escape is half of a surrogate pair");
    r->at += 2;
    if (!hex4(r, &low))
      return false;
    if (low < 0xdc00 || low > 0xdfff)
      return fail(r, "a \\u escape is half of a surrogate pair");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  } else if (code >= 0xdc00 && code <= 0xdfff) {
    return fail(r, "a \\u escape is half of a surrogate pair");
  }
  char bytes[4];
  dpc__bytes_append(text, bytes, dpc__utf8_put(bytes, code));
  return true;
}

static bool escape(reader *r, dpc__bytes *text) {
  static const char names[] = "\"\\/bfnrt", codes[] = "\"\\/\b\f\n\r\t";
  char c = r->at < r->end ? *r->at++ : '\0';
  if (c == 'u')
    return unicode_escape(r, text);
  const char *found = c ? strchr(names, c) : NULL;
  if (!found)
    return fail(r, "an escape in a string is none that JSON has");
  dpc__bytes_append(text, codes + (found - names), 1);
  return true;
}

static bool string_body(reader *r, dpc__bytes *text) {
  for (;;) {
    const char *from = r->at;
    while (r->at < r->end && *r->at != '"' && *r->at != '\\' && (unsigned char)*r->at >= 0x20)
      r->at++;
    dpc__bytes_append(text, from, (size_t)(r->at - from));
    if (r->at == r->end)
      return fail(r, "a string does not end");
    char c = *r->at++;
    if (c == '"')
      return true;
    if (c != '\\')
      return fail(r, "a control character stands in a string");
    if (!escape(r, text))
      return false;
  }
}

static bool read_string(reader *r) {
  dpc__bytes text = {0};
  bool ok = string_body(r, &text);
  if (ok)
    dpc__pack_str(r->out, text.data ? (const char *)text.data : "", text.length);
  r->out->failed |= text.failed;
  dpc__bytes_wipe(&text);
  return ok;
}

static const char *digits(const char *p, const char *end) {
  while (p < end && *p >= '0' && *p <= '9')
    p++;
  return p;
}

/* The end of the number at p by JSON's grammar, NULL if there is none; whether it is an integer. */
static const char *number_end(const char *p, const char *end, bool *integer) {
  *integer = true;
  p += p < end && *p == '-';
  const char *first = p;
  p = digits(p, end);
  if (p == first || (*first == '0' && p > first + 1))
    return NULL;
  if (p < end && *p == '.') {
    *integer = false;
    first = ++p;
    if ((p = digits(p, end)) == first)
      return NULL;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    *integer = false;
    p++;
    p += p < end && (*p == '+' || *p == '-');
    first = p;
    if ((p = digits(p, end)) == first)
      return NULL;
  }
  return p;
}

static bool put_integer(reader *r, const char *text) {
  errno = 0;
  if (*text == '-')
    dpc__pack_int(r->out, strtoll(text, NULL, 10));
  else
    dpc__pack_uint(r->out, strtoull(text, NULL, 10));
  return errno == 0 || fail(r, "an integer does not fit 64 bits; give it as a string");
}

/* strtod takes the decimal point from the locale; a program may have set one with a comma. */
static bool put_double(reader *r, char *text) {
  const char *point = localeconv()->decimal_point;
  char *dot = strchr(text, '.');
  if (dot && point[0] != '.' && point[0] && !point[1])
    *dot = point[0];
  double value = strtod(text, NULL);
  if (!isfinite(value))
    return fail(r, "a number is too great for a double");
  dpc__pack_double(r->out, value);
  return true;
}

static bool read_number(reader *r) {
  bool integer;
  const char *end = number_end(r->at, r->end, &integer);
  if (!end)
    return fail(r, "something stands where a value should");
  char text[400];
  size_t length = (size_t)(end - r->at);
  if (length >= sizeof text)
    return fail(r, "a number has more than 399 characters");
  memcpy(text, r->at, length);
  text[length] = '\0';
  r->at = end;
  return integer ? put_integer(r, text) : put_double(r, text);
}

static bool read_word(reader *r, const char *word) {
  size_t length = strlen(word);
  if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0)
    return fail(r, "something stands where a value should");
  r->at += length;
  return true;
}

static size_t open_container(dpc__bytes *out, uint8_t head) {
  size_t at = out->length;
  dpc__bytes_append(out, (uint8_t[]){head, 0, 0, 0, 0}, 5);
  return at;
}

static void close_container(dpc__bytes *out, size_t at, uint32_t count) {
  for (size_t i = 0; !out->failed && i < 4; i++)
    out->data[at + 1 + i] = (uint8_t)(count >> (24 - 8 * i));
}

static bool read_value(reader *r, unsigned depth);

static bool read_entry(reader *r, bool map, unsigned depth) {
  if (map && !take(r, '"'))
    return fail(r, "a member of an object has no name in quotes");
  if (map && !read_string(r))
    return false;
  if (map && !take(r, ':'))
    return fail(r, "a name in an object has no colon behind it");
  return read_value(r, depth);
}

static bool read_container(reader *r, bool map, unsigned depth) {
  if (depth == DPC__JSON_DEPTH_MAX)
    return fail(r, "it nests deeper than 20");
  char close = map ? '}' : ']';
  size_t head = open_container(r->out, map ? 0xdf : 0xdd);
  uint32_t count = 0;
  bool done = take(r, close);
  while (!done) {
    if (!read_entry(r, map, depth + 1))
      return false;
    count++;
    done = take(r, close);
    if (!done && !take(r, ','))
      return fail(r, map ? "an object does not go on with , or }"
                         : "a list does not go on with , or ]");
  }
  close_container(r->out, head, count);
  return true;
}

static bool read_value(reader *r, unsigned depth) {
  skip_space(r);
  char c = r->at < r->end ? *r->at : '\0';
  if (c == '{' || c == '[' || c == '"')
    r->at++;
  switch (c) {
  case '{':
  case '[':
    return read_container(r, c == '{', depth);
  case '"':
    return read_string(r);
  case 'n':
    dpc__pack_nil(r->out);
    return read_word(r, "null");
  case 't':
    dpc__pack_bool(r->out, true);
    return read_word(r, "true");
  case 'f':
    dpc__pack_bool(r->out, false);
    return read_word(r, "false");
  default:
    return read_number(r);
  }
}

const char *dpc__json_read(const char *text, size_t length, dpc__bytes *out) {
  if (!dpc__utf8_valid(text, length))
    return "it is not UTF-8";
  reader r = {text, text + length, out, NULL};
  if (!read_value(&r, 0))
    return r.flaw;
  skip_space(&r);
  return r.at == r.end ? NULL : "something follows its end";
}

void *dpc_value_parse(const char *json, size_t length, dpc_value *out) {
  dpc__bytes packed = {0};
  *out = (dpc_value){NULL, NULL};
  if (dpc__json_read(json, length, &packed) || packed.failed) {
    dpc__bytes_clear(&packed);
    return NULL;
  }
  *out = (dpc_value){packed.data, packed.data + packed.length};
  return packed.data;
}
