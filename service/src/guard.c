/*
 * Why: five bytes of input make msgpack-c reserve 8 GB, because it believes a declared count before
 * it has seen a single element; it takes text that is not UTF-8, and bytes behind the end. So a
 * message is walked once here, without allocating by any number that it claims: counts are held
 * against the bytes that are left (an entry needs at least one), elements against a budget, nesting
 * against a depth. What passes costs msgpack-c memory in proportion to its length.
 *
 * Keys of one map are compared pairwise while they are few; many are sorted, so that a map of a
 * million keys is no quadratic trap.
 */
#include "guard.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

enum { FEW_KEYS = 16 };

typedef enum shape { NIL, BOOLEAN, INTEGER, FLOATING, STRING, BINARY, ARRAY, MAP, EXT, BAD } shape;

/* One value without what it holds. */
typedef struct token {
  shape shape;
  size_t head;   /* bytes of the token itself; of a number, all */
  uint32_t size; /* bytes of a string, binary or ext; entries of an array or map */
} token;

typedef struct span {
  const uint8_t *data;
  size_t length;
} span;

typedef struct walk {
  const uint8_t *at;
  const uint8_t *end;
  size_t budget;
} walk;

#define ROW(NAME, code, text) {code, text},
static const struct {
  const char *code;
  const char *text;
} flaws[] = {DPD_FLAWS(ROW)};
#undef ROW

const char *dpd_flaw_code(dpd_flaw flaw) {
  return flaws[flaw].code;
}

const char *dpd_flaw_text(dpd_flaw flaw) {
  return flaws[flaw].text;
}

static size_t left(const walk *w) {
  return (size_t)(w->end - w->at);
}

static uint64_t big_endian(const uint8_t *p, size_t length) {
  uint64_t x = 0;
  for (size_t i = 0; i < length; i++) {
    x = (x << 8) | p[i];
  }
  return x;
}

/* 0xc0 to 0xdf: what follows the first byte as a number, and what kind it is. */
static const struct {
  uint8_t shape;
  uint8_t number; /* bytes of a number or a length */
  uint8_t extra;  /* bytes behind the length that belong to the head: an ext's type */
} long_forms[32] = {
    {NIL, 0, 0},      {BAD, 0, 0},      {BOOLEAN, 0, 0}, {BOOLEAN, 0, 0}, {BINARY, 1, 0},
    {BINARY, 2, 0},   {BINARY, 4, 0},   {EXT, 1, 1},     {EXT, 2, 1},     {EXT, 4, 1},
    {FLOATING, 4, 0}, {FLOATING, 8, 0}, {INTEGER, 1, 0}, {INTEGER, 2, 0}, {INTEGER, 4, 0},
    {INTEGER, 8, 0},  {INTEGER, 1, 0},  {INTEGER, 2, 0}, {INTEGER, 4, 0}, {INTEGER, 8, 0},
    {EXT, 0, 1},      {EXT, 0, 1},      {EXT, 0, 1},     {EXT, 0, 1},     {EXT, 0, 1},
    {STRING, 1, 0},   {STRING, 2, 0},   {STRING, 4, 0},  {ARRAY, 2, 0},   {ARRAY, 4, 0},
    {MAP, 2, 0},      {MAP, 4, 0},
};

static token short_form(uint8_t byte) {
  if (byte < 0x80 || byte >= 0xe0) {
    return (token){INTEGER, 1, 0};
  }
  if (byte < 0x90) {
    return (token){MAP, 1, byte & 0x0fu};
  }
  if (byte < 0xa0) {
    return (token){ARRAY, 1, byte & 0x0fu};
  }
  return (token){STRING, 1, byte & 0x1fu};
}

static bool has_length(shape s) {
  return s >= STRING && s <= EXT;
}

/* Reads the token at w->at without moving. False: it does not fit into what is left. */
static bool peek(const walk *w, token *out) {
  if (left(w) == 0) {
    return false;
  }
  uint8_t byte = *w->at;
  if (byte < 0xc0 || byte >= 0xe0) {
    *out = short_form(byte);
    return true;
  }
  size_t number = long_forms[byte - 0xc0].number;
  *out = (token){long_forms[byte - 0xc0].shape, 1 + number + long_forms[byte - 0xc0].extra, 0};
  if (left(w) < out->head) {
    return false;
  }
  if (has_length(out->shape) && number > 0) {
    out->size = (uint32_t)big_endian(w->at + 1, number);
  } else if (out->shape == EXT) {
    out->size = 1u << (byte - 0xd4); /* fixext 1, 2, 4, 8, 16 */
  }
  return true;
}

static bool finite_float(const uint8_t *p) {
  if (*p == 0xca) {
    uint32_t bits = (uint32_t)big_endian(p + 1, 4);
    float value;
    memcpy(&value, &bits, sizeof(value));
    return isfinite(value);
  }
  uint64_t bits = big_endian(p + 1, 8);
  double value;
  memcpy(&value, &bits, sizeof(value));
  return isfinite(value);
}

static bool same(const span *a, const span *b) {
  return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

static int by_bytes(const void *left_, const void *right_) {
  const span *a = left_;
  const span *b = right_;
  if (a->length != b->length) {
    return a->length < b->length ? -1 : 1;
  }
  return memcmp(a->data, b->data, a->length);
}

static bool few_repeated(const span *keys, size_t count) {
  for (size_t i = 1; i < count; i++) {
    for (size_t j = 0; j < i; j++) {
      if (same(&keys[i], &keys[j])) {
        return true;
      }
    }
  }
  return false;
}

static bool many_repeated(span *keys, size_t count) {
  qsort(keys, count, sizeof(*keys), by_bytes);
  for (size_t i = 1; i < count; i++) {
    if (same(&keys[i - 1], &keys[i])) {
      return true;
    }
  }
  return false;
}

static dpd_flaw check_value(walk *w, unsigned depth);

static dpd_flaw take_string(walk *w, const token *t, bool text) {
  w->at += t->head;
  if (t->size > left(w)) {
    return DPD_FLAW_TRUNCATED;
  }
  if (text && !dpd_utf8_valid(w->at, t->size)) {
    return DPD_FLAW_UTF8;
  }
  w->at += t->size;
  return DPD_FLAW_NONE;
}

static dpd_flaw check_key(walk *w, span *key) {
  token t;
  if (!peek(w, &t)) {
    return DPD_FLAW_TRUNCATED;
  }
  if (t.shape != STRING) {
    return DPD_FLAW_KEY;
  }
  key->data = w->at + t.head;
  key->length = t.size;
  return take_string(w, &t, true);
}

static dpd_flaw check_pairs(walk *w, uint32_t count, span *keys, unsigned depth) {
  for (uint32_t i = 0; i < count; i++) {
    dpd_flaw flaw = check_key(w, &keys[i]);
    if (flaw == DPD_FLAW_NONE) {
      flaw = check_value(w, depth);
    }
    if (flaw != DPD_FLAW_NONE) {
      return flaw;
    }
  }
  return DPD_FLAW_NONE;
}

static dpd_flaw check_many_pairs(walk *w, uint32_t count, unsigned depth) {
  span *keys = malloc(count * sizeof(*keys));
  if (keys == NULL) {
    return DPD_FLAW_MEMORY;
  }
  dpd_flaw flaw = check_pairs(w, count, keys, depth);
  if (flaw == DPD_FLAW_NONE && many_repeated(keys, count)) {
    flaw = DPD_FLAW_REPEATED;
  }
  free(keys);
  return flaw;
}

static dpd_flaw check_map(walk *w, uint32_t count, unsigned depth) {
  if (count > left(w) / 2) {
    return DPD_FLAW_TRUNCATED;
  }
  if (count > w->budget) {
    return DPD_FLAW_ELEMENTS;
  }
  w->budget -= count; /* the keys; each value takes one more */
  if (count > FEW_KEYS) {
    return check_many_pairs(w, count, depth);
  }
  span keys[FEW_KEYS];
  dpd_flaw flaw = check_pairs(w, count, keys, depth);
  if (flaw == DPD_FLAW_NONE && few_repeated(keys, count)) {
    flaw = DPD_FLAW_REPEATED;
  }
  return flaw;
}

static dpd_flaw check_array(walk *w, uint32_t count, unsigned depth) {
  if (count > left(w)) {
    return DPD_FLAW_TRUNCATED;
  }
  for (uint32_t i = 0; i < count; i++) {
    dpd_flaw flaw = check_value(w, depth);
    if (flaw != DPD_FLAW_NONE) {
      return flaw;
    }
  }
  return DPD_FLAW_NONE;
}

static dpd_flaw check_scalar(walk *w, const token *t) {
  switch (t->shape) {
  case STRING:
    return take_string(w, t, true);
  case BINARY:
    return take_string(w, t, false);
  case EXT:
    return DPD_FLAW_EXT;
  case BAD:
    return DPD_FLAW_RESERVED;
  case FLOATING:
    if (!finite_float(w->at)) {
      return DPD_FLAW_FLOAT;
    }
    break;
  default:
    break;
  }
  w->at += t->head;
  return DPD_FLAW_NONE;
}

/* depth: how many containers this value is in. */
static dpd_flaw check_value(walk *w, unsigned depth) {
  token t;
  if (!peek(w, &t)) {
    return DPD_FLAW_TRUNCATED;
  }
  if (w->budget == 0) {
    return DPD_FLAW_ELEMENTS;
  }
  w->budget--;
  if (t.shape != ARRAY && t.shape != MAP) {
    return check_scalar(w, &t);
  }
  if (depth == DPD_DEPTH_MAX) {
    return DPD_FLAW_DEPTH;
  }
  w->at += t.head;
  return t.shape == MAP ? check_map(w, t.size, depth + 1) : check_array(w, t.size, depth + 1);
}

dpd_flaw dpd_guard_check(const uint8_t *data, size_t length) {
  walk w = {data, data + length, DPD_ELEMENTS_MAX};
  token t;
  if (length == 0) {
    return DPD_FLAW_EMPTY;
  }
  if (!peek(&w, &t)) {
    return DPD_FLAW_TRUNCATED;
  }
  if (t.shape != MAP) {
    return DPD_FLAW_NOT_A_MAP;
  }
  dpd_flaw flaw = check_value(&w, 0);
  if (flaw == DPD_FLAW_NONE && w.at != w.end) {
    return DPD_FLAW_TRAILING;
  }
  return flaw;
}

/* Over one value, without a verdict on it. False: it is not whole, or too deep to follow. */
static bool skip(walk *w, unsigned depth) {
  token t;
  if (!peek(w, &t) || t.shape == BAD || depth > DPD_DEPTH_MAX || w->budget == 0) {
    return false;
  }
  w->budget--;
  w->at += t.head;
  if (t.shape == ARRAY || t.shape == MAP) {
    uint64_t count = (uint64_t)t.size * (t.shape == MAP ? 2 : 1);
    for (uint64_t i = 0; i < count; i++) {
      if (!skip(w, depth + 1)) {
        return false;
      }
    }
    return true;
  }
  if (t.size > left(w)) {
    return false;
  }
  w->at += t.size;
  return true;
}

bool dpd_guard_find(const uint8_t *data, size_t length, const char *key, const uint8_t **value,
                    size_t *value_length) {
  walk w = {data, data + length, DPD_ELEMENTS_MAX};
  token t;
  if (!peek(&w, &t) || t.shape != MAP) {
    return false;
  }
  w.at += t.head;
  size_t key_length = strlen(key);
  for (uint32_t i = 0; i < t.size; i++) {
    const uint8_t *start = w.at;
    token k;
    if (!peek(&w, &k) || !skip(&w, 1)) {
      return false;
    }
    bool found =
        k.shape == STRING && k.size == key_length && memcmp(start + k.head, key, key_length) == 0;
    start = w.at;
    if (!skip(&w, 1)) {
      return false;
    }
    if (found) {
      *value = start;
      *value_length = (size_t)(w.at - start);
      return true;
    }
  }
  return false;
}

bool dpd_guard_id(const uint8_t *data, size_t length, uint8_t id[16]) {
  const uint8_t *value;
  size_t value_length;
  if (!dpd_guard_find(data, length, "id", &value, &value_length)) {
    return false;
  }
  /* bin 8 of 16 bytes; a longer form of the same length is as good */
  if (value_length < 18 || value[0] < 0xc4 || value[0] > 0xc6) {
    return false;
  }
  size_t head = value[0] == 0xc4 ? 2 : value[0] == 0xc5 ? 3 : 5;
  if (value_length - head != 16) {
    return false;
  }
  memcpy(id, value + head, 16);
  return true;
}
