/*
 * RFC 3629 by its table of well-formed byte sequences: the second byte's range depends on the
 * first, which shuts out overlong forms, surrogates and what lies behind U+10FFFF at once.
 */
#include "utf8.h"

#include <stdint.h>
#include <string.h>

static size_t sequence(const uint8_t *p, uint8_t *low, uint8_t *high) {
  *low = 0x80;
  *high = 0xbf;
  if (*p < 0x80)
    return 1;
  if (*p >= 0xc2 && *p <= 0xdf)
    return 2;
  if (*p >= 0xe0 && *p <= 0xef) {
    *low = *p == 0xe0 ? 0xa0 : 0x80;
    *high = *p == 0xed ? 0x9f : 0xbf;
    return 3;
  }
  if (*p >= 0xf0 && *p <= 0xf4) {
    *low = *p == 0xf0 ? 0x90 : 0x80;
    *high = *p == 0xf4 ? 0x8f : 0xbf;
    return 4;
  }
  return 0;
}

/* Plain ASCII is most of what comes: eight bytes a step. */
static size_t ascii_run(const uint8_t *p, size_t left) {
  size_t done = 0;
  for (uint64_t word; left - done >= sizeof word; done += sizeof word) {
    memcpy(&word, p + done, sizeof word);
    if (word & UINT64_C(0x8080808080808080))
      break;
  }
  return done;
}

bool dpc__utf8_valid(const void *data, size_t length) {
  const uint8_t *p = data;
  const uint8_t *end = p + length;
  while (p < end) {
    p += ascii_run(p, (size_t)(end - p));
    if (p == end)
      return true;
    uint8_t low, high;
    size_t bytes = sequence(p, &low, &high);
    if (!bytes || bytes > (size_t)(end - p))
      return false;
    for (size_t i = 1; i < bytes; i++, low = 0x80, high = 0xbf)
      if (p[i] < low || p[i] > high)
        return false;
    p += bytes;
  }
  return true;
}

size_t dpc__utf8_put(char out[4], unsigned code) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  size_t bytes = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = bytes; i-- > 1; code >>= 6)
    out[i] = (char)(0x80 | (code & 0x3f));
  out[0] = (char)(lead[bytes] | code);
  return bytes;
}
