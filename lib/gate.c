/*
 * Eight partial writes to one document's metadata at once are all answered 200, and three to five of
 * them are kept. So writes to one document go one after another. Which documents a body names is read
 * off its text without building it: every "document_id" and the text behind it. One that is written
 * with escapes hashes to something else; nobody writes ids so.
 */
#include "gate.h"

#include <string.h>

static void add(dp__touch *touch, const char *text, size_t length) {
  uint64_t hash = 14695981039346656037ull;
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ ((unsigned char)text[i] | 0x20)) * 1099511628211ull;
  hash ^= hash >> 32;
  touch->bits[hash / 64 % 8] |= 1ull << hash % 64;
}

void dp__touch_documents(dp__touch *touch, const char *body, size_t length) {
  static const char member[] = "\"document_id\"";
  const char *end = body + length;
  for (const char *at = body; at && at < end;) {
    at = memmem(at, (size_t)(end - at), member, sizeof member - 1);
    const char *open = at ? memchr(at + sizeof member - 1, '"', (size_t)(end - at) - sizeof member + 1)
                          : NULL;
    const char *close = open ? memchr(open + 1, '"', (size_t)(end - open) - 1) : NULL;
    if (close)
      add(touch, open + 1, (size_t)(close - open) - 1);
    at = close;
  }
}

bool dp__touch_meets(const dp__touch *a, const dp__touch *b) {
  uint64_t common = 0;
  for (size_t i = 0; i < 8; i++)
    common |= a->bits[i] & b->bits[i];
  return common != 0;
}
