/*
 * Arguments are written to JSON straight, and JSON that a program brings is passed on as it is after
 * a look at its syntax. No tree is built: the largest thing sent is a text, which is copied once. The
 * checker exists because jansson, which reads what we must look inside, refuses numbers that servers
 * take.
 */
#include "json.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

static bool escape(dp__buffer *out, unsigned char c) {
  char code[8];
  switch (c) {
  case '"':
    return dp__buffer_append(out, "\\\"", 2);
  case '\\':
    return dp__buffer_append(out, "\\\\", 2);
  case '\n':
    return dp__buffer_append(out, "\\n", 2);
  case '\r':
    return dp__buffer_append(out, "\\r", 2);
  case '\t':
    return dp__buffer_append(out, "\\t", 2);
  default:
    snprintf(code, sizeof code, "\\u%04x", c);
    return dp__buffer_append(out, code, 6);
  }
}

/* Whether none of eight bytes needs an escape; it may say no where one would do. */
static bool eight_are_plain(const char *text) {
  const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
  uint64_t v;
  memcpy(&v, text, 8);
  uint64_t quote = v ^ ones * '"', backslash = v ^ ones * '\\';
  uint64_t found = ((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) |
                   ((backslash - ones) & ~backslash);
  return (found & highs) == 0;
}

bool dp__json_string(dp__buffer *out, const char *text, size_t length) {
  size_t start = 0;
  bool ok = dp__buffer_reserve(out, length + 2) && dp__buffer_append(out, "\"", 1);
  for (size_t i = 0; ok && i < length; i++) {
    while (length - i > 8 && eight_are_plain(text + i))
      i += 8;
    unsigned char c = (unsigned char)text[i];
    if (c >= 0x20 && c != '"' && c != '\\')
      continue;
    ok = dp__buffer_append(out, text + start, i - start) && escape(out, c);
    start = i + 1;
  }
  return ok && dp__buffer_append(out, text + start, length - start) &&
         dp__buffer_append(out, "\"", 1);
}

bool dp__json_double(dp__buffer *out, double value) {
  if (!isfinite(value))
    return false;
  char text[40];
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value)
      break;
  }
  for (char *c = text; *c; c++)
    if (*c == ',') /* a locale's decimal point */
      *c = '.';
  return dp__buffer_text(out, text);
}

/* --- the checker: one pass, no recursion ---------------------------------------------------------- */

typedef struct scan {
  const char *at, *end;
} scan;

static void skip_space(scan *s) {
  while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
    s->at++;
}

static bool take(scan *s, char c) {
  if (s->at == s->end || *s->at != c)
    return false;
  s->at++;
  return true;
}

static bool is_digit(const scan *s) {
  return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static bool digits(scan *s) {
  if (!is_digit(s))
    return false;
  while (is_digit(s))
    s->at++;
  return true;
}

static bool number(scan *s) {
  take(s, '-');
  if (!take(s, '0') && !digits(s))
    return false;
  if (take(s, '.') && !digits(s))
    return false;
  if (take(s, 'e') || take(s, 'E')) {
    if (!take(s, '+'))
      take(s, '-');
    return digits(s);
  }
  return true;
}

static bool hex4(scan *s) {
  for (int i = 0; i < 4; i++, s->at++)
    if (s->at == s->end || !strchr("0123456789abcdefABCDEF", *s->at) || !*s->at)
      return false;
  return true;
}

static bool string(scan *s) {
  if (!take(s, '"'))
    return false;
  while (s->at < s->end && *s->at != '"') {
    unsigned char c = (unsigned char)*s->at++;
    if (c < 0x20)
      return false;
    if (c != '\\')
      continue;
    if (s->at == s->end || !*s->at || !strchr("\"\\/bfnrtu", *s->at))
      return false;
    if (*s->at++ == 'u' && !hex4(s))
      return false;
  }
  return take(s, '"');
}

static bool word(scan *s, const char *text) {
  size_t length = strlen(text);
  if ((size_t)(s->end - s->at) < length || memcmp(s->at, text, length) != 0)
    return false;
  s->at += length;
  return true;
}

static bool scalar(scan *s) {
  if (s->at == s->end)
    return false;
  switch (*s->at) {
  case '"':
    return string(s);
  case 't':
    return word(s, "true");
  case 'f':
    return word(s, "false");
  case 'n':
    return word(s, "null");
  default:
    return number(s);
  }
}

/* A member's name and colon, in an object. */
static bool name(scan *s) {
  skip_space(s);
  if (!string(s))
    return false;
  skip_space(s);
  return take(s, ':');
}

/* Open brackets as bits: 1 = object. Each turn takes one value and all that closes behind it. */
static bool values(scan *s) {
  bool object[DP__JSON_DEPTH];
  int depth = 0;
  for (;;) {
    skip_space(s);
    bool opens = s->at < s->end && (*s->at == '{' || *s->at == '[');
    if (opens) {
      if (depth == DP__JSON_DEPTH)
        return false;
      object[depth++] = *s->at++ == '{';
      skip_space(s);
      if (!take(s, object[depth - 1] ? '}' : ']')) {
        if (object[depth - 1] && !name(s))
          return false;
        continue;
      }
      depth--;
    } else if (!scalar(s)) {
      return false;
    }
    for (;; depth--) {
      skip_space(s);
      if (depth == 0)
        return true;
      if (take(s, ','))
        break;
      if (!take(s, object[depth - 1] ? '}' : ']'))
        return false;
    }
    if (object[depth - 1] && !name(s))
      return false;
  }
}

/* One member: its name without quotes, and its value. */
static bool member(scan *s, scan *key, scan *value) {
  skip_space(s);
  key->at = s->at + 1;
  if (!string(s))
    return false;
  key->end = s->at - 1;
  skip_space(s);
  if (!take(s, ':'))
    return false;
  skip_space(s);
  value->at = s->at;
  bool ok = values(s);
  for (value->end = s->at; ok && strchr(" \t\r\n", value->end[-1]);)
    value->end--; /* values() looks past white space for what may follow */
  return ok;
}

static dp__json_field *field_of(dp__json_field *fields, size_t count, const scan *key) {
  size_t size = (size_t)(key->end - key->at);
  for (size_t i = 0; i < count; i++)
    if (strlen(fields[i].name) == size && memcmp(key->at, fields[i].name, size) == 0)
      return &fields[i];
  return NULL;
}

bool dp__json_fields(const char *text, size_t length, dp__json_field *fields, size_t count) {
  scan s = {text, text + length}, key, found;
  for (size_t i = 0; i < count; i++)
    fields[i].value = NULL, fields[i].length = 0;
  skip_space(&s);
  if (!take(&s, '{'))
    return false;
  do {
    if (!member(&s, &key, &found))
      return false;
    dp__json_field *field = field_of(fields, count, &key);
    if (field) {
      field->value = found.at;
      field->length = (size_t)(found.end - found.at);
    }
    skip_space(&s);
  } while (take(&s, ','));
  return take(&s, '}');
}

bool dp__json_member(const char *text, size_t length, const char *wanted, const char **value,
                     size_t *value_length) {
  dp__json_field field = {.name = wanted};
  if (!dp__json_fields(text, length, &field, 1) || !field.value)
    return false;
  *value = field.value;
  *value_length = field.length;
  return true;
}

bool dp__json_ok(const char *text, size_t length) {
  scan s = {text, text + length};
  return dp__utf8_ok(text, length) && values(&s) && s.at == s.end;
}

char dp__json_kind(const char *text, size_t length) {
  scan s = {text, text + length};
  skip_space(&s);
  return s.at < s.end ? *s.at : '\0';
}
