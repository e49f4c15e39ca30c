/*
 * Errors are values without pointers: they cross threads and outlive what they tell of. Their texts
 * come partly from servers, so they are cut at a character's edge and cannot hold a line end, which
 * would forge a line in somebody's log.
 */
#include "errors.h"

#include <stdio.h>
#include <string.h>

#define ROW(number, NAME, name, retryable, exit, text) [number] = {name, text, retryable},
static const struct {
  const char *name, *text;
  uint8_t retryable;
} kinds[] = {DP_KIND_LIST(ROW)};
#undef ROW

const char *dp_kind_name(dp_kind kind) {
  return (unsigned)kind < DP_KIND_COUNT ? kinds[kind].name : "unknown";
}

const char *dp_kind_text(dp_kind kind) {
  return (unsigned)kind < DP_KIND_COUNT ? kinds[kind].text : "";
}

dp_kind dp_kind_from_name(const char *name) {
  for (unsigned i = 0; name && i < DP_KIND_COUNT; i++)
    if (strcmp(kinds[i].name, name) == 0)
      return (dp_kind)i;
  return DP_INTERNAL;
}

void dp__copy_text(char *out, size_t size, const char *text, size_t length) {
  if (length >= size) {
    length = size - 1;
    while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
      length--;
  }
  for (size_t i = 0; i < length; i++)
    out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
  out[length] = '\0';
}

dp_kind dp__fail(dp_error *err, dp_kind kind, const char *code, const char *hint,
                 const char *format, ...) {
  if (!err)
    return kind;
  char text[2 * sizeof err->message];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  *err = (dp_error){.kind = kind, .retryable = kinds[kind].retryable};
  dp__copy_text(err->code, sizeof err->code, code, strlen(code));
  dp__copy_text(err->message, sizeof err->message, text, length < 0 ? 0 : strlen(text));
  if (hint)
    dp__copy_text(err->hint, sizeof err->hint, hint, strlen(hint));
  return kind;
}

dp_kind dp__no_memory(dp_error *err) {
  return dp__fail(err, DP_INTERNAL, "out_of_memory", "Give the process more memory.",
                  "memory is out");
}
