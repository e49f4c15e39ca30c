/*
 * msgpack-c unpacks into objects and believes every declared count before it has seen an element:
 * five bytes make it reserve gigabytes. What has to be checked against that has to be walked
 * anyway, so nothing is unpacked here at all: a reply is checked where it lies, and then read from
 * there. No count costs memory, no text is copied.
 *
 * A repeated key is not looked for: a service's reply is read by the first of a name, and an attack
 * by a service on its own client has better ways.
 */
#include "mp.h"

#include <math.h>
#include <string.h>

#include "utf8.h"

typedef struct walk {
  const uint8_t *at, *end;
  size_t budget;
} walk;

static uint64_t big_endian(const uint8_t *p, size_t bytes) {
  uint64_t value = 0;
  while (bytes--)
    value = value << 8 | *p++;
  return value;
}

static bool with_number(dpc__token *t, uint8_t byte, const uint8_t *p) {
  t->type = DPC_TYPE_INT;
  if (byte >= 0xcc && byte <= 0xcf) {
    t->is_unsigned = true;
    t->number.u = big_endian(p, (size_t)1 << (byte - 0xcc));
  } else if (byte == 0xca) {
    uint32_t bits = (uint32_t)big_endian(p, 4);
    float single;
    memcpy(&single, &bits, sizeof single);
    t->type = DPC_TYPE_DOUBLE;
    t->number.d = (double)single;
  } else if (byte == 0xcb) {
    uint64_t bits = big_endian(p, 8);
    t->type = DPC_TYPE_DOUBLE;
    memcpy(&t->number.d, &bits, sizeof bits);
  } else { /* 0xd0 to 0xd3 */
    size_t bytes = (size_t)1 << (byte - 0xd0);
    uint64_t bits = big_endian(p, bytes);
    unsigned shift = (unsigned)(64 - 8 * bytes);
    t->number.i = (int64_t)(bits << shift) >> shift;
  }
  return true;
}

/* How many bytes follow the first one of a token of 0xc0 to 0xdf; -1 = not used here. */
static const int8_t extra[32] = {0, -1, 0, 0, 1,  2,  4,  -1, -1, -1, 4, 8, 1, 2, 4, 8,
                                 1, 2,  4, 8, -1, -1, -1, -1, -1, 1,  2, 4, 2, 4, 2, 4};

static bool long_token(const uint8_t *at, const uint8_t *end, dpc__token *t) {
  uint8_t byte = *at++;
  int bytes = extra[byte - 0xc0];
  if (bytes < 0 || bytes > end - at)
    return false;
  t->data = at + bytes;
  if (byte == 0xc0)
    return true; /* null */
  if (byte == 0xc2 || byte == 0xc3) {
    t->type = DPC_TYPE_BOOL;
    t->number.b = byte == 0xc3;
    return true;
  }
  if (byte >= 0xca && byte <= 0xd3)
    return with_number(t, byte, at);
  t->size = (uint32_t)big_endian(at, (size_t)bytes);
  t->type = byte <= 0xc6   ? DPC_TYPE_BYTES
            : byte <= 0xdb ? DPC_TYPE_TEXT
            : byte <= 0xdd ? DPC_TYPE_LIST
                           : DPC_TYPE_MAP;
  return true;
}

static void short_token(uint8_t byte, dpc__token *t) {
  if (byte < 0x80 || byte >= 0xe0) {
    t->type = DPC_TYPE_INT;
    t->number.i = (int8_t)byte;
  } else {
    t->type = byte < 0x90 ? DPC_TYPE_MAP : byte < 0xa0 ? DPC_TYPE_LIST : DPC_TYPE_TEXT;
    t->size = byte & (byte < 0xa0 ? 0x0fu : 0x1fu);
  }
}

bool dpc__mp_token(const uint8_t *at, const uint8_t *end, dpc__token *t) {
  if (at >= end)
    return false;
  *t = (dpc__token){.type = DPC_TYPE_NULL, .data = at + 1};
  if (*at >= 0xc0 && *at < 0xe0) {
    if (!long_token(at, end, t))
      return false;
  } else {
    short_token(*at, t);
  }
  bool text = t->type == DPC_TYPE_TEXT || t->type == DPC_TYPE_BYTES;
  return !text || t->size <= (size_t)(end - t->data);
}

static const char *check(walk *w, unsigned depth);

static const char *check_entries(walk *w, const dpc__token *t, unsigned depth) {
  bool map = t->type == DPC_TYPE_MAP;
  if (t->size > (size_t)(w->end - w->at) / (map ? 2 : 1))
    return "it claims more entries than it has bytes";
  for (uint32_t i = 0; i < t->size; i++) {
    dpc__token key;
    if (map && dpc__mp_token(w->at, w->end, &key) && key.type != DPC_TYPE_TEXT)
      return "a map key is no text";
    const char *flaw = map ? check(w, depth) : NULL;
    if (!flaw)
      flaw = check(w, depth);
    if (flaw)
      return flaw;
  }
  return NULL;
}

static const char *check(walk *w, unsigned depth) {
  dpc__token t;
  if (!dpc__mp_token(w->at, w->end, &t))
    return w->at < w->end ? "it is cut short, or has a type that difypool does not use"
                          : "it is cut short";
  if (!w->budget--)
    return "it has more than 1000000 elements";
  if (t.type == DPC_TYPE_DOUBLE && !isfinite(t.number.d))
    return "a number in it is not finite";
  if (t.type == DPC_TYPE_TEXT && !dpc__utf8_valid(t.data, t.size))
    return "a text in it is not UTF-8";
  w->at = t.data;
  if (t.type == DPC_TYPE_TEXT || t.type == DPC_TYPE_BYTES)
    w->at += t.size;
  if (t.type != DPC_TYPE_LIST && t.type != DPC_TYPE_MAP)
    return NULL;
  return depth == DPC__DEPTH_MAX ? "it nests deeper than 24" : check_entries(w, &t, depth + 1);
}

const char *dpc__mp_check(const uint8_t *data, size_t length) {
  walk w = {data, data + length, DPC__ELEMENTS_MAX};
  dpc__token t;
  if (!dpc__mp_token(w.at, w.end, &t) || t.type != DPC_TYPE_MAP)
    return "it is not a msgpack map";
  const char *flaw = check(&w, 0);
  return flaw ? flaw : w.at < w.end ? "something follows its end" : NULL;
}
