/*
 * Why here: msgpack-c takes any bytes as a string, and a page of text may be megabytes, so the
 * check runs over words of ASCII first and decodes only where a byte is not.
 */
#include "utf8.h"

#include <stdint.h>
#include <string.h>

static size_t skip_ascii(const uint8_t *p, size_t length) {
  size_t i = 0;
  uint64_t word;
  for (; i + sizeof(word) <= length; i += sizeof(word)) {
    memcpy(&word, p + i, sizeof(word));
    if ((word & UINT64_C(0x8080808080808080)) != 0) {
      break;
    }
  }
  while (i < length && p[i] < 0x80) {
    i++;
  }
  return i;
}

/* The length of the character at p by Unicode's table 3-7, or 0. */
static size_t character(const uint8_t *p, size_t left) {
  uint8_t low = 0x80;
  uint8_t high = 0xbf;
  size_t length;
  if (p[0] >= 0xc2 && p[0] <= 0xdf) {
    length = 2;
  } else if ((p[0] & 0xf0) == 0xe0) {
    length = 3;
    low = p[0] == 0xe0 ? 0xa0 : low;
    high = p[0] == 0xed ? 0x9f : high;
  } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
    length = 4;
    low = p[0] == 0xf0 ? 0x90 : low;
    high = p[0] == 0xf4 ? 0x8f : high;
  } else {
    return 0;
  }
  if (left < length || p[1] < low || p[1] > high) {
    return 0;
  }
  for (size_t i = 2; i < length; i++) {
    if ((p[i] & 0xc0) != 0x80) {
      return 0;
    }
  }
  return length;
}

bool dpd_utf8_valid(const void *text, size_t length) {
  const uint8_t *p = text;
  size_t i = 0;
  for (;;) {
    i += skip_ascii(p + i, length - i);
    if (i == length) {
      return true;
    }
    size_t step = character(p + i, length - i);
    if (step == 0) {
      return false;
    }
    i += step;
  }
}

size_t dpd_utf8_cut(const char *text, size_t limit) {
  size_t length = strnlen(text, limit + 1);
  if (length <= limit) {
    return length;
  }
  while (limit > 0 && ((uint8_t)text[limit] & 0xc0) == 0x80) {
    limit--;
  }
  return limit;
}
