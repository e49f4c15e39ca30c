/*
 * Eight partial writes to one document's metadata at once are all answered 200, and three to five of
 * them are kept. So writes to one document go one after another. Which documents a body names is read
 * off its text without building it: every "document_id" and the text behind it. One that is written
 * with escapes hashes to something else; nobody writes ids so.
 *
 * Equal creates at once all succeed where each alone would have found the other's name taken, and of two
 * things of one name nobody could tell whose is whose. So creates of one name go one after another, too.
 */
#include "gate.h"

#include <string.h>

static uint64_t feed(uint64_t hash, const char *text, size_t length, unsigned char fold) {
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ ((unsigned char)text[i] | fold)) * 1099511628211ull;
  return hash;
}

enum { LOWER = 0x20 }; /* ids may be written either way */
static const uint64_t basis = 14695981039346656037ull;

static uint64_t add(dp__touch *touch, uint64_t hash) {
  hash ^= hash >> 32;
  touch->bits[hash / 64 % 8] |= 1ull << hash % 64;
  if (touch->count < DP__TOUCH_EXACT)
    touch->exact[touch->count] = hash;
  if (touch->count <= DP__TOUCH_EXACT)
    touch->count++;
  return hash / 512;
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
      add(touch, feed(basis, open + 1, (size_t)(close - open) - 1, LOWER));
    at = close;
  }
}

uint64_t dp__touch_name(dp__touch *touch, unsigned op, const char *scope, size_t scope_length,
                        const char *name, size_t length) {
  uint64_t hash = feed(basis + op, scope, scope_length, LOWER);
  return add(touch, feed(hash, name, length, 0));
}

static bool has(const dp__touch *touch, uint64_t hash) {
  for (unsigned i = 0; i < touch->count; i++)
    if (touch->exact[i] == hash)
      return true;
  return false;
}

bool dp__touch_meets(const dp__touch *a, const dp__touch *b) {
  uint64_t common = 0;
  for (size_t i = 0; i < 8; i++)
    common |= a->bits[i] & b->bits[i];
  if (!common || a->count > DP__TOUCH_EXACT || b->count > DP__TOUCH_EXACT)
    return common != 0;
  for (unsigned i = 0; i < a->count; i++)
    if (has(b, a->exact[i]))
      return true;
  return false;
}
