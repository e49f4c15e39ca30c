/* Texts come from programs in any language; what is not UTF-8 is refused here and not at the server,
 * whose answer to it ("the browser sent a request that this server could not understand") helps
 * nobody. */
#include "utf8.h"

#include <stdint.h>
#include <string.h>

/* How many bytes follow a lead byte, and the smallest code point that may need them; -1 = no lead. */
static int tail_of(unsigned char lead, uint32_t *low, uint32_t *bits) {
  if (lead >= 0xc2 && lead <= 0xdf)
    return *low = 0x80, *bits = lead & 0x1fu, 1;
  if ((lead & 0xf0) == 0xe0)
    return *low = 0x800, *bits = lead & 0x0fu, 2;
  if (lead >= 0xf0 && lead <= 0xf4)
    return *low = 0x10000, *bits = lead & 0x07u, 3;
  return -1;
}

static size_t sequence(const unsigned char *text, size_t left) {
  uint32_t low = 0, point = 0;
  int tail = tail_of(text[0], &low, &point);
  if (tail < 0 || (size_t)tail >= left)
    return 0;
  for (int i = 1; i <= tail; i++) {
    if ((text[i] & 0xc0) != 0x80)
      return 0;
    point = point << 6 | (text[i] & 0x3fu);
  }
  bool good = point >= low && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
  return good ? (size_t)tail + 1 : 0;
}

/* How many bytes one U+FFFD stands for: as many as could have become a character. */
static size_t broken(const unsigned char *text, size_t left) {
  uint32_t low, bits;
  int tail = tail_of(text[0], &low, &bits);
  if (tail < 0 || left < 2)
    return 1;
  unsigned char least = text[0] == 0xe0 ? 0xa0 : text[0] == 0xf0 ? 0x90 : 0x80;
  unsigned char most = text[0] == 0xed ? 0x9f : text[0] == 0xf4 ? 0x8f : 0xbf;
  if (text[1] < least || text[1] > most)
    return 1;
  size_t count = 2;
  while (count < left && count <= (size_t)tail && (text[count] & 0xc0) == 0x80)
    count++;
  return count;
}

size_t dp__utf8_good(const char *text, size_t length, size_t *bad) {
  const unsigned char *bytes = (const unsigned char *)text;
  size_t i = 0;
  *bad = 0;
  while (i < length) {
    uint64_t eight;
    if (length - i >= 8 && (memcpy(&eight, bytes + i, 8), !(eight & 0x8080808080808080u))) {
      i += 8; /* pages are mostly ASCII */
      continue;
    }
    size_t step = bytes[i] < 0x80 ? 1 : sequence(bytes + i, length - i);
    if (step == 0) {
      *bad = broken(bytes + i, length - i);
      break;
    }
    i += step;
  }
  return i;
}

bool dp__utf8_ok(const char *text, size_t length) {
  size_t bad;
  return dp__utf8_good(text, length, &bad) == length;
}

size_t dp__utf8_count(const char *text, size_t length) {
  size_t count = 0;
  for (size_t i = 0; i < length; i++)
    count += ((unsigned char)text[i] & 0xc0) != 0x80;
  return count;
}
